"""Concentration of a base: Herfindahl-Hirschman index and its relatives.

The base (whole fleet, merchant capacity, free capacity, sales) is always the caller's to name. Shares are
fractions; indices are on the usual scale of 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Floats, owners, vector
from market_abm.units import ordered_sum

_EDGE = 1e-9
"""Thresholds are strict: 30 % that a sum of floats puts at 30.000000000000004 % is not above 30 %."""


def shares(values: ArrayLike) -> Floats:
    """Fractions of the total; NaN throughout where the total is zero."""
    return _parts(vector("values", values)[None])[0]


def owner_shares(
    values: ArrayLike, owner: ArrayLike | None = None, aggregate_of: ArrayLike | None = None
) -> Floats:
    """Shares by ultimate owner: common owners merged, aggregates split into many equal owners.

    Parameters
    ----------
    values : array (S,) or (K, S)
        Amounts by row, such as kHQ; of several bases, one a row of the matrix.
    owner : int array (S,), optional
        Owner codes; every row its own owner when left out.
    aggregate_of : array (S,), optional
        Number of equal owners behind a row.

    Returns
    -------
    array (n,) or (K, n)
        Fractions in the order of the owner codes, an aggregate's repeated once an owner.
    """
    amounts = np.asarray(values, dtype=np.float64)
    vector("values", amounts.ravel() if amounts.ndim == 2 else amounts)
    grouped = owners(amounts.shape[-1], owner, aggregate_of)
    bases = amounts if amounts.ndim == 2 else amounts[None]
    each = _parts(grouped.totals(bases)) / grouped.members
    by_owner = each.repeat(np.rint(grouped.members).astype(np.int64), axis=1)
    return by_owner if amounts.ndim == 2 else by_owner[0]


def hhi(shares: ArrayLike) -> Any:
    """Herfindahl-Hirschman index, 1e4 sum s^2, from 0 to 10,000.

    Parameters
    ----------
    shares : array (n,) or (K, n)
        Fractions; on several bases, one a row of the matrix.

    Returns
    -------
    float or array (K,)

    Raises
    ------
    ValueError
        If the shares are not fractions of one whole.
    """
    fractions = _fractions(shares)
    index = 1e4 * ordered_sum(fractions * fractions, axis=-1)
    return index if fractions.ndim == 2 else float(index)


def effective_number(shares: ArrayLike) -> float:
    """Number of equal firms with the same HHI, 1e4 / HHI; NaN where nobody has a share."""
    return equal_firms(hhi(shares))


def equal_firms(index: float) -> float:
    """Number of equal firms that have this HHI; NaN where nobody has a share."""
    return 1e4 / index if index > 0.0 else float("nan")


def cr(shares: ArrayLike, firms: int = 4) -> Any:
    """Joint share of the largest ``firms``, a fraction (CR4 by default); of each row of a matrix (K, n), (K,)."""
    if firms < 1:
        raise ValueError(f"firms is {firms}; a concentration ratio counts at least 1 firm.")
    fractions = _fractions(shares)
    joint = ordered_sum(-np.sort(-fractions)[..., :firms], axis=-1)
    return joint if fractions.ndim == 2 else float(joint)


def delta_hhi(first: ArrayLike, second: ArrayLike) -> Floats:
    """Rise of the HHI when two shares merge: 2 a b 1e4."""
    return 2e4 * np.asarray(first, dtype=np.float64) * np.asarray(second, dtype=np.float64)


@dataclass(frozen=True)
class Merger:
    """A merger against the structural presumption of the 2023 US Merger Guidelines.

    Attributes
    ----------
    hhi_before, hhi_after, delta : float
    combined_share : float
        Fraction.
    presumption : bool
        (HHI after > 1,800 or combined share > 30 %) and delta > 100.
    """

    hhi_before: float
    hhi_after: float
    delta: float
    combined_share: float
    presumption: bool


def merger_presumption(
    shares: ArrayLike,
    first: int,
    second: int,
    *,
    concentrated: float = 1800.0,
    change: float = 100.0,
    share: float = 0.30,
) -> Merger:
    """Screen a merger of two firms (US DOJ and FTC 2023, Guideline 1).

    Parameters
    ----------
    shares : array (F,)
        Fractions before the merger.
    first, second : int
        Rows of the merging firms.
    concentrated, change, share : float
        Thresholds, strict.
    """
    fractions = _fractions(shares)
    if first == second:
        raise ValueError(f"first and second are both {first}; a merger needs two firms.")
    before = hhi(fractions)
    delta = float(delta_hhi(fractions[first], fractions[second]))
    combined = float(fractions[first] + fractions[second])
    high = before + delta > concentrated + _EDGE or combined > share + _EDGE
    return Merger(before, before + delta, delta, combined, bool(high and delta > change + _EDGE))


def mhhi(shares: ArrayLike, ownership: ArrayLike, control: ArrayLike) -> float:
    """Modified HHI with common owners (O'Brien & Salop 2000).

    1e4 sum_k sum_j s_k s_j (sum_i g_ki b_ji) / (sum_i g_ki b_ki), with control g and ownership b.

    Parameters
    ----------
    shares : array (F,)
        Fractions.
    ownership, control : arrays (F, O)
        Financial and control weight of each owner in each firm.

    Raises
    ------
    ValueError
        If a firm with a share is controlled by owners who own nothing of it.
    """
    fractions = _fractions(shares)
    owned, steered = np.asarray(ownership, dtype=np.float64), np.asarray(control, dtype=np.float64)
    for name, array in (("ownership", owned), ("control", steered)):
        if array.ndim != 2 or len(array) != len(fractions):
            raise ValueError(f"{name} has shape {array.shape}; give a row a firm, a column an owner.")
    common = ordered_sum(steered[:, None, :] * owned[None, :, :], axis=2)
    own = np.diagonal(common).copy()
    empty = (own <= 0.0) & (fractions > 0.0)
    if empty.any():
        raise ValueError(
            f"firm {int(np.flatnonzero(empty)[0])} is controlled by nobody who owns part of it; "
            "give its controlling owners a positive ownership."
        )
    weight = common / np.where(own > 0.0, own, 1.0)[:, None]
    return 1e4 * float(ordered_sum(ordered_sum(fractions[:, None] * fractions[None, :] * weight, axis=1)))


def _parts(amounts: Floats) -> Floats:
    """Fractions of the total of each row, (K, n); NaN throughout where it is zero."""
    total = ordered_sum(amounts, axis=1)
    return amounts / np.where(total > 0.0, total, np.nan)[:, None]


def _fractions(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    # Two reductions over the entries on the usual way; NaN passes into both.
    if (
        array.ndim in (1, 2)
        and np.minimum.reduce(array, None, initial=0.0) >= 0.0
        and np.maximum.reduce(ordered_sum(array, axis=-1), None, initial=0.0) <= 1.0 + 1e-6
    ):
        return array
    if array.ndim == 2:
        return np.array([_fractions(base) for base in array])
    if np.isnan(array).any():
        return np.full(array.shape, np.nan)
    total = ordered_sum(vector("shares", array))
    raise ValueError(f"shares add up to {total:g}; give fractions of one whole (20 % as 0.2).")
