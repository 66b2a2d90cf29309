"""The journal of a sweep: an append-only file of one JSON object a line, written by the parent alone.

A line that was half written when the machine stopped is not valid JSON: it is passed over and told of, and
what it would have said is found in the parts or done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from market_abm.results.store import StoreError, plain

NAME = "journal.jsonl"


@dataclass
class Entries:
    """What a journal says.

    Attributes
    ----------
    rows : list of dict
        Its entries, the oldest first.
    damaged : list of int
        Numbers of lines that could not be read, from 1.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)

    def of(self, what: str) -> list[dict[str, Any]]:
        """Entries of one kind."""
        return [row for row in self.rows if row["what"] == what]

    def failures(self) -> dict[str, dict[str, Any]]:
        """The last failure of each run that failed and was not asked to be tried again since."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            if row["what"] == "failed":
                found[row["key"]] = row
            elif row["what"] == "retry":
                for key in row["keys"]:
                    found.pop(key, None)
        return found


class Journal:
    """Appends to a journal. Every entry is one write, so that two lines never mix.

    Raises
    ------
    StoreError
        When it cannot be opened or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            size = os.fstat(self._handle).st_size
            if size and os.pread(self._handle, 1, size - 1) != b"\n":
                os.write(self._handle, b"\n")  # closes a half-written line
        except OSError as error:
            raise unwritable(self.path, error) from None

    def append(self, what: str, sync: bool = True, **fields: Any) -> None:
        """Add an entry; with ``sync`` it is on the disk when this returns."""
        entry = {"what": what, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **plain(fields)}
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n"
        data = line.encode("utf-8")
        try:
            written = os.write(self._handle, data)
            if written != len(data):  # a full disk takes a part of a line
                raise OSError(28, "no space left on device")
            if sync:
                os.fsync(self._handle)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def read(folder: Path) -> Entries:
    """Read the journal of a folder; without one it is empty."""
    found = Entries()
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise StoreError(f"{folder / NAME}: cannot be read ({reason(error)})") from None
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except ValueError:
            found.damaged.append(number)
            continue
        if isinstance(row, Mapping) and isinstance(row.get("what"), str):
            found.rows.append(dict(row))
        else:
            found.damaged.append(number)
    return found


def unwritable(path: Path, error: OSError) -> StoreError:
    """The sentence for a file or folder that cannot be written; what is stored stays."""
    return StoreError(
        f"{path}: cannot write here ({reason(error)}). What was stored before is safe; "
        "make room or allow writing, and run the same command again, or choose another folder with --out"
    )


def reason(error: OSError) -> str:
    """What the operating system says, in small letters."""
    return (error.strerror or str(error)).lower()
