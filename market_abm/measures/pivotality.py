"""Pivotality: can demand be met without a supplier?

Residual supply index (Sheffrin 2002; EU sector inquiry 2007), the pivotal-supplier test on a network, and the
network residual supply index. When demand exceeds capacity everybody's index is below one: the ranking then
says more than the flag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.problem import TradeProblem
from market_abm.measures._owners import Bools, Floats, Owners, matrix, owners, vector
from market_abm.units import GRID, ordered_sum

SCREEN = 1.1
"""A residual supply index below this fails the screen."""

FREQUENCY_SCREEN = 0.05
"""A market fails when the index is below the screen in more than this share of periods."""


def rsi(
    capacity: ArrayLike,
    demand: ArrayLike,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
) -> Floats:
    """Residual supply index (sum K - K_j) / D, one value a seller row: that of its ultimate owner.

    Parameters
    ----------
    capacity : array (S,)
        kHQ.
    demand : float or array (B,)
        kHQ.
    owner : int array (S,), optional
        Codes of ultimate owners.
    aggregate_of : array (S,), optional
        Number of equal owners behind a row; the index is that of one of them.

    Returns
    -------
    array (S,)
        Infinite where there is no demand.
    """
    held = vector("capacity", capacity)
    wanted = _total(demand)
    grouped = owners(len(held), owner, aggregate_of)
    without = ordered_sum(held) - (grouped.total(held) / grouped.members)[grouped.group]
    return without / wanted if wanted > 0.0 else np.full(len(held), np.inf)


def residual_demand(capacity: ArrayLike, demand: ArrayLike) -> Floats:
    """Demand that only this seller can meet, max(D - (sum K - K_j), 0), kHQ, (S,)."""
    held = vector("capacity", capacity)
    return np.maximum(_total(demand) - (ordered_sum(held) - held), 0.0)


def contract_adjusted(capacity: ArrayLike, demand: ArrayLike, committed: ArrayLike) -> tuple[Floats, Floats]:
    """Capacity and demand that contracts leave over: for an index of what is still open.

    Parameters
    ----------
    capacity : array (S,)
    demand : array (B,)
    committed : array (S, B)
        kHQ under contract. More than there is counts as all of it.

    Returns
    -------
    capacity (S,), demand (B,)
    """
    held, wanted = vector("capacity", capacity), vector("demand", demand)
    tied = matrix("committed", committed, (len(held), len(wanted)), 0.0)
    return (
        np.maximum(held - ordered_sum(tied, axis=1), 0.0),
        np.maximum(wanted - ordered_sum(tied, axis=0), 0.0),
    )


@dataclass(frozen=True, eq=False)
class Pivotality:
    """Maximum flow with and without each seller.

    Attributes
    ----------
    served : float
        F(N), kHQ.
    served_without : array (S,)
        F without the owner of the row, kHQ.
    pivotal : bool array (S,)
        F(N without j) < F(N).
    """

    served: float
    served_without: Floats
    pivotal: Bools


def pivotality(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
) -> Pivotality:
    """Who is needed to serve what is served, on the supplier network (Ford & Fulkerson 1956; Gale 1957).

    Quantities are rounded to the market's grid (1e-6 kHQ), so that the comparison is exact.

    Parameters
    ----------
    capacity : array (S,)
    demand : array (B,)
        kHQ.
    linked : bool array (S, B), optional
        All pairs when left out.
    link_cap : scalar or array (S, B), optional
        kHQ; inf is none.
    owner, aggregate_of : arrays (S,), optional
        As in :func:`rsi`.
    """
    network = _network(capacity, demand, linked, link_cap)
    return _needed(*network, owners(len(network[1]), owner, aggregate_of))


def pivotal(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
) -> Bools:
    """Flags of :func:`pivotality`, (S,)."""
    return pivotality(capacity, demand, linked, link_cap, owner, aggregate_of).pivotal


def network_rsi(
    capacity: ArrayLike | TradeProblem,
    demand: ArrayLike | None = None,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
) -> Floats:
    """Residual supply index on a network, (S,): the tightest set of buyers decides.

    min over buyer sets B of K(N(B) without j) / D(B), which is the largest t such that t times every demand
    can be served without j (Hall 1935; Gale 1957). With full reach it is :func:`rsi`.

    Parameters
    ----------
    capacity : array (S,) or TradeProblem
        kHQ; of a trade problem, all of its blocks are demand unless ``demand`` is given.
    demand, linked, link_cap, owner, aggregate_of
        As in :func:`pivotality`.

    Returns
    -------
    array (S,)
        Infinite where there is no demand.
    """
    if isinstance(capacity, TradeProblem):
        problem = capacity
        demand = ordered_sum(problem.block_quantity, axis=1) if demand is None else demand
        linked = problem.linked if linked is None else linked
        link_cap = problem.link_cap if link_cap is None else link_cap
        capacity = problem.capacity
    if demand is None:
        raise ValueError("demand is missing; give one number a buyer (kHQ), or a TradeProblem.")
    network = _network(capacity, demand, linked, link_cap)
    return _scales(*network, owners(len(network[1]), owner, aggregate_of))


def pivotality_and_rsi(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike,
    owner: ArrayLike,
    aggregate_of: ArrayLike,
) -> tuple[Pivotality, Floats]:
    """:func:`pivotality` and :func:`network_rsi` of one network, which is set out once."""
    network = _network(capacity, demand, linked, None)
    grouped = owners(len(network[1]), owner, aggregate_of)
    return _needed(*network, grouped), _scales(*network, grouped)


@dataclass(frozen=True)
class FrequencyScreen:
    """How often the largest supplier is needed.

    Attributes
    ----------
    below_screen : float
        Share of periods with the index below the screen.
    pivotal : float
        Share of periods with the index below one (pivotal-supplier frequency).
    fails : bool
        Whether ``below_screen`` exceeds the frequency screen.
    """

    below_screen: float
    pivotal: float
    fails: bool


def rsi_frequency(
    index: ArrayLike, screen: float = SCREEN, frequency: float = FREQUENCY_SCREEN
) -> FrequencyScreen:
    """Frequencies over periods of an index (T,), or of the lowest of (T, S) (EU sector inquiry 2007)."""
    history = np.asarray(index, dtype=np.float64)
    lowest = history if history.ndim == 1 else history.min(axis=1)
    if len(lowest) == 0:
        raise ValueError("index is empty; give the index of at least one period.")
    below = float(np.count_nonzero(lowest < screen)) / len(lowest)
    return FrequencyScreen(below, float(np.count_nonzero(lowest < 1.0)) / len(lowest), below > frequency)


@dataclass(frozen=True)
class ResidualMonopolist:
    """A supplier facing what rivals at capacity leave over.

    Attributes
    ----------
    price, demand : float
    rsi : float
        Rivals' capacity over demand.
    elasticity : float
        Of market demand at the price.
    lerner : float
        (P - c) / P, which equals (1 - RSI) / elasticity.
    """

    price: float
    demand: float
    rsi: float
    elasticity: float
    lerner: float


def residual_monopolist(
    intercept: float, slope: float, unit_cost: float, rival_capacity: float
) -> ResidualMonopolist:
    """Price of a monopolist on residual demand Q = a - b P less rivals' capacity (Newbery 2008).

    Raises
    ------
    ValueError
        If rivals and cost leave it no demand: there is no monopoly price then.
    """
    price = 0.5 * ((intercept - rival_capacity) / slope + unit_cost)
    demand = intercept - slope * price
    if not price > unit_cost:
        raise ValueError(
            f"rival capacity {rival_capacity:g} serves all demand above the unit cost {unit_cost:g}; "
            "the residual monopolist needs residual demand: lower one of them."
        )
    return ResidualMonopolist(
        price, demand, rival_capacity / demand, slope * price / demand, (price - unit_cost) / price
    )


def _total(demand: ArrayLike) -> float:
    wanted = np.asarray(demand, dtype=np.float64)
    return float(ordered_sum(vector("demand", np.atleast_1d(wanted))))


def _needed(net: tuple, held: Floats, wanted: Floats, grouped: Owners) -> Pivotality:
    from market_abm.measures import _flow

    gone = np.rint(grouped.removed(held))
    stays = np.zeros((len(gone), len(wanted)), dtype=np.bool_)
    total, without = _flow.served_without(net, held, wanted, gone, stays, 0.5)
    return Pivotality(total / GRID, without[grouped.group] / GRID, (without < total)[grouped.group])


def _scales(net: tuple, held: Floats, wanted: Floats, grouped: Owners) -> Floats:
    from market_abm.measures import _scale

    return _scale.servable_scale(net, held, wanted, grouped.removed(held))[grouped.group]


def _network(capacity, demand, linked, link_cap) -> tuple[tuple, Floats, Floats]:
    """Arcs, capacities and demands in whole grid steps."""
    from market_abm.measures import _flow

    held, wanted = vector("capacity", capacity), vector("demand", demand)
    shape = (len(held), len(wanted))
    reach = matrix("linked", linked, shape, True).astype(np.bool_, copy=False)
    if link_cap is None:
        net = _flow.arcs(reach)
    else:
        cap = matrix("link_cap", link_cap, shape, np.inf).astype(np.float64)
        bounded = np.isfinite(cap)
        net = _flow.arcs(reach, np.where(bounded, np.rint(np.where(bounded, cap, 0.0) * GRID), np.inf))
    return net, np.rint(held * GRID), np.rint(wanted * GRID)
