"""Windows of quarters, means by seed, bands over seeds. The seed is the observation, never the quarter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from market_abm.analysis.table import Band

LOW, HIGH = 5.0, 95.0
"""Percentiles of a band."""

YEAR = 4


def years(quarters: Sequence[str]) -> list[tuple[str, ...]]:
    """Quarters in years of the run; a last incomplete year joins the one before unless it is the only one."""
    found = [tuple(quarters[at : at + YEAR]) for at in range(0, len(quarters), YEAR)]
    if len(found) > 1 and len(found[-1]) < YEAR:
        found[-2:] = [found[-2] + found[-1]]
    return found


def first_year(quarters: Sequence[str]) -> tuple[str, ...]:
    """The first four quarters, or the first half of a shorter run."""
    return tuple(quarters[: _width(quarters)])


def last_year(quarters: Sequence[str]) -> tuple[str, ...]:
    """The last four quarters, or the last half of a shorter run."""
    return tuple(quarters[-_width(quarters) :])


def span(quarters: Sequence[str]) -> str:
    """A window in words: 2026Q3 to 2027Q2."""
    return quarters[0] if len(quarters) == 1 else f"{quarters[0]} to {quarters[-1]}"


def _width(quarters: Sequence[str]) -> int:
    return min(YEAR, max(1, len(quarters) // 2))


def by_seed(
    table: pd.DataFrame,
    keys: Sequence[str],
    column: str | pd.Series,
    quarters: Sequence[str],
    weight: str | None = None,
) -> pd.DataFrame:
    """Mean of a column over a window, for each key and seed.

    Parameters
    ----------
    table : DataFrame
        A results table.
    keys : sequence of str
        Columns that name the unit; empty for the steps table.
    column : str or Series
        Column to average, or values on the table's index. Missing values are left out of the mean, not
        counted as zero.
    quarters : sequence of str
        Window.
    weight : str, optional
        Column of weights.

    Returns
    -------
    DataFrame
        Index of keys, a column a seed (in the order of the table); NaN where a seed has no value.
    """
    seeds = pd.unique(table["seed"])
    values = (table[column] if isinstance(column, str) else column).to_numpy(dtype=np.float64)
    weights = table[weight].to_numpy(dtype=np.float64) if weight else np.ones(len(table))
    known = ~np.isnan(values) & table["quarter"].isin(list(quarters)).to_numpy() & (weights > 0)
    units, names = _units(table, keys)
    place = pd.Index(seeds).get_indexer(pd.Index(table["seed"]))[known] + len(seeds) * units[known]
    total, mass = (
        np.bincount(place, weights=item[known], minlength=len(seeds) * len(names)).reshape(
            len(names), len(seeds)
        )
        for item in (values * weights, weights)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pd.DataFrame(np.where(mass > 0, total / mass, np.nan), index=names, columns=seeds)
    return mean if not keys else mean[(mass > 0).any(axis=1)]


def _units(table: pd.DataFrame, keys: Sequence[str]) -> tuple[np.ndarray, pd.Index]:
    """Number of each row's unit, and the units in the order of their names."""
    if not keys:
        return np.zeros(len(table), dtype=np.int64), pd.Index([""])
    if len(keys) == 1:
        codes, found = pd.factorize(table[keys[0]], sort=True)
        return codes, pd.Index(found, name=keys[0])
    pairs, units = pd.MultiIndex.from_frame(table[list(keys)]).factorize(sort=True)
    return pairs, pd.MultiIndex.from_tuples(list(units), names=list(keys))


def summary(values: ArrayLike) -> float | Band:
    """The value of one seed; median and 5-95 % band of several. NaN where no seed has one."""
    array = np.asarray(values, dtype=np.float64).ravel()
    if len(array) == 1:
        return float(array[0])
    known = array[np.isfinite(array)]
    if not len(known):
        return Band(float("nan"), float("nan"), float("nan"))
    low, middle, high = np.percentile(known, (LOW, 50.0, HIGH))
    return Band(float(middle), float(low), float(high))


def middle(value: float | Band) -> float:
    """The value, or the median of a band."""
    return value.middle if isinstance(value, Band) else value
