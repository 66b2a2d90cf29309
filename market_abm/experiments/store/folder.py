"""The folder of a sweep: what it was made of, which runs are done, and whether it may go on."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.identity import SCHEMA, Code
from market_abm.experiments.store import journal, parts, tables
from market_abm.experiments.store.journal import Entries, Journal, reason
from market_abm.results.manifest import processor, versions
from market_abm.results.store import StoreError, prepare, write_bytes, write_json

if TYPE_CHECKING:
    from market_abm.experiments.plan import Plan

MANIFEST = "sweep.json"
PLAN = "plan.parquet"
WORKERS = "workers"
OURS = (MANIFEST, PLAN, journal.NAME)
"""Files that a sweep writes beside its folders of parts, tables and workers."""


@dataclass
class Done:
    """What is stored.

    Attributes
    ----------
    keys : set of str
        Runs whose results are in a part or in the compact tables.
    failures : dict
        The last failure of each run that failed and is not done.
    notes : list of str
        What was found damaged or missing, in words.
    lost : int
        Runs that were done and are nowhere any more.
    """

    keys: set[str] = field(default_factory=set)
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lost: int = 0


class Sweep:
    """A sweep on the disk.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder)

    # ---- what it is made of

    def manifest(self) -> dict[str, Any]:
        """The manifest.

        Raises
        ------
        StoreError
            Where there is none, or it cannot be read.
        """
        if not self.path.is_dir():
            raise StoreError(f"{self.path}: there is no such folder; name one that `market-abm sweep` wrote")
        try:
            content = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise StoreError(
                f"{self.path}: no sweep ({MANIFEST} is missing); run `market-abm sweep`"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.path / MANIFEST}: cannot be read ({reason(error)})") from None
        except ValueError as error:
            raise StoreError(
                f"{self.path / MANIFEST}: cannot be read ({error}); start anew with `market-abm sweep ... --anew`"
            ) from None
        found = content.get("sweep_version") if isinstance(content, dict) else None
        if found != SCHEMA:
            raise StoreError(
                f"{self.path}: a sweep of version {found}, this program reads {SCHEMA}; "
                "choose another folder with --out, or start anew with --anew"
            )
        return content

    def exists(self) -> bool:
        """Whether the folder holds a sweep."""
        return (self.path / MANIFEST).is_file()

    def adopt(self, plan: Plan, model: Callable[..., Any] | None, command: str, anew: bool = False) -> None:
        """Make the folder, or make sure that it may go on under this plan.

        A plan of other size (more seeds, other points) may go on: runs are found by their keys. Other code,
        another base scenario or other outputs may not.

        Raises
        ------
        StoreError
            With the reason.
        """
        prepare(self.path)
        if anew:
            self._clear()
        if self.exists():
            refused = self.differences(plan, model)
            if refused:
                raise StoreError(
                    f"{self.path}: this folder was made by {'; by '.join(refused)}. Choose another folder with "
                    "--out, or start anew with --anew (which deletes what is stored there)"
                )
            if self.known_hashes(plan.fingerprint) is not None:
                return
        else:
            foreign = sorted(item.name for item in self.path.iterdir() if item.name not in OURS)
            if foreign and not anew:
                raise StoreError(
                    f"{self.path}: this folder holds other files ({', '.join(foreign[:3])}"
                    f"{', ...' if len(foreign) > 3 else ''}); choose another one with --out"
                )
        for name in (parts.FOLDER, WORKERS):
            prepare(self.path / name)
        rows = tables.plan_table(plan)
        write_bytes(self.path / PLAN, rows)
        write_json(self.path / MANIFEST, _manifest(plan, model, command, rows))

    def differences(self, plan: Plan, model: Callable[..., Any] | None) -> list[str]:
        """Why a plan may not go on in this folder; empty where it may."""
        content = self.manifest()
        mine = _manifest(plan, model)
        found = []
        if content["experiment"]["name"] != plan.experiment.name:
            found.append(f"another experiment ({content['experiment']['name']}, not {plan.experiment.name})")
        changed = sorted(
            name
            for name in {*content["scenarios"], *mine["scenarios"]}
            if name in content["scenarios"] and name in mine["scenarios"]
            and content["scenarios"][name]["hash"] != mine["scenarios"][name]["hash"]
        )  # fmt: skip
        gone = set(content["scenarios"]) - set(mine["scenarios"])
        if changed or gone == set(content["scenarios"]):
            names = ", ".join(changed or sorted(gone))
            found.append(
                f"another scenario ({names} {'has changed since' if changed else 'is not asked for'})"
            )
        for name, words in (
            ("keep", "other outputs"),
            ("quarters", "other outputs"),
            ("pin", "another --pin"),
        ):
            if content["experiment"][name] != mine["experiment"][name]:
                found.append(f"{words} ({name} differs)")
        if content["model"] != mine["model"]:
            found.append(f"another model ({content['model'] or 'the package'}, not {mine['model'] or 'it'})")
        differing = Code.from_dict(content["code"]).differences(plan.code)
        if differing:
            more = f" and {len(differing) - 4} more" if len(differing) > 4 else ""
            found.append(
                f"other model code ({', '.join(differing[:4])}{more} differ{'s' if len(differing) == 1 else ''})"
            )
        return found

    def known_hashes(self, fingerprint: str) -> Iterable[str] | None:
        """Hashes of the points of a plan, where this folder holds that very plan."""
        if not self.exists():
            return None
        with contextlib.suppress(StoreError, KeyError, OSError, ValueError):
            content = self.manifest()
            if content["fingerprint"] == fingerprint:
                return tables.point_hashes(self.path / PLAN, content["plan_sha256"])
        return None

    # ---- what is stored

    def recover(self) -> Done:
        """What is stored now; leftovers of interrupted workers are removed, damaged parts put aside."""
        content = self.manifest()
        kept = tuple(content["experiment"]["keep"])
        entries = journal.read(self.path)
        done = Done(failures=entries.failures())
        for name in (parts.FOLDER, WORKERS):
            prepare(self.path / name)
        parts.clean(self.path)
        shutil.rmtree(self.path / WORKERS, ignore_errors=True)
        prepare(self.path / WORKERS)
        for number in entries.damaged:
            done.notes.append(f"{journal.NAME}, line {number}, is half written and was passed over")
        compact = tables.current(self.path, kept)
        done.notes += compact.notes
        found = parts.contents(self.path, kept)
        for name in found.damaged:
            done.notes.append(f"part {name} cannot be read; it was put aside, and its runs are done again")
        done.keys = set(compact.keys).union(*found.keys.values())
        done.lost = lost = _lost(entries, done.keys)
        if lost:
            done.notes.append(f"{lost} runs that were done are no longer in the folder; they are done again")
        done.failures = {key: row for key, row in done.failures.items() if key not in done.keys}
        return done

    def open_journal(self) -> Journal:
        """The journal, held by this process alone.

        Raises
        ------
        StoreError
            While another process works on the folder; the hold ends with that process, however it ends.
        """
        book = Journal(self.path)
        try:
            import fcntl

            fcntl.flock(book._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # no such locks there
            pass
        except OSError:
            book.close()
            raise StoreError(
                f"{self.path}: another process is working on this sweep; wait for it, or stop it first"
            ) from None
        return book

    def _clear(self) -> None:
        """Remove a sweep: the manifest first, so that a half removal is no sweep."""
        try:
            for name in OURS:
                (self.path / name).unlink(missing_ok=True)
            for item in self.path.iterdir():
                if item.name in (parts.FOLDER, WORKERS) or item.name.startswith(tables.PREFIX):
                    shutil.rmtree(item)
        except OSError as error:
            raise journal.unwritable(self.path, error) from None


def model_named(name: str | None) -> Callable[..., Any] | None:
    """The model under ``module:name``; None for that of the package."""
    if name is None:
        return None
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _lost(entries: Entries, keys: set[str]) -> int:
    """Runs that the journal has as done and that are nowhere."""
    known = 0
    for row in entries.rows:
        if row["what"] == "compacted":
            known = row["runs"]
        elif row["what"] == "part":
            known += row["runs"]
        elif row["what"] == "lost":
            known -= row["runs"]
    return max(known - len(keys), 0)


def _manifest(
    plan: Plan, model: Callable[..., Any] | None, command: str = "", rows: bytes = b""
) -> dict[str, Any]:
    from market_abm.scenario.dump import dump

    return {
        "sweep_version": SCHEMA,
        "experiment": plan.experiment.content(),
        "scenarios": {
            name: {"hash": scenario.hash(), "text": dump(scenario), "lineage": list(scenario.lineage)}
            for name, scenario in plan.scenarios.items()
        },
        "model": f"{model.__module__}:{model.__qualname__}" if model is not None else None,
        "code": plan.code.as_dict(),
        "code_hash": plan.code.hash,
        "fingerprint": plan.fingerprint,
        "plan_sha256": hashlib.sha256(rows).hexdigest(),
        "points": len(plan.hashes),
        "runs": len(plan.hashes) * plan.experiment.replications,
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "processor": processor(),
        "note": "Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation.",
    }


def read_plan(path: Path, columns: list[str] | None = None) -> Any:
    """The plan of a sweep as an Arrow table."""
    import pyarrow.parquet as pq

    return pq.read_table(BytesIO((path / PLAN).read_bytes()), columns=columns)
