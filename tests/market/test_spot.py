"""The spot market."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, clear, competitive_interval
from market_abm.market.spot import clear_spot, clear_spot_on_links, clear_unit_auction

quantities = st.integers(0, 8)
prices = st.integers(0, 12)


@st.composite
def markets(draw):
    bidders, offerers, blocks = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))

    def table(rows, columns, numbers):
        return np.array([[draw(numbers) for _ in range(columns)] for _ in range(rows)], dtype=float)

    value = -np.sort(-table(bidders, blocks, prices), axis=1)
    return (
        table(bidders, blocks, quantities),
        value,
        table(offerers, 1, quantities),
        table(offerers, 1, prices),
    )


@settings(deadline=None)
@given(markets())
def test_spot_maximises_surplus_at_a_competitive_price(market):
    quantity, value, offered, cost = market
    outcome = clear_spot(quantity, value, offered, cost)
    problem = TradeProblem(offered[:, 0], cost[:, 0], quantity, value)
    allocation = clear(problem)
    assert outcome.surplus == pytest.approx(allocation.surplus, abs=1e-9)
    assert outcome.bought.sum() == pytest.approx(outcome.sold.sum())
    assert outcome.quantity == pytest.approx(outcome.sold.sum())
    assert np.all(outcome.block_bought <= quantity + 1e-12)
    assert np.all(outcome.block_sold <= offered + 1e-12)
    np.testing.assert_allclose(outcome.block_bought.sum(axis=1), outcome.bought)
    low, high = competitive_interval(allocation)
    for j in np.flatnonzero(outcome.sold > 0):
        assert max(low[j], cost[j, 0]) - 1e-9 <= outcome.price_low
        assert outcome.price_high <= high[j] + 1e-9


@settings(deadline=None)
@given(markets(), st.floats(0.0, 1.0))
def test_nobody_loses_and_nobody_left_out_would_gain(market, k):
    quantity, value, offered, cost = market
    outcome = clear_spot(quantity, value, offered, cost, k=k)
    if outcome.quantity == 0:
        return
    price = outcome.price
    assert np.all(value[outcome.block_bought > 0] >= price - 1e-9)
    assert np.all(cost[outcome.block_sold > 0] <= price + 1e-9)
    unserved = quantity - outcome.block_bought > 1e-9
    unsold = offered - outcome.block_sold > 1e-9
    assert np.all(value[unserved] <= price + 1e-9)
    assert np.all(cost[unsold] >= price - 1e-9)


def test_scarcity_pays_the_first_rejected_bid():
    outcome = clear_spot([2.0, 2.0, 2.0], [9.0, 7.0, 5.0], [4.0], [1.0])
    assert outcome.price == outcome.price_low == 5.0
    assert outcome.price_high == 7.0
    np.testing.assert_array_equal(outcome.bought, [2.0, 2.0, 0.0])


def test_scarcity_with_a_bid_served_in_part_pays_that_bid():
    outcome = clear_spot([2.0, 2.0], [9.0, 7.0], [3.0], [1.0])
    assert outcome.price == outcome.price_high == 7.0
    np.testing.assert_array_equal(outcome.bought, [2.0, 1.0])


def test_price_never_exceeds_the_highest_value_present():
    assert clear_spot([2.0, 2.0], [9.0, 7.0], [0.0], [1.0]).price == 9.0
    assert clear_spot([2.0], [9.0], [], []).price == 9.0


def test_glut_pays_the_marginal_offer():
    outcome = clear_spot([3.0], [9.0], [2.0, 2.0, 2.0], [1.0, 3.0, 4.0])
    assert outcome.price == outcome.price_high == 3.0
    np.testing.assert_array_equal(outcome.sold, [2.0, 1.0, 0.0])
    whole = clear_spot([4.0], [9.0], [2.0, 2.0, 2.0], [1.0, 3.0, 4.0])
    assert (whole.price, whole.price_high) == (3.0, 4.0)


def test_no_trade_is_priced_at_the_cheapest_offer():
    outcome = clear_unit_auction([1.0], [2.0])
    assert outcome.quantity == 0.0
    assert (outcome.price_low, outcome.price_high, outcome.price) == (1.0, 2.0, 2.0)
    assert clear_unit_auction([], [2.0]).price == 2.0
    assert np.isnan(clear_unit_auction([], []).price)


@pytest.mark.parametrize("k", [0.0, 0.25, 1.0])
def test_k_walks_the_interval(k):
    assert clear_unit_auction([10.0, 8.0, 6.0, 3.0], [2.0, 4.0, 5.0, 9.0], k=k).price == pytest.approx(
        5.0 + k
    )


def test_ties_go_to_the_incumbent_then_to_the_lower_key():
    bids = ([2.0, 2.0, 2.0], [5.0, 5.0, 5.0], [3.0], [1.0])
    by_incumbent = clear_spot(*bids, bid_incumbent=[0.0, 4.0, 0.0], bid_key=[0.2, 0.9, 0.1])
    np.testing.assert_array_equal(by_incumbent.bought, [0.0, 2.0, 1.0])
    by_key = clear_spot(*bids, bid_key=[0.2, 0.9, 0.1])
    np.testing.assert_array_equal(by_key.bought, [1.0, 0.0, 2.0])
    offers = clear_spot([3.0], [9.0], [2.0, 2.0], [1.0, 1.0], offer_incumbent=[0.0, 1.0])
    np.testing.assert_array_equal(offers.sold, [1.0, 2.0])
    keyed = clear_spot([3.0], [9.0], [2.0, 2.0], [1.0, 1.0], offer_key=[0.5, 0.6])
    np.testing.assert_array_equal(keyed.sold, [2.0, 1.0])


def test_what_is_tied_in_everything_is_shared_in_proportion():
    outcome = clear_spot([3.0, 1.0], [5.0, 5.0], [2.0], [1.0])
    np.testing.assert_allclose(outcome.bought, [1.5, 0.5])


@settings(deadline=None)
@given(markets(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(market, random):
    quantity, value, offered, cost = market
    bidders, offerers = list(range(len(quantity))), list(range(len(offered)))
    random.shuffle(bidders)
    random.shuffle(offerers)
    key = np.linspace(0.1, 0.9, len(quantity))
    whole = clear_spot(quantity, value, offered, cost, bid_key=key)
    turned = clear_spot(
        quantity[bidders], value[bidders], offered[offerers], cost[offerers], bid_key=key[bidders]
    )
    np.testing.assert_allclose(turned.bought, whole.bought[bidders], atol=1e-9)
    np.testing.assert_allclose(turned.sold, whole.sold[offerers], atol=1e-9)
    assert turned.price == whole.price or np.isnan(turned.price)


def test_values_that_differ_below_the_grid_are_tied():
    outcome = clear_spot([1.0, 1.0], [5.0, 5.0 + 1e-9], [1.0], [1.0], bid_key=[0.1, 0.2])
    np.testing.assert_array_equal(outcome.bought, [1.0, 0.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0, 2.0], [1.0], [1.0]), "bid_quantity has shape"),
        (([-1.0], [1.0], [1.0], [1.0]), "must be finite and bid quantities"),
        (([1.0], [np.nan], [1.0], [1.0]), "bid prices must be finite"),
        (([1.0], [1.0], [np.inf], [1.0]), "must be finite and offer quantities"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        clear_spot(*arguments)


def test_refuses_weights_and_keys_out_of_shape():
    with pytest.raises(ValueError, match="k is 1"):
        clear_spot([1.0], [1.0], [1.0], [1.0], k=1.5)
    with pytest.raises(ValueError, match="bid_key has shape"):
        clear_spot([1.0], [1.0], [1.0], [1.0], bid_key=[0.1, 0.2])


@settings(max_examples=60)
@given(markets())
def test_on_links_that_reach_everybody_it_is_the_uniform_price_auction(market):
    quantity, value, offer, cost = market[0], market[1], market[2][:, 0], market[3][:, 0]
    pool = clear_spot(quantity, value, offer, cost)
    found = clear_spot_on_links(quantity, value, offer, cost, np.ones((len(cost), len(value)), bool))
    assert found.surplus == pytest.approx(pool.surplus, abs=1e-9)
    sold = found.flow.sum(axis=1)
    # Trades without gain may take place or not; above them, everybody who sells takes the one price.
    if pool.price_low == pool.price_high or found.quantity == pytest.approx(pool.quantity):
        earning = (sold > 0) & (found.price > cost)
        assert found.price[earning] == pytest.approx(np.full(earning.sum(), pool.price_low))


def test_on_links_each_part_has_its_price_and_caps_hold():
    linked = np.array([[True, False], [False, True]])
    found = clear_spot_on_links(
        [[3.0, 1.0], [5.0, 1.0]], [[9.0, 8.0], [4.0, 3.0]], [3.5, 5.0], [1.0, 1.0], linked
    )
    assert found.flow == pytest.approx(np.array([[3.5, 0.0], [0.0, 5.0]]))
    assert found.price == pytest.approx([8.0, 3.0])
    capped = clear_spot_on_links(
        [[3.0], [5.0]],
        [[9.0], [4.0]],
        [4.0, 4.0],
        [1.0, 2.0],
        np.ones((2, 2), bool),
        [[1.0, 9.0], [1.0, 9.0]],
    )
    assert capped.flow.sum(axis=0) == pytest.approx([2.0, 5.0])
    assert capped.quantity == pytest.approx(7.0)


def test_on_links_an_offer_of_nothing_is_priced_at_its_own_cost():
    found = clear_spot_on_links([[2.0]], [[9.0]], [1.0, 0.0], [1.0, 3.0], [[True], [True]])
    np.testing.assert_array_equal(found.sold, [1.0, 0.0])
    np.testing.assert_array_equal(found.price, [9.0, 3.0])


def test_the_smallest_trade_that_the_grid_holds_has_a_price_within_its_bid_and_offer():
    outcome = clear_spot([1e-6], [10.0], [1e-6], [2.0], k=0.5)
    assert outcome.quantity == 1e-6
    assert (outcome.price_low, outcome.price, outcome.price_high) == (2.0, 6.0, 10.0)


def test_offers_and_bids_of_nothing_set_no_price():
    shown = clear_spot([2.0, 1.0], [9.0, 4.0], [2.0, 1.0], [1.0, 6.0], k=0.5)
    hidden = clear_spot(
        [0.0, 2.0, 0.0, 1.0], [9.5, 9.0, 5.0, 4.0], [0.0, 2.0, 0.0, 1.0], [0.5, 1.0, 5.0, 6.0], k=0.5
    )
    assert (hidden.price_low, hidden.price_high, hidden.price) == (4.0, 6.0, 5.0)
    assert shown.price == hidden.price
    assert clear_spot([0.0], [9.0], [1.0], [3.0]).price == 3.0
    assert np.isnan(clear_spot([0.0], [9.0], [0.0], [3.0]).price)
