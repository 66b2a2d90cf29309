"""The allocation of a quarter: who buys how much from whom when total surplus is largest."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from market_abm.market.problem import Floats, TradeProblem


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
    _state: Any = field(default=None, repr=False)

    @cached_property
    def seller_price(self) -> Floats:
        """One optimal dual a seller, (S,): unit_cost plus its lowest capacity dual, MUSD/kHQ."""
        from market_abm.market import reference

        return reference.competitive_interval(self.problem)[0]


def clear(problem: TradeProblem) -> Allocation:
    """Maximise total surplus (Koopmans 1949; Shapley & Shubik 1971)."""
    from market_abm.market import reference

    return Allocation(problem, *reference.clear(problem))
