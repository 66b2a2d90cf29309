"""One table in one quarter: columns checked against the data dictionary, rows in order.

Columns of one type are kept as one matrix, so that a quarter costs a few operations a table.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Set
from functools import cache
from itertools import chain
from operator import itemgetter, lt
from typing import Any, NamedTuple

import numpy as np

from market_abm.results.dictionary import ORDER, UNIQUE, Column, columns

Columns = dict[str, Any]
"""Column name to values: arrays of numbers and flags, lists of texts."""

KINDS: dict[str, Any] = {"int": np.int64, "float": np.float64, "bool": np.bool_}

_FITS: dict[str, set[type]] = {"int": {int}, "float": {float, int}, "bool": {bool}}
"""Types of numbers that a column takes as they are."""

_ARRAYS = {"int": "i", "float": "fi", "bool": "b"}
"""Kinds of numpy arrays that a column takes as they are."""

_EMPTY = {"str": "", "float": math.nan}
"""What stands where an event or decision says nothing."""


class RecordError(ValueError):
    """Measurements that do not fit the data dictionary."""


class Layout(NamedTuple):
    """What the dictionary says of a table."""

    columns: tuple[Column, ...]
    names: frozenset[str]
    texts: tuple[Column, ...]
    numbers: dict[str, tuple[Column, ...]]
    """By type, where there are any: columns of one type are kept as one matrix."""
    place: dict[str, tuple[str, int]]
    """Matrix and row of each column of numbers."""
    silent: dict[str, Any]
    """A row that says nothing."""


class Part(NamedTuple):
    """One table in one quarter."""

    rows: int
    texts: dict[str, list[str]]
    numbers: dict[str, np.ndarray]
    """By type, (columns of the type, rows)."""

    def columns(self, table: str) -> Columns:
        """Values by name, in the order of the dictionary."""
        return {column.name: self.column(table, column.name) for column in layout_of(table).columns}

    def column(self, table: str, name: str) -> Any:
        """Values of one column."""
        if name in self.texts:
            return self.texts[name]
        dtype, row = layout_of(table).place[name]
        return self.numbers[dtype][row]


@cache
def layout_of(table: str) -> Layout:
    wanted = columns(table)
    numbers = {
        dtype: of_type
        for dtype in KINDS
        if (of_type := tuple(column for column in wanted if column.dtype == dtype))
    }
    return Layout(
        columns=wanted,
        names=frozenset(column.name for column in wanted),
        texts=tuple(column for column in wanted if column.dtype == "str"),
        numbers=numbers,
        place={
            column.name: (dtype, row)
            for dtype, of_type in numbers.items()
            for row, column in enumerate(of_type)
        },
        silent={column.name: _EMPTY.get(column.dtype) for column in wanted},
    )


def part_of(table: str, given: Any) -> Part:
    """Measurements of a quarter as a part of their table.

    Raises
    ------
    RecordError
        Unknown or missing columns, columns of unequal length, values of another type, a row twice.
    """
    layout = layout_of(table)
    by_row = table in ("events", "decisions")
    names = set().union(*given) if by_row else given.keys()
    same_names(f"columns of {table}", names, layout.names, partial=by_row)
    if by_row:
        held = _by_column(layout, given)
    elif table == "steps":
        held = {name: (value,) for name, value in given.items()}
    else:
        held = {name: v if isinstance(v, np.ndarray) else list(v) for name, v in given.items()}
    rows = _same_size(layout, held)
    texts = _texts(layout, held)
    numbers = {
        dtype: _matrix(dtype, wanted, [held[column.name] for column in wanted]).reshape(len(wanted), rows)
        for dtype, wanted in layout.numbers.items()
    }
    return _sorted(table, Part(rows, texts, numbers))


def _by_column(layout: Layout, rows: list[dict[str, Any]]) -> Columns:
    """Columns of a list of rows, filled in where a row says nothing."""
    names, width = layout.silent.keys(), len(layout.silent)
    full = [row if len(row) == width else layout.silent | row for row in rows]
    values = zip(*map(itemgetter(*names), full)) if full else ((),) * width
    return dict(zip(names, values))


def _same_size(layout: Layout, held: Columns) -> int:
    """The number of rows, the same in every column."""
    if len(set(map(len, held.values()))) > 1:
        first = layout.columns[0]
        rows = len(held[first.name])
        odd = next(column for column in layout.columns if len(held[column.name]) != rows)
        raise RecordError(
            f"{odd.table}.{odd.name} has {len(held[odd.name])} rows where {first.table}.{first.name} has {rows}"
        )
    return len(next(iter(held.values())))


def _texts(layout: Layout, held: Columns) -> dict[str, list[str]]:
    """The columns of texts."""
    given = [held[column.name] for column in layout.texts]
    plain = [values.tolist() if isinstance(values, np.ndarray) else list(values) for values in given]
    try:
        "".join(chain.from_iterable(plain))  # only texts join
    except TypeError:
        plain = [[_value(column, value) for value in values] for column, values in zip(layout.texts, plain)]
    return {column.name: values for column, values in zip(layout.texts, plain)}


def _matrix(dtype: str, wanted: tuple[Column, ...], given: list[Any]) -> np.ndarray:
    """The numbers of columns of one type, one column after the other, unless one of them is infinite."""
    kinds = _ARRAYS[dtype]
    if dtype == "int":
        given = [_whole(values) for values in given]
    if all(isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype.kind in kinds for v in given):
        numbers = np.concatenate(given, dtype=KINDS[dtype], casting="unsafe")
    else:
        plain = [values.tolist() if isinstance(values, np.ndarray) else values for values in given]
        if not _FITS[dtype].issuperset(map(type, chain.from_iterable(plain))):
            plain = [[_value(column, value) for value in values] for column, values in zip(wanted, plain)]
        numbers = np.array(list(chain.from_iterable(plain)), dtype=KINDS[dtype])
    if dtype == "float" and np.isinf(numbers).any():
        raise _refused(wanted[int(np.isinf(numbers).argmax()) // (len(numbers) // len(wanted))], math.inf)
    return numbers


def _whole(values: Any) -> Any:
    """An array of floats as whole numbers where all of them are; anything else as it is."""
    floats = isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == "f"
    return values.astype(np.int64) if floats and all(map(float.is_integer, values.tolist())) else values


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


def same_names(what: str, given: Set[str], wanted: Set[str], partial: bool = False) -> None:
    if given == wanted or (partial and given <= wanted):
        return
    extra, missing = sorted(given - wanted), sorted(wanted - given)
    if extra:
        near = difflib.get_close_matches(extra[0], wanted, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise RecordError(f"{what}: {', '.join(extra)} not in the data dictionary{hint}")
    raise RecordError(f"{what}: {', '.join(missing)} missing; write NaN where there is no value")


def _sorted(table: str, part: Part) -> Part:
    """Rows in the order of the firm key, whatever the order of the file."""
    keys = [_sortable(table, part, name) for name in ORDER[table]]
    if not keys:
        return part
    rows = keys[0] if len(keys) == 1 else list(zip(*keys))
    if all(map(lt, rows, rows[1:])):  # in order already, and none of them twice
        return part
    if table in UNIQUE and len(set(rows)) < len(rows):
        twice = next(row for row in zip(*keys) if rows.count(row if len(keys) > 1 else row[0]) > 1)
        raise RecordError(f"{table}: {' > '.join(str(item) for item in twice)} stands there twice")
    order = sorted(range(part.rows), key=rows.__getitem__)
    pick = itemgetter(*order)
    return Part(
        part.rows,
        {name: list(pick(values)) for name, values in part.texts.items()},
        {dtype: matrix[:, order] for dtype, matrix in part.numbers.items()},
    )


def _sortable(table: str, part: Part, name: str) -> list:
    """A column that can be compared: NaN, which cannot, comes first."""
    if name in part.texts:
        return part.texts[name]
    plain = part.column(table, name).tolist()
    return [-math.inf if value != value else value for value in plain]
