"""Planted markets for the tests of bargaining, and named checks that planted bugs must fail."""

from __future__ import annotations

import numpy as np

from market_abm.market import TradeProblem, bargain, clear, reference
from market_abm.market.bargaining import Terms, rational_pair

TOLERANCE = 1e-7


def bilateral(quantity=3.0, value=9.0, cost=1.0, wedge=0.25, switching=0.5, tax=0.1) -> TradeProblem:
    """One seller, one buyer, one block that takes exactly the capacity."""
    return TradeProblem([quantity], [cost], [[quantity]], [[value]], switching, wedge, tax)


def duel(switching=1.0, entrant=3.0, third=6.0) -> TradeProblem:
    """Buyer 0 is served by seller 0; seller 1 could serve it at a switching cost; buyer 1 goes without.

    Capacity 3 each; buyer 0 wants 3 at 10, buyer 1 wants 2 at ``third`` from seller 0 only.
    """
    return TradeProblem(
        [3.0, entrant],
        [1.0, 1.0],
        [[3.0], [2.0]],
        [[10.0], [third]],
        switching=[[0.0, 0.0], [switching, 0.0]],
        linked=[[True, True], [True, False]],
    )


def check_pair_is_ordered(problem: TradeProblem) -> None:
    """floor <= rho <= vbar on an optimal allocation, and the ceiling between rho and vbar."""
    deal = bargain(problem, clear(problem), terms=Terms(3.0, 1.0, 4.0, 0.97))
    pair = deal.pair
    assert np.all(pair.floor <= pair.replacement + TOLERANCE)
    assert np.all(pair.replacement <= pair.value + TOLERANCE)
    assert np.all(pair.ceiling >= pair.replacement - TOLERANCE)
    assert np.all(pair.ceiling <= pair.value + TOLERANCE)
    assert np.all(pair.floor >= pair.unit_cost + pair.wedge - TOLERANCE)


def check_weight_helps_the_seller(problem: TradeProblem) -> None:
    """A larger bargaining weight never lowers a split price, and raises it where there is room."""
    allocation = clear(problem)
    low, high = (bargain(problem, allocation, beta=beta) for beta in (0.2, 0.8))
    rise = (high.price - low.price)[low.pair.seller, low.pair.buyer]
    assert np.all(rise >= -TOLERANCE)
    room = low.pair.value - low.pair.floor > 1e-3
    room &= low.pair.replacement - low.pair.floor > 1e-3
    assert np.all(rise[room] > 0.0)


def check_bilateral_formula(problem: TradeProblem, protocol: str, beta: float) -> None:
    """Bilateral monopoly with one block pays c + kappa + beta (v - c - kappa - s - tax)."""
    cost = problem.unit_cost[0] + problem.wedge[0, 0]
    surplus = problem.block_value[0, 0] - cost - problem.switching[0, 0] - problem.tax[0, 0]
    price = bargain(problem, protocol=protocol, beta=beta).price
    np.testing.assert_allclose(price, [[cost + beta * surplus]], atol=1e-9)


def check_pair_of_the_duel() -> None:
    """Every part of the pair of `duel`, by hand.

    Without link (0, 0) and its capacity, buyer 0 buys 3 from seller 1 at a surplus of 10 - 1 - 1, so rho = 2.
    Seller 0 could sell 2 to buyer 1 at 1.5 and leaves 1 idle; its next unit would go at 1.5.
    """
    problem = duel(third=1.5)
    pair = rational_pair(clear(problem), [(0, 0)])
    np.testing.assert_allclose(pair.value, 10.0)
    np.testing.assert_allclose(pair.replacement, 2.0)
    np.testing.assert_allclose(pair.resale, (2 * 1.5 + 1 * 1.0) / 3)
    np.testing.assert_allclose(pair.excluded, 1.5)
    np.testing.assert_allclose(pair.floor, 1.5)
    np.testing.assert_allclose(pair.ceiling, 2.0)


def resale_by_reference(problem, flow, served, j, i) -> float:
    """c_j + [S(N; u_ij = 0, i at its other trades) - surplus of all other trades] / x_ij, from HiGHS."""
    x = flow[j, i]
    kept = problem.block_quantity.copy()
    until = np.cumsum(kept[i])
    kept[i] = np.clip(served[i] - x - (until - kept[i]), 0.0, kept[i])
    linked = problem.linked.copy()
    linked[j, i] = False
    resold = reference.clear(problem.replace(block_quantity=kept, linked=linked)).surplus
    others = flow.copy()
    others[j, i] = 0.0
    quantity = problem.block_quantity
    top = np.cumsum(quantity, axis=1) - quantity
    taken = np.clip(others.sum(axis=0)[:, None] - top, 0.0, quantity)
    worth = float((taken * problem.block_value).sum() - (others * problem.link_cost).sum())
    return problem.unit_cost[j] + (resold - worth) / x
