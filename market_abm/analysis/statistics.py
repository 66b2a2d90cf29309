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
    seeds = list(dict.fromkeys(table["seed"]))
    values = table[column] if isinstance(column, str) else column
    weights = table[weight] if weight else pd.Series(1.0, index=table.index)
    known = values.notna() & table["quarter"].isin(list(quarters)) & (weights > 0)
    part = table.loc[known, ["seed", *keys]]
    grouping = [part[name] for name in (*keys, "seed")]
    total = (values * weights)[known].groupby(grouping).sum()
    mass = weights[known].groupby(grouping).sum()
    mean = total / mass
    if not keys:
        return mean.reindex(seeds).to_frame().T.set_axis([""], axis=0)
    return mean.unstack("seed").reindex(columns=seeds)


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
