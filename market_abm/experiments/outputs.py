"""What is kept of a run: columns of results tables, as Arrow tables a chunk of runs long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from market_abm.results.dictionary import ORDER, Column, columns
from market_abm.results.parts import each_its_own

if TYPE_CHECKING:
    import pyarrow as pa

    from market_abm.experiments.experiment import Experiment, Kept

HEAD = ("key", "scenario", "seed", "quarter")
"""Columns that every kept table begins with."""

RUN_COLUMNS = ("key", "scenario", "seed")
YEAR = 4


class RunTables:
    """Rows of one run; thrown away when the run fails.

    Parameters
    ----------
    keep : mapping
        What is kept, by table.
    """

    def __init__(self, keep: Mapping[str, Kept]) -> None:
        self.keep = keep
        self.rows: dict[str, dict[str, list[Any]]] = {
            name: {column.name: [] for column in kept_columns(name, kept)} | {"quarter": []}
            for name, kept in keep.items()
        }

    def add(self, records: Sequence[tuple[str, Any]]) -> None:
        """Add the rows of quarters, with what the model left of each: read after the run, which is quicker."""
        each_its_own([record for _, record in records])
        for quarter, record in records:
            for name, kept in self.keep.items():
                found = record.get(name)
                if found is None or (not isinstance(found, Mapping) and not found):
                    continue
                if name == "steps":
                    self._extend(name, {column: [value] for column, value in found.items()}, quarter)
                else:
                    self._extend(name, _where(_as_columns(name, found), kept), quarter)

    def _extend(self, name: str, found: Mapping[str, list[Any]], quarter: str) -> None:
        mine = self.rows[name]
        size = len(next(iter(found.values()), []))
        for column, values in mine.items():
            values.extend([quarter] * size if column == "quarter" else found[column])


def kept_columns(table: str, kept: Kept) -> list[Column]:
    """Columns kept of a table, in the order of the dictionary; those that order its rows are always there."""
    wanted = None if kept.columns == "all" else {*kept.columns, *ORDER[table]}
    return [column for column in columns(table) if wanted is None or column.name in wanted]


def kept_quarters(experiment: Experiment, quarters: tuple[str, ...]) -> frozenset[str]:
    """Quarters of a run that are kept."""
    count = {"all": len(quarters), "last": 1, "last-year": YEAR}[experiment.quarters]
    return frozenset(quarters[-count:])


def arrow_tables(
    keep: Mapping[str, Kept], runs: Iterable[tuple[Mapping[str, Any], RunTables]]
) -> dict[str, pa.Table]:
    """Arrow tables of several runs, the table ``runs`` first.

    Parameters
    ----------
    runs : iterable of (head, rows)
        ``head`` has key, scenario, seed.
    """
    import pyarrow as pa

    done = list(runs)
    heads = {name: [head[name] for head, _ in done] for name in RUN_COLUMNS}
    tables = {"runs": pa.table(_head_arrays(heads))}
    for name, kept in keep.items():
        sizes = [len(rows.rows[name]["quarter"]) for _, rows in done]
        long = {
            column: [head[column] for (head, _), size in zip(done, sizes) for _ in range(size)]
            for column in RUN_COLUMNS
        }
        arrays = _head_arrays(long)
        for column in ("quarter", *(item.name for item in kept_columns(name, kept))):
            values = [value for _, rows in done for value in rows.rows[name][column]]
            arrays[column] = _array(name, column, values)
        tables[name] = pa.table(arrays)
    return tables


def _as_columns(name: str, found: Any) -> dict[str, list[Any]]:
    """Columns of lists from columns of arrays, or from a list of rows in which entries may be missing."""
    if isinstance(found, Mapping):
        return {column: list(values) for column, values in found.items()}
    empty = {"str": "", "float": None, "int": None, "bool": None}
    return {item.name: [row.get(item.name, empty[item.dtype]) for row in found] for item in columns(name)}


def _where(found: dict[str, list[Any]], kept: Kept) -> dict[str, list[Any]]:
    if not kept.where:
        return found
    size = len(next(iter(found.values()), []))
    rows = [
        row
        for row in range(size)
        if all(str(found[name][row]) in wanted for name, wanted in kept.where.items())
    ]
    return {column: [values[row] for row in rows] for column, values in found.items()}


def _head_arrays(heads: Mapping[str, list[Any]]) -> dict[str, pa.Array]:
    import pyarrow as pa

    kinds = {"key": pa.string(), "scenario": pa.string(), "seed": pa.int64()}
    return {name: pa.array(values, kinds[name]) for name, values in heads.items()}


def _array(table: str, column: str, values: list[Any]) -> pa.Array:
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    if column == "quarter":
        return pa.array(values, pa.string())
    dtype = next(item.dtype for item in columns(table) if item.name == column)
    if dtype == "float":
        values = [None if value is None or value != value else float(value) for value in values]
    else:
        values = [value.item() if hasattr(value, "item") else value for value in values]
    return pa.array(values, kinds[dtype])
