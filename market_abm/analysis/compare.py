"""Paired comparison: scenarios under common seeds differ by what differs in them, not by luck.

Draws are keyed by seed and purpose, so two scenarios share every shock and guess that both have. The
difference is taken seed by seed; its mean comes with a Student t interval over seeds (quarters are never
observations).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.statistics import by_seed, first_year, last_year, span
from market_abm.results.dictionary import columns

if TYPE_CHECKING:
    from market_abm.analysis.table import Table
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

LEVEL = 0.95
"""Level of the intervals."""

GRAINS: dict[str, tuple[str, ...]] = {"steps": (), "firms": ("firm",), "links": ("supplier", "buyer")}
"""Tables that can be compared, with the columns that name a unit."""

ALIASES = {"price": "price_index_usd_per_gpu_hour", "hhi": "hhi_merchant"}

STATISTICS = (
    "baseline",
    "other",
    "difference",
    "low",
    "high",
    "same_sign",
    "seeds",
    "variance_removed",
)


def compare(
    baseline: Scenario | str | os.PathLike[str],
    *others: Scenario | str | os.PathLike[str],
    replications: int = 30,
    seed: int = 1,
    workers: int | None = 1,
    **options: Any,
) -> Comparison:
    """Run scenarios under common seeds and compare them with the first.

    Parameters
    ----------
    baseline, others : Scenario, name of a shipped one, or file
    replications : int
        Seeds ``seed``, ``seed + 1``, ...
    workers : int or None
        Processes; None takes one a core.
    options
        ``pin``, ``model``, ``progress`` as for :func:`market_abm.replicate`.

    Returns
    -------
    Comparison
    """
    from market_abm.experiments.replicate import replicate_all

    if not others:
        raise ValueError("nothing to compare with; name at least one other scenario")
    results = replicate_all([baseline, *others], range(seed, seed + replications), workers, **options)
    return Comparison(results[0], tuple(results[1:]))


@dataclass(frozen=True)
class Comparison:
    """Results of a baseline and of other scenarios under the same seeds."""

    baseline: Result
    others: tuple[Result, ...]

    def __repr__(self) -> str:
        names = ", ".join(self.names)
        return f"<Comparison of {names} with {self.baseline.setting.name}: {len(self.seeds())} seeds>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the other scenarios."""
        return tuple(other.setting.name for other in self.others)

    def seeds(self, other: int = 0) -> list[int]:
        """Seeds that finished in the baseline and in another scenario."""
        return [seed for seed in self.baseline.seeds if seed in self.others[other].seeds]

    def difference(
        self,
        column: str,
        quarters: str | Sequence[str] | None = None,
        *,
        table: str | None = None,
        other: int | str = 0,
    ) -> pd.DataFrame:
        """Paired differences of a column, other less baseline.

        Parameters
        ----------
        column : str
            A numeric column of the steps, firms or links table.
        quarters : str or sequence of str, optional
            A quarter; several, over which each seed is averaged first; ``"first year"``, ``"last year"`` or
            ``"all"``. Without it every quarter by itself.
        table : str, optional
            Where the same column stands in several tables; default the firms table, then links, then steps.
        other : int or str
            Which of the other scenarios.

        Returns
        -------
        DataFrame
            One row a quarter (or window) and unit: baseline and other (means over seeds), difference (mean of
            the paired differences), low and high (95 % Student t interval), same_sign (share of seeds whose
            difference has the sign of the mean; NaN where that is zero), seeds, variance_removed (by pairing:
            1 - var(d) / (var(a) + var(b)); NaN where nothing varies). Units that only one scenario has come
            out as NaN.

        Raises
        ------
        KeyError
            Unknown column, table or scenario.
        """
        step = other if isinstance(other, int) else self.names.index(_known(other, self.names))
        found, name = _located(column, table)
        seeds = self.seeds(step)
        frames = []
        for label, window in self._windows(quarters):
            pair = [
                by_seed(result.tables[found], GRAINS[found], name, window).reindex(columns=seeds)
                for result in (self.baseline, self.others[step])
            ]
            frame = paired(*pair)
            frame.insert(0, "quarter", label)
            frames.append(frame.set_axis(frame.index.set_names(GRAINS[found] or [None])))
        joined = pd.concat(frames)
        if not GRAINS[found]:
            return joined.reset_index(drop=True)
        joined = joined.reset_index()
        return joined[["quarter", *GRAINS[found], *STATISTICS]]

    def tables(self, other: int = 0) -> tuple[Table, Table]:
        """Main outcomes of the market, and of every lab."""
        from market_abm.analysis.compare_tables import labs, market

        return market(self, other), labs(self, other)

    def per_seed(self, other: int = 0) -> pd.DataFrame:
        """Both values and the difference of every headline outcome and seed, last year of the run."""
        from market_abm.analysis.compare_tables import per_seed

        return per_seed(self, other)

    def quarters(self, other: int = 0) -> list[str]:
        """Quarters that the baseline and another scenario share."""
        ours = self.others[other].quarters
        shared = [quarter for quarter in self.baseline.quarters if quarter in ours]
        if not shared:
            raise ValueError("the scenarios have no quarter in common; compare ones that overlap in time")
        return shared

    def _windows(self, quarters: str | Sequence[str] | None) -> Iterable[tuple[str, tuple[str, ...]]]:
        shared = self.quarters(0)
        if quarters is None:
            return [(quarter, (quarter,)) for quarter in shared]
        named = {"first year": first_year(shared), "last year": last_year(shared), "all": tuple(shared)}
        if isinstance(quarters, str):
            window = named.get(quarters, (quarters,))
        else:
            window = tuple(quarters)
        unknown = [quarter for quarter in window if quarter not in shared]
        if unknown:
            raise KeyError(f"{unknown[0]!r} is no common quarter; they run from {shared[0]} to {shared[-1]}")
        return [(span(window), window)]


