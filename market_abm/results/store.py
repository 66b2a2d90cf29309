"""The results folder: a Parquet file a table and `manifest.json`; a crash leaves no half results."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.results.dictionary import EXTRA, TABLES, columns, head, names
from market_abm.results.manifest import RESULTS_VERSION, manifest
from market_abm.results.result import Result
from market_abm.results.setting import Setting

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"


class StoreError(ValueError):
    """A folder that cannot be written, or holds no complete results."""


def write(
    result: Result, folder: str | os.PathLike[str], command: str = "", started: str | None = None
) -> Path:
    """Write the tables and the manifest of a result.

    Every file is written under a temporary name, flushed to the disk and moved into place; the manifest goes
    first when old results are replaced and comes last when new ones are complete.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StoreError
        When the folder cannot be written.
    """
    path = prepare(folder)
    (path / MANIFEST).unlink(missing_ok=True)
    tables = {}
    for name in EXTRA:
        (path / f"{name}.parquet").unlink(missing_ok=True)  # of older results
    for name in result.tables:
        data = parquet(result.tables[name])
        write_bytes(path / f"{name}.parquet", data)
        tables[name] = {"rows": len(result.tables[name]), "sha256": hashlib.sha256(data).hexdigest()}
    now = started or datetime.now(UTC).isoformat(timespec="seconds")
    write_json(path / MANIFEST, manifest(result, command, now, tables))
    return path


def read(folder: str | os.PathLike[str]) -> Result:
    """Read a results folder back.

    Raises
    ------
    StoreError
        When it is not one, is incomplete, of another version or was changed.
    """
    import pandas as pd

    path = Path(folder)
    if not path.is_dir():
        raise StoreError(f"{path}: there is no such folder; name one that `market-abm run` wrote")
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(
            f"{path}: no complete results ({MANIFEST} is missing); run the scenario again"
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path / MANIFEST}: cannot be read ({error}); run the scenario again") from None
    found = content.get("results_version") if isinstance(content, dict) else None
    if found != RESULTS_VERSION:
        raise StoreError(
            f"{path}: results of version {found}, this program reads {RESULTS_VERSION}; run it again"
        )
    tables: dict[str, pd.DataFrame] = {}
    try:
        for name in (*TABLES, *(name for name in EXTRA if name in content["tables"])):
            data = (path / f"{name}.parquet").read_bytes()
            if hashlib.sha256(data).hexdigest() != content["tables"][name]["sha256"]:
                raise StoreError(
                    f"{path / name}.parquet: changed since it was written; run the scenario again"
                )
            tables[name] = typed(name, pd.read_parquet(BytesIO(data)))
        setting = Setting.from_dict(content["scenario"])
    except (OSError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path}: incomplete results ({error}); run the scenario again") from None
    return Result(setting, tables, tuple(content["failures"]), content["timings_seconds"])


def prepare(folder: str | os.PathLike[str]) -> Path:
    """Make a folder if it is not there.

    Raises
    ------
    StoreError
        When that is impossible.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(
            f"{path}: cannot make this folder ({reason}); choose another one with --out"
        ) from None
    return path


def typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns and types of the dictionary."""
    kinds = {"str": "str", "int": "int64", "float": "float64", "bool": "bool"}
    types = {column.name: kinds[column.dtype] for column in (*head(), *columns(name))}
    return table[list(names(name))].astype(types)


def empty_table(name: str) -> pd.DataFrame:
    """A table without rows, with the columns and types of the dictionary."""
    import pandas as pd

    return typed(name, pd.DataFrame(columns=list(names(name))))


def parquet(table: pd.DataFrame) -> bytes:
    """The table as a Parquet file; missing numbers are null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = BytesIO()
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, buffer, compression="zstd")
    return buffer.getvalue()


def write_json(path: Path, content: Any) -> None:
    """Write JSON; missing numbers are null."""
    write_text(path, json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write to a temporary file beside ``path``, flush it to the disk, move it into place.

    Raises
    ------
    StoreError
        When that is impossible; what stood there before then still does.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
        flush_folder(path.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(
            f"{path}: cannot write this file ({reason}); choose another folder with --out"
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def plain(value: Any) -> Any:
    """JSON values: NumPy numbers unpacked, missing and infinite ones None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not (value == value and abs(value) != float("inf")):
        return None
    return value


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def flush_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
