"""Mistakes planted in `market/` and `measures/`, each noticed by the test that is named beside it.

With those of `tests/market/test_planted_bargaining_bugs.py` they are more than the ten that are promised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from market_abm.market import contracts, investment
from market_abm.market.bargaining import cooperative, nash
from market_abm.measures import (
    chokepoint,
    concentration,
    externality,
    network,
    pivotality,
    resilience,
    user_cost,
)
from tests.market import test_bargaining, test_contracts, test_cooperative, test_investment
from tests.measures import (
    test_chokepoint,
    test_concentration,
    test_externality,
    test_network,
    test_pivotality,
    test_resilience,
    test_user_cost_welfare,
)
from tests.planting import plant


@dataclass(frozen=True)
class Bug:
    """A function, what stands in it and what is planted instead, and the test that must notice."""

    function: Callable[..., Any]
    old: str
    new: str
    check: Callable[..., Any]


BUGS = {
    "diversion not scaled by who leaves": Bug(
        externality.diversion, "/ (1.0 - part)[:, None]", "* np.ones_like(part)[:, None]",
        test_externality.test_diversions_add_to_one,
    ),
    "the own interest added to the wedge": Bug(
        externality.strategic_wedge, "(gain - weight)", "(gain + weight)",
        test_externality.test_the_wedge_by_its_formula,
    ),
    "shares not squared": Bug(
        concentration.hhi, "fractions * fractions", "fractions",
        test_concentration.test_equal_shares_give_their_number,
    ),
    "half the rise of a merger": Bug(
        concentration.delta_hhi, "2e4", "1e4",
        test_concentration.test_a_merger_raises_the_hhi_by_twice_the_product,
    ),
    "owners' other fleets counted as rivals'": Bug(
        pivotality.rsi, "(grouped.total(held) / grouped.members)[grouped.group]", "held",
        test_pivotality.test_owners_go_together_and_aggregates_one_by_one,
    ),
    "needed although nothing is lost": Bug(
        pivotality._needed, "(without < total)", "(without <= total)",
        test_pivotality.test_pivotal_is_a_fall_of_the_maximum_flow,
    ),
    "no way back in the residual network": Bug(
        network.min_cut, "residual[b][a] += amount", "residual[b][a] += 0.0",
        test_network.test_min_cut_against_networkx,
    ),
    "graded in a slack market": Bug(
        chokepoint.grade_market, "when[recent, None] & (", "(",
        test_chokepoint.test_a_slack_market_has_no_chokepoint,
    ),
    "relation graded on one loss alone": Bug(
        chokepoint.grade_relation, "thresholds.relation_before) & (", "thresholds.relation_before) | (",
        test_chokepoint.test_relations_need_both_losses,
    ),
    "losses not divided by the surplus": Bug(
        resilience.welfare_losses, "lost / allocation.surplus", "lost",
        test_resilience.test_currency_scales_losses_and_leaves_shares,
    ),
    "falling rental prices forgotten": Bug(
        user_cost.long_run_user_cost, "(1.0 - decline)", "(1.0 - 0.0 * decline)",
        test_user_cost_welfare.test_at_the_long_run_price_a_new_unit_pays_exactly,
    ),
    "orders of coalitions weighed wrongly": Bug(
        cooperative.shapley, "comb(n - 1, k)", "comb(n, k)",
        test_cooperative.test_shapley_is_the_mean_over_all_orders,
    ),
    "Nash-in-Nash without the threat of replacement": Bug(
        nash.deal_me_out, "np.minimum(np.maximum(price, floor), ceiling)", "np.maximum(price, floor)",
        test_bargaining.test_nntr_is_nash_in_nash_clipped,
    ),
    "infeasible bargains waved through": Bug(
        nash._infeasible_buyers, "return loses", "return loses & False",
        test_bargaining.test_infeasible_nash_in_nash_is_marked_and_falls_back_on_shapley,
    ),
    "notice counted twice": Bug(
        contracts.notice_weight, "n = np.minimum(n, h)", "n = np.minimum(2 * n, h)",
        test_contracts.test_notice_weight_by_hand,
    ),
    "take-or-pay on what was used": Bug(
        contracts.payment, "share * volume)", "share * used)",
        test_contracts.test_take_or_pay,
    ),
    "the lag lowers the hurdle": Bug(
        investment.real_option, "hurdle *= math.exp", "hurdle /= math.exp",
        test_investment.test_uncertainty_and_lag_raise_the_hurdle,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_mistake_is_noticed_by_its_test(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = BUGS[name]
    bug.check()
    plant(monkeypatch, bug.function, bug.old, bug.new)
    with pytest.raises((AssertionError, ExceptionGroup)):
        bug.check()


def test_there_are_more_than_ten_in_both_rooms() -> None:
    rooms = [bug.function.__module__.split(".")[1] for bug in BUGS.values()]
    assert len(set(BUGS.values())) > 10
    assert rooms.count("market") >= 5 and rooms.count("measures") >= 5
