"""What a knock-out costs: served demand, welfare, velocity, and quarters until it is made good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_abm.units import ordered_sum

if TYPE_CHECKING:
    from market_abm.analysis.stress.simulate import Base, Look

MADE_GOOD = 0.01
"""Served demand counts as recovered from the quarter on in which less than this share of it is missing."""

Row = dict[str, float]


def losses(base: Base, looks: Sequence[Look], frozen_labs: bool = False) -> Row:
    """The losses of one run against the baseline of the same seed.

    Welfare is the value of the compute that is used less its running cost, at the baseline's willingness to pay: the
    same use is worth the same in both. Velocity lost is the most by which the labs' capability lags the baseline's, mean
    over labs.

    Parameters
    ----------
    looks : sequence of Look
        Quarters of the window.
    frozen_labs : bool
        The run has no labs of its own (nobody reroutes): velocity is not known.
    """
    served, cost, behind, price = [], [], [], []
    for was, now in zip(base.looks, looks, strict=True):
        served.append((_total(was), _total(now)))
        cost.append(welfare_lost(was, now))
        behind.append(_behind(was, now))
        price.append(now.price / was.price - 1.0)
    whole, left = np.array(served).T
    missing = np.where(whole > 0, 1.0 - left / np.where(whole > 0, whole, 1.0), 0.0)
    lost, kept = np.array(cost).T
    return {
        "served_lost_peak": float(missing.max()),
        "served_lost_khq": float(np.cumsum(whole - left)[-1]),
        "welfare_lost_musd": float(np.cumsum(lost)[-1]),
        "welfare_lost_share": float(np.cumsum(lost)[-1] / np.cumsum(kept)[-1]) if kept.any() else math.nan,
        "velocity_lost": math.nan if frozen_labs else max(behind),
        "price_rise_peak": math.nan if frozen_labs else float(np.max(price)),
        "quarters_to_recover": quarters_to_recover(missing),
        "recovered": float(missing[-1] < MADE_GOOD),
    }


def quarters_to_recover(missing: Sequence[float] | np.ndarray) -> float:
    """Quarters from the start until what is missing stays below one per cent; the window's length where it never does.

    Zero where nothing was ever missing.
    """
    late = np.flatnonzero(np.asarray(missing) >= MADE_GOOD)
    return float(late[-1] + 1) if len(late) else 0.0


def welfare_lost(was: Look, now: Look) -> tuple[float, float]:
    """Welfare that is missing, and welfare of the baseline, MUSD: value of use less running cost."""
    kept = _worth(was, was)
    return kept - _worth(was, now), kept


def _worth(was: Look, now: Look) -> float:
    value = was.demand.value_of(now.used)
    return float(ordered_sum(value)) - float(ordered_sum(now.cost))


def _total(look: Look) -> float:
    return float(ordered_sum(look.used))


def _behind(was: Look, now: Look) -> float:
    gap = (was.capability - now.capability)[np.isfinite(was.capability)]
    return float(ordered_sum(gap)) / len(gap) if len(gap) else math.nan
