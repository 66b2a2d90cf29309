import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import TradeProblem
from market_abm.market.flow import max_flow
from market_abm.measures.pivotality import pivotality
from tests.measures.worlds import buyer_sets, network, seeds


def enumerated(capacity, demand, linked, cap=None):
    """Network RSI by its definition, over all sets of buyers."""
    cap = np.full(linked.shape, np.inf) if cap is None else cap
    reach = np.where(linked, cap, 0.0)
    out = []
    for gone in range(len(capacity)):
        ratios = []
        for group in buyer_sets(len(demand)):
            wanted = demand[list(group)].sum()
            if wanted > 0:
                room = sum(
                    min(capacity[j], reach[j, list(group)].sum()) for j in range(len(capacity)) if j != gone
                )
                ratios.append(room / wanted)
        out.append(min(ratios, default=np.inf))
    return np.array(out)


def flow_by_networkx(capacity, demand, linked):
    graph = nx.DiGraph()
    graph.add_nodes_from(["s", "t"])
    for j, k in enumerate(capacity):
        graph.add_edge("s", ("seller", j), capacity=k)
    for i, d in enumerate(demand):
        graph.add_edge(("buyer", i), "t", capacity=d)
    for j, i in np.argwhere(linked):
        graph.add_edge(("seller", j), ("buyer", i))
    return nx.maximum_flow_value(graph, "s", "t")


@settings(max_examples=150)
@given(seeds, st.integers(1, 5), st.integers(1, 7), st.sampled_from([0.2, 0.5, 0.9]))
def test_network_rsi_against_all_sets_of_buyers(seed, sellers, buyers, density):
    capacity, demand, linked = network(np.random.default_rng(seed), sellers, buyers, density)
    np.testing.assert_allclose(m.network_rsi(capacity, demand, linked), enumerated(capacity, demand, linked))


@settings(max_examples=80)
@given(seeds, st.integers(1, 4), st.integers(1, 6))
def test_network_rsi_with_link_caps_against_all_sets_of_buyers(seed, sellers, buyers):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, sellers, buyers, 0.7)
    cap = np.where(rng.random(linked.shape) < 0.5, np.inf, rng.integers(0, 6, linked.shape))
    got = m.network_rsi(capacity, demand, linked, cap)
    np.testing.assert_allclose(got, enumerated(capacity, demand, linked, cap))


@settings(max_examples=60)
@given(seeds)
def test_network_rsi_is_the_largest_demand_that_can_be_served(seed):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 6, 0.6)
    for j, scale in enumerate(m.network_rsi(capacity, demand, linked)):
        rest = capacity.copy()
        rest[j] = 0.0
        if 0 < scale < np.inf:
            fits = demand * scale * (1 - 1e-7)
            assert max_flow(rest, fits, linked) == pytest.approx(fits.sum(), abs=1e-5)
            more = demand * scale * 1.01
            assert max_flow(rest, more, linked) < more.sum() - 1e-5


@given(seeds)
def test_full_reach_network_rsi_is_rsi(seed):
    capacity, demand, linked = network(np.random.default_rng(seed), 5, 4)
    demand = demand + 1.0
    np.testing.assert_allclose(
        m.network_rsi(capacity, demand, np.ones_like(linked)), m.rsi(capacity, demand), rtol=1e-12
    )


@given(seeds)
def test_missing_links_never_raise_the_index(seed):
    capacity, demand, linked = network(np.random.default_rng(seed), 5, 4)
    assert (m.network_rsi(capacity, demand, linked) <= m.rsi(capacity, demand) + 1e-12).all()


@given(seeds, st.floats(0.01, 50.0))
def test_scaling_all_quantities_changes_no_index(seed, factor):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5)
    np.testing.assert_allclose(
        m.network_rsi(capacity * factor, demand * factor, linked),
        m.network_rsi(capacity, demand, linked),
        rtol=1e-3,
    )
    np.testing.assert_allclose(m.rsi(capacity * factor, demand * factor), m.rsi(capacity, demand))


@given(seeds)
def test_own_capacity_lowers_nothing_for_others(seed):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, 4, 5)
    more = capacity.copy()
    more[0] += 3.0
    before, after = m.network_rsi(capacity, demand, linked), m.network_rsi(more, demand, linked)
    assert (after[1:] >= before[1:] - 1e-12).all()
    assert after[0] == pytest.approx(before[0]) or np.isinf(before[0])


@settings(max_examples=60)
@given(seeds, st.floats(0.2, 1.0))
def test_pivotal_is_a_fall_of_the_maximum_flow(seed, density):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5, density)
    result = pivotality(capacity, demand, linked)
    whole = flow_by_networkx(capacity, demand, linked)
    assert result.served == whole == max_flow(capacity, demand, linked)
    for j in range(4):
        rest = capacity.copy()
        rest[j] = 0.0
        assert result.served_without[j] == flow_by_networkx(rest, demand, linked)
        assert result.pivotal[j] == (result.served_without[j] < whole)


def test_with_full_reach_and_slack_the_residual_supplier_is_pivotal():
    np.testing.assert_array_equal(m.pivotal([50, 30, 20], [25, 35]), [True, False, False])
    np.testing.assert_allclose(m.rsi([50, 30, 20], 60), [50 / 60, 70 / 60, 80 / 60])
    np.testing.assert_allclose(m.residual_demand([50, 30, 20], 60), [10, 0, 0])


