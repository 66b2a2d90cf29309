"""Served demand without prices: the maximum flow of capacities into demands over the links."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import clear
from market_abm.market.problem import TradeProblem


def flow_problem(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
) -> TradeProblem:
    """The trade problem whose surplus is the maximum flow: every served unit is worth 1 and costs nothing.

    Its marginal contributions are the losses of served demand without each seller, buyer or link.

    Parameters
    ----------
    capacity : array (S,)
        kHQ.
    demand : array (B,)
        kHQ.
    linked : bool array (S, B), optional
        All pairs when left out.
    link_cap : scalar or array (S, B), optional
        kHQ; inf is none.
    """
    quantity = np.asarray(demand, dtype=np.float64)
    if quantity.ndim != 1:
        raise ValueError(f"demand has shape {quantity.shape}; it must be one number a buyer, shape (B,).")
    return TradeProblem(
        capacity,
        np.zeros(np.shape(capacity)),
        quantity[:, None],
        np.ones((len(quantity), 1)),
        linked=linked,
        link_cap=link_cap,
    )


def max_flow(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
) -> float:
    """Largest demand that can be served, kHQ, exact on the grid (Ford & Fulkerson 1956; Gale 1957).

    Parameters as :func:`flow_problem`.
    """
    return clear(flow_problem(capacity, demand, linked, link_cap)).surplus
