"""A relation that a contract holds on top of the free market: against hand-made cases, HiGHS and shortest paths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, clear, reference
from market_abm.market.bargaining import hold, rational_pair
from tests.market.bargains import (
    TOLERANCE,
    duel,
    resale_by_reference,
)
from tests.market.problems import generic_problem, problems, whole_problem


def _held_by_reference(free, trade, j, i):
    """Loss of the held link by HiGHS: surplus of the trades less S(N; u_ij = 0, K_j - x_ij)."""
    problem, flow = trade.problem, trade.flow
    quantity = problem.block_quantity
    top = np.cumsum(quantity, axis=1) - quantity
    taken = np.clip(flow.sum(axis=0)[:, None] - top, 0.0, quantity)
    now = float((taken * problem.block_value).sum() - (flow * problem.link_cost).sum())
    capacity = problem.capacity.copy()
    capacity[j] = max(capacity[j] - flow[j, i], 0.0)
    linked = problem.linked.copy()
    linked[j, i] = False
    return now - reference.clear(problem.replace(capacity=capacity, linked=linked)).surplus


@settings(deadline=None, max_examples=60)
@given(problems(most_sellers=3, most_buyers=3, most_blocks=2), st.integers(0, 2**31), st.integers(1, 5))
def test_held_relation_agrees_with_the_reference(free, seed, volume):
    rng = np.random.default_rng(seed)
    j, i = int(rng.integers(free.sellers)), int(rng.integers(free.buyers))
    allocation = clear(free)
    trade = hold(allocation, j, i, float(volume), [float(volume)], [12.0])
    pair = rational_pair(trade, [(j, i)])
    loss = _held_by_reference(free, trade, j, i)
    expected = loss / pair.quantity + pair.unit_cost + pair.wedge
    np.testing.assert_allclose(pair.replacement, expected, atol=1e-6)
    assert pair.replacement[0] <= pair.value[0] + TOLERANCE
    resale = resale_by_reference(trade.problem, trade.flow, trade.served, j, i)
    np.testing.assert_allclose(pair.resale, resale, atol=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_held_relation_by_tree_and_by_paths(seed):
    """The free market's tree serves the held relation: same answer as along shortest paths."""
    from market_abm.market.kernel.pair import link_pairs
    from market_abm.market.kernel.removal import NO_TREE
    from market_abm.market.kernel.tree import PARENT

    rng = np.random.default_rng(seed)
    free = generic_problem(rng, 6, 9, 5, degree=3) if seed % 2 else whole_problem(rng, 5, 6, 3)
    j, i = (int(k) for k in rng.choice(np.argwhere(free.linked)))
    volume = float(rng.integers(1, 9))
    trade = hold(clear(free), j, i, volume, [volume], [15.0])
    net, tree, links = trade._state
    without = tree.copy()
    without[PARENT, -1] = NO_TREE
    link = np.array([j]), np.array([i])
    np.testing.assert_array_equal(link_pairs(net, tree, links, *link), link_pairs(net, without, links, *link))
    np.testing.assert_allclose(
        rational_pair(trade, [(j, i)]).replacement * trade.flow[j, i],
        _held_by_reference(free, trade, j, i) + (free.unit_cost[j] + free.wedge[j, i]) * trade.flow[j, i],
        rtol=1e-6,
        atol=1e-5,
    )


def test_held_relation_by_hand():
    """Seller 1 replaces two of the four units at a surplus of 10 + 6; the rest would only displace equals."""
    free = TradeProblem(
        [3.0, 4.0],
        [0.0, 0.0],
        [[0.0], [2.0], [3.0]],
        [[0.0], [4.0], [8.0]],
        switching=[[3.0, 1.0, -2.0], [-1.0, -2.0, 2.0]],
    )
    pair = rational_pair(hold(clear(free), 0, 2, 1.0, [1.0], [12.0]), [(0, 2)])
    np.testing.assert_allclose(pair.value, 9.0 + 2.0)
    np.testing.assert_allclose(pair.replacement, (44.0 - 16.0) / 4.0)
    np.testing.assert_allclose(pair.floor, 0.0)


def test_holding_what_is_free_changes_nothing():
    """A relation whose volume is the free market's own flow has the free market's pair."""
    problem = duel(third=1.5)
    whole = rational_pair(clear(problem), [(0, 0)])
    free = problem.replace(capacity=[0.0, 3.0], block_quantity=[[0.0], [2.0]])
    held = rational_pair(hold(clear(free), 0, 0, 3.0, [3.0], [10.0]), [(0, 0)])
    for name in ("floor", "ceiling", "value", "replacement", "resale", "excluded", "quantity"):
        np.testing.assert_allclose(getattr(held, name), getattr(whole, name), err_msg=name)


def test_relation_out_of_line_is_counted_and_has_no_split():
    """The contract serves a block worth 2 while an excluded buyer would pay 6."""
    free = duel(third=6.0).replace(capacity=[0.0, 0.0], block_quantity=[[0.0], [2.0]])
    pair = rational_pair(hold(clear(free), 0, 0, 2.0, [2.0], [2.0]), [(0, 0)])
    assert pair.floor[0] == 6.0 and pair.value[0] == 2.0
    assert pair.out_of_line[0]
    split = pair.leverage_split()
    assert np.isnan([split.seller_secured[0], split.buyer_secured[0], split.contested[0]]).all()
    assert np.isnan(pair.realised_share(np.array([4.0]))[0])
    assert np.isnan(pair.bargaining_index(np.array([4.0]))[0])


@pytest.mark.parametrize(
    ("volume", "sizes", "message"),
    [(0.0, [0.0], "volume is 0.0"), (2.0, [1.0], "sums to 1.0 and volume is 2.0")],
)
def test_hold_refuses(volume, sizes, message):
    with pytest.raises(ValueError, match=message):
        hold(clear(duel()), 0, 0, volume, sizes, [5.0])


def test_thirds_of_a_volume_that_the_grid_rounds_are_still_the_volume():
    market = hold(clear(duel()), 0, 0, 1.0, [1 / 3] * 3, [12.0, 11.0, 10.0])
    assert market.problem.block_quantity[0, :3].sum() == 1.0
    assert market.served[0] == clear(duel()).served[0] + 1.0


def test_a_link_opened_by_a_contract_is_the_only_one_that_opens():
    linked = np.array([[True, False], [False, True]])
    problem = duel().replace(linked=linked)
    market = hold(clear(problem), 0, 1, 1.0, [1.0], [12.0])
    np.testing.assert_array_equal(market.problem.linked, [[True, True], [False, True]])
