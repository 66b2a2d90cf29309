"""Uniform-price auction and posted prices."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.market import TradeProblem, bargain, clear, competitive_interval
from market_abm.market.bargaining.posted import posted_prices
from market_abm.market.spot import clear_unit_auction
from tests.market.bargains import bilateral
from tests.market.problems import generic_problem

VALUES, COSTS = [10.0, 8.0, 6.0, 3.0], [2.0, 4.0, 5.0, 9.0]


def unit_market(values=VALUES, costs=COSTS, **links) -> TradeProblem:
    return TradeProblem(
        np.ones(len(costs)), costs, np.ones((len(values), 1)), np.array(values)[:, None], **links
    )


@pytest.mark.parametrize("k", [0.0, 0.3, 1.0])
def test_auction_is_the_double_auction_where_links_cost_nothing(k):
    deal = bargain(unit_market(), protocol="auction", beta=k)
    prices = deal.price[np.isfinite(deal.price)]
    assert len(prices) == 3
    np.testing.assert_allclose(prices, clear_unit_auction(VALUES, COSTS, k=k).price)
    assert deal.notes["no_uniform_price"] == deal.notes["made_whole"] == 0


def test_auction_lies_in_the_competitive_interval_where_links_cost_nothing():
    rng = np.random.default_rng(3)
    problem = generic_problem(rng, 4, 6, 5).replace(switching=0.0)
    allocation = clear(problem)
    low, high = competitive_interval(allocation)
    price = bargain(problem, allocation, protocol="auction").price
    for j, i in np.argwhere(allocation.flow > 0):
        assert low[j] - 1e-7 <= price[j, i] <= high[j] + 1e-7


def test_separate_markets_have_separate_prices():
    linked = np.zeros((2, 2), dtype=bool)
    linked[0, 0] = linked[1, 1] = True
    deal = bargain(unit_market([10.0, 4.0], [2.0, 2.0], linked=linked), protocol="auction")
    np.testing.assert_allclose(np.diag(deal.price), [6.0, 3.0])


def test_sellers_joined_by_a_chain_of_buyers_share_one_price():
    linked = np.zeros((3, 4), dtype=bool)
    for j in range(3):
        linked[j, j : j + 2] = True
    problem = unit_market([10.0, 9.0, 8.0, 7.0], [1.0, 2.0, 3.0], linked=linked)
    deal = bargain(problem, protocol="auction")
    prices = deal.price[np.isfinite(deal.price)]
    assert np.ptp(prices) == 0.0


def test_make_whole_when_no_price_suits_all():
    """The served pairs need prices above 6 and below 4: both are paid their own limit."""
    problem = unit_market([7.0, 4.0], [6.0, 1.0], switching=[[0.0, 9.0], [9.0, 0.0]])
    deal = bargain(problem, protocol="auction")
    assert deal.notes["no_uniform_price"] == 1
    assert deal.notes["made_whole"] == 2
    np.testing.assert_allclose(np.diag(deal.price), [6.0, 4.0])


def test_wedge_is_part_of_the_ask():
    deal = bargain(bilateral(wedge=2.0), protocol="auction", beta=0.0)
    np.testing.assert_allclose(deal.price, [[3.0]])


def test_rejected_buyer_lifts_the_auction_price_unless_its_link_is_full_or_missing():
    problem = TradeProblem([2.0], [1.0], [[2.0], [2.0]], [[10.0], [6.0]])
    assert bargain(problem, protocol="auction", beta=0.0).price[0, 0] == 6.0
    shut = problem.replace(linked=[[True, False]])
    assert bargain(shut, protocol="auction", beta=0.0).price[0, 0] == 1.0
    capped = problem.replace(link_cap=[[2.0, 0.0]])
    assert bargain(capped, protocol="auction", beta=0.0).price[0, 0] == 1.0


def test_idle_rival_caps_the_auction_price():
    problem = TradeProblem([2.0, 2.0], [1.0, 4.0], [[2.0]], [[10.0]])
    assert bargain(problem, protocol="auction", beta=1.0).price[0, 0] == 4.0


def _posted(cost, capacity, quantity, value, scale=0.1):
    cost = np.asarray(cost, float)
    shape = (len(cost), len(quantity))
    return posted_prices(
        np.broadcast_to(cost[:, None], shape),
        np.zeros(shape),
        np.asarray(capacity, float),
        np.asarray(quantity, float),
        np.asarray(value, float),
        np.ones(shape, dtype=bool),
        scale,
    )


def test_posted_monopoly_satisfies_its_first_order_condition():
    """p = c + scale / (1 - s) with s the logit share of a single block."""
    price, _, change = _posted([1.0], [99.0], [[5.0]], [[3.0]], scale=1.0)
    share = 1.0 / (1.0 + np.exp(-(3.0 - price[0])))
    assert price[0] == pytest.approx(1.0 + 1.0 / (1.0 - share), rel=1e-6)
    assert change < 1e-6


def test_posted_prices_fall_with_rivals_towards_cost_plus_taste():
    prices = [_posted(np.ones(n), np.full(n, 99.0), [[5.0]], [[30.0]])[0][0] for n in (1, 2, 4, 16)]
    assert prices[0] > prices[1] > prices[2] > prices[3]
    assert prices[3] == pytest.approx(1.0 + 0.1 / (1.0 - 1.0 / 16.0), rel=1e-3)


def test_posted_price_clears_scarce_capacity():
    """Two sellers of 1 each and blocks of 1 at 9, 7, 5, 3: demand fits capacity at a price near 6."""
    value, scale = np.array([[9.0, 7.0, 5.0, 3.0]]), 0.3
    price, _, change = _posted([1.0, 1.0], [1.0, 1.0], np.ones((1, 4)), value, scale)
    assert change < 1e-6
    assert 5.5 < price[0] < 6.5
    bought = 1.0 / (1.0 + np.exp(-(value - price[0] + scale * np.log(2.0)) / scale))
    assert bought.sum() == pytest.approx(2.0, abs=1e-4)


def test_posted_seller_without_links_has_no_price():
    shape = (2, 1)
    offered = np.array([[True], [False]])
    price, _, _ = posted_prices(
        np.ones(shape), np.zeros(shape), np.ones(2), np.ones((1, 1)), np.full((1, 1), 5.0), offered, 0.1
    )
    assert np.isfinite(price[0]) and np.isnan(price[1])


def test_posted_protocol_names_one_price_a_seller_and_counts_refusals():
    problem = generic_problem(np.random.default_rng(8), 4, 6, 6)
    deal = bargain(problem, protocol="posted")
    for row in deal.price:
        named = row[np.isfinite(row)]
        assert named.size == 0 or np.ptp(named) == 0.0
    pair = deal.pair
    price = deal.price[pair.seller, pair.buyer]
    refused = (price > pair.value + 1e-9) | (price < pair.unit_cost + pair.wedge - 1e-9)
    assert deal.notes["unwilling"] == refused.sum()
    assert deal.notes["last_change"] < 1e-6


def test_a_seller_with_nothing_to_sell_changes_no_posted_price():
    alone = _posted([1.0], [99.0], [[5.0]], [[3.0]], scale=1.0)[0]
    beside = _posted([1.0, 0.0], [99.0, 0.0], [[5.0]], [[3.0]], scale=1.0)[0]
    assert beside[0] == alone[0] and np.isnan(beside[1])


def test_who_does_not_post_asks_cost_while_it_has_room():
    shape = (2, 1)
    price, _, _ = posted_prices(
        np.array([[1.0], [1.5]]), np.zeros(shape), np.array([99.0, 99.0]), np.array([[5.0]]), np.array([[9.0]]),
        np.ones(shape, dtype=bool), 0.2, np.array([True, False]),
    )  # fmt: skip
    assert price[1] == pytest.approx(1.5, abs=1e-6)
    assert price[0] > 1.2


def test_a_buyer_that_just_breaks_even_is_the_first_rejected_bid():
    """Buyer 1 would pay 5 and costs the seller 1 + 4 to serve: its bid equals the ask and bounds the price."""
    problem = TradeProblem([1.0], [1.0], [[1.0], [1.0]], [[10.0], [5.0]], wedge=[[0.0, 4.0]])
    deal = bargain(problem, protocol="auction", beta=0.0)
    np.testing.assert_allclose(deal.price, [[5.0, np.nan]])


def test_an_idle_seller_that_just_breaks_even_is_the_first_rejected_ask():
    """Seller 1 asks 3 and switching to it costs 2: exactly what the served buyer's unit is worth."""
    problem = TradeProblem([1.0, 1.0], [1.0, 3.0], [[1.0]], [[5.0]], switching=[[0.0], [2.0]])
    deal = bargain(problem, protocol="auction", beta=1.0)
    np.testing.assert_allclose(deal.price, [[3.0], [np.nan]])


def test_blocks_that_are_empty_or_unserved_do_not_bound_the_accepted_bids():
    problem = TradeProblem([1.0], [2.0], [[1.0, 0.0, 1.0]], [[10.0, 1.0, 3.0]])
    low, high = (bargain(problem, protocol="auction", beta=k).price[0, 0] for k in (0.0, 1.0))
    assert (low, high) == (3.0, 10.0)


def test_posted_prices_settle_in_few_rounds_where_one_seller_has_nearly_all():
    """Steps halve whenever a price turns round; growing steps would swing on."""
    problem = TradeProblem(
        [9.0, 1.0], [1.0, 1.0], [[4.0, 3.0, 2.0]], [[9.0, 6.0, 3.0]], switching=[[0.0], [4.0]]
    )
    for scale in (0.05, 0.2, 1.0):
        _, rounds, change = posted_prices(
            problem.unit_cost[:, None] + problem.wedge,
            problem.switching + problem.tax,
            problem.capacity,
            problem.block_quantity,
            problem.block_value,
            problem.linked,
            scale,
        )
        assert rounds < 120, rounds
        assert change < 1e-6
