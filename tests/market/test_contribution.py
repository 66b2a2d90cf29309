"""Properties of marginal contributions, the competitive interval, withdrawals and replacement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import (
    TradeProblem,
    clear,
    clearing,
    competitive_interval,
    marginal_contributions,
    reference,
    replacement_loss,
    withdraw,
)
from tests.market.problems import generic_problem, problems


def test_by_hand():
    """Two sellers (5 at cost 1, 3 at cost 2) and two buyers (2 at 9, 2 at 5; 4 at 7, 1 at 3)."""
    problem = TradeProblem([5, 3], [1, 2], [[2, 2], [4, 1]], [[9, 5], [7, 3]])
    allocation = clear(problem)
    assert allocation.surplus == 18 + 10 + 28 - 5 - 6
    contribution = marginal_contributions(allocation)
    np.testing.assert_array_equal(contribution.seller, [26.0, 11.0])
    np.testing.assert_array_equal(contribution.buyer, [19.0, 21.0])
    low, high = competitive_interval(allocation)
    np.testing.assert_array_equal(low, [3.0, 3.0])
    np.testing.assert_array_equal(high, [5.0, 5.0])
    np.testing.assert_array_equal(allocation.seller_price, low)


@settings(max_examples=200, deadline=None)
@given(problems(6, 8, 4))
def test_bounds(problem):
    allocation = clear(problem)
    contribution = marginal_contributions(allocation)
    assert contribution.seller.sum() <= allocation.surplus
    assert contribution.buyer.sum() <= allocation.surplus
    traded = allocation.flow > 0
    assert (np.isnan(contribution.link) == ~traded).all()
    for part in (contribution.seller, contribution.buyer, contribution.link[traded]):
        assert (part >= 0).all()
    # A link adds no more than either of its ends, and no more than replacing its volume costs.
    ends = np.minimum(contribution.seller[:, None], contribution.buyer)
    assert (contribution.link[traded] <= ends[traded]).all()
    assert (contribution.link[traded] <= replacement_loss(allocation)[traded]).all()
    low, high = competitive_interval(allocation)
    assert (problem.unit_cost <= low).all()
    assert (low <= high).all()
    # Competitive rents lie in the core, so below marginal contributions.
    owned = problem.capacity > 0
    rent = (high - problem.unit_cost)[owned] * problem.capacity[owned]
    assert (rent <= contribution.seller[owned]).all()


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.data())
def test_contributions_move_as_gross_substitutes_do(problem, data):
    """M_j rises with own capacity and falls with rivals'; an exit raises rivals' M and lowers buyers'."""
    j = data.draw(st.integers(0, problem.sellers - 1))
    before = marginal_contributions(problem, links=False)
    more = problem.capacity.copy()
    more[j] += 2
    after = marginal_contributions(problem.replace(capacity=more), links=False)
    others = np.arange(problem.sellers) != j
    assert after.seller[j] >= before.seller[j]
    assert (after.seller[others] <= before.seller[others]).all()
    assert (after.buyer >= before.buyer).all()
    gone = marginal_contributions(reference.without_seller(problem, j), links=False)
    assert (gone.seller[others] >= before.seller[others]).all()
    assert (gone.buyer <= before.buyer).all()


@settings(max_examples=100, deadline=None)
@given(problems(6, 8, 4), st.data())
def test_withdrawal_is_clearing_again(problem, data):
    allocation = clear(problem)
    j = data.draw(st.integers(0, problem.sellers - 1))
    quantity = data.draw(st.one_of(st.none(), st.integers(0, int(problem.capacity[j]))))
    after = withdraw(allocation, j, quantity)
    left = 0.0 if quantity is None else problem.capacity[j] - quantity
    again = clear(reference.with_capacity(problem, j, left))
    assert after.loss == allocation.surplus - again.surplus
    np.testing.assert_array_equal(after.seller_price, again.seller_price)
    if quantity is None:
        assert after.loss == marginal_contributions(allocation).seller[j]


@pytest.mark.parametrize("seed", range(5))
def test_withdrawal_on_larger_problems(seed):
    problem = generic_problem(np.random.default_rng(seed), 12, 25, 8)
    allocation = clear(problem)
    for j in range(problem.sellers):
        after = withdraw(allocation, j)
        again = clear(reference.without_seller(problem, j))
        np.testing.assert_array_equal(after.served, again.served)
        np.testing.assert_array_equal(after.seller_price, again.seller_price)
        assert after.loss == pytest.approx(allocation.surplus - again.surplus, abs=1e-9)


def test_withdrawal_refuses_what_is_not_there():
    allocation = clear(TradeProblem([5, 3], [1, 2], [[2, 2]], [[9, 5]]))
    with pytest.raises(ValueError, match="seller is 2; it must be a row from 0 to 1"):
        withdraw(allocation, 2)
    with pytest.raises(ValueError, match="take from 0 to all of it"):
        withdraw(allocation, 1, 3.5)


def test_only_what_is_asked_for():
    problem = generic_problem(np.random.default_rng(1), 4, 5, 3)
    everything = marginal_contributions(problem)
    only = marginal_contributions(problem, sellers=False, links=False)
    np.testing.assert_array_equal(only.buyer, everything.buyer)
    assert np.isnan(only.seller).all()
    assert np.isnan(only.link).all()


def test_resale_of_freed_capacity_counts():
    """Without its buyer at 10 the seller serves the other at 4: the contribution is net of it."""
    problem = TradeProblem([1], [0], [[1], [1]], [[10], [4]])
    contribution = marginal_contributions(problem)
    assert contribution.buyer[0] == 6.0
    assert contribution.buyer[1] == 0.0
    assert contribution.link[0, 0] == 6.0
    assert replacement_loss(clear(problem))[0, 0] == 10.0


def test_zero_capacity_seller_has_a_price_from_below_only():
    problem = TradeProblem([2, 0], [1, 1], [[5], [1]], [[7], [4]], linked=[[True, False], [True, True]])
    low, high = competitive_interval(problem)
    np.testing.assert_array_equal(low, [7.0, 7.0])
    np.testing.assert_array_equal(high, [7.0, np.inf])


def test_an_optimum_found_along_shortest_paths_answers_a_withdrawal_alike(monkeypatch):
    """Where the simplex runs out of pivots there is no tree to ask."""
    problem = generic_problem(np.random.default_rng(3), 3, 4, 3)
    by_tree = clear(problem)
    solve, nobody = clearing._kernel()
    monkeypatch.setattr(clearing, "_kernel", lambda: (lambda *given: (*solve(*given)[:-1], -1), nobody))
    by_paths = clear(problem)
    assert clearing.has_tree(by_tree._state) and not clearing.has_tree(by_paths._state)
    for j in range(problem.sellers):
        one, other = withdraw(by_tree, j, 0.5), withdraw(by_paths, j, 0.5)
        assert one.loss == pytest.approx(other.loss, abs=1e-9)
        np.testing.assert_array_equal(one.served, other.served)
        np.testing.assert_array_equal(one.seller_price, other.seller_price)
