"""What the headline rests on: one guess at a time, and the value at which a statement turns."""

from __future__ import annotations

import math

import pytest

import market_abm as ma
from market_abm.analysis import assumptions as module
from market_abm.analysis.assumptions import assumption_effects
from market_abm.analysis.headline import Headline, lessee
from market_abm.scenario.assumptions import Assumption, assumptions, group_of
from market_abm.scenario.draw import numbers

SHORT = ["horizon.quarters=4"]
SUBJECT = Headline("Google", ("Microsoft", "OpenAI", "buyer"), "Anthropic")


@pytest.fixture(scope="module")
def pair():
    return ma.load_scenario("no-colossus-lease", SHORT), ma.load_scenario("colossus-lease", SHORT)


def test_groups_replace_names_and_quarters():
    assert group_of("firms.Google.wacc") == "firms.*.wacc"
    assert group_of("firms.Google.stakes.Anthropic") == "firms.*.stakes.*"
    assert group_of("upstream.chips.NVIDIA.deliveries.2027Q1") == "upstream.chips.*.deliveries.*"
    assert group_of("upstream.capex_decline") == "upstream.capex_decline"
    assert group_of("timeline.K01.contract.volume") == "timeline.*.contract.volume"


def test_every_number_with_a_range_is_in_one_group_and_has_a_meaning(pair):
    world = pair[1]
    groups = assumptions(world)
    ranged = [item.path for item in numbers(world) if getattr(item.value, "ranged", False)]
    covered = [path for group in groups for path in group.at(world, 0.0)]
    assert sorted(covered) == sorted(ranged)
    assert all(group.meaning for group in groups)


def test_a_group_moves_together_each_number_in_its_own_range(pair):
    group = Assumption("firms.*.wacc")
    low, middle, high = (group.at(pair[1], position) for position in (-1.0, 0.0, 1.0))
    drawn = {item.path: item.value for item in numbers(pair[1]) if item.path in low}
    assert all(drawn[path].low == low[path] for path in low)
    assert all(float(drawn[path]) == middle[path] for path in low)
    assert all(drawn[path].high == high[path] for path in low)
    quarter = group.at(pair[1], 0.25)
    assert quarter["firms.Google.wacc"] == pytest.approx(0.085 + 0.25 * 0.02)


def test_whole_numbers_stay_whole(pair):
    values = Assumption("firms.*.fleet.lead_time").at(pair[1], 0.4)
    assert set(values.values()) == {3}


def test_a_weight_without_a_range_takes_the_one_given(pair):
    group = Assumption("firms.SpaceX/xAI.rival_harm.OpenAI", low=0.0, value=0.0, high=1.0)
    held = group.held(pair[1], 0.5)
    assert float(held.firms["SpaceX/xAI"].rival_harm["OpenAI"]) == 0.5


def test_an_unknown_group_is_refused(pair):
    with pytest.raises(KeyError, match=r"no number with a range under 'behaviour\.gamma'; groups: firms"):
        assumption_effects(*pair, ["behaviour.gamma"], (1,))
    with pytest.raises(ValueError, match="position is 2; it runs from -1"):
        Assumption("behaviour.beta").at(pair[1], 2)


def test_the_lessee_is_the_lab_with_the_largest_new_contract(pair):
    assert lessee(*pair) == "Anthropic"
    with pytest.raises(ValueError, match="has no contract with a lab that colossus-lease lacks"):
        lessee(pair[1], pair[1])


def test_the_value_at_which_a_statement_turns_is_found(pair, monkeypatch):
    """Planted measures whose turning values are known: beta is 0.35 to 0.65 around 0.5."""

    def planted(baseline, other, seed, headline):
        beta, noise = float(other.behaviour.beta), 0.01 * (-1) ** seed
        return {
            "grade": 1.0 + 100.0 * (beta - 0.4) ** 3 + noise,  # curved: halving is needed
            "leverage": 2.0 * (beta - 0.56) + noise,
            "velocity": beta + noise,
        }

    monkeypatch.setattr(module, "headline_values", planted)
    found = assumption_effects(*pair, ["behaviour.beta"], (1, 2), headline=SUBJECT, halvings=5)
    rows = found.table.set_index("measure")
    assert rows["flips"].tolist() == [True, True, False]
    assert rows.loc["leverage", "flips_at"] == pytest.approx(0.56, abs=1e-9)
    assert rows.loc["grade", "flips_at"] == pytest.approx(0.4, abs=0.003)
    assert math.isnan(rows.loc["velocity", "flips_at"])
    assert rows.loc["leverage", "effect"] == pytest.approx(2.0 * 0.3)
    assert rows.loc["leverage", "effect_high"] == pytest.approx(2.0 * 0.3)  # paired: the noise cancels
    assert len(found.flips()) == 2


def test_a_variant_differs_by_the_assumption_alone(pair):
    """Held at one value in both ends, nothing changes; the size of the lease moves the lessee's velocity."""
    same = Assumption("behaviour.beta", low=0.5, value=0.5, high=0.5)
    size = Assumption("timeline.K01.contract.volume", low=0.0, value=250.0, high=500.0)
    found = assumption_effects(*pair, [same, size], (1,), headline=SUBJECT, halvings=0)
    rows = found.table.set_index(["key", "measure"])
    assert rows.loc[("behaviour.beta", "velocity"), "effect"] == 0.0
    assert rows.loc[("timeline.K01.contract.volume", "velocity"), "effect"] > 0.0
    assert found.failures == ()


def test_an_end_that_no_world_can_have_is_told_and_the_rest_goes_on(pair):
    """With every fleet at the low end of its range the contracts in force take more than there is."""
    found = assumption_effects(*pair, ["firms.*.fleet.online"], (1,), headline=SUBJECT, halvings=1)
    [failure] = found.failures
    assert failure.startswith("firms.*.fleet.online at -1: ") and "Allowed: at most" in failure
    assert found.table["at_low"].isna().all() and found.table["effect"].isna().all()
    rows = found.table.set_index("measure")["at_high"]
    assert rows.drop("leverage").notna().all()
