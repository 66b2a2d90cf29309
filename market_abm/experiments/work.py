"""What a worker does: runs of one chunk, one after the other, and one part with their results."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.crumbs import crumbs, stage_of
from market_abm.experiments.experiment import Experiment
from market_abm.experiments.identity import code_of
from market_abm.experiments.outputs import RunTables, arrow_tables, kept_quarters
from market_abm.experiments.plan import Run
from market_abm.experiments.resolve import SCENARIO, draw, resolve
from market_abm.experiments.store import parts
from market_abm.experiments.store.folder import MANIFEST, model_named

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

RESOLVED = 256
"""Resolved scenarios that a worker remembers."""


@dataclass(frozen=True)
class Job:
    """A chunk of runs for a worker.

    Attributes
    ----------
    folder : str
        Of the sweep, as the worker sees it.
    fingerprint : str
        Of the plan: a worker reads the manifest anew when it changes.
    name : str
        Of the part to write.
    runs : tuple of Run
    values : mapping of int to mapping
        Values of the points in the chunk.
    patience : float
        Seconds after which a stuck run writes down where it is.
    """

    folder: str
    fingerprint: str
    name: str
    runs: tuple[Run, ...]
    values: Mapping[int, Mapping[str, Any]]
    patience: float = 0.0


@dataclass
class Report:
    """What a worker tells of a chunk.

    Attributes
    ----------
    name : str
        Of the part; empty where no run succeeded.
    done : list of (key, seconds, headline)
    failures : list of dict
    bytes : int
        Written.
    seconds : float
        Of the whole chunk.
    """

    name: str = ""
    done: list[tuple[str, float, float | None]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0
    seconds: float = 0.0


class Definition:
    """What all runs of a sweep have in common, read from its manifest."""

    def __init__(self, folder: str) -> None:
        from market_abm.scenario.tree import parse
        from market_abm.scenario.validate import build

        content = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
        self.experiment = Experiment.model_validate(content["experiment"])
        self.bases = {
            name: build(parse(item["text"], name), item["lineage"])
            for name, item in content["scenarios"].items()
        }
        self.model = model_named(content["model"])
        self.code_hash = content["code_hash"]
        self.resolved = lru_cache(RESOLVED)(self._resolved)

    def _resolved(self, values: str) -> Scenario:
        point = json.loads(values)
        return resolve(self.bases[point.get(SCENARIO, self.experiment.scenario)], point)

    def scenario(self, values: Mapping[str, Any], seed: int) -> Scenario:
        """The scenario of a run."""
        return draw(self.resolved(json.dumps(values, sort_keys=True)), values, seed)


@lru_cache(4)
def definition(folder: str, fingerprint: str) -> Definition:
    """The definition of a sweep, once a process."""
    return Definition(folder)


def prepare(folder: str, fingerprint: str, token: str, memory: int | None = None) -> dict[str, Any]:
    """Make a worker ready: does it see the folder, does it run the same code, is everything compiled?

    Returns
    -------
    dict
        host, pid, problem (empty where there is none).
    """
    found = {"host": socket.gethostname(), "pid": os.getpid(), "problem": ""}
    if not (Path(folder) / token).is_file():
        return found | {
            "problem": f"{found['host']} does not see the folder {folder}; name one that all share"
        }
    common = definition(folder, fingerprint)
    mine = code_of(common.model).hash
    if mine != common.code_hash:
        return found | {"problem": f"{found['host']} runs other model code; install the same version there"}
    if memory is not None:
        _limit_memory(memory)
    warm_up(common.model)
    return found


def warm_up(model: Callable[..., Any] | None) -> None:
    """Import and compile now, so that the first run is as quick as the others."""
    import pyarrow.parquet  # noqa: F401

    ours = sys.modules.get("market_abm.model")
    if model is None or (
        ours is not None and isinstance(model, type) and issubclass(model, ours.ComputeMarket)
    ):
        from market_abm.experiments.replicate import simulate
        from market_abm.scenario import load_scenario

        simulate(load_scenario("bilateral-monopoly", {"horizon.quarters": 1}), 1)


def work(job: Job, begin: Callable[[], object] = lambda: None) -> Report:
    """Run a chunk and write its part.

    A run that raises is reported and costs the others nothing. A folder that cannot be written ends the
    chunk with the reason.

    Parameters
    ----------
    job : Job
    begin : callable
        Called at the beginning of each run.
    """
    began = time.perf_counter()
    common = definition(job.folder, job.fingerprint)
    report = Report(job.name)
    rows = []
    with crumbs(Path(job.folder), job.patience) as note:
        for run in job.runs:
            started = time.perf_counter()
            try:
                begin()
                found, head = one_run(common, job.values[run.point], run, note)
            except (Exception, SystemExit) as error:
                report.failures.append(failure(run, error, note.quarter))
                continue
            rows.append((head, found))
            report.done.append((run.key, time.perf_counter() - started, headline(common, found)))
    if rows:
        report.bytes = parts.write(Path(job.folder), job.name, arrow_tables(common.experiment.keep, rows))
    else:
        report.name = ""
    report.seconds = time.perf_counter() - began
    return report


def one_run(
    common: Definition, values: Mapping[str, Any], run: Run, note: Callable[[str, str], None]
) -> tuple[RunTables, dict[str, Any]]:
    """Rows of one run, and what heads them."""
    note(run.key, "")
    scenario = common.scenario(values, run.seed)
    model = common.model
    if model is None:
        from market_abm.model import ComputeMarket

        model = ComputeMarket
    quarters = scenario.quarters
    wanted = kept_quarters(common.experiment, quarters)
    rows = RunTables(common.experiment.keep)
    market: Any = model(scenario, rng=run.seed, pin=common.experiment.pin)
    kept = []
    for quarter in quarters:
        note(run.key, quarter)
        market.step()
        if quarter in wanted:
            kept.append((quarter, market.record))
    rows.add(kept)
    return rows, {"key": run.key, "scenario": scenario.name, "seed": run.seed}


def headline(common: Definition, rows: RunTables) -> float | None:
    """The figure of a run that is told while the sweep goes on: of its last quarter."""
    name = common.experiment.headline
    found = rows.rows.get("steps", {}).get(name, []) if name else []
    value = found[-1] if found else None
    return None if value is None or isinstance(value, str) or value != value else float(value)


def failure(run: Run, error: BaseException, quarter: str) -> dict[str, Any]:
    """What is recorded of a run that raised."""
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    where = traceback.extract_tb(error.__traceback__)[-1:]
    text = " ".join(str(error).split())[:500]
    if isinstance(error, MemoryError) and not text:
        text = "the run asked for more memory than its worker may use"
    return {
        "key": run.key,
        "point": run.point,
        "seed": run.seed,
        "type": type(error).__name__,
        "message": text,
        "stage": stage_of(frames),
        "quarter": quarter,
        "where": f"{Path(where[0].filename).name}:{where[0].lineno}" if where else "",
    }


def _limit_memory(limit: int) -> None:
    """Let an allocation beyond the limit raise MemoryError in the run that asks for it."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))
