"""Protocols behind one interface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, bargain, clear, competitive_interval
from market_abm.market.bargaining import Terms, base, find_protocol, hold, protocol, protocols
from market_abm.market.bargaining.competitive import competitive_payoffs, payoffs_at
from market_abm.market.bargaining.nash import (
    deal_me_out,
    nash_in_nash_by_number,
    rubinstein,
    rubinstein_limit,
    split_difference,
)
from tests.market.bargains import (
    TOLERANCE,
    bilateral,
    check_bilateral_formula,
    check_weight_helps_the_seller,
    duel,
)
from tests.market.problems import generic_problem, problems

FOUR = ["split", "nash_in_nash", "nntr", "competitive"]
cents = st.integers(0, 300).map(lambda n: n / 100.0)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(FOUR),
    st.integers(1, 5000).map(lambda n: n / 1000.0),
    st.integers(1201, 3000).map(lambda n: n / 100.0),
    cents,
    cents,
    cents,
    cents,
    st.floats(0.0, 1.0),
)
def test_bilateral_monopoly(name, quantity, value, cost, wedge, switching, tax, beta):
    check_bilateral_formula(bilateral(quantity, value, cost, wedge, switching, tax), name, beta)


@pytest.mark.parametrize("name", FOUR)
def test_bilateral_monopoly_with_a_subsidy_and_a_gain_from_the_sale(name):
    check_bilateral_formula(bilateral(wedge=-0.75, switching=-0.5), name, 0.3)


@settings(deadline=None, max_examples=60)
@given(problems())
def test_weight_helps_the_seller(problem):
    check_weight_helps_the_seller(problem)


@pytest.mark.parametrize(
    "name", ["auction", "competitive", "myerson", "nash_in_nash", "nntr", "posted", "shapley", "split"]
)
def test_prices_stand_on_links_that_trade_and_nowhere_else(name):
    problem = generic_problem(np.random.default_rng(5), 3, 4, 3)
    allocation = clear(problem)
    deal = bargain(problem, allocation, protocol=name)
    trades = allocation.flow > 0
    for matrix in (deal.price, deal.floor, deal.ceiling, deal.value, deal.replacement):
        np.testing.assert_array_equal(np.isfinite(matrix), trades)
    assert deal.protocol == name
    assert deal.notes["links"] == trades.sum()
    assert deal.notes["out_of_line"] == deal.notes["crossed"] == 0


def test_allocation_is_cleared_when_left_out():
    problem = generic_problem(np.random.default_rng(6), 3, 4, 3)
    given_one = bargain(problem, clear(problem))
    np.testing.assert_array_equal(bargain(problem).price, given_one.price)


def test_weight_can_differ_by_link():
    problem = duel()
    weights = np.array([[0.1, 0.9], [0.4, 0.5]])
    whole = bargain(problem, beta=weights)
    for j, i in np.argwhere(clear(problem).flow > 0):
        np.testing.assert_array_equal(whole.price[j, i], bargain(problem, beta=weights[j, i]).price[j, i])


@settings(deadline=None, max_examples=60)
@given(problems(), st.floats(0.0, 1.0))
def test_split_lies_between_its_ends(problem, beta):
    deal = bargain(problem, beta=beta, terms=Terms(3.0, 1.0, 4.0))
    trades = np.isfinite(deal.price)
    assert np.all(deal.price[trades] >= deal.floor[trades] - TOLERANCE)
    assert np.all(deal.price[trades] <= deal.ceiling[trades] + TOLERANCE)
    expected = deal.floor + beta * (deal.ceiling - deal.floor)
    np.testing.assert_allclose(deal.price, expected, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(problems(), st.floats(0.0, 1.0))
def test_nntr_is_nash_in_nash_clipped(problem, beta):
    allocation = clear(problem)
    clipped = bargain(problem, allocation, protocol="nntr", beta=beta)
    free = bargain(problem, allocation, protocol="nash_in_nash", beta=beta)
    expected = np.clip(free.price, clipped.floor, clipped.replacement)
    np.testing.assert_allclose(clipped.price, expected, atol=1e-9)
    pair = clipped.pair
    prices = free.price[pair.seller, pair.buyer]
    assert clipped.notes["at_floor"] == (prices < pair.floor).sum()
    assert clipped.notes["at_cap"] == (prices > pair.replacement).sum()


def test_nntr_ignores_terms_and_split_does_not():
    problem = duel(third=1.5)
    terms = Terms(4.0, 0.0, 4.0)
    plain, timed = (bargain(problem, protocol="nntr", beta=1.0, terms=t) for t in (None, terms))
    np.testing.assert_array_equal(plain.price, timed.price)
    plain, timed = (bargain(problem, beta=1.0, terms=t) for t in (None, terms))
    assert timed.price[0, 0] == 10.0 > plain.price[0, 0] == 2.0


@settings(deadline=None, max_examples=60)
@given(problems(), st.floats(0.0, 1.0))
def test_nash_in_nash_is_feasible_when_values_fall(problem, beta):
    assert bargain(problem, protocol="nash_in_nash", beta=beta).notes["infeasible"] == []


def test_nash_in_nash_holds_other_trades_fixed():
    """Two equal sellers serve one buyer in full: what counts is its last units."""
    problem = TradeProblem([1.0, 1.0], [1.0, 1.0], [[1.0, 1.0]], [[10.0, 4.0]])
    deal = bargain(problem, protocol="nash_in_nash")
    np.testing.assert_allclose(deal.price, 1.0 + 0.5 * (4.0 - 1.0))
    np.testing.assert_allclose(deal.value, 4.0)


def test_infeasible_nash_in_nash_is_marked_and_falls_back_on_shapley():
    """A contract held although its seller's costs exceed what the buyer would lose."""
    free = TradeProblem([0.0], [5.0], [[0.0], [1.0]], [[0.0], [4.0]])
    trade = hold(clear(free), 0, 0, 1.0, [1.0], [2.0])
    deal = bargain(trade.problem, trade, protocol="nash_in_nash")
    assert deal.notes["infeasible"] == [(0, 0)]
    assert deal.notes["exact"] is True
    assert deal.notes["out_of_line"] == 1


