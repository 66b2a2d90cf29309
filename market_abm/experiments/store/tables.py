"""Compact tables: the parts of a sweep merged into one Parquet file a table, in the order of the plan."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.store import parts
from market_abm.experiments.store.journal import unwritable
from market_abm.results.dictionary import ORDER
from market_abm.results.store import StoreError, flush_folder

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from market_abm.experiments.plan import Plan

PREFIX = "tables-"
ROWS = 50_000
"""Rows of a row group."""

MEMORY = "256MB"
"""Memory that a query may use before it works through the disk."""


@dataclass
class Compact:
    """The newest compact tables.

    Attributes
    ----------
    name : str
        Of their folder; empty where there is none.
    keys : tuple of str
        Runs in them.
    notes : list of str
        What was found damaged.
    """

    name: str = ""
    keys: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def plan_table(plan: Plan) -> bytes:
    """The plan as Parquet: a row a run, with key, point, hash of the point, seed and the factors' values."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    runs = plan.runs()
    points = plan.layout.points
    arrays: dict[str, Any] = {
        "key": pa.array([run.key for run in runs], pa.string()),
        "point": pa.array([run.point for run in runs], pa.int64()),
        "hash": pa.array([plan.hashes[run.point] for run in runs], pa.string()),
        "seed": pa.array([run.seed for run in runs], pa.int64()),
    }
    for name in points[0] if points else ():
        arrays[name] = _values([points[run.point][name] for run in runs])
    sink = BytesIO()
    pq.write_table(pa.table(arrays), sink, compression="zstd")
    return sink.getvalue()


def _values(found: list[Any]) -> Any:
    import pyarrow as pa

    if all(isinstance(item, bool) for item in found):
        return pa.array(found, pa.bool_())
    if all(isinstance(item, int | float) and not isinstance(item, bool) for item in found):
        whole = all(isinstance(item, int) for item in found)
        return pa.array(found, pa.int64() if whole else pa.float64())
    return pa.array([item if isinstance(item, str) else json.dumps(item) for item in found], pa.string())


def point_hashes(path: Path, sha256: str) -> list[str] | None:
    """Hash of each point, in their order; None where the file is not the one that was written."""
    import pyarrow.parquet as pq

    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    found = pq.read_table(BytesIO(data), columns=["point", "hash"])
    hashes = dict(zip(found.column("point").to_pylist(), found.column("hash").to_pylist()))
    return [hashes[point] for point in sorted(hashes)]


def current(folder: Path, kept: tuple[str, ...], aside: bool = True) -> Compact:
    """The newest readable compact tables; damaged ones are put aside, or only passed over."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = Compact()
    for name in reversed(generations(folder)):
        place = folder / name
        try:
            for table in kept:
                pq.read_metadata(place / f"{table}.parquet")
            keys = pq.read_table(place / f"{parts.RUNS}.parquet", columns=["key"]).column("key").to_pylist()
        except (OSError, pa.ArrowException):
            found.notes.append(f"{name} cannot be read; it was put aside, and its runs are done again")
            if aside:
                try:
                    os.rename(place, folder / f"{parts.DAMAGED}{name}")
                except OSError as error:
                    raise unwritable(place, error) from None
            continue
        found.name, found.keys = name, tuple(keys)
        return found
    return found


def generations(folder: Path) -> list[str]:
    """Folders of compact tables, the oldest first."""
    return sorted(item.name for item in folder.glob(f"{PREFIX}*") if re.fullmatch(PREFIX + r"\d+", item.name))


def compact(folder: Path, kept: tuple[str, ...]) -> Compact:
    """Merge compact tables and parts into new compact tables; then the parts and the old tables go.

    A crash in between leaves both: a run counts once, the compact tables rule.
    """
    old = current(folder, kept)
    found = parts.contents(folder, kept)
    if not found.keys:
        return old
    number = int(old.name.removeprefix(PREFIX)) + 1 if old.name else 1
    name = f"{PREFIX}{number:06d}"
    temporary = folder / f"{PREFIX}{parts.UNFINISHED}{uuid.uuid4().hex}"
    try:
        temporary.mkdir()
        with connect(folder, temporary) as link:
            for table in (parts.RUNS, *kept):
                _merged(link, folder, temporary, table, sources(folder, old, found), _ordering(table))
        for path in temporary.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                _flush(path)
        flush_folder(temporary)
        os.rename(temporary, folder / name)
        flush_folder(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise unwritable(folder / name, error) from None
    for part in found.keys:
        parts.remove(folder, part)
    if old.name:
        shutil.rmtree(folder / old.name, ignore_errors=True)
    return current(folder, kept)


def clean(folder: Path) -> None:
    """Remove compact tables that were never finished, and all but the newest."""
    for item in folder.glob(f"{PREFIX}{parts.UNFINISHED}*"):
        shutil.rmtree(item, ignore_errors=True)


def sources(folder: Path, old: Compact, found: parts.Contents) -> dict[str, tuple[str, ...]]:
    """Folders to read from, with the keys that each brings and none before it has."""
    seen = set(old.keys)
    result = {str(folder / old.name): old.keys} if old.name else {}
    for name, keys in found.keys.items():
        new = tuple(key for key in keys if key not in seen)
        seen.update(new)
        if new:
            result[str(folder / parts.FOLDER / name)] = new
    return result


def connect(folder: Path, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory that spills to the folder."""
    import duckdb

    link = duckdb.connect(":memory:")
    link.execute(f"SET memory_limit = '{MEMORY}'")
    link.execute("SET threads = 1")
    link.execute("SET enable_progress_bar = false")
    if spill is not None:
        link.execute(f"SET temp_directory = '{_quoted(spill / 'spill')}'")
    return link


