"""Units, conversions, the integer grid and the ordered sum.

Inside the model compute is counted in kHQ (1,000 H100-equivalents for one quarter), money in MUSD and
prices in MUSD per kHQ. Wherever a person reads a price it is in USD per GPU-hour.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

HOURS_PER_QUARTER = 2190.0
"""Hours in a quarter: 8,760 / 4."""

MUSD_PER_KHQ = HOURS_PER_QUARTER / 1000.0
"""1 USD per GPU-hour in MUSD per kHQ (1,000 GPUs x 2,190 h / 1e6)."""

DAYS_PER_QUARTER = 91.25

_FLOAT = np.dtype(np.float64)

GRID = 1_000_000
"""Steps per unit of price (1e-6 MUSD/kHQ) and of quantity (1e-6 kHQ) on the market's integer grid."""


def usd_per_gpu_hour(price):
    """Convert MUSD per kHQ to USD per GPU-hour."""
    return price / MUSD_PER_KHQ


def musd_per_khq(price):
    """Convert USD per GPU-hour to MUSD per kHQ."""
    return price * MUSD_PER_KHQ


def quarterly_rate(annual):
    """Quarterly rate of an annual one: (1 + r)^(1/4) - 1."""
    return (1.0 + annual) ** 0.25 - 1.0


def notice_quarters(days: float) -> int:
    """Whole quarters of notice for a number of days (90 days = 1, 180 days = 2)."""
    return math.ceil(days / DAYS_PER_QUARTER)


def to_grid(values: ArrayLike) -> NDArray[np.int64]:
    """Round prices or quantities to the integer grid."""
    return np.rint(np.asarray(values, dtype=np.float64) * GRID).astype(np.int64)


def from_grid(steps: ArrayLike) -> NDArray[np.float64]:
    """Prices or quantities from grid steps."""
    return np.asarray(steps, dtype=np.float64) / GRID


def on_grid(values: ArrayLike) -> NDArray[np.float64]:
    """The nearest values that lie on the grid."""
    return from_grid(to_grid(values))


def ordered_sum(values: ArrayLike, axis: int = 0) -> Any:
    """Sum from the first element to the last, one by one: an array, or a number for a vector.

    ``numpy.sum`` adds pairwise, so that inserting an idle firm's zero can change the last bit; a running
    sum does not.
    """
    array: NDArray[np.float64] = (
        values
        if type(values) is np.ndarray and values.dtype is _FLOAT
        else np.asarray(values, dtype=np.float64)
    )
    if array.shape[axis] == 0:
        return np.zeros(np.delete(array.shape, axis))[()]
    if array.ndim == 1:
        return np.add.accumulate(array)[-1]
    if array.ndim == 2:
        rows = array if axis == 0 else array.T
        if rows.shape[1] > 1:  # numpy adds whole rows one after the other; pairs are along a row only
            return np.add.reduce(np.ascontiguousarray(rows), 0, initial=-0.0)
    elif array.ndim > 2:
        rows = np.moveaxis(array, axis, 0)
        return ordered_sum(rows.reshape(len(rows), -1)).reshape(rows.shape[1:])
    return np.add.accumulate(array, axis).take(-1, axis)


def totals(place: NDArray[np.int64], values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sums of the values by place, each added from the first to the last, (count,)."""
    # Of no values at all numpy makes whole numbers.
    return np.bincount(place, values, count) if place.size else np.zeros(count)
