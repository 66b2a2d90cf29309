"""A results table as a block of numbers: unit by quarter by seed, so that windows and pairs are array work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from market_abm.results.result import Result

Floats = NDArray[np.float64]
Unit = tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """Where each unit, quarter and seed stands in a table.

    Attributes
    ----------
    table : DataFrame
        The results table.
    units : tuple of tuple of str
        Names of the units in their order; one empty name for the steps table.
    quarters : tuple of str
    seeds : tuple of int
    rows : int array (U, Q, S)
        Row of the table, -1 where there is none.
    """

    table: pd.DataFrame
    units: tuple[Unit, ...]
    quarters: tuple[str, ...]
    seeds: tuple[int, ...]
    rows: NDArray[np.int64]
    _blocks: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    def values(self, column: str) -> Floats:
        """A numeric column as a block (U, Q, S); NaN where there is no row or no value. Made once, read-only."""
        if column not in self._blocks:
            block = np.full(self.rows.shape, np.nan)
            there = self.rows >= 0
            block[there] = self.table[column].to_numpy(dtype=np.float64, na_value=np.nan)[self.rows[there]]
            block.flags.writeable = False
            self._blocks[column] = block
        return self._blocks[column]

    def mean(self, column: str, window: Sequence[str]) -> Floats:
        """Mean over a window by unit and seed (U, S); missing values are left out, not counted as zero."""
        return mean_known(self.values(column)[:, self.places(window)], axis=1)

    def places(self, window: Sequence[str]) -> list[int]:
        """Places of quarters; those that the table does not have are left out."""
        index = {quarter: place for place, quarter in enumerate(self.quarters)}
        return [index[quarter] for quarter in window if quarter in index]


_PANELS: WeakKeyDictionary[Result, dict[tuple[str, ...], Panel]] = WeakKeyDictionary()


def panel(result: Result, table: str, keys: Sequence[str] = ()) -> Panel:
    """The block of a results table; made once a result.

    Parameters
    ----------
    result : Result
    table : str
        Name of the table.
    keys : sequence of str
        Columns that name the unit; none for the steps table.
    """
    made = _PANELS.setdefault(result, {})
    name = (table, *keys)
    if name not in made:
        made[name] = _made(result.tables[table], tuple(keys), result.quarters, result.seeds)
    return made[name]


def mean_known(values: Floats, axis: int) -> Floats:
    """Mean of what is known along an axis; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _made(table: pd.DataFrame, keys: Unit, quarters: tuple[str, ...], seeds: tuple[int, ...]) -> Panel:
    codes, units = _units(table, keys)
    when = pd.Index(quarters).get_indexer(pd.Index(table["quarter"]))
    seed = pd.Index(seeds).get_indexer(pd.Index(table["seed"]))
    rows = np.full((len(units), len(quarters), len(seeds)), -1, dtype=np.int64)
    rows[codes, when, seed] = np.arange(len(table))
    return Panel(table, units, tuple(quarters), tuple(seeds), rows)


def _units(table: pd.DataFrame, keys: Unit) -> tuple[NDArray[np.int64], tuple[Unit, ...]]:
    """Number of each row's unit, and the units in the order of their names."""
    if not keys:
        return np.zeros(len(table), dtype=np.int64), (("",),)
    parts = [pd.factorize(table[key], sort=True) for key in keys]
    codes = np.zeros(len(table), dtype=np.int64)
    for numbers, names in parts:
        codes = codes * max(len(names), 1) + numbers
    known, places = np.unique(codes, return_inverse=True)
    units = []
    for code in known.tolist():
        unit = []
        for _, names in reversed(parts):
            code, place = divmod(code, max(len(names), 1))
            unit.append(str(names[place]))
        units.append(tuple(reversed(unit)))
    return places.astype(np.int64), tuple(units)
