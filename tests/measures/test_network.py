import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from tests.measures.worlds import network, seeds


def random_edges(rng, nodes, density=0.4):
    return [
        (i, j, int(rng.integers(0, 10)))
        for i in range(nodes)
        for j in range(nodes)
        if i != j and rng.random() < density
    ]


@settings(max_examples=100)
@given(seeds, st.integers(2, 8))
def test_min_cut_against_networkx(seed, nodes):
    edges = random_edges(np.random.default_rng(seed), nodes)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(edges, weight="capacity")
    cut = m.min_cut(edges, 0, nodes - 1)
    assert cut.value == nx.minimum_cut_value(graph, 0, nodes - 1)
    capacity = {(a, b): c for a, b, c in edges}
    assert sum(capacity[arc] for arc in cut.arcs) == cut.value
    graph.remove_edges_from(cut.arcs)
    assert nodes - 1 not in nx.descendants(graph, 0)


def test_the_textbook_cut():
    edges = [
        ("s", "v1", 16), ("s", "v2", 13), ("v2", "v1", 4), ("v1", "v3", 12), ("v3", "v2", 9),
        ("v2", "v4", 14), ("v4", "v3", 7), ("v3", "t", 20), ("v4", "t", 4),
    ]  # fmt: skip
    cut = m.min_cut(edges, "s", "t")
    assert cut.value == 23
    assert set(cut.arcs) == {("v1", "v3"), ("v4", "v3"), ("v4", "t")}


def test_cuts_need_two_nodes_and_bounded_edges():
    with pytest.raises(ValueError, match="two different nodes"):
        m.min_cut([], "s", "s")
    with pytest.raises(ValueError, match="unlimited"):
        m.min_cut([("s", "t", float("inf"))], "s", "t")
    with pytest.raises(ValueError, match="zero or more"):
        m.min_cut([("s", "t", -1)], "s", "t")
    assert m.min_cut([("s", "a", 1)], "s", "t").value == 0
    assert m.min_cut([("s", "t", 1), ("s", "t", 2)], "s", "t").value == 3


@settings(max_examples=60)
@given(seeds, st.integers(1, 8), st.booleans(), st.booleans())
def test_betweenness_against_networkx(seed, nodes, directed, normalized):
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 5, (nodes, nodes)) * (rng.random((nodes, nodes)) < 0.4)
    np.fill_diagonal(weight, 0)
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(nodes))
    both = weight if directed else weight + weight.T
    for i, j in np.argwhere(both > 0):
        graph.add_edge(int(i), int(j), distance=1.0 / both[i, j])
    expected = nx.betweenness_centrality(graph, weight="distance", normalized=normalized)
    got = m.betweenness(weight, directed, normalized)
    np.testing.assert_allclose(got, [expected[i] for i in range(nodes)], atol=1e-9)


def test_the_only_bridge_lies_on_every_path():
    volume = np.array([[5.0, 0.0], [5.0, 5.0]])
    whole = m.bipartite(volume)
    assert whole.shape == (4, 4)
    # Path: seller 0, buyer 0, seller 1, buyer 1.
    np.testing.assert_allclose(m.betweenness(whole), [0, 2 / 3, 2 / 3, 0])
    with pytest.raises(ValueError, match="square"):
        m.betweenness(volume[:1])


@settings(max_examples=60)
@given(seeds)
def test_the_bottleneck_is_a_minimum_cut(seed):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5)
    result = m.bottleneck(capacity, demand, linked)
    # Capacity of the limiting sellers plus demand outside is what is served (max flow = min cut).
    assert capacity[result.sellers].sum() + demand[~result.buyers].sum() == pytest.approx(result.served)
    assert not linked[np.ix_(~result.sellers, result.buyers)].any()


def matched(linked):
    graph = nx.Graph()
    left = [("s", j) for j in range(linked.shape[0])]
    graph.add_nodes_from(left)
    graph.add_nodes_from(("b", i) for i in range(linked.shape[1]))
    graph.add_edges_from((("s", int(j)), ("b", int(i))) for j, i in np.argwhere(linked))
    return len(nx.bipartite.maximum_matching(graph, left)) // 2


@settings(max_examples=80)
@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_long_is_who_some_maximum_matching_leaves_out(seed, sellers, buyers):
    """Gallai-Edmonds: a node is long iff dropping it leaves the maximum matching as large."""
    linked = np.random.default_rng(seed).random((sellers, buyers)) < 0.5
    result = m.short_side(np.ones(sellers), np.ones(buyers), linked)
    size = matched(linked)
    for j in range(sellers):
        rest = np.delete(linked, j, axis=0)
        assert (result.seller[j] == -1) == (matched(rest) == size)
    for i in range(buyers):
        assert (result.buyer[i] == -1) == (matched(np.delete(linked, i, axis=1)) == size)
    # Short are the partners of the long, all others are even.
    for j in range(sellers):
        partners = result.buyer[linked[j]]
        assert (result.seller[j] == 1) == (-1 in partners and result.seller[j] != -1)
    np.testing.assert_allclose(result.seller_share, 0.5 * (1 + result.seller))


def test_sellers_short_here_and_long_there():
    linked = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=bool)
    result = m.short_side(np.ones(4), np.ones(4), linked)
    np.testing.assert_array_equal(result.seller, [1, -1, -1, 0])
    np.testing.assert_array_equal(result.buyer, [-1, -1, 1, 0])
    np.testing.assert_allclose(result.seller_share, [1, 0, 0, 0.5])


def test_quantities_decide_the_short_side():
    assert m.short_side([10], [4, 5]).seller[0] == -1
    assert m.short_side([10], [4, 7]).seller[0] == 1
    assert m.short_side([10], [4, 6]).seller[0] == 0
