"""When concentration becomes a chokepoint: estimates of a threshold in tightness."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kink:
    """A continuous two-piece line.

    Attributes
    ----------
    breakpoint : float
    intercept, slope : float
        Of the part below the breakpoint.
    slope_change : float
        Slope above less slope below.
    residual : float
        Sum of squared residuals.
    """

    breakpoint: float
    intercept: float
    slope: float
    slope_change: float
    residual: float


def continuous_kink(x: ArrayLike, y: ArrayLike, trim: float = 0.05) -> Kink:
    """Least-squares fit of ``y = a + b x + c max(x - t, 0)`` with an unknown breakpoint t (Hansen 2017).

    Between two neighbouring values of x the best two lines decide t in closed form, so the minimum over all
    pieces is exact and needs no grid.

    Parameters
    ----------
    x, y : array_like (n,)
    trim : float
        Share of observations at either end among which no breakpoint is sought.

    Raises
    ------
    ValueError
        If there are fewer than five distinct values of x left, or the shapes differ.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x has shape {x.shape} and y {y.shape}; both must be (n,) alike")
    knots = np.unique(x)
    inner = knots[(knots > np.quantile(x, trim)) & (knots < np.quantile(x, 1.0 - trim))]
    if len(inner) < 3 or len(knots) < 5:
        raise ValueError(f"x has {len(knots)} distinct values; a kink needs at least five")
    best = min((_fit(x, y, knot) for knot in inner), key=lambda fit: fit.residual)
    for low, high in pairwise(inner):
        crossing = _crossing(x, y, low, high)
        if crossing is not None:
            fit = _fit(x, y, crossing)
            if fit.residual < best.residual:
                best = fit
    return best


def _fit(x: Floats, y: Floats, knot: float) -> Kink:
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - knot, 0.0)])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residual = float(((y - design @ coefficients) ** 2).sum())
    intercept, slope, change = (float(c) for c in coefficients)
    return Kink(float(knot), intercept, slope, change, residual)


def _crossing(x: Floats, y: Floats, low: float, high: float) -> float | None:
    """Where the separate lines left of ``low`` and right of ``high`` meet, if between the two."""
    left, right = x <= low, x >= high
    if len(np.unique(x[left])) < 2 or len(np.unique(x[right])) < 2:
        return None
    b1, a1 = np.polyfit(x[left], y[left], 1)
    b2, a2 = np.polyfit(x[right], y[right], 1)
    if abs(b2 - b1) < 1e-15:
        return None
    meet = (a1 - a2) / (b2 - b1)
    return float(meet) if low < meet < high else None


@dataclass(frozen=True)
class LogitThreshold:
    """Value of x at which the odds are even, -b0 / b1.

    Attributes
    ----------
    threshold : float
    se : float
        Standard error by the delta method.
    low, high : float
        Fieller interval; infinite ends, or both infinite, where the slope is not clearly different from zero.
    """

    threshold: float
    se: float
    low: float
    high: float


def logit_threshold(
    b0: float, b1: float, covariance: ArrayLike, z: float = 1.959963984540054
) -> LogitThreshold:
    """Threshold of a logit with intercept b0 and slope b1, with delta-method error and Fieller interval.

    Parameters
    ----------
    covariance : array_like (2, 2)
        Of (b0, b1).
    z : float
        Normal quantile of the interval (95 %).

    Raises
    ------
    ValueError
        If the slope is zero or the covariance is not a 2 x 2 matrix.
    """
    cov = np.asarray(covariance, float)
    if cov.shape != (2, 2):
        raise ValueError(f"covariance has shape {cov.shape}; it must be (2, 2), of intercept and slope")
    if b1 == 0:
        raise ValueError("b1 is 0: a probability that does not move with x has no threshold")
    threshold = -b0 / b1
    gradient = np.array([-1.0 / b1, b0 / b1**2])
    se = float(np.sqrt(gradient @ cov @ gradient))
    # Fieller: all t with (b0 + b1 t)^2 <= z^2 (v00 + 2 t v01 + t^2 v11)
    a = b1**2 - z**2 * cov[1, 1]
    b = 2.0 * (b0 * b1 - z**2 * cov[0, 1])
    c = b0**2 - z**2 * cov[0, 0]
    root = b * b - 4.0 * a * c
    if a <= 0.0 or root < 0.0:
        return LogitThreshold(threshold, se, -np.inf, np.inf)
    ends = (-b - np.sqrt(root)) / (2.0 * a), (-b + np.sqrt(root)) / (2.0 * a)
    return LogitThreshold(threshold, se, float(ends[0]), float(ends[1]))
