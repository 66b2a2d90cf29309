"""A quarter as the panels see it: measured columns that nobody can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

Columns = Mapping[str, Any]
"""Column name to values: read-only arrays of numbers and flags, tuples of texts."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One measured quarter.

    Attributes
    ----------
    step : int
        Quarters played, from 1.
    quarter : str
        Its name, "2026Q3".
    tables : mapping of str to Columns
        ``steps`` (one row), ``firms``, ``links``, ``contracts``, ``events``, ``decisions``; columns as in the
        data dictionary, rows by firm key.
    """

    step: int
    quarter: str
    tables: Mapping[str, Columns]

    @property
    def steps(self) -> dict[str, Any]:
        """The market as a whole: column to value."""
        return {name: _plain(values[0]) for name, values in self.tables["steps"].items()}

    def rows(self, table: str) -> Iterator[Mapping[str, Any]]:
        """Rows of a table, plain values by column."""
        return iter(_rows(self, table))

    def values(self, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Plain values of some columns, row by row: quicker than whole rows."""
        part = self.tables[table]
        return zip(*(v.tolist() if isinstance(v := part[name], np.ndarray) else v for name in columns))

    def firm(self, name: str) -> dict[str, Any] | None:
        """Row of a firm or segment; None where there is none of that name."""
        part = self.tables["firms"]
        if name not in part["firm"]:
            return None
        at = part["firm"].index(name)
        return {column: _plain(values[at]) for column, values in part.items()}


@lru_cache(maxsize=12)
def _rows(of: Snapshot, table: str) -> tuple[Mapping[str, Any], ...]:
    """Rows of a table; several panels of a frame read the same ones."""
    names = tuple(of.tables[table])
    return tuple(dict(zip(names, values)) for values in of.values(table, *names))


def snapshot(step: int, quarter: str, measured: Mapping[str, Mapping[str, Any]]) -> Snapshot:
    """Freeze what a recorder holds of a quarter (its arrays are shared, and read-only from now on)."""
    tables = {
        name: MappingProxyType({k: _frozen(v) for k, v in part.items()}) for name, part in measured.items()
    }
    return Snapshot(step, quarter, MappingProxyType(tables))


def _frozen(values: Any) -> Any:
    if not isinstance(values, np.ndarray):
        return tuple(values)
    values.setflags(write=False)
    return values


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
