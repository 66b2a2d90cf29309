"""The figure that is told while a sweep runs: a mean over runs with an interval over seeds."""

from __future__ import annotations

import math
from collections import defaultdict

from market_abm.results.dictionary import columns

Z = 1.959963984540054
"""Normal quantile of a 95 % interval."""


class Headline:
    """Mean of a column of steps over runs; of a count or a flag the share of runs in which it is above zero.

    Runs of one seed are not independent: the interval is clustered by seed.

    Parameters
    ----------
    column : str or None
        None tells nothing.
    """

    def __init__(self, column: str | None) -> None:
        self.column = column
        kinds = {item.name: item.dtype for item in columns("steps")}
        self.counts = column is not None and kinds.get(column) in ("int", "bool")
        self._sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, seed: int, value: float | None) -> None:
        """One run."""
        if value is not None:
            sums = self._sums[seed]
            sums[0] += float(value > 0) if self.counts else value
            sums[1] += 1.0

    @property
    def mean(self) -> float:
        """Over all runs so far; NaN without any."""
        size = sum(count for _, count in self._sums.values())
        return sum(total for total, _ in self._sums.values()) / size if size else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean, clustered by seed; NaN with fewer than two seeds."""
        clusters = list(self._sums.values())
        size, groups, mean = sum(count for _, count in clusters), len(clusters), self.mean
        if groups < 2:
            return math.nan, math.nan
        spread = sum((total - mean * count) ** 2 for total, count in clusters)
        error = math.sqrt(spread * groups / (groups - 1)) / size
        low, high = mean - Z * error, mean + Z * error
        return (max(low, 0.0), min(high, 1.0)) if self.counts else (low, high)

    def words(self) -> str:
        """The figure in words; empty before there is one."""
        if self.column is None or math.isnan(self.mean):
            return ""
        low, high = self.interval
        scale, sign, name = (
            (100.0, " %", f"runs with {self.column} > 0") if self.counts else (1.0, "", self.column)
        )
        digits = ".1f" if self.counts else ".3g"
        text = f"{name}: {scale * self.mean:{digits}}{sign}"
        if math.isnan(low):
            return text
        return f"{text} ({scale * low:{digits}} to {scale * high:{digits}})"