def selected(table: str, found: Mapping[str, tuple[str, ...]], link: duckdb.DuckDBPyConnection) -> str:
    """SQL of all rows of a table over its sources, each run once, with ``file_row_number``."""
    import pyarrow as pa

    files = [str(Path(place) / f"{table}.parquet") for place in found]
    listed = ", ".join(f"'{_quoted(file)}'" for file in files)
    if len(files) == 1:
        return f"SELECT * FROM read_parquet([{listed}], file_row_number = true)"
    pairs = [(key, file) for file, keys in zip(files, found.values()) for key in keys]
    name = f"claims_{table}"
    link.register(name, pa.table({"key": [key for key, _ in pairs], "file": [file for _, file in pairs]}))
    return (
        f"SELECT t.* EXCLUDE (filename) FROM read_parquet([{listed}], filename = true, file_row_number = true) t "
        f"JOIN {name} c ON c.key = t.key AND c.file = t.filename"
    )


def _merged(
    link: duckdb.DuckDBPyConnection,
    folder: Path,
    temporary: Path,
    table: str,
    found: Mapping[str, tuple[str, ...]],
    order: Iterable[str],
) -> None:
    import duckdb

    rows = selected(table, found, link)
    words = "".join(f's."{name}", ' for name in order)
    query = (
        f"SELECT s.* EXCLUDE (file_row_number) FROM ({rows}) s "
        f"LEFT JOIN read_parquet('{_quoted(folder / 'plan.parquet')}') p ON p.key = s.key "
        f"ORDER BY p.point NULLS LAST, s.seed, s.key, {words}s.file_row_number"
    )
    try:
        _written(link.sql(query).to_arrow_reader(ROWS), temporary / f"{table}.parquet")
    except duckdb.Error as error:
        shutil.rmtree(temporary, ignore_errors=True)
        said = str(error).splitlines()[0]
        raise StoreError(
            f"{folder}: cannot merge the parts ({said}). Nothing is lost; make room or allow writing, and run "
            "the same command again"
        ) from None


def _written(reader: pa.RecordBatchReader, path: Path) -> None:
    """Write rows in groups of a fixed size: the bytes follow from the rows alone, not from how they came."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            while sum(item.num_rows for item in waiting) >= ROWS:
                held = pa.Table.from_batches(waiting).combine_chunks()
                writer.write_table(held.slice(0, ROWS), row_group_size=ROWS)
                waiting = held.slice(ROWS).to_batches()
        writer.write_table(
            pa.Table.from_batches(waiting, reader.schema).combine_chunks(), row_group_size=ROWS
        )


def _ordering(table: str) -> tuple[str, ...]:
    return () if table == parts.RUNS else ("quarter", *ORDER[table])


def _flush(path: Path) -> None:
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")
