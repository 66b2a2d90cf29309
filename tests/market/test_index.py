"""The price index of many variants against whole-array formulas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market.kernel.index import SAME_PRICE, index_prices


def plain(sells, price, served, buyers, extra, reaches):
    """The index of every variant, array by array."""
    got = np.broadcast_to(served, (len(sells), served.shape[1]))[:, buyers]
    total = got.sum(axis=1, keepdims=True)
    weight = np.where(total > 0.0, got / np.where(total > 0.0, total, 1.0), 1.0 / len(buyers))
    reach = sells[:, :, None] & reaches[None, :, buyers]
    delivered = np.where(reach, price[:, :, None] + extra[:, buyers], np.inf)
    level = reach & (delivered <= delivered.min(axis=1, keepdims=True) + SAME_PRICE)
    lowest = np.where(level, price[:, :, None], np.inf).min(axis=1)
    return np.where(weight > 0.0, weight * np.where(weight > 0.0, lowest, 0.0), 0.0).sum(axis=1)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1))
def test_the_index_is_what_the_next_unit_costs_those_who_are_served(seed):
    rng = np.random.default_rng(seed)
    variants, sellers, count = 3, 4, 5
    price = rng.integers(1, 6, (variants, sellers)) / 2.0
    switching, tax = rng.integers(0, 3, (2, sellers, count)) / 2.0
    linked, sells = rng.random((sellers, count)) < 0.7, rng.random((variants, sellers)) < 0.8
    served = rng.integers(0, 3, (rng.choice([1, variants]), count)).astype(float)
    cap = rng.integers(0, 2, (sellers, count)).astype(float) if rng.random() < 0.5 else np.zeros((0, 0))
    buyers = rng.permutation(count)[: rng.integers(1, count + 1)]
    found = index_prices(sells, price, served, buyers, switching, tax, linked, cap)
    reaches = linked & (cap > 0.0) if len(cap) else linked
    np.testing.assert_allclose(
        found, plain(sells, price, served, buyers, switching + tax, reaches), rtol=1e-14
    )


def one_buyer(price: list[float], switching: list[float], sells: list[bool]) -> float:
    """Index of one variant with one buyer that everybody can serve."""
    extra = np.array(switching)[:, None]
    reach, nothing = np.ones(extra.shape, dtype=bool), np.zeros(extra.shape)
    return index_prices(
        np.array([sells]), np.array([price]), np.ones((1, 1)), np.zeros(1, int), extra, nothing, reach,
        np.zeros((0, 0)),
    )[0]  # fmt: skip


def test_of_sellers_that_deliver_equally_cheaply_the_lowest_price_counts():
    assert one_buyer([3.0, 2.0, 2.5], [0.0, 1.0, 0.5], [True, True, True]) == 2.0
    assert one_buyer([3.0, 2.0, 2.5], [0.0, 1.5, 0.6], [True, True, True]) == 3.0


def test_a_seller_without_capacity_delivers_nothing():
    assert one_buyer([1.0, 2.0], [0.0, 0.0], [False, True]) == 2.0
    assert one_buyer([1.0, 2.0], [0.0, 0.0], [False, False]) == np.inf


def test_buyers_that_get_nothing_have_no_weight_unless_nobody_gets_anything():
    sells, price = np.ones((1, 2), dtype=bool), np.array([[1.0, 5.0]])
    linked, nothing, no_caps = np.eye(2, dtype=bool), np.zeros((2, 2)), np.zeros((0, 0))

    def index(served):
        return index_prices(
            sells, price, np.array([served]), np.arange(2), nothing, nothing, linked, no_caps
        )[0]

    assert index([0.0, 4.0]) == 5.0
    assert index([3.0, 1.0]) == pytest.approx(2.0)
    assert index([0.0, 0.0]) == pytest.approx(3.0)
