"""The recorder: what the model measured, quarter by quarter, as checked columns and in the end as tables."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.results.dictionary import EXTRA, ORDER, TABLES, UNIQUE, Column, columns

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, Any]
"""Column name to values: arrays of numbers and flags, lists of texts."""

_KINDS: dict[str, Any] = {"int": np.int64, "float": np.float64, "bool": np.bool_}

_FITS: dict[str, set[type]] = {"str": {str}, "int": {int}, "float": {float, int}, "bool": {bool}}
"""Types that a column takes as they are."""

_EMPTY = {"str": "", "float": math.nan}
"""What stands where an event or decision says nothing."""


class RecordError(ValueError):
    """Measurements that do not fit the data dictionary."""


class Recorder:
    """Collects the tables of one run.

    Parameters
    ----------
    scenario : str
        Name of the scenario.
    seed : int
        Seed of the run.
    start : str
        First quarter, "2026Q3".

    Attributes
    ----------
    last : dict
        The last quarter recorded: table name to columns (lists in the order of the rows), without the head.
    quarters : list of str
        Quarters recorded so far.
    """

    def __init__(self, scenario: str, seed: int, start: str) -> None:
        self.scenario, self.seed, self.start = scenario, int(seed), start
        self.quarters: list[str] = []
        self.last: dict[str, Columns] = {}
        self._quarters: list[dict[str, Columns]] = []

    def record(self, quarter: str, tables: Mapping[str, Any]) -> None:
        """Add a quarter.

        Parameters
        ----------
        quarter : str
            Its name.
        tables : mapping
            ``steps``: column to scalar; ``firms``, ``links``, ``contracts``: column to array; ``events`` and
            ``decisions``: a list of dicts, in which texts and amounts may be left out. ``measures`` may be
            there or not, but then in every quarter.

        Raises
        ------
        RecordError
            Unknown or missing tables and columns, columns of unequal length, values of another type, a firm,
            link or contract twice, a quarter that does not follow the last one.
        """
        expected = _next_quarter(self.quarters[-1]) if self.quarters else self.start
        if quarter != expected:
            raise RecordError(
                f"quarter {quarter} recorded where {expected} is due; record each quarter once, in order"
            )
        extra = tuple(name for name in EXTRA if name in (self.last if self.quarters else tables))
        wanted = TABLES + extra
        _same_names("tables", set(tables), set(wanted))
        checked = {name: _sorted(name, _columns(name, tables[name])) for name in wanted}
        self.quarters.append(quarter)
        self._quarters.append(checked)
        self.last = checked

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables by name; columns in the order of the dictionary, rows by quarter, then by firm key."""
        import pandas as pd

        found = {}
        for name in self.last or TABLES:
            parts = [quarter[name] for quarter in self._quarters]
            sizes = [_size(part) for part in parts]
            body: dict[str, Any] = {
                "scenario": pd.array([self.scenario] * sum(sizes), dtype="str"),
                "seed": np.full(sum(sizes), self.seed, dtype=np.int64),
                "quarter": pd.array(
                    [q for q, size in zip(self.quarters, sizes) for _ in range(size)], dtype="str"
                ),
            }
            for column in columns(name):
                pieces = [part[column.name] for part in parts]
                if column.dtype == "str":
                    body[column.name] = pd.array(list(chain.from_iterable(pieces)), dtype="str")
                else:
                    empty = np.zeros(0, dtype=_KINDS[column.dtype])
                    body[column.name] = np.concatenate([empty, *pieces])
            found[name] = pd.DataFrame(body)
        return found


def _size(part: Columns) -> int:
    return len(next(iter(part.values())))


def _columns(table: str, given: Any) -> Columns:
    """Checked columns of one table and quarter."""
    wanted = columns(table)
    names = {column.name for column in wanted}
    if table in ("events", "decisions"):
        _same_names(f"columns of {table}", set().union(*given), names, partial=True)
        rows = {
            column.name: _checked(column, [row.get(column.name, _EMPTY.get(column.dtype)) for row in given])
            for column in wanted
        }
        return _finite(wanted, rows)
    _same_names(f"columns of {table}", set(given), names)
    if table == "steps":
        return _finite(wanted, {column.name: _checked(column, [given[column.name]]) for column in wanted})
    found = {column.name: _checked(column, given[column.name]) for column in wanted}
    sizes = {name: len(values) for name, values in found.items()}
    if len(set(sizes.values())) > 1:
        first = wanted[0].name
        odd = next(name for name, size in sizes.items() if size != sizes[first])
        raise RecordError(f"{table}.{odd} has {sizes[odd]} rows where {table}.{first} has {sizes[first]}")
    return _finite(wanted, found)


