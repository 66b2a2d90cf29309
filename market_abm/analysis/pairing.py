"""Paired differences: their mean, interval, sign, what pairing gained, and the words that they allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.analysis.outcomes import Outcome
from market_abm.analysis.panel import Floats

LEVEL = 0.95
"""Level of the intervals."""

POWER = 0.80
"""Power at which a detectable difference is stated."""

MANY_SEEDS, AGREE, AGREE_SOMEWHAT = 30, 0.90, 0.75
"""Seeds, and shares of seeds with one sign, that the rule of confidence asks for."""

RULE = (
    f"How sure: high where at least {MANY_SEEDS} seeds ran, the {LEVEL * 100:.0f} % interval of the paired difference "
    f"leaves out zero, the mean reaches the smallest effect of interest and at least {AGREE * 100:.0f} % of seeds share "
    f"its sign; moderate where the interval leaves out zero, the mean reaches that size and at least "
    f"{AGREE_SOMEWHAT * 100:.0f} % of seeds agree; low where the mean reaches that size and the interval does not leave "
    "out zero, or fewer agree. Where the whole interval is smaller than the smallest effect of interest, there is "
    "no effect of interest, and the same three words say how sure that is by the number of seeds. Undecided: neither. A "
    "sentence has the word of its least sure part. Seeds vary shocks and guesses, not the rules of the model."
)
"""The printed rule behind every word of confidence."""


@dataclass(frozen=True)
class Statistics:
    """Statistics of paired differences, an array entry a unit.

    Attributes
    ----------
    baseline, other : array (U,)
        Means over the seeds that have both.
    difference, low, high : array (U,)
        Mean of the differences and its Student t interval; without interval where there is one seed.
    same_sign : array (U,)
        Share of seeds whose difference has the sign of the mean; NaN where that is zero.
    seeds : int array (U,)
        Seeds that have both.
    variance_removed : array (U,)
        1 - var(d) / (var(a) + var(b)): below zero where pairing made things worse; NaN where nothing varies.
    spread : array (U,)
        Standard deviation of the differences.
    """

    baseline: Floats
    other: Floats
    difference: Floats
    low: Floats
    high: Floats
    same_sign: Floats
    seeds: NDArray[np.int64]
    variance_removed: Floats
    spread: Floats


def paired_statistics(baseline: ArrayLike, other: ArrayLike) -> Statistics:
    """Statistics of ``other`` less ``baseline`` along the last axis (seeds).

    Parameters
    ----------
    baseline, other : array (U, S)
        The same units and seeds; seeds that miss either value are left out.
    """
    a, b = (np.atleast_2d(np.asarray(values, dtype=np.float64)) for values in (baseline, other))
    known = np.isfinite(a) & np.isfinite(b)
    n = known.sum(axis=1)
    a, b = np.where(known, a, np.nan), np.where(known, b, np.nan)
    d = b - a
    mean = _mean(d, n)
    spread = _deviation(d, mean, n)
    half = student_t(n - 1) * spread / np.sqrt(np.maximum(n, 1))
    means = _mean(a, n), _mean(b, n)
    apart = sum(_deviation(x, m, n) ** 2 for x, m in zip((a, b), means))
    with np.errstate(invalid="ignore", divide="ignore"):
        removed = np.where(apart > 0, 1.0 - spread**2 / apart, np.nan)
        agree = ((np.sign(d) == np.sign(mean)[:, None]) & known).sum(axis=1) / np.maximum(n, 1)
    sign = np.where((n > 0) & (mean != 0), agree, np.nan)
    return Statistics(*means, mean, mean - half, mean + half, sign, n, removed, spread)


def student_t(freedom: ArrayLike, level: float = 0.5 + LEVEL / 2) -> NDArray[np.float64]:
    """Quantile of Student's t; NaN without a degree of freedom."""
    from scipy.special import stdtrit

    degrees = np.asarray(freedom, dtype=np.float64)
    return np.where(degrees > 0, stdtrit(np.maximum(degrees, 1.0), level), np.nan)


def detectable(spread: float, seeds: int) -> float:
    """Smallest true difference that a paired t test finds with :data:`POWER`; NaN with one seed."""
    if seeds < 2:
        return math.nan
    reach = float(student_t(seeds - 1)) + float(student_t(seeds - 1, POWER))
    return reach * spread / math.sqrt(seeds)


