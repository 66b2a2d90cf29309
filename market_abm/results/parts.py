"""One table over quarters: columns checked against the data dictionary, rows in order.

Columns of one type are kept as one matrix over all quarters, so that a table costs a few operations, however many
quarters it has.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from functools import cache
from itertools import accumulate, chain
from operator import attrgetter, itemgetter, lt
from typing import Any, NamedTuple

import numpy as np

from market_abm.results.dictionary import ORDER, UNIQUE, Column, columns

Columns = dict[str, Any]
"""Column name to values: arrays of numbers and flags, lists of texts."""

Pieces = dict[str, list[Any]]
"""Column name to arrays or lists of values that follow each other, as a rule one a quarter."""

KINDS: dict[str, Any] = {"int": np.int64, "float": np.float64, "bool": np.bool_}

_FITS: dict[str, set[type]] = {"int": {int}, "float": {float, int}, "bool": {bool}}
"""Types of numbers that a column takes as they are."""

_ARRAYS = {"int": {"i"}, "float": {"f", "i"}, "bool": {"b"}}
"""Kinds of numpy arrays that a column takes as they are."""

_DIMENSIONS, _KIND = attrgetter("ndim"), attrgetter("dtype.kind")
"""Of an array."""

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
    """One table over one or more quarters, the rows of a quarter together."""

    sizes: list[int]
    """Rows of each quarter."""
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

    def last(self) -> Part:
        """The last quarter alone."""
        first = sum(self.sizes[:-1])
        return Part(
            self.sizes[-1:],
            {name: values[first:] for name, values in self.texts.items()},
            {dtype: matrix[:, first:] for dtype, matrix in self.numbers.items()},
        )


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


def part_of(table: str, quarters: Sequence[Any]) -> Part:
    """Measurements of quarters as one part of their table.

    Parameters
    ----------
    quarters : sequence
        What was measured in each: column to scalar (``steps``), a list of rows (``events``, ``decisions``) or
        column to values.

    Raises
    ------
    RecordError
        Unknown or missing columns, columns of unequal length, values of another type, a row twice.
    """
    layout = layout_of(table)
    if table in ("events", "decisions"):
        sizes = list(map(len, quarters))
        held = _by_column(table, layout, list(chain.from_iterable(quarters)))
    else:
        for given in quarters:
            same_names(f"columns of {table}", given.keys(), layout.names)
        held = {column.name: [given[column.name] for given in quarters] for column in layout.columns}
        if table == "steps":
            sizes = [1] * len(quarters)
            held = {name: [values] for name, values in held.items()}
        else:
            sizes = _same_sizes(layout, held)
    texts = _texts(layout, held)
    numbers = {
        dtype: _matrix(dtype, wanted, [held[column.name] for column in wanted])
        for dtype, wanted in layout.numbers.items()
    }
    return _sorted(table, Part(sizes, texts, numbers))


def joined(parts: Sequence[Part]) -> Part:
    """Parts of one table, at least one, as one part."""
    if len(parts) == 1:
        return parts[0]
    return Part(
        [size for part in parts for size in part.sizes],
        {name: _flat([part.texts[name] for part in parts]) for name in parts[0].texts},
        {
            dtype: np.concatenate([part.numbers[dtype] for part in parts], axis=1)
            for dtype in parts[0].numbers
        },
    )


def _by_column(table: str, layout: Layout, rows: list[dict[str, Any]]) -> Pieces:
    """Columns of a list of rows, filled in where a row says nothing."""
    width = len(layout.silent)
    full = [row if len(row) == width else layout.silent | row for row in rows]
    known = sum(map(len, full)) == width * len(full)
    try:
        held = {name: [[row[name] for row in full]] for name in layout.silent}
    except KeyError:
        known = False
    if not known:  # only then is it worth going through the names of all rows
        same_names(f"columns of {table}", set().union(*rows), layout.names, partial=True)
    return held


def _same_sizes(layout: Layout, held: Pieces) -> list[int]:
    """Rows of each quarter, the same in every column."""
    first = layout.columns[0]
    sizes = list(map(len, held[first.name]))
    for column in layout.columns:
        found = list(map(len, held[column.name]))
        if found != sizes:
            odd, rows = next((odd, rows) for odd, rows in zip(found, sizes) if odd != rows)
            raise RecordError(
                f"{column.table}.{column.name} has {odd} rows where {first.table}.{first.name} has {rows}"
            )
    return sizes


def _texts(layout: Layout, held: Pieces) -> dict[str, list[str]]:
    """The columns of texts."""
    plain = [_flat(held[column.name]) for column in layout.texts]
    try:
        for values in plain:
            "".join(values)  # only texts join
    except TypeError:
        plain = [[_value(column, value) for value in values] for column, values in zip(layout.texts, plain)]
    return {column.name: values for column, values in zip(layout.texts, plain)}


def _matrix(dtype: str, wanted: tuple[Column, ...], held: list[list[Any]]) -> np.ndarray:
    """The columns of one type, (columns, rows), unless one of them is infinite."""
    pieces = list(chain.from_iterable(held))
    if _are_arrays(dtype, pieces):
        numbers = np.concatenate(pieces, dtype=KINDS[dtype], casting="unsafe")
    else:
        plain = [_flat(of_column) for of_column in held]
        if not _FITS[dtype].issuperset(map(type, chain.from_iterable(plain))):
            plain = [[_value(column, value) for value in values] for column, values in zip(wanted, plain)]
        numbers = np.array(list(chain.from_iterable(plain)), dtype=KINDS[dtype])
    matrix = numbers.reshape(len(wanted), len(numbers) // len(wanted))
    if dtype == "float" and np.isinf(matrix).any():
        raise _refused(wanted[int(np.isinf(matrix).any(axis=1).argmax())], math.inf)
    return matrix


def _flat(pieces: Iterable[Any]) -> list[Any]:
    """Plain values of the pieces of a column, one after the other."""
    values: list[Any] = []
    for piece in pieces:
        values.extend(piece.tolist() if isinstance(piece, np.ndarray) else piece)
    return values


def _are_arrays(dtype: str, pieces: list[Any]) -> bool:
    """Whether all pieces are arrays that a column takes as they are; floats are whole numbers where all of them are."""
    if set(map(type, pieces)) != {np.ndarray} or set(map(_DIMENSIONS, pieces)) != {1}:
        return False
    kinds = set(map(_KIND, pieces))
    if dtype == "int" and "f" in kinds:
        floats = np.concatenate([piece for piece in pieces if piece.dtype.kind == "f"])
        return kinds <= {"i", "f"} and all(map(float.is_integer, floats.tolist()))
    return kinds <= _ARRAYS[dtype]


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


def each_its_own(records: Sequence[Any]) -> None:
    """Refuse one record for two quarters: they are read after the run, and it would tell of the last one twice.

    Raises
    ------
    RecordError
    """
    if len(set(map(id, records))) < len(records):
        raise RecordError("the model left the same record in two quarters; make a new mapping in every step")


def _sorted(table: str, part: Part) -> Part:
    """Rows in the order of the firm key within each quarter, whatever the order of the file."""
    keys = [_sortable(table, part, name) for name in ORDER[table]]
    if not keys:
        return part
    rows = keys[0] if len(keys) == 1 else list(zip(*keys))
    ends = list(accumulate(part.sizes))
    quarters = [rows[end - size : end] for size, end in zip(part.sizes, ends)]
    # In order already, and none of them twice.
    if all(all(map(lt, quarter, quarter[1:])) for quarter in quarters):
        return part
    order: list[int] = []
    for quarter, end in zip(quarters, ends):
        if table in UNIQUE and len(set(quarter)) < len(quarter):
            raise _twice(table, quarter)
        order += sorted(range(end - len(quarter), end), key=rows.__getitem__)
    pick = itemgetter(*order)
    return Part(
        part.sizes,
        {name: list(pick(values)) for name, values in part.texts.items()},
        {dtype: matrix[:, order] for dtype, matrix in part.numbers.items()},
    )


def _twice(table: str, rows: list[Any]) -> RecordError:
    row = next(row for row, times in Counter(rows).items() if times > 1)
    return RecordError(f"{table}: {row if isinstance(row, str) else ' > '.join(row)} stands there twice")


def _sortable(table: str, part: Part, name: str) -> list:
    """A column that can be compared: NaN, which cannot, comes first."""
    if name in part.texts:
        return part.texts[name]
    plain = part.column(table, name).tolist()
    return [-math.inf if value != value else value for value in plain]
