"""How far a sweep is, what became of a run, and its tables for questions in SQL. Reads only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.identity import Code, code_of
from market_abm.experiments.store import journal, parts, tables
from market_abm.experiments.store.folder import OURS, PLAN, Sweep, model_named, read_plan
from market_abm.results.store import StoreError

if TYPE_CHECKING:
    import duckdb


@dataclass
class Overview:
    """How far a sweep is.

    Attributes
    ----------
    name, folder : str
    planned, done, pending : int
    failures : list of dict
    bytes : int
        Of results, plan, manifest and journal; reports that were written beside them do not count.
    parts : int
        Parts that are not compacted yet.
    command : str
        The command that goes on.
    notes : list of str
    """

    name: str
    folder: str
    planned: int
    done: int
    pending: int
    bytes: int
    parts: int
    command: str
    failures: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain fields, for ``--json``."""
        return asdict(self)

    def sentence(self) -> str:
        """In words."""
        share = 100.0 * self.done / self.planned if self.planned else 0.0
        return (
            f"{self.name}: {self.done:,} of {self.planned:,} runs stored ({share:.1f} %), {self.pending:,} to do, "
            f"{len(self.failures):,} failed; {self.bytes / 1e6:,.1f} MB in {self.folder}."
        )


def overview(folder: Path) -> Overview:
    """How far a sweep is.

    Raises
    ------
    StoreError
        Where there is none.
    """
    content = Sweep(folder).manifest()
    kept = tuple(content["experiment"]["keep"])
    entries = journal.read(folder)
    planned = set(read_plan(folder, ["key"]).column("key").to_pylist())
    compact, found = _readable(folder, kept)
    done = planned & set(compact.keys).union(*found.keys.values())
    failures = [row for key, row in entries.failures().items() if key in planned and key not in done]
    notes = [f"{journal.NAME}, line {number}, is half written" for number in entries.damaged]
    size = sum(_size(folder / name) for name in (*OURS, parts.FOLDER, compact.name) if name)
    return Overview(
        content["experiment"]["name"], str(folder), len(planned), len(done),
        len(planned) - len(done) - len(failures), size, len(found.keys),
        content["command"] or f"market-abm retry {folder}", failures, notes,
    )  # fmt: skip


def _size(path: Path) -> int:
    """Bytes of a file, or of everything in a folder."""
    if path.is_dir():
        return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size if path.is_file() else 0


def _readable(folder: Path, kept: tuple[str, ...]) -> tuple[tables.Compact, parts.Contents]:
    return tables.current(folder, kept, aside=False), parts.contents(folder, kept, aside=False)


@contextlib.contextmanager
def connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables of a sweep, finished or not.

    ``plan`` has a row a run (key, point, seed, the factors' values). ``stored_runs`` and ``stored_<table>`` have
    what is stored, each run once. ``runs`` and ``<table>`` are the same joined with the plan: only runs that
    belong to it.
    """
    content = Sweep(folder).manifest()
    kept = tuple(content["experiment"]["keep"])
    found = tables.sources(folder, *_readable(folder, kept))
    if not found:
        raise StoreError(f"{folder}: no run is stored yet; run `market-abm sweep` first")
    with tables.connect(folder) as link:
        link.register("plan", read_plan(folder))
        for table in (parts.RUNS, *kept):
            rows = tables.selected(table, found, link)
            link.execute(f"CREATE VIEW stored_{table} AS SELECT * EXCLUDE (file_row_number) FROM ({rows})")
            link.execute(
                f"CREATE VIEW {table} AS SELECT p.* EXCLUDE (hash), s.* EXCLUDE (key, seed) "
                f"FROM stored_{table} s JOIN plan p ON p.key = s.key"
            )
        yield link


def find(folder: Path, key: str) -> dict[str, Any]:
    """The row of the plan of a run, by its key or how it begins.

    Raises
    ------
    StoreError
        Where no run or several begin so.
    """
    Sweep(folder).manifest()
    plan = read_plan(folder)
    keys = plan.column("key").to_pylist()
    hits = [place for place, item in enumerate(keys) if item.startswith(key)]
    if len(hits) != 1 or not key:
        what = "no run" if not hits else f"{len(hits)} runs"
        raise StoreError(
            f"{folder}: {what} of this sweep has a key that begins with {key!r}; keys are 32 hexadecimal digits, "
            f"for example {keys[0][:12]} ({PLAN} lists them all)"
        )
    return dict(plan.slice(hits[0], 1).to_pylist()[0])


def account(folder: Path, key: str) -> dict[str, Any]:
    """Why a run is stored or is not.

    Returns
    -------
    dict
        key, point, seed, values, state (stored, failed, pending), sentences.
    """
    row = find(folder, key)
    content = Sweep(folder).manifest()
    kept = tuple(content["experiment"]["keep"])
    compact, found = _readable(folder, kept)
    entries = journal.read(folder)
    key = row["key"]
    values = {name: value for name, value in row.items() if name not in ("key", "point", "hash", "seed")}
    said = [f"Run {key}: point {row['point']}, seed {row['seed']}, " + ", ".join(
        f"{name} = {value!r}" for name, value in values.items()) + "."]  # fmt: skip
    place = next((name for name, keys in found.keys.items() if key in keys), "")
    failed = entries.failures().get(key)
    if key in set(compact.keys):
        state, text = "stored", f"It is stored, in {compact.name}: the sweep will not run it again."
    elif place:
        at = next((item["at"] for item in entries.of("part") if item["name"] == place), "")
        state = "stored"
        text = f"It is stored, in part {place}{f' of {at}' if at else ''}: the sweep will not run it again."
    elif failed is not None:
        state = "failed"
        text = (
            f"It is not stored: it failed on {failed['at']} with {failed['type']} ({failed['message']}). The sweep "
            "passes it over; `market-abm retry` runs it again."
        )
    else:
        state, text = "pending", "It is not stored: it has not been run yet, and the next sweep will run it."
    said.append(text)
    said.append(
        f"Its key is the hash of the resolved scenario ({row['hash'][:12]}), its seed, the model code "
        f"({content['code_hash'][:12]}) and the schema version; any of them changed would make another run."
    )
    differing = Code.from_dict(content["code"]).differences(code_of(model_named(content["model"])))
    if differing:
        said.append(
            f"The code here is not that of the folder ({', '.join(differing[:6])}): what is stored is not used "
            "by it, and `market-abm sweep` will refuse the folder."
        )
    return {
        "key": key, "point": row["point"], "seed": row["seed"], "values": values, "state": state,
        "code_differs": differing, "sentences": said,
    }  # fmt: skip
