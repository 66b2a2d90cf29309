"""Properties of the allocation: conservation, invariances, ties, starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import (
    Allocation,
    TradeProblem,
    clear,
    clearing,
    competitive_interval,
    marginal_contributions,
    reference,
    replacement_loss,
    withdraw,
)
from market_abm.market.kernel import entry, fallback
from market_abm.units import GRID, to_grid
from tests.market.problems import generic_problem, problems, same, whole_problem

EMPTY = np.zeros((0, 0))


def kernel_arguments(problem):
    """A problem as the compiled functions take it."""
    optional = [EMPTY if a is None else a for a in (problem.link_cap, problem.incumbent, problem.tie_key)]
    return (
        problem.capacity,
        problem.unit_cost,
        problem.block_quantity,
        problem.block_value,
        problem.switching,
        problem.wedge,
        problem.tax,
        problem.linked,
        *optional,
    )


def identical(a, b) -> bool:
    return (
        a.surplus == b.surplus
        and np.array_equal(a.flow, b.flow)
        and np.array_equal(a.served, b.served)
        and np.array_equal(a.seller_price, b.seller_price)
    )


@settings(max_examples=200, deadline=None)
@given(problems(6, 8, 4))
def test_flows_are_feasible_and_worth_the_surplus(problem):
    allocation = clear(problem)
    flow = to_grid(allocation.flow)
    assert (flow >= 0).all()
    assert (flow.sum(axis=1) <= to_grid(problem.capacity)).all()
    assert (flow[~problem.linked] == 0).all()
    if problem.link_cap is not None:
        assert (allocation.flow <= problem.link_cap).all()
    np.testing.assert_array_equal(flow.sum(axis=0), to_grid(allocation.served))
    left, worth = allocation.served.copy(), (allocation.flow * problem.gain).sum()
    for k in range(problem.block_value.shape[1]):
        used = np.minimum(left, problem.block_quantity[:, k])
        worth += used @ problem.block_value[:, k]
        left -= used
    assert (left == 0).all()
    assert worth == allocation.surplus


@settings(max_examples=200, deadline=None)
@given(problems(6, 8, 4), st.integers(0, 2**32 - 1))
def test_where_it_starts_changes_no_bit(problem, seed):
    rng = np.random.default_rng(seed)
    other = whole_problem(rng, problem.sellers, problem.buyers, problem.block_value.shape[1])
    assert identical(clear(problem, start=clear(other)), clear(problem))
    drifted = problem.replace(capacity=rng.integers(0, 8, problem.sellers))
    assert identical(clear(drifted, start=clear(problem)), clear(drifted))


@pytest.mark.parametrize("seed", range(10))
def test_where_a_larger_problem_starts_changes_no_bit(seed):
    rng = np.random.default_rng(seed)
    problem = generic_problem(rng, 12, 20, 10)
    allocation = clear(problem)
    for scale in (0.05, 1.0):
        drifted = problem.replace(
            capacity=problem.capacity * np.exp(scale * rng.normal(size=12)),
            unit_cost=problem.unit_cost * np.exp(scale * rng.normal(size=12)),
        )
        warm, cold = clear(drifted, start=allocation), clear(drifted)
        assert identical(warm, cold)
        np.testing.assert_array_equal(marginal_contributions(warm).link, marginal_contributions(cold).link)


def test_a_start_of_another_shape_is_refused():
    start = clear(generic_problem(np.random.default_rng(0), 3, 4, 2))
    with pytest.raises(ValueError, match="same shape"):
        clear(generic_problem(np.random.default_rng(0), 4, 4, 2), start=start)


@settings(max_examples=150, deadline=None)
@given(problems(6, 8, 4), st.integers(0, 2**32 - 1))
def test_simplex_and_shortest_paths_agree_to_the_bit(problem, seed):
    keys = np.random.default_rng(seed).random(problem.linked.shape)
    problem = problem.replace(tie_key=keys)
    allocation = clear(problem)
    net, table, links, flow, served, surplus, _ = fallback.solve(*kernel_arguments(problem))
    assert surplus == allocation.surplus
    np.testing.assert_array_equal(flow, allocation.flow)
    np.testing.assert_array_equal(served, allocation.served)
    by_paths = Allocation(problem, flow, surplus, served, (net, table, links))
    found, expected = marginal_contributions(allocation), marginal_contributions(by_paths)
    for part in ("seller", "buyer", "link"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))
    np.testing.assert_array_equal(replacement_loss(allocation), replacement_loss(by_paths))
    np.testing.assert_array_equal(competitive_interval(allocation), competitive_interval(by_paths))
    ours, theirs = withdraw(allocation, 0), withdraw(by_paths, 0)
    assert ours.loss == theirs.loss
    np.testing.assert_array_equal(ours.seller_price, theirs.seller_price)
    assert identical(clear(problem, start=by_paths), allocation)


@settings(max_examples=150, deadline=None)
@given(problems(6, 8, 4), st.integers(0, 2**32 - 1))
def test_ties_go_to_incumbents_then_to_the_lower_key(problem, seed):
    """Surplus, incumbent volume and keys in one objective, each too heavy for the next to upset."""
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 16, problem.linked.shape)
    incumbent = rng.integers(0, 2, problem.linked.shape)
    problem = problem.replace(tie_key=keys / 16, incumbent=incumbent)
    heavy, light = 100_000.0, 1_000.0  # volumes stay below 50
    ranked = problem.replace(
        unit_cost=problem.unit_cost * heavy,
        block_value=problem.block_value * heavy,
        switching=problem.switching * heavy - light * incumbent + keys,
        wedge=problem.wedge * heavy,
        tax=problem.tax * heavy,
    )
    allocation = clear(problem)
    score = allocation.surplus * heavy + (allocation.flow * (light * incumbent - keys)).sum()
    assert score == pytest.approx(reference.clear(ranked).surplus, abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.integers(0, 2**32 - 1))
def test_ties_change_no_payoff(problem, seed):
    rng = np.random.default_rng(seed)
    shape = problem.linked.shape
    other = problem.replace(incumbent=rng.integers(0, 2, shape), tie_key=rng.random(shape))
    assert clear(problem).surplus == clear(other).surplus
    ours, theirs = marginal_contributions(problem), marginal_contributions(other)
    np.testing.assert_array_equal(ours.seller, theirs.seller)
    np.testing.assert_array_equal(ours.buyer, theirs.buyer)
    both = ~np.isnan(ours.link) & ~np.isnan(theirs.link)
    np.testing.assert_array_equal(ours.link[both], theirs.link[both])
    np.testing.assert_array_equal(competitive_interval(problem), competitive_interval(other))


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.integers(0, 2**32 - 1))
def test_relabelling_with_keys_carried_along_relabels_the_answer(problem, seed):
    rng = np.random.default_rng(seed)
    problem = problem.replace(tie_key=rng.random(problem.linked.shape))
    s, b = rng.permutation(problem.sellers), rng.permutation(problem.buyers)
    both = np.ix_(s, b)
    moved = TradeProblem(
        problem.capacity[s],
        problem.unit_cost[s],
        problem.block_quantity[b],
        problem.block_value[b],
        **{
            name: None if (a := getattr(problem, name)) is None else a[both]
            for name in ("switching", "wedge", "tax", "linked", "link_cap", "incumbent", "tie_key")
        },
    )
    ours, theirs = clear(problem), clear(moved)
    assert theirs.surplus == ours.surplus
    np.testing.assert_array_equal(theirs.flow, ours.flow[both])
    np.testing.assert_array_equal(theirs.seller_price, ours.seller_price[s])


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.data())
def test_an_idle_firm_changes_no_bit(problem, data):
    """A seller without capacity and a buyer without demand, anywhere in the table."""
    j = data.draw(st.integers(0, problem.sellers))
    i = data.draw(st.integers(0, problem.buyers))

    def widened(a, value):
        if a is None:
            return None
        return np.insert(np.insert(a, j, value, axis=0), i, value, axis=1)

    idle = TradeProblem(
        np.insert(problem.capacity, j, 0.0),
        np.insert(problem.unit_cost, j, 0.0),
        np.insert(problem.block_quantity, i, 0.0, axis=0),
        np.insert(problem.block_value, i, 20.0, axis=0),
        switching=widened(problem.switching, 0.0),
        wedge=widened(problem.wedge, 0.0),
        tax=widened(problem.tax, 0.0),
        linked=widened(problem.linked, True),
        link_cap=widened(problem.link_cap, 5.0),
        incumbent=widened(problem.incumbent, 1.0),
        tie_key=widened(problem.tie_key, 0.0),
    )
    before, after = clear(problem), clear(idle)
    assert after.surplus == before.surplus
    np.testing.assert_array_equal(np.delete(np.delete(after.flow, j, axis=0), i, axis=1), before.flow)
    np.testing.assert_array_equal(np.delete(after.seller_price, j), before.seller_price)
    ours, theirs = marginal_contributions(before), marginal_contributions(after)
    np.testing.assert_array_equal(np.delete(theirs.seller, j), ours.seller)
    np.testing.assert_array_equal(np.delete(theirs.buyer, i), ours.buyer)


@settings(max_examples=50, deadline=None)
@given(problems(6, 8, 4), st.integers(1, 9), st.integers(1, 9))
def test_currency_and_quantity_scale(problem, money, volume):
    keyed = problem.replace(tie_key=np.random.default_rng(0).random(problem.linked.shape))
    scaled = keyed.replace(
        **{name: getattr(keyed, name) * volume for name in ("capacity", "block_quantity")},
        **{
            name: getattr(keyed, name) * money
            for name in ("unit_cost", "block_value", "switching", "wedge", "tax")
        },
        link_cap=None if keyed.link_cap is None else keyed.link_cap * volume,
    )
    ours, theirs = clear(keyed), clear(scaled)
    assert theirs.surplus == ours.surplus * money * volume
    np.testing.assert_array_equal(theirs.flow, ours.flow * volume)
    np.testing.assert_array_equal(theirs.seller_price, ours.seller_price * money)


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.data())
def test_a_link_or_capacity_never_lowers_the_surplus(problem, data):
    surplus = clear(problem).surplus
    j = data.draw(st.integers(0, problem.sellers - 1))
    i = data.draw(st.integers(0, problem.buyers - 1))
    linked = problem.linked.copy()
    linked[j, i] = True
    assert clear(problem.replace(linked=linked)).surplus >= surplus
    more = problem.capacity.copy()
    more[j] += data.draw(st.integers(1, 5))
    assert clear(problem.replace(capacity=more)).surplus >= surplus


def test_surplus_beyond_64_bits_is_exact():
    """Two million kHQ at nine million MUSD: 1.8e25 grid units."""
    problem = TradeProblem([2e6, 1.0], [0.0, 0.5], [[2e6], [1.0]], [[9e6], [0.75]])
    assert clear(problem).surplus == 2e6 * 9e6 + 0.25
    assert marginal_contributions(problem).seller[0] == 2e6 * 9e6 + 0.25 - (9e6 - 0.5)


def test_no_firms_at_all():
    empty = TradeProblem(np.zeros(0), np.zeros(0), np.zeros((0, 1)), np.zeros((0, 1)))
    allocation = clear(empty)
    assert allocation.surplus == 0.0
    assert allocation.flow.shape == (0, 0)
    nobody = clear(TradeProblem([0.0], [1.0], [[2.0]], [[5.0]]))
    assert nobody.surplus == 0.0
    np.testing.assert_array_equal(nobody.seller_price, [5.0])


def test_the_simplex_does_the_work():
    """Without falling back on shortest paths (whose pivot count is -1)."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for problem in (generic_problem(rng, 25, 35, 12), whole_problem(rng, 12, 20, 6)):
            arguments = kernel_arguments(problem)
            allocation = clear(problem)
            assert entry.solve(*arguments, False, *allocation._state)[-1] >= 0
            assert entry.solve(*arguments, True, *allocation._state)[-1] == 0


def test_shortest_paths_stand_by_when_pivots_run_out(monkeypatch):
    problem = generic_problem(np.random.default_rng(3), 6, 9, 5)
    expected = clear(problem)
    solve, nobody = clearing._kernel()
    monkeypatch.setattr(clearing, "_kernel", lambda: (lambda *a: (*solve(*a)[:-1], -1), nobody))
    assert identical(clear(problem), expected)


def test_grid_is_the_resolution_of_answers():
    allocation = clear(generic_problem(np.random.default_rng(5), 4, 5, 3))
    np.testing.assert_array_equal(allocation.flow, to_grid(allocation.flow) / GRID)
    assert same(allocation.flow.sum(axis=0), allocation.served, 1e-9)
