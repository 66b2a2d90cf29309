"""Scores of a forecast against facts, beside those of forecasts without a model.

Errors are log ratios of levels and differences of shares (:func:`market_abm.experiments.observed.error_of`).
The continuous ranked probability score of a sample is E|X - y| - E|X - X'|/2 (Gneiting and Raftery 2007); of a
point forecast it is the absolute error, so the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_abm.experiments.forecast import Forecast
from market_abm.experiments.history import FIT_END, Fact, Key, by_key
from market_abm.experiments.naive import NAIVE
from market_abm.experiments.observed import OPENING, SERIES, transformed

Floats = NDArray[np.float64]

SPARSE = 8
"""Fewest points for a CRPS: below it says more about the points than about the forecast."""
MATCHED = 0.1
"""Errors within this share of each other count as equal."""
BEATEN, EQUAL, LOST, UNSCORED = "beaten", "matched", "lost", "no naive forecast"
LOW, HIGH = 5.0, 95.0
POOLED = "all firms"


@dataclass(frozen=True)
class Score:
    """One series of one firm over one window.

    Attributes
    ----------
    n : int
        Facts in the window that the model covers.
    coverage : float
        Share of them inside the 5-95 % band.
    error : float
        Mean absolute error of the median.
    bias : float
        Mean error of the median.
    crps : float
        Mean CRPS; NaN with fewer than :data:`SPARSE` facts.
    naive : mapping
        Mean absolute error of each naive forecast, which is its CRPS too; NaN where it cannot be made.
    anchored : float
        Mean absolute error of the last known fact carried on with the model's own growth: what is left of the
        error when the level is corrected at the origin (Clements and Hendry 1998). NaN without a known fact.
    """

    key: Key
    n: int
    coverage: float
    error: float
    bias: float
    crps: float
    naive: Mapping[str, float]
    anchored: float

    @property
    def best_naive(self) -> str:
        """The naive forecast with the least error; empty where none can be made."""
        known = {name: value for name, value in self.naive.items() if np.isfinite(value)}
        return min(known, key=lambda name: (known[name], list(NAIVE).index(name))) if known else ""

    def verdict(self, error: float | None = None) -> str:
        """Whether the best naive forecast is beaten, matched, or wins; of ``error`` in place of the model's."""
        if not self.best_naive:
            return UNSCORED
        mine, naive = self.error if error is None else error, self.naive[self.best_naive]
        if mine < (1.0 - MATCHED) * naive:
            return BEATEN
        return EQUAL if mine <= (1.0 + MATCHED) * naive else LOST


def crps(sample: Floats, value: float) -> float:
    """CRPS of a sample at a value, E|X - y| - E|X - X'|/2."""
    x = np.sort(np.asarray(sample, dtype=np.float64))
    n = len(x)
    weights = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.mean(np.abs(x - value)) - np.sum(weights * x) / n**2)


@dataclass(frozen=True)
class Points:
    """One value a fact: inside the band, error of the median, CRPS, level-corrected error, naive errors."""

    inside: tuple[bool, ...]
    errors: tuple[float, ...]
    ranked: tuple[float, ...]
    anchored: tuple[float, ...]
    naive: Mapping[str, tuple[float, ...]]

    def __add__(self, other: Points) -> Points:
        naive = {name: self.naive[name] + other.naive[name] for name in self.naive}
        return Points(
            self.inside + other.inside,
            self.errors + other.errors,
            self.ranked + other.ranked,
            self.anchored + other.anchored,
            naive,
        )

    def score(self, key: Key) -> Score:
        """Means over the facts."""
        n = len(self.errors)
        return Score(
            key=key,
            n=n,
            coverage=float(np.mean(self.inside)),
            error=float(np.mean(np.abs(self.errors))),
            bias=float(np.mean(self.errors)),
            crps=float(np.mean(self.ranked)) if n >= SPARSE else float("nan"),
            naive={name: float(np.mean(values)) for name, values in self.naive.items()},
            anchored=float(np.mean(np.abs(self.anchored))),
        )


def points(
    forecast: Forecast,
    facts: Iterable[Fact],
    known: Iterable[Fact],
    origin: str = FIT_END,
    after: str = FIT_END,
) -> dict[Key, Points]:
    """What is scored of every series and firm that the model covers.

    Parameters
    ----------
    forecast : Forecast
        Replications.
    facts : iterable of Fact
        What is scored: periods that end after ``after`` and inside the run.
    known : iterable of Fact
        What the naive forecasts may know: the part of it that ends in ``origin`` or before.
    """
    past = {key: [f for f in items if f.last <= origin] for key, items in by_key(known).items()}
    found = {}
    for key, items in by_key(facts).items():
        if key[0] not in SERIES:
            continue
        scored = [
            fact for fact in items if after < fact.last <= forecast.quarters[-1] and fact.last > OPENING
        ]
        scored = [fact for fact in scored if len(forecast.sample(fact))]
        if scored:
            found[key] = _points(forecast, key[0], scored, past.get(key, []))
    return found


def scores(
    forecast: Forecast,
    facts: Iterable[Fact],
    known: Iterable[Fact],
    origin: str = FIT_END,
    after: str = FIT_END,
) -> list[Score]:
    """Scores of every series and firm that the model covers; arguments as of :func:`points`."""
    return [item.score(key) for key, item in points(forecast, facts, known, origin, after).items()]


def pooled(found: Mapping[Key, Points]) -> list[Score]:
    """Scores over all firms of a series, where there are several: more facts than any of them has."""
    firms: dict[str, list[Points]] = {}
    for (series, firm), item in found.items():
        if firm != "four firms":  # a sum of the others
            firms.setdefault(series, []).append(item)
    return [
        sum(items[1:], start=items[0]).score((series, POOLED))
        for series, items in firms.items()
        if len(items) > 1
    ]


def _points(forecast: Forecast, series: str, facts: Sequence[Fact], past: Sequence[Fact]) -> Points:
    anchor = _anchor(forecast, past)
    inside, errors, ranked = [], [], []
    for fact in facts:
        sample = forecast.sample(fact)
        low, high = np.percentile(sample, (LOW, HIGH))
        inside.append(bool(low <= fact.value <= high))
        moved = np.array([transformed(value, series) for value in sample])
        truth = transformed(fact.value, series)
        errors.append(float(np.median(moved)) - truth)
        ranked.append(crps(moved, truth))
    naive = {
        name: tuple(
            abs(transformed(make(past, f.middle), series) - transformed(f.value, series)) for f in facts
        )
        for name, make in NAIVE.items()
    }
    return Points(
        tuple(inside), tuple(errors), tuple(ranked), tuple(error - anchor for error in errors), naive
    )


def _anchor(forecast: Forecast, past: Sequence[Fact]) -> float:
    """The model's error in the last known fact; NaN without one."""
    for fact in reversed(past):
        sample = forecast.sample(fact)
        if len(sample):
            moved = [transformed(value, fact.series) for value in sample]
            return float(np.median(moved)) - transformed(fact.value, fact.series)
    return float("nan")


def count(found: Iterable[Score], anchored: bool = False) -> dict[str, int]:
    """Number of series beaten, matched and lost, and of those without a naive forecast."""
    counts = dict.fromkeys((BEATEN, EQUAL, LOST, UNSCORED), 0)
    for score in found:
        counts[score.verdict(score.anchored if anchored else None)] += 1
    return counts
