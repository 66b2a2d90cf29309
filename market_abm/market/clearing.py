"""The allocation of a quarter: who buys how much from whom when total surplus is largest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from market_abm.market.problem import Floats, TradeProblem

_NONE = np.zeros((0, 0))


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

        return entry.lowest_prices(*self._state, *price_arguments(self.problem))


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
    from market_abm.market.kernel import entry

    arrays = (
        problem.capacity,
        problem.unit_cost,
        problem.block_quantity,
        problem.block_value,
        problem.switching,
        problem.wedge,
        problem.tax,
        problem.linked,
        _NONE if problem.link_cap is None else problem.link_cap,
        _NONE if problem.incumbent is None else problem.incumbent,
        _NONE if problem.tie_key is None else problem.tie_key,
    )
    if start is None:
        solved = entry.solve(*arrays)
    elif start.flow.shape != problem.linked.shape:
        raise ValueError(
            f"start has {start.flow.shape} sellers and buyers, the problem {problem.linked.shape}: "
            "start from a problem of the same shape, or leave start out."
        )
    else:
        solved = entry.solve_from(*arrays, *start._state)
    net, tree, links, flow, served, surplus, _ = solved
    return Allocation(problem, flow, surplus, served, (net, tree, links))


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
        _NONE if problem.link_cap is None else problem.link_cap,
    )
