"""Parts: results as workers write them, one folder a chunk of runs, moved into place when it is complete."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.experiments.store.journal import unwritable
from market_abm.results.store import flush_folder

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "parts"
UNFINISHED = ".unfinished-"
DAMAGED = ".damaged-"
RUNS = "runs"
"""The table that every part has: a row a run."""


@dataclass(frozen=True)
class Contents:
    """What lies in the folder of parts.

    Attributes
    ----------
    keys : mapping of str to tuple of str
        Keys of the runs in each readable part, by name of the part.
    damaged : tuple of str
        Parts that could not be read; they were put aside.
    """

    keys: Mapping[str, tuple[str, ...]]
    damaged: tuple[str, ...] = ()


def write(folder: Path, name: str, tables: Mapping[str, pa.Table]) -> int:
    """Write a part: a temporary folder, every file flushed to the disk, then one move.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    name : str
        Of the part; unique.
    tables : mapping
        Table name to Arrow table.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    StoreError
        When that is impossible; nothing of the part is left then.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = folder / FOLDER
    temporary = place / f"{UNFINISHED}{uuid.uuid4().hex}"
    total = 0
    try:
        temporary.mkdir()
        for table, content in tables.items():
            sink = pa.BufferOutputStream()
            pq.write_table(content, sink, compression="zstd", write_statistics=False)
            total += _written(temporary / f"{table}.parquet", sink.getvalue())
        flush_folder(temporary)
        os.rename(temporary, place / name)
        flush_folder(place)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise unwritable(place / name, error) from None
    return total


def _written(path: Path, data: memoryview) -> int:
    with open(path, "wb", buffering=0) as stream:
        view = memoryview(data)
        while len(view):
            view = view[stream.write(view) :]
        os.fsync(stream.fileno())
    return len(memoryview(data))


def contents(folder: Path, tables: tuple[str, ...], aside: bool = True) -> Contents:
    """Keys of the runs in every part; a part that cannot be read is put aside, so that its runs are done anew.

    Parameters
    ----------
    tables : tuple of str
        Tables that a part must have besides ``runs``.
    aside : bool
        Whether to rename it; else it is only passed over.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys: dict[str, tuple[str, ...]] = {}
    damaged = []
    for name in names(folder):
        place = folder / FOLDER / name
        try:
            for table in tables:
                pq.read_metadata(place / f"{table}.parquet")
            found = pq.read_table(place / f"{RUNS}.parquet", columns=["key"], use_threads=False)
            keys[name] = tuple(found.column("key").to_pylist())
        except (OSError, pa.ArrowException):
            damaged.append(name)
            if aside:
                put_aside(folder, name)
    return Contents(keys, tuple(damaged))


def keys_of(folder: Path, name: str) -> tuple[str, ...]:
    """Keys of the runs in one part; empty where it is not there or not readable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(folder / FOLDER / name / f"{RUNS}.parquet", columns=["key"], use_threads=False)
    except (OSError, pa.ArrowException):
        return ()
    return tuple(found.column("key").to_pylist())


def names(folder: Path) -> list[str]:
    """Names of the complete parts, sorted."""
    try:
        with os.scandir(folder / FOLDER) as found:
            return sorted(item.name for item in found if not item.name.startswith("."))
    except FileNotFoundError:
        return []


def put_aside(folder: Path, name: str) -> None:
    """Rename a damaged part, so that nothing reads it and a person can still look at it."""
    try:
        os.rename(folder / FOLDER / name, folder / FOLDER / f"{DAMAGED}{name}")
    except OSError as error:
        raise unwritable(folder / FOLDER / name, error) from None


def clean(folder: Path) -> int:
    """Remove what interrupted workers left unfinished; returns how many folders."""
    place = folder / FOLDER
    left = [item for item in place.iterdir() if item.name.startswith(UNFINISHED)]
    for item in left:
        shutil.rmtree(item, ignore_errors=True)
    return len(left)


def remove(folder: Path, part: str) -> None:
    """Remove a part whose runs are in the compact tables: out of sight first, so that no half part is seen."""
    gone = folder / FOLDER / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        os.rename(folder / FOLDER / part, gone)
    except OSError as error:
        raise unwritable(folder / FOLDER / part, error) from None
    shutil.rmtree(gone, ignore_errors=True)
