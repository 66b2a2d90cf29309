"""The kernel against SciPy's HiGHS: payoffs, exactly, on whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from market_abm.market import (
    clear,
    competitive_interval,
    marginal_contributions,
    reference,
    replacement_loss,
    withdraw,
)
from tests.market.problems import generic_problem, problems, same, whole_problem


def exactly(values) -> np.ndarray:
    """Round a float solver's whole number; refuse one that is not."""
    rounded = np.rint(values)
    assert np.nanmax(np.abs(np.where(np.isfinite(values), values - rounded, 0.0)), initial=0.0) < 1e-6
    return rounded


def check_all(problem, rng) -> None:
    """Every payoff question on one problem, against one block-diagonal linear programme."""
    allocation = clear(problem)
    flow = allocation.flow
    links = np.argwhere(flow > 0)
    seller = int(rng.integers(problem.sellers))
    taken = float(rng.integers(0, problem.capacity[seller] + 1))
    owned = np.flatnonzero(problem.capacity > 0)
    variants = [problem]
    variants += [reference.without_seller(problem, j) for j in range(problem.sellers)]
    variants += [reference.without_buyer(problem, i) for i in range(problem.buyers)]
    variants += [reference.without_link(problem, j, i) for j, i in links]
    variants += [
        reference.with_capacity(reference.without_link(problem, j, i), j, problem.capacity[j] - flow[j, i])
        for j, i in links
    ]
    variants.append(reference.with_capacity(problem, seller, problem.capacity[seller] - taken))
    variants += [reference.with_capacity(problem, j, problem.capacity[j] + 1) for j in range(problem.sellers)]
    variants += [reference.with_capacity(problem, j, problem.capacity[j] - 1) for j in owned]
    value = exactly(reference.surpluses(variants))
    total, loss = value[0], value[0] - value[1:]
    parts = np.split(
        loss,
        np.cumsum([problem.sellers, problem.buyers, len(links), len(links), 1, problem.sellers]),
    )
    assert allocation.surplus == total
    found = marginal_contributions(allocation)
    assert (found.seller == parts[0]).all()
    assert (found.buyer == parts[1]).all()
    assert (found.link[flow > 0] == parts[2]).all()
    assert np.isnan(found.link[flow == 0]).all()
    replacement = replacement_loss(allocation)
    assert (replacement[flow > 0] == parts[3]).all()
    assert np.isnan(replacement[flow == 0]).all()
    assert withdraw(allocation, seller, taken).loss == parts[4][0]
    low, high = competitive_interval(allocation)
    assert (low == problem.unit_cost - parts[5]).all()
    assert (high[owned] == problem.unit_cost[owned] + parts[6]).all()
    assert np.isinf(high[problem.capacity == 0]).all()


@pytest.mark.parametrize("part", range(10))
def test_payoffs_on_two_thousand_small_problems(part):
    for seed in range(200 * part, 200 * (part + 1)):
        rng = np.random.default_rng(seed)
        check_all(whole_problem(rng, *rng.integers(1, [5, 6, 4])), rng)


def test_payoffs_on_a_hundred_larger_problems_with_sampled_links():
    for seed in range(100):
        rng = np.random.default_rng(10_000 + seed)
        problem = whole_problem(rng, *rng.integers([4, 8, 2], [13, 21, 7]))
        check_all(problem.replace(linked=rng.random(problem.linked.shape) < 0.4), rng)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_payoffs_on_hypothesis_problems(problem):
    check_all(problem, np.random.default_rng(0))


def test_reference_functions_agree_with_the_kernel():
    for seed in range(30):
        rng = np.random.default_rng(20_000 + seed)
        problem = whole_problem(rng, *rng.integers(1, [5, 6, 4]))
        allocation = clear(problem)
        assert same(reference.clear(problem).surplus, allocation.surplus)
        expected = reference.marginal_contributions(problem, allocation.flow > 0)
        found = marginal_contributions(allocation)
        for part in ("seller", "buyer", "link"):
            assert same(getattr(found, part), getattr(expected, part))
        for ours, theirs in zip(competitive_interval(problem), reference.competitive_interval(problem)):
            assert same(ours, theirs)
        assert same(replacement_loss(allocation), reference.replacement_loss(problem, allocation.flow))
        assert same(withdraw(allocation, 0).loss, reference.withdrawal_loss(problem, 0))


def test_payoffs_on_problems_with_real_numbers():
    for seed in range(5):
        rng = np.random.default_rng(30_000 + seed)
        problem = generic_problem(rng, 12, 20, 6, degree=4)
        allocation = clear(problem)
        found = marginal_contributions(allocation)
        expected = reference.marginal_contributions(problem, allocation.flow > 0)
        assert allocation.surplus == pytest.approx(reference.clear(problem).surplus, rel=1e-9)
        for part in ("seller", "buyer", "link"):
            np.testing.assert_allclose(getattr(found, part), getattr(expected, part), atol=1e-5)
