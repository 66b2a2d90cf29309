"""The data dictionary: every column of every results table with its type, unit and meaning.

The columns are data (`columns.csv` beside this file): the recorder takes their order and types from it, the
`columns` command and the reports their units and meaning.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

DType = Literal["str", "int", "float", "bool"]

HEAD = ("scenario", "seed", "quarter")
"""Columns that every table begins with."""

ORDER = {
    "steps": (),
    "firms": ("firm",),
    "links": ("supplier", "buyer"),
    "contracts": ("contract",),
    "events": ("stage", "kind", "firm", "counterparty", "detail", "amount"),
    "decisions": ("firm", "verb", "option", "detail"),
    "measures": ("measure",),
}
"""Tables by name, with the columns that order the rows of a quarter."""

EXTRA = ("measures",)
"""Tables that are there only when a run has something for them: measures that third parties registered."""

TABLES = tuple(name for name in ORDER if name not in EXTRA)

UNIQUE = frozenset({"firms", "links", "contracts", "measures"})
"""Tables in which the ordering columns identify a row of a quarter."""


@dataclass(frozen=True)
class Column:
    """One column of a results table. ``unit`` is empty where there is none and ``1`` for pure numbers."""

    table: str
    name: str
    dtype: DType
    unit: str
    meaning: str

    def as_dict(self) -> dict[str, str]:
        """Plain fields, for ``--json``."""
        return asdict(self)


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Columns of a table in their order, without the head that all share.

    Raises
    ------
    KeyError
        When there is no such table.
    """
    if table not in ORDER:
        raise KeyError(f"there is no table {table!r}; tables: {', '.join(ORDER)}")
    return tuple(column for column in _entries() if column.table == table)


@cache
def head() -> tuple[Column, ...]:
    """The columns that every table begins with."""
    return tuple(column for column in _entries() if column.table == "*")


def dictionary() -> Iterator[Column]:
    """Every column of every table, the shared head first."""
    yield from head()
    for table in ORDER:
        yield from columns(table)


def names(table: str) -> tuple[str, ...]:
    """Names of a table's columns, with the head."""
    return HEAD + tuple(column.name for column in columns(table))


@cache
def unit(table: str, name: str) -> str:
    """Unit of a column."""
    return next(column.unit for column in (*head(), *columns(table)) if column.name == name)


@cache
def _entries() -> tuple[Column, ...]:
    text = (files(__package__) / "columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(row["table"], row["column"], cast(DType, row["dtype"]), row["unit"], row["meaning"])
        for row in csv.DictReader(text.splitlines())
    )
