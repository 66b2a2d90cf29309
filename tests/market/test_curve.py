"""Stretches of demand curves and bids of unserved buyers: the compiled calls against whole-array arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.market import clear
from market_abm.market.bargaining.rational import best_excluded
from market_abm.market.kernel.curve import last_blocks, stretch, worth_of_first
from market_abm.units import GRID
from tests.market.problems import generic_problem

STEP = 1.0 / GRID


def curves(seed: int):
    """Curves of 6 buyers in 5 blocks, padding among them, and 9 stretches up to ``high`` of ``volume``."""
    rng = np.random.default_rng(seed)
    quantity = rng.uniform(0.0, 4.0, (6, 5)) * (rng.random((6, 5)) < 0.8)
    value = -np.sort(-rng.uniform(0.0, 20.0, (6, 5)), axis=1)
    buyer, high = rng.integers(0, 6, 9), rng.uniform(0.0, 14.0, 9)
    return quantity, value, buyer, high, rng.uniform(0.0, 10.0, 9)


def stretch_of(quantity, buyer, low, high):
    """Overlap of [low, high] with every block."""
    size = quantity[buyer]
    until = np.cumsum(size, axis=1)
    return np.maximum(np.minimum(until, high[:, None]) - np.maximum(until - size, low[:, None]), 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_stretch_is_its_overlap_with_every_block(seed):
    quantity, _, buyer, high, volume = curves(seed)
    low = np.maximum(high - volume, 0.0)
    np.testing.assert_array_equal(stretch(quantity, buyer, low, high), stretch_of(quantity, buyer, low, high))


@pytest.mark.parametrize("seed", range(20))
def test_last_blocks_sum_to_the_volume_and_what_lies_beyond_the_curve_is_worth_nothing(seed):
    quantity, value, buyer, high, volume = curves(seed)
    sizes, values = last_blocks(quantity, value, buyer, high, volume)
    inside = stretch_of(quantity, buyer, np.maximum(high - volume, 0.0), high)
    np.testing.assert_allclose(sizes.sum(axis=1), volume, atol=6 * STEP)
    most = 1
    for n, b in enumerate(buyer):
        some = inside[n] > STEP
        expected = list(zip(inside[n][some], value[b][some]))
        if volume[n] - inside[n].sum() > 2 * STEP:
            expected.append((pytest.approx(volume[n] - inside[n].sum()), 0.0))
        found = [(size, worth) for size, worth in zip(sizes[n], values[n]) if size > 0.0]
        assert found == expected
        assert not sizes[n, len(found) :].any()
        most = max(most, len(found))
    assert sizes.shape == values.shape == (9, most)


def test_of_no_relation_there_are_no_blocks():
    none = np.zeros(0)
    sizes, values = last_blocks(np.ones((1, 2)), np.ones((1, 2)), np.zeros(0, np.int64), none, none)
    assert sizes.shape == values.shape == (0, 1)


def test_less_than_a_grid_step_is_no_block():
    quantity, value = np.array([[2.0, 1.0]]), np.array([[5.0, 3.0]])
    sizes, _ = last_blocks(quantity, value, np.array([0]), np.array([2.0 + 0.5e-6]), np.array([1.0]))
    np.testing.assert_allclose(sizes, [[1.0 - 0.5e-6]], atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_the_first_units_are_worth_their_blocks_in_order(seed):
    quantity, value, buyer, used, _ = curves(seed)
    taken = stretch_of(quantity, buyer, np.zeros(9), used)
    np.testing.assert_allclose(
        worth_of_first(quantity, value, buyer, used), (taken * value[buyer]).sum(axis=1), rtol=1e-12
    )
    more_than_all = np.full(9, 1e9)
    np.testing.assert_array_equal(
        worth_of_first(quantity, value, buyer, more_than_all),
        np.cumsum(quantity * value, axis=1)[buyer, -1],
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_best_excluded_bid_is_the_highest_of_the_others_with_room(seed):
    rng = np.random.default_rng(seed)
    problem = generic_problem(rng, 4, 6, 4, degree=3 if seed % 2 else None)
    cost = rng.uniform(0.0, 2.0, (3, *problem.linked.shape))
    problem = problem.replace(switching=cost[0], wedge=cost[1], tax=cost[2])
    if seed % 3 == 0:
        problem = problem.replace(link_cap=rng.uniform(0.0, 5.0, problem.linked.shape))
    allocation = clear(problem)
    seller, buyer = (each.ravel() for each in np.indices(problem.linked.shape))
    found = best_excluded(problem, allocation.flow, allocation.served, seller, buyer)
    until = np.cumsum(problem.block_quantity, axis=1)
    for n, (j, i) in enumerate(zip(seller, buyer)):
        bids = [-np.inf]
        for k in set(range(problem.buyers)) - {i}:
            short = (problem.block_quantity[k] > 0.0) & (until[k] > allocation.served[k] + 0.5 * STEP)
            room = problem.link_cap is None or problem.link_cap[j, k] > allocation.flow[j, k] + 0.5 * STEP
            if short.any() and problem.linked[j, k] and room:
                own_cost = problem.switching[j, k] + problem.tax[j, k] + problem.wedge[j, k]
                bids.append(problem.block_value[k][short].max() - own_cost)
        assert found[n] == max(bids)