def test_out_of_line_link_has_no_split_price_and_is_counted():
    free = TradeProblem([0.0], [1.0], [[0.0], [2.0]], [[0.0], [6.0]])
    trade = hold(clear(free), 0, 0, 2.0, [2.0], [2.0])
    for name in ("split", "nntr"):
        deal = bargain(trade.problem, trade, protocol=name)
        assert np.isnan(deal.price[0, 0])
        assert deal.notes["out_of_line"] == 1
    assert np.isnan(deal.leverage_split().seller_secured[0, 0])


def test_competitive_prices_need_an_optimum():
    free = TradeProblem([0.0], [1.0], [[0.0], [2.0]], [[0.0], [6.0]])
    trade = hold(clear(free), 0, 0, 2.0, [2.0], [2.0])
    with pytest.raises(ValueError, match="need an optimal allocation"):
        bargain(trade.problem, trade, protocol="competitive")


@settings(deadline=None, max_examples=60)
@given(problems(), st.floats(0.0, 1.0))
def test_competitive_price_walks_the_interval(problem, beta):
    deal = bargain(problem, protocol="competitive", beta=beta)
    low, high = competitive_interval(problem)
    pair = deal.pair
    j = pair.seller
    expected = pair.wedge + low[j] + beta * (high[j] - low[j])
    np.testing.assert_allclose(deal.price[j, pair.buyer], expected, atol=1e-9)
    assert deal.notes["widest_interval"] == pytest.approx((high[j] - low[j]).max(initial=0.0))


def test_fine_blocks_leave_competitive_bargaining_nothing_to_share():
    """The competitive interval shrinks with the blocks, the split's does not."""
    widths = []
    for blocks in (1, 40):
        value = 10.0 - 8.0 * (np.arange(blocks) + 0.5) / blocks
        problem = TradeProblem([5.0], [1.0], np.full((1, blocks), 6.0 / blocks), value[None, :])
        deal = bargain(problem, protocol="competitive")
        widths.append((deal.notes["widest_interval"], (deal.ceiling - deal.floor)[0, 0]))
    assert widths[1][0] < 0.05
    assert widths[1][1] > 4.0


@settings(deadline=None, max_examples=60)
@given(problems())
def test_payoffs_at_competitive_prices_sum_to_the_surplus(problem):
    uncapped = problem.replace(link_cap=None)
    allocation = clear(uncapped)
    for price in competitive_interval(allocation):
        seller, buyer = payoffs_at(uncapped, price)
        assert seller.sum() + buyer.sum() == pytest.approx(allocation.surplus, abs=1e-6)


def test_payoffs_at_prices_refuse_binding_link_caps():
    with pytest.raises(ValueError, match="link_cap binds"):
        competitive_payoffs(duel().replace(link_cap=1.0))


def test_realised_share_and_index_have_the_shape_of_the_problem():
    deal = bargain(duel(third=1.5), beta=0.25)
    np.testing.assert_allclose(deal.bargaining_index()[0, 0], 0.25)
    np.testing.assert_allclose(deal.realised_share()[0, 0], (deal.price[0, 0] - 1.0) / 9.0)
    assert np.isnan(deal.realised_share()[1, 1])
    split = deal.leverage_split()
    assert split.contested.shape == (2, 2)
    np.testing.assert_allclose(split.contested[0, 0], 0.5 / 9.0)


