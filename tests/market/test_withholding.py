"""The capacity game: Cournot's closed forms, kinks, networks, firms with a lab of their own."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.market import TradeProblem, capacity_payoffs, cournot
from market_abm.market.withholding import PASSES


def linear(a: float, b: float, costs, capacity, blocks: int = 400) -> TradeProblem:
    """One buyer with P = a - b Q in fine blocks."""
    edges = np.linspace(0.0, a / b, blocks + 1)
    value = a - 0.5 * b * (edges[1:] + edges[:-1])
    return TradeProblem(
        np.asarray(capacity, float), np.asarray(costs, float), np.diff(edges)[None], value[None]
    )


@pytest.mark.parametrize(
    ("costs", "capacity"),
    [([10.0], [120.0]), ([20.0, 20.0], [60.0, 70.0]), ([10.0, 20.0, 30.0], [60.0, 60.0, 60.0]), ([20.0] * 4, [40.0] * 4)],
)  # fmt: skip
def test_offers_are_those_of_cournot(costs, capacity) -> None:
    """q_j = (a - (n + 1) c_j + sum c) / (n + 1) at P = a - Q, to the resolution of 2 % of a capacity."""
    a, n = 100.0, len(costs)
    expected = (a - (n + 1) * np.array(costs) + sum(costs)) / (n + 1)
    game = cournot(linear(a, 1.0, costs, capacity))
    assert game.settled
    np.testing.assert_allclose(game.offered, expected, atol=0.02 * max(capacity))
    np.testing.assert_allclose(game.payoff, expected**2, rtol=0.08)


def test_a_seller_at_its_capacity_offers_all_and_others_reply_to_that() -> None:
    game = cournot(linear(100.0, 1.0, [0.0, 0.0], [20.0, 100.0]))
    assert game.offered[0] == 20.0
    assert game.offered[1] == pytest.approx(40.0, abs=2.0)


def test_who_is_not_strategic_offers_all() -> None:
    game = cournot(linear(100.0, 1.0, [10.0, 10.0], [50.0, 50.0]), [True, False])
    assert game.offered[1] == 50.0 and np.isnan(game.payoff[1])
    assert game.offered[0] == pytest.approx(20.0, abs=1.0)


def test_nobody_gains_by_another_offer() -> None:
    problem = linear(100.0, 1.0, [10.0, 25.0, 30.0], [50.0, 60.0, 70.0])
    game = cournot(problem)
    levels = np.linspace(0.0, 1.0, 26)
    for j in range(3):
        gains = capacity_payoffs(problem, game.offered, j, levels, given=np.ones(3, bool))
        assert gains.max() <= game.payoff[j] * 1.01


def test_output_rises_and_price_falls_with_the_number_of_sellers() -> None:
    sold = [cournot(linear(90.0, 1.0, [0.0] * n, [90.0] * n)).offered.sum() for n in (1, 2, 3, 6)]
    assert sold == sorted(sold)
    np.testing.assert_allclose(sold, [90.0 * n / (n + 1) for n in (1, 2, 3, 6)], rtol=0.05)


def test_a_seller_that_cannot_earn_offers_what_it_has() -> None:
    game = cournot(linear(100.0, 1.0, [10.0, 90.0], [60.0, 30.0]))
    assert game.offered[1] == 30.0
    assert game.offered[0] == pytest.approx(45.0, abs=1.2)


def test_inelastic_demand_is_served_by_a_pivotal_seller_at_its_full_value() -> None:
    """One block of 10 at 8: offering what is missing keeps the price at the value."""
    problem = TradeProblem([6.0, 10.0], [1.0, 1.0], [[10.0]], [[8.0]])
    game = cournot(problem, [False, True])
    assert 3.5 < game.offered[1] <= 4.0
    assert game.payoff[1] == pytest.approx(7.0 * game.offered[1], rel=1e-6)


def test_without_a_rival_at_its_buyer_a_seller_withholds_more() -> None:
    """Two buyers with the same demand; the second seller reaches only one of them."""
    one = linear(60.0, 1.0, [0.0, 0.0], [80.0, 80.0], blocks=200)
    quantity, value = (np.vstack([x, x]) for x in (one.block_quantity, one.block_value))
    both = TradeProblem(one.capacity, one.unit_cost, quantity, value)
    apart = both.replace(linked=[[True, False], [False, True]])
    crossed, separate = cournot(both).offered, cournot(apart).offered
    np.testing.assert_allclose(separate, 30.0, atol=1.6)
    np.testing.assert_allclose(crossed, 40.0, atol=1.6)


def test_a_firm_counts_what_its_own_buyers_gain() -> None:
    """Alone with its own lab it would keep nothing back."""
    problem = linear(100.0, 1.0, [10.0], [90.0])
    assert cournot(problem).offered[0] == pytest.approx(45.0, abs=1.8)
    assert cournot(problem, own=[[True]]).offered[0] == 90.0


def test_own_buyers_pay_others_their_price() -> None:
    """A seller of nothing to outsiders: its own buyer values units at 9, which cost 1 at home and 4 elsewhere."""
    problem = TradeProblem([1.0, 3.0], [1.0, 4.0], [[2.0]], [[9.0]])
    gain = capacity_payoffs(problem, problem.capacity, 0, [0.0, 1.0], own=[True])
    assert gain.tolist() == [2 * (9.0 - 4.0), (9.0 - 1.0) + (9.0 - 4.0)]
    scarce = capacity_payoffs(problem, [1.0, 1.0], 0, [0.0, 1.0], own=[True])
    assert scarce.tolist() == [0.0, 13.0]  # without its own unit the buyer pays 9 for the other


def test_turns_among_equals_follow_the_key_and_offers_do_not_depend_on_place() -> None:
    problem = linear(100.0, 1.0, [20.0, 20.0, 35.0], [50.0, 50.0, 40.0])
    key = np.array([0.7, 0.2, 0.5])
    straight = cournot(problem, tie_key=key)
    turned = cournot(problem.replace(capacity=problem.capacity[::-1], unit_cost=problem.unit_cost[::-1]),
                     tie_key=key[::-1])  # fmt: skip
    assert straight.offered.tolist() == turned.offered[::-1].tolist()


def test_an_efficient_rival_does_not_drive_out_offers_that_are_given() -> None:
    """A quantity that is given is sold below its cost too: 10 beside 60 at P = 100 - Q leave a price of 30."""
    problem = linear(100.0, 1.0, [0.0, 50.0], [60.0, 10.0])
    given, at_cost = (
        capacity_payoffs(problem, [0.0, 10.0], 0, [1.0], given=[False, fixed])[0] for fixed in (True, False)
    )
    assert given == pytest.approx(60.0 * 30.0, rel=0.02)
    assert at_cost == pytest.approx(60.0 * 40.0, rel=0.02)


def test_where_nobody_chooses_every_pass_takes_one_round() -> None:
    game = cournot(linear(100.0, 1.0, [10.0, 10.0], [50.0, 50.0], blocks=20), [False, False])
    assert (game.rounds, game.settled) == (len(PASSES), True)
    np.testing.assert_array_equal(game.offered, [50.0, 50.0])


def test_a_rival_that_sells_at_any_price_sells_first_however_small_the_values() -> None:
    """Ten units are wanted at 0.5 and less; the rival has ten: at cost 0 the seller would displace it."""
    value = 0.5 - 0.05 * np.arange(10)
    problem = TradeProblem([1.0, 10.0], [0.0, 0.3], np.ones((1, 10)), value[None])
    assert capacity_payoffs(problem, [0.0, 10.0], 0, [1.0], given=[False, True])[0] == 0.0
    assert capacity_payoffs(problem, [0.0, 10.0], 0, [1.0])[0] == pytest.approx(0.3)
