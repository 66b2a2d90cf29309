"""Dependence of one side of a relation on the other (Emerson 1962), and how supply is spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Floats, matrix, owners
from market_abm.units import ordered_sum


def emerson_dependence(payoff: ArrayLike, payoff_without: ArrayLike) -> Floats:
    """Share of a payoff that is lost without the relation, (U - U without) / U; NaN where U is not positive.

    The power of the other side is this dependence.
    """
    whole = np.asarray(payoff, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0.0, (whole - np.asarray(payoff_without, dtype=np.float64)) / whole, np.nan)


@dataclass(frozen=True, eq=False)
class PowerDependence:
    """Both sides of a relation.

    Attributes
    ----------
    first_on_second, second_on_first : array
        Dependences.
    second_power_share : array
        Power of the second over the sum of both powers; a half where neither depends.
    mutual : array
        Sum of the dependences.
    imbalance : array
        Dependence of the first less that of the second: positive where the second has the power.
    """

    first_on_second: Floats
    second_on_first: Floats
    second_power_share: Floats
    mutual: Floats
    imbalance: Floats


def power_dependence(
    first: ArrayLike, first_without: ArrayLike, second: ArrayLike, second_without: ArrayLike
) -> PowerDependence:
    """Power and dependence of two sides from their payoffs with and without the relation (Emerson 1962)."""
    one, other = emerson_dependence(first, first_without), emerson_dependence(second, second_without)
    mutual = one + other
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(mutual == 0.0, 0.5, one / mutual)
    return PowerDependence(one, other, share, mutual, one - other)


def supplier_dependence(
    price: ArrayLike, fallback: ArrayLike, unit_cost: ArrayLike, volume: ArrayLike
) -> Floats:
    """Share of its margin that a seller loses if a buyer leaves and the volume is resold, (S, B).

    Parameters
    ----------
    price : array (S, B)
        MUSD/kHQ; NaN where nothing is sold.
    fallback : array (S, B)
        What the capacity fetches elsewhere (the floor without wedge), at least unit cost; NaN counts as unit
        cost.
    unit_cost : array (S,)
    volume : array (S, B)
        kHQ.
    """
    sold = np.asarray(volume, dtype=np.float64)
    paid = np.asarray(price, dtype=np.float64)
    cost = np.broadcast_to(np.asarray(unit_cost, dtype=np.float64)[:, None], sold.shape)
    resale = np.fmax(np.asarray(fallback, dtype=np.float64), cost)
    trades = (sold > 0.0) & np.isfinite(paid)
    margin = ordered_sum(np.where(trades, (paid - cost) * sold, 0.0), axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trades & (margin > 0.0), (paid - resale) * sold / margin, np.nan)


@dataclass(frozen=True, eq=False)
class Spread:
    """How a row of the supply network is spread over its partners.

    Attributes
    ----------
    count : int array
        Partners (ultimate owners) with a positive volume.
    largest_share : array
        Share of the largest one; NaN without any.
    hhi : array
        1e4 sum of squared shares; NaN without any.
    """

    count: np.ndarray
    largest_share: Floats
    hhi: Floats


def supply_spread(
    volume: ArrayLike, owner: ArrayLike | None = None, aggregate_of: ArrayLike | None = None
) -> Spread:
    """How each buyer's compute is spread over suppliers, (B,), by ultimate owner, aggregates split.

    Parameters
    ----------
    volume : array (S, B)
        kHQ.
    owner, aggregate_of : arrays (S,), optional
    """
    flow = np.asarray(volume, dtype=np.float64)
    grouped = owners(len(flow), owner, aggregate_of)
    by_owner = np.zeros((len(grouped), flow.shape[1]))
    for row, group in enumerate(grouped.group):
        by_owner[group] += flow[row]
    return _spread(by_owner, grouped.members)


def customer_spread(volume: ArrayLike) -> Spread:
    """How each seller's sales are spread over buyers, (S,)."""
    flow = np.asarray(volume, dtype=np.float64).T
    return _spread(flow, np.ones(len(flow)))


def notice_exposure(
    volume: ArrayLike,
    notice: ArrayLike,
    quarters_to_reroute: ArrayLike,
    own: ArrayLike | None = None,
) -> Floats:
    """Share of each buyer's compute whose loss it could not replace in time, (B,).

    Each relation's share counts by the part of the rerouting time that its notice does not cover,
    max(R - n, 0) / R; own use does not count.

    Parameters
    ----------
    volume : array (S, B)
        kHQ.
    notice, quarters_to_reroute : scalars or arrays (S, B)
        n and R, quarters; R of zero counts as covered.
    own : bool array (S, B), optional
    """
    flow = np.asarray(volume, dtype=np.float64)
    wait = matrix("quarters_to_reroute", quarters_to_reroute, flow.shape, 0.0).astype(np.float64)
    told = matrix("notice", notice, flow.shape, 0.0).astype(np.float64)
    open_part = np.where(wait > 0.0, np.maximum(wait - told, 0.0) / np.where(wait > 0.0, wait, 1.0), 0.0)
    inside = matrix("own", own, flow.shape, False).astype(np.bool_)
    total = ordered_sum(flow, axis=0)
    exposed = ordered_sum(np.where(inside, 0.0, flow * open_part), axis=0)
    return np.where(total > 0.0, exposed / np.where(total > 0.0, total, 1.0), np.nan)


def _spread(by_partner: Floats, members: Floats) -> Spread:
    total = np.asarray(ordered_sum(by_partner, axis=0))
    here = total > 0.0
    share = by_partner / np.where(here, total, 1.0)
    each = share / members[:, None]
    count = ordered_sum(np.where(by_partner > 0.0, members[:, None], 0.0), axis=0)
    largest = each.max(axis=0) if len(each) else np.zeros(len(total))
    index = 1e4 * np.asarray(ordered_sum(each * each * members[:, None], axis=0))
    return Spread(
        np.rint(count).astype(np.int64), np.where(here, largest, np.nan), np.where(here, index, np.nan)
    )
