"""Plausible sentences that are false: a market in which each fails, so that no test can state it in general."""

from __future__ import annotations

import numpy as np
import pytest

import market_abm.measures as m
from market_abm.market import TradeProblem, clear, core_interval, marginal_contributions
from market_abm.market.bargaining import market_shapley


def test_a_new_link_can_lower_the_largest_core_payoff_of_its_own_end() -> None:
    """Seller 1 begins to serve buyer 0: capacity is no longer tied up, and the buyer's best case halves."""
    before = TradeProblem(
        [2.0, 2.0], [0.0, 0.0], [[3.0], [2.0]], [[8.0], [9.0]], linked=[[True, True], [False, True]]
    )
    after = before.replace(linked=[[True, True], [True, True]])
    best = [core_interval(problem).high[2] for problem in (before, after)]
    assert best == pytest.approx([16.0, 8.0])


def test_own_capacity_can_lower_own_rent() -> None:
    """With 10 instead of 5 the provider sells its last units to a user who pays next to nothing."""
    rents = []
    for capacity in (5.0, 10.0):
        problem = TradeProblem([capacity, 4.0], [1.0, 1.0], [[5.0, 5.0, 10.0]], [[10.0, 4.0, 1.5]])
        rents.append(capacity * (clear(problem).seller_price[0] - 1.0))
    assert rents[1] < rents[0]


def test_a_merger_can_lower_the_shapley_value_of_the_pair() -> None:
    problem = TradeProblem(
        [2.0, 3.0],
        [0.0, 0.0],
        [[3.0], [1.0], [2.0]],
        [[4.0], [7.0], [4.0]],
        linked=[[True, True, True], [True, False, False]],
    )
    buyers = [((), (i,)) for i in range(3)]
    apart = market_shapley(problem).payoff
    merged = market_shapley(problem, [((0, 1), ()), *buyers]).payoff
    assert merged[0] < apart[0] + apart[1] - 0.05


def test_a_shapley_value_can_lie_outside_the_core_interval() -> None:
    """Two left gloves, one right glove: the core gives all to the right one, Shapley two thirds."""
    problem = TradeProblem([1.0, 1.0], [0.0, 0.0], [[1.0]], [[1.0]])
    core, value = core_interval(problem), market_shapley(problem).payoff
    assert value[2] == pytest.approx(2.0 / 3.0)
    assert core.low[2] == pytest.approx(1.0, abs=1e-9)


def test_betweenness_does_not_measure_what_a_seller_can_claim() -> None:
    """A hub that everybody can do without lies on most paths and claims nothing; a sole supplier apart does."""
    linked = [[True, True, True, False], [True, True, True, False], [False, False, False, True]]
    problem = TradeProblem([3.0, 3.0, 1.0], [0.0] * 3, [[1.0]] * 4, [[5.0]] * 4, linked=linked)
    hub = m.betweenness(m.bipartite(np.array(linked, float)))[:3]
    claims = core_interval(problem).high[:3]
    assert hub[0] > hub[2]
    assert claims[0] == pytest.approx(0.0, abs=1e-6)
    assert claims[2] == pytest.approx(5.0)
    assert marginal_contributions(problem).seller[2] == 5.0


def test_a_lower_hhi_can_come_with_a_worse_rsi() -> None:
    """The largest of three sheds half of its fleet and a rival too: less concentrated, and shorter."""
    before, after = np.array([60.0, 30.0, 10.0]), np.array([30.0, 15.0, 15.0])
    assert m.hhi(m.shares(after)) < m.hhi(m.shares(before))
    assert m.rsi(after, [40.0]).min() < m.rsi(before, [40.0]).min()
