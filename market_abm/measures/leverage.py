"""Leverage: the split of a relation's surplus, aggregated to firms, and what a protocol made of it.

The split itself (who has secured how much through outside options) comes from the bargaining rules; here it
is summed over a firm's relations. Criticality is not leverage: a firm can be harder to do without and earn
less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Bools, Floats
from market_abm.units import ordered_sum

MINIMUM_WIDTH = 1e-9
"""A rational interval narrower than this (MUSD/kHQ) has no inside to be placed in."""


def gross_surplus(value: ArrayLike, unit_cost: ArrayLike, wedge: ArrayLike = 0.0) -> Floats:
    """Surplus of a unit of a relation, G = vbar - c - kappa, (S, B), MUSD/kHQ.

    Parameters
    ----------
    value : array (S, B)
        The buyer's average loss without the relation, net of switching and tax; NaN where there is none.
    unit_cost : array (S,)
    wedge : scalar or array (S, B)
    """
    cost = np.asarray(unit_cost, dtype=np.float64)
    return np.asarray(value, dtype=np.float64) - cost[:, None] - np.asarray(wedge, dtype=np.float64)


def realised_share(
    price: ArrayLike, value: ArrayLike, unit_cost: ArrayLike, wedge: ArrayLike = 0.0
) -> Floats:
    """Seller's share of a relation's surplus at the price paid, (p - c - kappa) / G, (S, B).

    NaN where the relation has no surplus. Not clipped: a price above value gives more than one.
    """
    surplus = gross_surplus(value, unit_cost, wedge)
    cost = np.asarray(unit_cost, dtype=np.float64)[:, None] + np.asarray(wedge, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(surplus > MINIMUM_WIDTH, (np.asarray(price) - cost) / surplus, np.nan)


def lambda_index(price: ArrayLike, floor: ArrayLike, ceiling: ArrayLike) -> Floats:
    """Place of the price between the rational floor (0) and ceiling (1); NaN where they meet."""
    low, high = np.asarray(floor, dtype=np.float64), np.asarray(ceiling, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(high - low >= MINIMUM_WIDTH, (np.asarray(price) - low) / (high - low), np.nan)


def out_of_line(floor: ArrayLike, value: ArrayLike) -> Bools:
    """Relations in force whose floor exceeds their value: a reason for notice, counted and never clipped."""
    with np.errstate(invalid="ignore"):
        return np.asarray(floor, dtype=np.float64) > np.asarray(value, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class FirmSplit:
    """A split summed over relations, weighted by their surplus.

    Attributes
    ----------
    seller_secured, buyer_secured, contested : arrays (n,)
        Shares of the surplus; they add to one, NaN for firms without a relation that counts.
    surplus : array (n,)
        Gross surplus of the relations that count, MUSD.
    """

    seller_secured: Floats
    buyer_secured: Floats
    contested: Floats
    surplus: Floats


def firm_split(
    seller_secured: ArrayLike,
    buyer_secured: ArrayLike,
    contested: ArrayLike,
    gross: ArrayLike,
    volume: ArrayLike,
    by: str = "seller",
) -> FirmSplit:
    """Sum a relation-level split over sellers, buyers or the market.

    Parameters
    ----------
    seller_secured, buyer_secured, contested : arrays (S, B)
        Shares of each relation's surplus; NaN where there is none or it is out of line.
    gross : array (S, B)
        G, MUSD/kHQ.
    volume : array (S, B)
        kHQ.
    by : {"seller", "buyer", "market"}
        What to sum to: (S,), (B,) or (1,).
    """
    parts = [np.asarray(part, dtype=np.float64) for part in (seller_secured, buyer_secured, contested)]
    weight = np.asarray(gross, dtype=np.float64) * np.asarray(volume, dtype=np.float64)
    counts = np.isfinite(parts[0]) & np.isfinite(parts[1]) & np.isfinite(parts[2]) & (weight > 0.0)
    weight = np.where(counts, weight, 0.0)
    surplus = _summed(weight, by)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [
            np.where(surplus > 0.0, _summed(np.where(counts, part, 0.0) * weight, by) / surplus, np.nan)
            for part in parts
        ]
    return FirmSplit(shares[0], shares[1], shares[2], surplus)


def firm_realised_share(share: ArrayLike, gross: ArrayLike, volume: ArrayLike, by: str = "seller") -> Floats:
    """Realised seller share over relations, weighted by their surplus; arguments as in :func:`firm_split`."""
    realised = np.asarray(share, dtype=np.float64)
    weight = np.asarray(gross, dtype=np.float64) * np.asarray(volume, dtype=np.float64)
    counts = np.isfinite(realised) & (weight > 0.0)
    total = _summed(np.where(counts, weight, 0.0), by)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = _summed(np.where(counts, realised * weight, 0.0), by)
        return np.where(total > 0.0, part / total, np.nan)


def payoff_over_contribution(payoff: ArrayLike, marginal_contribution: ArrayLike) -> Floats:
    """What a firm earns as a share of what it adds, NaN where it adds nothing."""
    added = np.asarray(marginal_contribution, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(added > 0.0, np.asarray(payoff, dtype=np.float64) / added, np.nan)


def _summed(values: Floats, by: str) -> Floats:
    if by == "seller":
        return np.asarray(ordered_sum(values, axis=1))
    if by == "buyer":
        return np.asarray(ordered_sum(values, axis=0))
    if by == "market":
        return np.atleast_1d(ordered_sum(ordered_sum(values, axis=1)))
    raise ValueError(f'by is "{by}"; sum to "seller", "buyer" or "market".')
