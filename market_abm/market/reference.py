"""The same answers from SciPy's HiGHS: slow, independent of the kernel, the yardstick of its tests.

Every function states its question as linear programmes in natural units and knows nothing of trees,
potentials or the integer grid. Variants of one problem are stacked into one block-diagonal programme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from market_abm.market.problem import Bools, Floats, TradeProblem


class ReferenceAllocation(NamedTuple):
    """One optimal allocation (of possibly many)."""

    flow: Floats
    surplus: float
    served: Floats


class ReferenceContributions(NamedTuple):
    """Marginal contributions of sellers (S,), buyers (B,) and trading links (S, B; NaN elsewhere), MUSD."""

    seller: Floats
    buyer: Floats
    link: Floats


def clear(problem: TradeProblem) -> ReferenceAllocation:
    """Maximise surplus as a linear programme (Koopmans 1949)."""
    return _solve([problem])[0]


def surpluses(problems: Sequence[TradeProblem]) -> Floats:
    """Maximum surplus of each problem, MUSD."""
    return np.array([allocation.surplus for allocation in _solve(problems)])


def marginal_contributions(problem: TradeProblem, trades: Bools | None = None) -> ReferenceContributions:
    """S(N) less the surplus without each seller, buyer and link, by solving again.

    Parameters
    ----------
    trades : bool array (S, B), optional
        Links to remove; those of the reference's own optimal flow when left out.
    """
    base = clear(problem)
    trades = base.flow > 0 if trades is None else trades
    links = np.argwhere(trades)
    variants = [without_seller(problem, j) for j in range(problem.sellers)]
    variants += [without_buyer(problem, i) for i in range(problem.buyers)]
    variants += [without_link(problem, j, i) for j, i in links]
    loss = base.surplus - surpluses(variants)
    link = np.full(trades.shape, np.nan)
    link[tuple(links.T)] = loss[problem.sellers + problem.buyers :]
    ends = [problem.sellers, problem.sellers + problem.buyers]
    seller, buyer, _ = np.split(loss, ends)
    return ReferenceContributions(seller, buyer, link)


def competitive_interval(problem: TradeProblem, step: float = 1.0) -> tuple[Floats, Floats]:
    """Lowest and highest competitive unit price of each seller, (S,) and (S,).

    unit_cost plus the one-sided derivatives of S in capacity, as difference quotients over ``step``, which
    are exact when all quantities are whole multiples of it. Without capacity there is no highest price: inf.
    """
    sellers = range(problem.sellers)
    owned = problem.capacity > 0
    more = [with_capacity(problem, j, problem.capacity[j] + step) for j in sellers]
    less = [with_capacity(problem, j, max(problem.capacity[j] - step, 0.0)) for j in sellers]
    value = surpluses([problem, *more, *less])
    rise = (value[1 : 1 + len(more)] - value[0]) / step
    fall = (value[0] - value[1 + len(more) :]) / step
    return problem.unit_cost + rise, np.where(owned, problem.unit_cost + fall, np.inf)


def withdrawal_loss(problem: TradeProblem, seller: int, quantity: float | None = None) -> float:
    """Surplus lost when ``quantity`` (default all) of a seller's capacity is taken away, MUSD."""
    left = 0.0 if quantity is None else problem.capacity[seller] - quantity
    with_all, without = surpluses([problem, with_capacity(problem, seller, left)])
    return float(with_all - without)


def replacement_loss(problem: TradeProblem, flow: Floats) -> Floats:
    """S(N) - S(N; u_ij = 0, K_j - x_ij) on the links that trade in ``flow``, (S, B), NaN elsewhere."""
    links = np.argwhere(flow > 0)
    variants = []
    for j, i in links:
        without = without_link(problem, j, i)
        variants.append(with_capacity(without, j, problem.capacity[j] - flow[j, i]))
    value = surpluses([problem, *variants])
    loss = np.full(flow.shape, np.nan)
    loss[tuple(links.T)] = value[0] - value[1:]
    return loss


def with_capacity(problem: TradeProblem, seller: int, capacity: float) -> TradeProblem:
    """The problem with another capacity (kHQ) of one seller."""
    changed = problem.capacity.copy()
    changed[seller] = capacity
    return problem.replace(capacity=changed)


def without_seller(problem: TradeProblem, seller: int) -> TradeProblem:
    """The problem without one seller's capacity."""
    return with_capacity(problem, seller, 0.0)


def without_buyer(problem: TradeProblem, buyer: int) -> TradeProblem:
    """The problem without one buyer's demand."""
    quantity = problem.block_quantity.copy()
    quantity[buyer] = 0.0
    return problem.replace(block_quantity=quantity)


def without_link(problem: TradeProblem, seller: int, buyer: int) -> TradeProblem:
    """The problem without one link."""
    linked = problem.linked.copy()
    linked[seller, buyer] = False
    return problem.replace(linked=linked)


def _solve(problems: Sequence[TradeProblem]) -> list[ReferenceAllocation]:
    """Solve independent problems as one block-diagonal linear programme.

    Variables are link flows and served blocks; rows are sellers' capacities (<=) and buyers' balances (=).
    """
    costs, uppers, entries_ub, entries_eq, rhs, parts = [], [], [], [], [], []
    variable = seller_row = buyer_row = 0
    for problem in problems:
        seller, buyer = np.nonzero(problem.linked)
        quantity, value = problem.block_quantity, problem.block_value
        links, blocks = len(seller), quantity.size
        cap = np.inf if problem.link_cap is None else problem.link_cap[seller, buyer]
        costs += [problem.link_cost[seller, buyer], -value.ravel()]
        uppers += [np.broadcast_to(cap, links), quantity.ravel()]
        at = variable + np.arange(links + blocks)
        entries_ub.append((np.ones(links), seller_row + seller, at[:links]))
        owner = np.repeat(np.arange(problem.buyers), quantity.shape[1])
        entries_eq.append((np.ones(links), buyer_row + buyer, at[:links]))
        entries_eq.append((-np.ones(blocks), buyer_row + owner, at[links:]))
        rhs.append(problem.capacity)
        parts.append((at[:links], at[links:], seller, buyer))
        variable += links + blocks
        seller_row += problem.sellers
        buyer_row += problem.buyers
    cost, upper = np.concatenate(costs), np.concatenate(uppers)
    solved = linprog(
        cost,
        A_ub=_sparse(entries_ub, (seller_row, variable)),
        b_ub=np.concatenate(rhs),
        A_eq=_sparse(entries_eq, (buyer_row, variable)),
        b_eq=np.zeros(buyer_row),
        bounds=np.column_stack([np.zeros(variable), upper]),
        method="highs",
    )
    if solved.status != 0:
        raise RuntimeError(f"HiGHS did not solve the reference programme: {solved.message}")
    results = []
    for problem, (at, blocks_at, seller, buyer) in zip(problems, parts):
        flow = np.zeros((problem.sellers, problem.buyers))
        flow[seller, buyer] = solved.x[at]
        both = np.concatenate([at, blocks_at])
        results.append(ReferenceAllocation(flow, -float(cost[both] @ solved.x[both]), flow.sum(axis=0)))
    return results


def _sparse(entries: list, shape: tuple[int, int]) -> coo_array:
    data, rows, columns = (np.concatenate(part) for part in zip(*entries))
    return coo_array((data, (rows, columns)), shape=shape)
