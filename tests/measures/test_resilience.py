import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import TradeProblem, clear, reference
from market_abm.market.flow import max_flow
from tests.measures.test_pivotality import flow_by_networkx
from tests.measures.worlds import market, network, seeds


def test_the_largest_supplier_need_not_be_the_critical_one():
    linked = np.array([[1, 0, 0], [1, 1, 1], [0, 0, 1]], dtype=bool)
    loss = m.n_minus_one([60, 50, 30], [40, 30, 20], linked)
    assert loss.served == 90
    np.testing.assert_allclose(loss.served_without, [70, 60, 90])
    np.testing.assert_allclose(loss.loss_share, [2 / 9, 3 / 9, 0])


@settings(max_examples=60)
@given(seeds)
def test_exit_takes_the_demand_along(seed):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, 4, 5, 0.7)
    owner, buyer_owner = np.array([0, 1, 1, 2]), np.array([1, 7, 0, 8, 1])
    stays = m.n_minus_one(capacity, demand, linked, owner=owner)
    leaves = m.n_minus_one(capacity, demand, linked, owner=owner, buyer_owner=buyer_owner)
    for j in range(4):
        rest = np.where(owner == owner[j], 0.0, capacity)
        assert stays.served_without[j] == flow_by_networkx(rest, demand, linked)
        present = np.where(buyer_owner == owner[j], 0.0, demand)
        assert leaves.served_without[j] == flow_by_networkx(rest, present, linked)


@settings(max_examples=40)
@given(seeds)
def test_common_causes_take_part_of_several(seed):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, 4, 5, 0.7)
    causes = np.array([[1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0]])
    loss = m.n_minus_cause(capacity, demand, causes, linked)
    for row, cause in enumerate(causes):
        assert loss.served_without[row] == pytest.approx(
            flow_by_networkx(capacity * (1 - cause), demand, linked)
        )
    assert loss.loss_share[2] == 0
    alone = m.n_minus_one(capacity, demand, linked)
    np.testing.assert_allclose(
        m.n_minus_cause(capacity, demand, np.eye(4), linked).loss_share, alone.loss_share
    )


@settings(max_examples=60)
@given(seeds)
def test_losses_from_the_flows_of_pivotality_are_the_same_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, 5, 6, 0.6)
    capacity, demand = capacity * rng.random(5), demand * rng.random(6)
    owner = rng.integers(0, 4, 5)
    found = m.losses_of(m.pivotality.pivotality(capacity, demand, linked, owner=owner))
    alone = m.n_minus_one(capacity, demand, linked, owner=owner)
    assert found.served == alone.served
    np.testing.assert_array_equal(found.served_without, alone.served_without)
    np.testing.assert_array_equal(found.loss_share, alone.loss_share)


def test_causes_are_fractions():
    with pytest.raises(ValueError, match="from 0 to 1"):
        m.n_minus_cause([1, 1], [1], [[2.0, 0.0]])


@given(seeds)
def test_rerouting_never_loses_more_than_no_rerouting(seed):
    problem = market(np.random.default_rng(seed), 4, 5)
    demand = problem.block_quantity.sum(axis=1)
    served = m.n_minus_one(problem.capacity, demand, problem.linked)
    flow = clear(problem.replace(block_value=100.0 + problem.block_value)).flow
    if served.served > 0:
        # A surplus-maximal flow with values above all costs is a maximum flow.
        assert flow.sum() == pytest.approx(served.served)
        assert (served.loss_share <= m.no_rerouting(flow) + 1e-9).all()


def test_without_rerouting_an_owner_is_missed_for_all_it_delivers():
    flow = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 4.0]])
    np.testing.assert_allclose(m.no_rerouting(flow), [0.3, 0.3, 0.4])
    np.testing.assert_allclose(m.no_rerouting(flow, owner=[1, 1, 0]), [0.6, 0.6, 0.4])
    np.testing.assert_allclose(m.no_rerouting(flow, aggregate_of=[1, 1, 4]), [0.3, 0.3, 0.1])
    np.testing.assert_allclose(m.no_rerouting(np.zeros((2, 2))), 0)


@settings(max_examples=50)
@given(seeds)
def test_welfare_losses_against_solving_again(seed):
    problem = market(np.random.default_rng(seed), 4, 4)
    owner, aggregate = np.array([3, 1, 3, 0]), np.array([1.0, 4.0, 1.0, 1.0])
    buyer_owner = np.array([0, 9, 3, 8])
    nodes = m.welfare_losses(problem)
    by_owner = m.welfare_losses(clear(problem), owner, aggregate)
    exits = m.welfare_losses(problem, owner, aggregate, buyer_owner)
    whole = reference.clear(problem).surplus
    for j in range(4):
        alone = problem.capacity.copy()
        alone[j] = 0
        gone = np.where(owner == owner[j], problem.capacity / aggregate, 0.0)
        together = problem.replace(capacity=problem.capacity - gone)
        present = np.where((buyer_owner == owner[j])[:, None], 0.0, problem.block_quantity)
        both = together.replace(block_quantity=present)
        expected = whole - reference.surpluses([problem.replace(capacity=alone), together, both])
        got = [x.marginal_contribution[j] for x in (nodes, by_owner, exits)]
        np.testing.assert_allclose(got, expected, atol=1e-6)
    if whole > 0:
        np.testing.assert_allclose(nodes.loss_share, nodes.marginal_contribution / whole)
    else:
        assert not nodes.loss_share.any()