def _checked(column: Column, values: Any) -> Any:
    """Values of the column's type: whole numbers are floats and the reverse, None is a missing float."""
    if isinstance(values, np.ndarray) and column.dtype != "str" and values.ndim == 1:
        kind = values.dtype.kind
        if kind == column.dtype[0] or (kind == "i" and column.dtype == "float"):
            return values.astype(_KINDS[column.dtype])
    plain = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if not _FITS[column.dtype].issuperset(map(type, plain)):
        plain = [_value(column, value) for value in plain]
    return plain if column.dtype == "str" else np.array(plain, dtype=_KINDS[column.dtype])


def _finite(wanted: tuple[Column, ...], found: Columns) -> Columns:
    """The columns, unless there is an infinite number in them."""
    numbers = {column: found[column.name] for column in wanted if column.dtype == "float"}
    if np.isinf(np.concatenate(list(numbers.values()))).any():
        raise _refused(next(column for column, array in numbers.items() if np.isinf(array).any()), math.inf)
    return found


def _value(column: Column, value: Any) -> Any:
    """One value that is not yet of the column's type, if it can be had without loss."""
    value = value.item() if isinstance(value, np.generic) else value
    flag = isinstance(value, bool)
    if column.dtype == "float":
        value = math.nan if value is None else value
        fits = isinstance(value, int | float) and not flag and not math.isinf(value)
    elif column.dtype == "int":
        whole = isinstance(value, float) and value.is_integer()
        value = int(value) if whole else value
        fits = isinstance(value, int) and not flag
    else:
        fits = flag if column.dtype == "bool" else isinstance(value, str)
    if not fits:
        raise _refused(column, value)
    return str(value) if column.dtype == "str" else value


def _refused(column: Column, value: Any) -> RecordError:
    if isinstance(value, float) and math.isinf(value):
        return RecordError(f"{column.table}.{column.name} is infinite; write NaN where there is no value")
    kind = type(value).__name__
    return RecordError(f"{column.table}.{column.name} must be {column.dtype}, not {value!r} ({kind})")


def _same_names(what: str, given: set[str], wanted: set[str], partial: bool = False) -> None:
    extra, missing = sorted(given - wanted), sorted(wanted - given)
    if extra:
        near = difflib.get_close_matches(extra[0], wanted, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise RecordError(f"{what}: {', '.join(extra)} not in the data dictionary{hint}")
    if missing and not partial:
        raise RecordError(f"{what}: {', '.join(missing)} missing; write NaN where there is no value")


def _sorted(table: str, part: Columns) -> Columns:
    """Rows in the order of the firm key, whatever the order of the file."""
    keys = ORDER[table]
    if not keys:
        return part
    rows = list(zip(*(_sortable(part[key]) for key in keys)))
    if table in UNIQUE and len(set(rows)) < len(rows):
        twice = next(row for row in rows if rows.count(row) > 1)
        raise RecordError(f"{table}: {' > '.join(str(item) for item in twice)} stands there twice")
    order = sorted(range(len(rows)), key=rows.__getitem__)
    if order == list(range(len(rows))):
        return part
    return {
        name: [values[row] for row in order] if isinstance(values, list) else values[order]
        for name, values in part.items()
    }


def _sortable(values: Any) -> list:
    """A column that can be compared: NaN, which cannot, comes first."""
    plain = values if isinstance(values, list) else values.tolist()
    if isinstance(values, list) or values.dtype.kind != "f":
        return plain
    return [(False, 0.0) if math.isnan(value) else (True, value) for value in plain]


def _next_quarter(quarter: str) -> str:
    year, number = int(quarter[:4]), int(quarter[5:])
    return f"{year + 1}Q1" if number == 4 else f"{year}Q{number + 1}"