def test_idle_firms_and_relabelling_change_nothing():
    rng = np.random.default_rng(9)
    problem = generic_problem(rng, 4, 5, 4)
    price = bargain(problem, terms=Terms(3.0, 1.0, 4.0)).price
    sellers, buyers = rng.permutation(4), rng.permutation(5)
    turned = TradeProblem(
        problem.capacity[sellers],
        problem.unit_cost[sellers],
        problem.block_quantity[buyers],
        problem.block_value[buyers],
        switching=problem.switching[np.ix_(sellers, buyers)],
        tie_key=problem.tie_key[np.ix_(sellers, buyers)],
    )
    again = bargain(turned, terms=Terms(3.0, 1.0, 4.0)).price
    np.testing.assert_allclose(again, price[np.ix_(sellers, buyers)], atol=1e-9)
    idle = TradeProblem(
        np.append(problem.capacity, 0.0),
        np.append(problem.unit_cost, 0.5),
        problem.block_quantity,
        problem.block_value,
        switching=np.vstack([problem.switching, np.zeros(5)]),
        tie_key=np.vstack([problem.tie_key, np.full(5, 0.5)]),
    )
    np.testing.assert_array_equal(bargain(idle, terms=Terms(3.0, 1.0, 4.0)).price[:4], price)


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_weight_outside_its_range_is_refused(beta):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        bargain(duel(), beta=beta)


def test_unknown_protocol_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"must be one of auction, .*Did you mean 'nntr'\?"):
        bargain(duel(), protocol="nntrr")


def test_allocation_of_another_problem_is_refused():
    with pytest.raises(ValueError, match=r"has shape \(1, 1\)"):
        bargain(duel(), clear(bilateral()))


def test_all_protocols_are_registered():
    assert set(protocols()) >= {
        "split",
        "nash_in_nash",
        "nntr",
        "competitive",
        "shapley",
        "myerson",
        "auction",
        "posted",
    }


def test_a_protocol_from_outside(monkeypatch):
    monkeypatch.setattr(base, "_PROTOCOLS", dict(base._PROTOCOLS))

    @protocol("take_it_or_leave_it")
    def ultimatum(talks):
        talks.notes["offers"] = len(talks.pair.seller)
        return talks.pair.ceiling

    deal = bargain(duel(), protocol="take_it_or_leave_it")
    np.testing.assert_array_equal(deal.price, deal.ceiling)
    assert deal.notes["offers"] == deal.notes["links"]
    with pytest.raises(ValueError, match="is taken by"):
        protocol("split")(ultimatum)
    assert find_protocol("take_it_or_leave_it") is ultimatum


def test_conventions_of_the_outside_option():
    assert split_difference(30.0, 100.0, 0.5) == 65.0
    assert deal_me_out(50.0, 30.0, 100.0) == 50.0
    assert deal_me_out(50.0, 60.0, 100.0) == 60.0
    assert deal_me_out(50.0, 0.0, 40.0) == 40.0


def test_rubinstein_tends_to_its_limit():
    assert rubinstein(0.999999, 0.999999) == pytest.approx(rubinstein_limit(), abs=1e-6)
    step = 1e-7
    assert rubinstein(np.exp(-step * 0.1), np.exp(-step * 0.3)) == pytest.approx(
        rubinstein_limit(0.1, 0.3), abs=1e-6
    )
    with pytest.raises(ValueError, match="both must lie in"):
        rubinstein(1.0, 0.5)


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.floats(0.0, 1.0))
def test_nash_in_nash_by_number_is_feasible_with_falling_gains(gains, beta):
    worth = np.concatenate([[0.0], np.cumsum(sorted(gains, reverse=True))])
    outcome = nash_in_nash_by_number(worth, beta)
    assert outcome.feasible
    assert outcome.total_payment + outcome.buyer_payoff == pytest.approx(worth[-1])


def test_nash_in_nash_by_number_marks_complements_and_offers_shapley():
    outcome = nash_in_nash_by_number([0.0, 0.0, 100.0], 0.6)
    assert not outcome.feasible
    assert outcome.fallback_payment == pytest.approx(100.0 / 3.0)
    assert outcome.fallback_buyer_payoff == pytest.approx(100.0 / 3.0)
    with pytest.raises(ValueError, match="at least V"):
        nash_in_nash_by_number([0.0])


def test_a_mistyped_protocol_is_answered_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"must be one of .*split.* Did you mean 'split'\?"):
        bargain(duel(), protocol="splitt")
