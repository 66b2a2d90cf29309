"""The figure that is told while a sweep runs: a mean over runs with an interval over seeds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.results.dictionary import columns

if TYPE_CHECKING:
    from market_abm.experiments.experiment import Experiment

Z = 1.959963984540054
"""Normal quantile of a 95 % interval."""


class RunningFigure:
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


def stored_values(folder: Path, experiment: Experiment, keys: Set[str]) -> Iterator[tuple[int, float | None]]:
    """Seed and figure of the runs that are stored already; nothing where the figure is not kept.

    Parameters
    ----------
    keys : set of str
        Runs that belong to the sweep.
    """
    from market_abm.experiments.store.overview import connect

    name, kept = experiment.headline, experiment.keep.get("steps")
    if not keys or name is None or kept is None or (kept.columns != "all" and name not in kept.columns):
        return
    with connect(folder) as link:
        query = f'SELECT key, seed, arg_max("{name}", quarter) FROM stored_steps GROUP BY key, seed'
        rows = link.execute(query).fetchall()
    for key, seed, value in rows:
        if key in keys:
            yield seed, None if value is None else float(value)