@dataclass(frozen=True)
class Effect:
    """What a scenario does to an outcome, against the baseline.

    Attributes
    ----------
    outcome : Outcome
    scenario : str
        Name of the other scenario.
    seeds : int
    baseline, other, difference, low, high, same_sign, variance_removed, spread : float
        As in :class:`Statistics`.
    zeros : int
        Seeds whose difference is exactly zero.
    differences : tuple of float
        The paired differences, a seed each.
    """

    outcome: Outcome
    scenario: str
    seeds: int
    baseline: float
    other: float
    difference: float
    low: float
    high: float
    same_sign: float
    variance_removed: float
    spread: float
    zeros: int
    differences: tuple[float, ...]

    @property
    def smallest(self) -> float:
        """Smallest effect of interest in the outcome's unit."""
        return self.outcome.threshold(self.baseline)

    @property
    def known(self) -> bool:
        """Whether any seed has both values."""
        return self.seeds > 0

    @property
    def identical(self) -> bool:
        """Whether every seed's difference is exactly zero: then there is no sign to speak of."""
        return self.known and self.zeros == self.seeds

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.seeds > 1 and (self.low > 0.0 or self.high < 0.0)

    @property
    def sizeable(self) -> bool:
        """Whether the mean reaches the smallest effect of interest."""
        return self.known and abs(self.difference) >= self.smallest and self.difference != 0.0

    @property
    def negligible(self) -> bool:
        """Whether the whole interval is smaller than the smallest effect of interest."""
        return self.seeds > 1 and max(abs(self.low), abs(self.high)) < self.smallest

    @property
    def verdict(self) -> str:
        """rises, falls, no effect, open (cannot be told), one seed, identical, or none (nothing measured)."""
        if not self.known:
            return "none"
        if self.identical:
            return "identical"
        if self.seeds == 1:
            return "one seed"
        if self.negligible:
            return "no effect"
        if self.clear and self.sizeable:
            return "rises" if self.difference > 0 else "falls"
        return "open"

    @property
    def confidence(self) -> str:
        """high, moderate, low or none, by :data:`RULE`."""
        if self.verdict in ("none", "one seed"):
            return "none"
        if self.verdict in ("identical", "no effect"):
            return (
                "high" if self.seeds >= MANY_SEEDS else "moderate" if self.seeds >= MANY_SEEDS // 3 else "low"
            )
        if not self.sizeable:
            return "none"
        if not self.clear or self.same_sign < AGREE_SOMEWHAT:
            return "low"
        return "high" if self.seeds >= MANY_SEEDS and self.same_sign >= AGREE else "moderate"

    @property
    def detectable(self) -> float:
        """Smallest true difference that these seeds would find with :data:`POWER`."""
        return detectable(self.spread, self.seeds)

    @property
    def in_smallest(self) -> tuple[float, float, float]:
        """Difference, low and high in multiples of the smallest effect of interest."""
        size = self.smallest
        if not size > 0:
            return (math.nan,) * 3
        return self.difference / size, self.low / size, self.high / size


def effect(outcome: Outcome, scenario: str, baseline: Floats, other: Floats) -> Effect:
    """The effect on one outcome from the values of the common seeds (S,), (S,)."""
    found = paired_statistics(baseline, other)
    known = np.isfinite(baseline) & np.isfinite(other)
    differences = (other - baseline)[known]
    first = {name: float(getattr(found, name)[0]) for name in _NUMBERS}
    zeros = int((differences == 0.0).sum())
    return Effect(
        outcome, scenario, int(found.seeds[0]), **first, zeros=zeros, differences=tuple(differences.tolist())
    )


_NUMBERS = ("baseline", "other", "difference", "low", "high", "same_sign", "variance_removed", "spread")


def _mean(values: Floats, n: NDArray[np.int64]) -> Floats:
    return np.where(n > 0, np.nansum(values, axis=1) / np.maximum(n, 1), np.nan)


def _deviation(values: Floats, mean: Floats, n: NDArray[np.int64]) -> Floats:
    """Standard deviation with n - 1; NaN below two seeds, exactly zero where all values are the same."""
    squares = np.nansum((values - mean[:, None]) ** 2, axis=1)
    first = np.take_along_axis(values, np.argmax(~np.isnan(values), axis=1)[:, None], axis=1)
    same = (np.isnan(values) | (values == first)).all(axis=1)
    squares = np.where(same, 0.0, squares)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)
