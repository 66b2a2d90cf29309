"""Maximum flow against networkx and against Hall's condition."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from market_abm.market import clear, flow_problem, marginal_contributions, max_flow


def by_networkx(capacity, demand, linked, cap) -> int:
    graph = nx.DiGraph()
    graph.add_node("source")
    graph.add_node("sink")
    for j, owned in enumerate(capacity):
        graph.add_edge("source", ("seller", j), capacity=int(owned))
    for i, wanted in enumerate(demand):
        graph.add_edge(("buyer", i), "sink", capacity=int(wanted))
    for j, i in np.argwhere(linked):
        graph.add_edge(("seller", j), ("buyer", i), capacity=int(cap[j, i]))
    return nx.maximum_flow_value(graph, "source", "sink")


@pytest.mark.parametrize("seed", range(60))
def test_against_networkx(seed):
    rng = np.random.default_rng(seed)
    sellers, buyers = rng.integers(1, 8, 2)
    capacity, demand = rng.integers(0, 9, sellers), rng.integers(0, 9, buyers)
    linked, cap = rng.random((sellers, buyers)) < 0.5, rng.integers(0, 7, (sellers, buyers))
    served = by_networkx(capacity, demand, linked, cap)
    assert max_flow(capacity, demand, linked, cap) == served
    lost = marginal_contributions(flow_problem(capacity, demand, linked, cap)).seller
    for j in range(sellers):
        without = np.where(np.arange(sellers) == j, 0, capacity)
        assert lost[j] == served - by_networkx(without, demand, linked, cap)


@pytest.mark.parametrize("seed", range(30))
def test_gale_condition(seed):
    """Served demand is total demand less the largest excess of a buyer set over its sellers (Gale 1957)."""
    rng = np.random.default_rng(seed)
    capacity, demand = rng.integers(0, 9, 4), rng.integers(0, 9, 5)
    linked = rng.random((4, 5)) < 0.4
    excess = [0.0]
    for size in range(1, 6):
        for group in combinations(range(5), size):
            reached = linked[:, group].any(axis=1)
            excess.append(demand[list(group)].sum() - capacity[reached].sum())
    assert max_flow(capacity, demand, linked) == demand.sum() - max(excess)


def test_full_reach_serves_the_smaller_side():
    assert max_flow([3.25, 4.5], [5.0, 1.5]) == 6.5
    assert max_flow([3.25, 2.5], [5.0, 1.5]) == 5.75
    assert clear(flow_problem([1.0], [2.0])).served[0] == 1.0


def test_demand_must_be_one_number_a_buyer():
    with pytest.raises(ValueError, match="one number a buyer"):
        max_flow([1.0], [[1.0]])
