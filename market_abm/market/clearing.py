"""The allocation of a quarter: who buys how much from whom when total surplus is largest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from market_abm.market.problem import NONE, Floats, TradeProblem


@dataclass(frozen=True, eq=False)
class Allocation:
    """An optimal allocation.

    Attributes
    ----------
    problem : TradeProblem
    flow : array (S, B)
        Who buys how much from whom, kHQ.
    surplus : float
        Value less all costs, MUSD.
    served : array (B,)
        What each buyer gets, kHQ.
    """

    problem: TradeProblem
    flow: Floats
    surplus: float
    served: Floats
    _state: Any = None

    @cached_property
    def seller_price(self) -> Floats:
        """One optimal dual a seller, (S,): unit_cost plus its lowest capacity dual, MUSD/kHQ.

        The lowest end of the competitive interval: it depends on the problem alone, not on the path by which
        the optimum was found.
        """
        from market_abm.market.kernel import entry

        return entry.prices(*self._state, True, *price_arguments(self.problem))


def clear(problem: TradeProblem, start: Allocation | None = None) -> Allocation:
    """Maximise total surplus (Koopmans 1949; Shapley & Shubik 1971), exactly on the integer grid.

    Among optimal flows the one with most volume on links that carried flow last quarter is chosen, then the
    one with the lowest sum of tie keys times volume.

    Parameters
    ----------
    problem : TradeProblem
    start : Allocation, optional
        An earlier optimum of a problem of the same shape (last quarter's, or that of a variant): faster, the
        same answer.

    Raises
    ------
    ValueError
        If ``start`` is of another shape.
    """
    if start is not None and start.flow.shape != problem.linked.shape:
        raise ValueError(
            f"start has {start.flow.shape} sellers and buyers, the problem {problem.linked.shape}: "
            "start from a problem of the same shape, or leave start out."
        )
    solve, nobody = _kernel()
    arrays = (
        *problem.arrays,
        NONE if problem.incumbent is None else problem.incumbent,
        NONE if problem.tie_key is None else problem.tie_key,
    )
    state = nobody if start is None else start._state
    warm = start is not None and has_tree(state)
    net, tree, links, flow, served, surplus, pivots = solve(*arrays, warm, *state)
    if pivots < 0:  # the simplex ran out of pivots: shortest paths take longer and do not
        from market_abm.market.kernel import fallback

        net, tree, links, flow, served, surplus, _ = fallback.solve(*arrays)
    return Allocation(problem, flow, surplus, served, (net, tree, links))


@cache
def _kernel() -> tuple[Any, tuple]:
    """The compiled solver, and a state to hand to it when there is none to start from."""
    from market_abm.market.kernel import entry

    row, matrix = np.zeros(0, np.int64), np.zeros((0, 0), np.int64)
    return entry.solve, (row, matrix, row)


def has_tree(state: tuple) -> bool:
    """Whether a state came with the tree that found it."""
    parent, no_tree = _mark_of_no_tree()
    return bool(state[1][parent, -1] != no_tree)


@cache
def _mark_of_no_tree() -> tuple[int, int]:
    """Row in which the root's entry tells of no tree, and what it then says."""
    from market_abm.market.kernel.removal import NO_TREE
    from market_abm.market.kernel.tree import PARENT

    return PARENT, NO_TREE


def cleared(problem_or_allocation: TradeProblem | Allocation) -> Allocation:
    """The allocation itself, or that of a problem."""
    if isinstance(problem_or_allocation, Allocation):
        return problem_or_allocation
    return clear(problem_or_allocation)


def price_arguments(problem: TradeProblem) -> tuple:
    """What the compiled functions need of a problem to price sellers that trade nothing."""
    return (
        problem.capacity,
        problem.unit_cost,
        problem.block_quantity,
        problem.block_value,
        problem.link_cost,
        problem.linked,
        problem.caps,
    )