def test_above_capacity_everybody_is_below_one():
    assert (m.rsi([50, 30, 20], 110) < 1).all()
    assert m.pivotal([50, 30, 20], [110]).all()


def test_owners_go_together_and_aggregates_one_by_one():
    capacity = [30.0, 30.0, 40.0]
    np.testing.assert_allclose(m.rsi(capacity, 80, owner=[5, 5, 2]), [0.5, 0.5, 0.75])
    np.testing.assert_allclose(m.rsi(capacity, 80, aggregate_of=[1, 1, 4]), [70 / 80, 70 / 80, 90 / 80])
    np.testing.assert_array_equal(m.pivotal(capacity, [80.0], aggregate_of=[1, 1, 4]), [True, True, False])
    np.testing.assert_allclose(m.network_rsi(capacity, [80.0], owner=[5, 5, 2]), [0.5, 0.5, 0.75])


@given(seeds, st.integers(2, 5))
def test_splitting_a_seller_under_one_owner_changes_nothing(seed, parts):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5)
    capacity, demand = 60 * capacity, 60 * demand
    owner = np.r_[np.zeros(parts, int), 1, 2, 3]
    split = np.r_[np.full(parts, capacity[0] / parts), capacity[1:]]
    links = np.vstack([np.repeat(linked[:1], parts, axis=0), linked[1:]])
    np.testing.assert_allclose(
        m.network_rsi(split, demand, links, owner=owner)[parts - 1 :],
        m.network_rsi(capacity, demand, linked),
        rtol=1e-6,
    )
    np.testing.assert_allclose(m.rsi(split, demand, owner)[parts - 1 :], m.rsi(capacity, demand))


def test_a_trade_problem_brings_its_own_network():
    problem = TradeProblem([6, 4], [0, 0], [[3, 2], [4, 0]], [[5, 4], [3, 0]], linked=np.eye(2, dtype=bool))
    np.testing.assert_allclose(m.network_rsi(problem), [0, 0])
    np.testing.assert_allclose(m.network_rsi(problem, linked=np.ones((2, 2), bool)), [4 / 9, 6 / 9])


def test_contracts_leave_less_to_be_needed_for():
    capacity, demand = m.contract_adjusted([50, 30, 20], [40, 20], [[30, 0], [10, 5], [0, 0]])
    np.testing.assert_allclose(capacity, [20, 15, 20])
    np.testing.assert_allclose(demand, [0, 15])
    assert (m.rsi(capacity, demand) > 1).all()
    over, _ = m.contract_adjusted([10], [5], [[20]])
    assert over[0] == 0


def test_frequencies_over_periods():
    history = 70 / np.array([50, 55, 60, 62, 63, 64, 65, 68, 72, 75])
    screen = m.rsi_frequency(history)
    assert (screen.below_screen, screen.pivotal, screen.fails) == (0.5, 0.2, True)
    assert not m.rsi_frequency(np.full(30, 1.2)).fails
    both = m.rsi_frequency(np.column_stack([history, np.full(10, 5.0)]))
    assert both == screen


@given(st.floats(50, 500), st.floats(0.5, 5), st.floats(0.1, 5), st.floats(0, 0.9))
def test_the_residual_monopolist_obeys_the_lerner_identity(intercept, slope, cost, part):
    rivals = part * (intercept - slope * cost)
    result = m.residual_monopolist(intercept, slope, cost, rivals)
    assert result.lerner == pytest.approx((1 - result.rsi) / result.elasticity)
    # No nearby price earns more on residual demand.
    profit = (result.price - cost) * (intercept - slope * result.price - rivals)
    for other in (0.99 * result.price, 1.01 * result.price):
        assert (other - cost) * (intercept - slope * other - rivals) <= profit + 1e-9


def test_a_monopolist_without_residual_demand_is_refused():
    with pytest.raises(ValueError, match="residual"):
        m.residual_monopolist(100, 1, 10, 95)


def test_no_demand_needs_nobody():
    assert np.isinf(m.rsi([1.0, 2.0], 0.0)).all()
    assert np.isinf(m.network_rsi([1.0, 2.0], [0.0])).all()
    assert not m.pivotal([1.0, 2.0], [0.0]).any()


def test_caps_bind_what_a_supplier_is_needed_for():
    """Seller 0 has 8 and its link carries 2; seller 1 has 1: together 3 of 5, so everybody is needed."""
    cap = [[2.0], [np.inf]]
    assert m.network_rsi([8.0, 1.0], [5.0], link_cap=cap) == pytest.approx([0.2, 0.4])
    np.testing.assert_array_equal(m.pivotal([8.0, 1.0], [5.0], link_cap=cap), [True, True])
    assert m.network_rsi([8.0, 1.0], [5.0], link_cap=[[0.0], [np.inf]]) == pytest.approx([0.2, 0.0])


def test_an_index_of_exactly_one_is_enough():
    screen = m.rsi_frequency([1.0, 0.99, 1.01, 1.2])
    assert (screen.below_screen, screen.pivotal) == (0.75, 0.25)


def test_one_step_of_the_grid_is_a_demand_like_any_other():
    np.testing.assert_allclose(m.network_rsi([3e-6, 2e-6], [1e-6]), [2.0, 3.0])