@settings(max_examples=60)
@given(seeds, st.integers(0, 3))
def test_marginal_contributions_move_as_they_must(seed, seller):
    """More own capacity raises M, more capacity of a rival lowers it, exit of a rival raises it."""
    problem = market(np.random.default_rng(seed), 4, 4)
    before = m.welfare_losses(problem).marginal_contribution
    more = problem.capacity.copy()
    more[seller] += 4
    after = m.welfare_losses(problem.replace(capacity=more)).marginal_contribution
    others = np.arange(4) != seller
    assert after[seller] >= before[seller] - 1e-9
    assert (after[others] <= before[others] + 1e-9).all()
    less = problem.capacity.copy()
    less[seller] = 0
    exited = m.welfare_losses(problem.replace(capacity=less)).marginal_contribution
    assert (exited[others] >= before[others] - 1e-9).all()


@settings(max_examples=60)
@given(seeds)
def test_sellers_together_add_no_more_than_the_surplus(seed):
    problem = market(np.random.default_rng(seed), 4, 4)
    result = m.welfare_losses(problem)
    assert result.marginal_contribution.sum() <= result.surplus + 1e-9
    pairs = m.welfare_losses(problem, owner=[0, 0, 1, 1])
    # Sellers are substitutes: a merged owner is missed at least as much as its parts one by one.
    parts = result.marginal_contribution
    assert pairs.marginal_contribution[0] >= parts[0] + parts[1] - 1e-9


@settings(max_examples=40)
@given(seeds)
def test_currency_scales_losses_and_leaves_shares(seed):
    problem = market(np.random.default_rng(seed), 3, 4)
    factor = 7.0
    scaled = problem.replace(
        unit_cost=problem.unit_cost * factor,
        block_value=problem.block_value * factor,
        switching=problem.switching * factor,
    )
    one, other = m.welfare_losses(problem), m.welfare_losses(scaled)
    np.testing.assert_allclose(other.marginal_contribution, factor * one.marginal_contribution, atol=1e-6)
    np.testing.assert_allclose(other.loss_share, one.loss_share, atol=1e-12)


def test_contributions_at_hand_are_taken_and_the_others_found():
    problem = market(np.random.default_rng(3), 4, 4)
    found = m.welfare_losses(problem)
    known = np.array([np.nan, 7.0, np.nan, 0.0])
    result = m.welfare_losses(problem, known=known)
    expected = np.where(np.isnan(known), found.marginal_contribution, known)
    np.testing.assert_array_equal(result.marginal_contribution, expected)
    np.testing.assert_array_equal(result.loss_share, expected / found.surplus)


def test_the_coming_year_has_the_pipeline_and_the_growth():
    problem = TradeProblem([10, 5], [0, 0], [[8, 4]], [[5, 3]])
    year = m.outlook(problem, [0, 10], [0.5])
    np.testing.assert_allclose(year.capacity, [10, 15])
    np.testing.assert_allclose(year.block_quantity, [[12, 6]])
    with pytest.raises(ValueError, match="one fraction"):
        m.outlook(problem, [0, 0], [0.1, 0.2])


def test_own_links_are_those_inside_one_owner():
    np.testing.assert_array_equal(
        m.own_links([4, 5, 4], [4, 9]), [[True, False], [False, False], [True, False]]
    )


@settings(max_examples=120)
@given(seeds, st.booleans())
def test_link_caps_aggregates_and_exit_against_solving_again(seed, exits):
    rng = np.random.default_rng(seed)
    capacity, demand, linked = network(rng, 4, 6, 0.7)
    capacity, demand = 2 * capacity, 2 * demand
    cap = np.where(rng.random(linked.shape) < 0.4, np.inf, rng.integers(0, 8, linked.shape))
    owner, aggregate = np.array([0, 1, 1, 3]), np.array([1.0, 1.0, 1.0, 2.0])
    buyer_owner = np.array([0, 1, 3, 9, 9, 9])
    loss = m.n_minus_one(
        capacity, demand, linked, cap, owner, aggregate, buyer_owner=buyer_owner if exits else None
    )
    assert loss.served == max_flow(capacity, demand, linked, cap)
    for j in range(4):
        left = np.where(owner == owner[j], capacity * (1 - 1 / aggregate), capacity)
        gone = exits and aggregate[j] == 1
        present = np.where((buyer_owner == owner[j]) & gone, 0.0, demand)
        assert loss.served_without[j] == max_flow(left, present, linked, cap)


def test_what_leaves_with_an_owner_is_its_own_demand_only():
    """Buyer 1 lives on seller 0: it stays, and goes without, when seller 0 leaves with buyer 0."""
    linked = np.array([[True, True, False], [False, False, True]])
    loss = m.n_minus_one([10, 10], [4, 6, 3], linked, owner=[0, 1], buyer_owner=[0, 7, 1])
    assert loss.served == 13
    np.testing.assert_allclose(loss.served_without, [3, 10])


def test_half_a_fleet_still_fills_a_capped_link_when_others_make_room():
    """Seller 0 reaches buyer 0 through a link of 4. With half of its 10 it keeps those 4, since seller 1 takes
    over at buyer 1; buyer 0 was short before, too."""
    cap = [[4.0, np.inf], [0.0, np.inf]]
    loss = m.n_minus_cause([10, 10], [10, 6], [[0.5, 0.0], [1.0, 0.0]], link_cap=cap)
    assert loss.served == 10
    np.testing.assert_allclose(loss.served_without, [10, 6])


def test_the_smallest_delivery_can_be_lost():
    np.testing.assert_array_equal(m.n_minus_one([1e-6], [1e-6]).loss_share, [1.0])