def paired(baseline: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Statistics of paired differences.

    Parameters
    ----------
    baseline, other : DataFrame
        Values by unit (rows) and seed (the same columns in both).
    """
    units = baseline.index.union(other.index, sort=True) if len(baseline) + len(other) else baseline.index
    first = baseline.reindex(units).to_numpy(dtype=np.float64)
    second = other.reindex(units).to_numpy(dtype=np.float64)
    rows = [_paired(a, b) for a, b in zip(first, second)]
    return pd.DataFrame(rows, index=units, columns=list(STATISTICS))


def _paired(a: np.ndarray, b: np.ndarray) -> tuple[float, ...]:
    nan = float("nan")
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    n = len(a)
    if n == 0:
        return (nan, nan, nan, nan, nan, nan, 0, nan)
    d = b - a
    mean = float(d.mean())
    low = high = removed = nan
    if n > 1:
        half = student_t(n - 1) * float(d.std(ddof=1)) / n**0.5
        low, high = mean - half, mean + half
        spread = float(a.var(ddof=1) + b.var(ddof=1))
        removed = 1.0 - float(d.var(ddof=1)) / spread if spread > 0 else nan
    sign = float((np.sign(d) == np.sign(mean)).mean()) if mean != 0 else nan
    return (float(a.mean()), float(b.mean()), mean, low, high, sign, n, removed)


def student_t(freedom: int) -> float:
    """Quantile of Student's t for a two-sided interval of :data:`LEVEL`."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def _located(column: str, table: str | None) -> tuple[str, str]:
    """Table and name of a numeric column."""
    name = ALIASES.get(column, column)
    tables = [table] if table else ["firms", "links", "steps"]
    unknown = [item for item in tables if item not in GRAINS]
    if unknown:
        raise KeyError(f"no table {unknown[0]!r} to compare; tables: {', '.join(GRAINS)}")
    for found in tables:
        if any(item.name == name and item.dtype != "str" for item in columns(found)):
            return found, name
    raise KeyError(f"no numeric column {column!r} in {', '.join(tables)}; see `market-abm columns`")


def _known(name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise KeyError(f"no scenario {name!r} here; scenarios: {', '.join(names)}")
    return name
