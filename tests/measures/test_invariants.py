"""Properties that hold for every market (design of the measures), with random markets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import TradeProblem, clear
from tests.measures.worlds import market, network, seeds

MANY = settings(max_examples=50)


def with_idle_seller(problem: TradeProblem, at: int) -> TradeProblem:
    return TradeProblem(
        np.insert(problem.capacity, at, 0.0),
        np.insert(problem.unit_cost, at, 1.0),
        problem.block_quantity,
        problem.block_value,
        switching=np.insert(problem.switching, at, 0.5, axis=0),
        linked=np.insert(problem.linked, at, True, axis=0),
    )


@MANY
@given(seeds, st.integers(0, 4))
def test_an_idle_firm_changes_no_bit(seed, at):
    problem = market(np.random.default_rng(seed), 4, 4)
    wider = with_idle_seller(problem, at)
    demand = problem.block_quantity.sum(axis=1) + 1.0
    others = np.delete(np.arange(5), at)
    np.testing.assert_array_equal(m.rsi(wider.capacity, demand)[others], m.rsi(problem.capacity, demand))
    np.testing.assert_array_equal(m.network_rsi(wider, demand)[others], m.network_rsi(problem, demand))
    one, two = (
        m.n_minus_one(problem.capacity, demand, problem.linked),
        m.n_minus_one(wider.capacity, demand, wider.linked),
    )
    assert one.served == two.served and two.loss_share[at] == 0
    np.testing.assert_array_equal(two.loss_share[others], one.loss_share)
    losses, wider_losses = m.welfare_losses(problem), m.welfare_losses(wider)
    np.testing.assert_array_equal(wider_losses.loss_share[others], losses.loss_share)
    assert wider_losses.loss_share[at] == 0
    removals, wider_removals = m.merchant_removals(problem, 0), m.merchant_removals(wider, 0)
    np.testing.assert_array_equal(wider_removals.loss[others], removals.loss)
    np.testing.assert_array_equal(wider_removals.price_without[others], removals.price_without)


@MANY
@given(seeds, st.sampled_from([2.0, 3.0, 10.0]), st.sampled_from([2.0, 5.0]))
def test_units_of_money_and_compute_do_not_matter(seed, money, compute):
    rng = np.random.default_rng(seed)
    problem = market(rng, 3, 4)
    other = TradeProblem(
        problem.capacity * compute,
        problem.unit_cost * money,
        problem.block_quantity * compute,
        problem.block_value * money,
        switching=problem.switching * money,
        linked=problem.linked,
    )
    own = np.eye(3, 4, dtype=bool)
    one, two = m.merchant_removals(problem, 0, own=own), m.merchant_removals(other, 0, own=own)
    np.testing.assert_allclose(two.loss_of_others, one.loss_of_others, atol=1e-12)
    np.testing.assert_allclose(two.loss, one.loss * money * compute)
    np.testing.assert_allclose(two.price_effect, one.price_effect)
    np.testing.assert_allclose(m.network_rsi(other), m.network_rsi(problem))


@MANY
@given(seeds, st.integers(0, 3), st.integers(0, 3))
def test_a_link_never_lowers_surplus_nor_what_its_ends_add(seed, seller, buyer):
    problem = market(np.random.default_rng(seed), 4, 4, density=0.5)
    linked = problem.linked.copy()
    linked[seller, buyer] = True
    wider = problem.replace(linked=linked)
    one, two = m.welfare_losses(problem), m.welfare_losses(wider)
    assert two.surplus >= one.surplus - 1e-9
    assert two.marginal_contribution[seller] >= one.marginal_contribution[seller] - 1e-9


@MANY
@given(seeds, st.integers(0, 3), st.integers(0, 4))
def test_a_link_never_lowers_served_demand_nor_the_index_of_others(seed, seller, buyer):
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5, 0.4)
    wider = linked.copy()
    wider[seller, buyer] = True
    assert m.n_minus_one(capacity, demand, wider).served >= m.n_minus_one(capacity, demand, linked).served
    before, after = m.network_rsi(capacity, demand, linked), m.network_rsi(capacity, demand, wider)
    assert (after >= before - 1e-12).all()
    # The link is gone with its own seller: without it nothing has changed.
    assert after[seller] == before[seller] or (np.isinf(after[seller]) and np.isinf(before[seller]))


@MANY
@given(seeds)
def test_owners_of_several_nodes_are_measured_as_one(seed):
    problem = market(np.random.default_rng(seed), 4, 4)
    owner = np.array([5, 5, 2, 2])
    split = m.merchant_removals(problem, 0, owner=owner)
    assert split.loss[0] == split.loss[1] and split.price_without[2] == split.price_without[3]
    alone = m.merchant_removals(problem, 0)
    assert split.loss[0] >= max(alone.loss[0], alone.loss[1]) - 1e-9


@MANY
@given(seeds, st.permutations(range(4)))
def test_order_of_firms_does_not_matter(seed, order):
    order = list(order)
    capacity, demand, linked = network(np.random.default_rng(seed), 4, 5)
    np.testing.assert_allclose(
        m.network_rsi(capacity[order], demand, linked[order]), m.network_rsi(capacity, demand, linked)[order]
    )
    np.testing.assert_array_equal(
        m.n_minus_one(capacity[order], demand, linked[order]).loss_share,
        m.n_minus_one(capacity, demand, linked).loss_share[order],
    )
    share = m.shares(capacity + 1)
    assert m.hhi(share[order]) == pytest.approx(m.hhi(share), rel=1e-12)


@MANY
@given(seeds)
def test_more_rivals_capacity_lowers_nobody_elses_index_and_no_price_rises(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 4, 4, density=2.0).replace(switching=0.0)
    more = problem.capacity.copy()
    more[0] += 5
    before, after = clear(problem), clear(problem.replace(capacity=more))
    if before.served[0] > 0 and after.served[0] > 0:
        assert m.index_price(after.problem, after, 0) <= m.index_price(problem, before, 0) + 1e-9


def test_criticality_is_not_leverage():
    """Doubling a provider can raise what is lost without it and lower what it earns."""
    blocks = ([[5.0, 5.0, 10.0]], [[10.0, 4.0, 1.5]])
    small = TradeProblem([5.0, 4.0], [1.0, 1.0], *blocks)
    large = small.replace(capacity=[10.0, 4.0])
    rent = [p.capacity[0] * (m.index_price(p, clear(p), 0) - 1.0) for p in (small, large)]
    lost = [m.welfare_losses(p).marginal_contribution[0] for p in (small, large)]
    assert lost[1] > lost[0]
    assert rent[1] < rent[0]
