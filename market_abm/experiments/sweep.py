"""A sweep: an experiment into a folder, on however many processors, to be interrupted and taken up at will."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.engine.backlog import ATTEMPTS, TARGET, Backlog
from market_abm.experiments.headline import Headline
from market_abm.experiments.plan import Plan, Run, bases_of, make_plan
from market_abm.experiments.store import tables
from market_abm.experiments.store.folder import Sweep
from market_abm.experiments.work import Job, Report

if TYPE_CHECKING:
    from market_abm.experiments.experiment import Experiment
    from market_abm.experiments.store.journal import Journal
    from market_abm.scenario import Scenario


@dataclass
class State:
    """How far a sweep is.

    Attributes
    ----------
    planned, done, failed : int
        Runs in all, stored (those of earlier sessions too), recorded as failed.
    now : int
        Runs stored in this session.
    headline : Headline
        The figure told so far.
    notes : list of str
        Damage found, warnings.
    interrupted, lost : str
        Why it ended early, if it did: by a key, or because the cluster is gone.
    """

    planned: int = 0
    done: int = 0
    failed: int = 0
    now: int = 0
    began: float = field(default_factory=time.monotonic)
    headline: Headline = field(default_factory=lambda: Headline(None))
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    lost: str = ""

    @property
    def rate(self) -> float:
        """Runs a second in this session."""
        return self.now / max(time.monotonic() - self.began, 1e-9)

    @property
    def left(self) -> int:
        """Runs still to do."""
        return self.planned - self.done - self.failed

    @property
    def remaining(self) -> float:
        """Seconds that the rest should take; NaN before anything is known."""
        return self.left / self.rate if self.now else float("nan")


Tell = Callable[[State], None]


@dataclass(frozen=True)
class Options:
    """How a sweep is run; none of it changes a number.

    Attributes
    ----------
    workers : int or None
        Processes of a local cluster, one a core by default; 0 runs everything in this process.
    scheduler : str or None
        Address of an existing Dask scheduler instead.
    memory : int or None
        Bytes a local worker may use.
    dashboard : bool
        Dask's dashboard, on loopback.
    shuffled : int or None
        Seed of a random order of the runs; None keeps the order of the plan.
    chunk_seconds : float
        Time that a chunk should take.
    attempts : int
        Times that a run may take its process down before it is recorded as failed.
    """

    workers: int | None = None
    scheduler: str | None = None
    memory: int | None = None
    dashboard: bool = False
    shuffled: int | None = None
    chunk_seconds: float = TARGET
    attempts: int = ATTEMPTS


def sweep(
    experiment: Experiment,
    folder: str | os.PathLike[str],
    *,
    scenarios: Mapping[str, Scenario] | None = None,
    file: Path | None = None,
    model: Callable[..., Any] | None = None,
    options: Options = Options(),
    anew: bool = False,
    command: str = "",
    tell: Tell = lambda state: None,
    planning: Callable[[int, int], None] | None = None,
) -> State:
    """Run an experiment, or what is left of it, into a folder.

    Parameters
    ----------
    experiment : Experiment
    folder : path
    scenarios : mapping, optional
        Base scenarios by name; loaded by their names otherwise.
    file : Path, optional
        File of the experiment: scenarios beside it are found.
    model : callable, optional
        ``model(scenario, rng=seed, pin=pin)``, importable by its name; default the package's.
    anew : bool
        Delete what the folder holds of another sweep.
    command : str
        The command line, for the manifest.
    tell : callable
        Told the state after every chunk.
    planning : callable, optional
        Told the number of points resolved and of all.

    Returns
    -------
    State

    Raises
    ------
    StoreError
        A folder made by something else, or one that cannot be read or written.
    ScenarioError
        A point that is no valid scenario.
    """
    store = Sweep(folder)
    bases = dict(scenarios) if scenarios is not None else bases_of(experiment, file)
    plan = make_plan(experiment, bases, model, store.known_hashes, planning)
    store.adopt(plan, model, command, anew)
    journal = store.open_journal()
    try:
        return _continued(plan, store, journal, options, tell)
    finally:
        journal.close()


def _continued(plan: Plan, store: Sweep, journal: Journal, options: Options, tell: Tell) -> State:
    stored = store.recover()
    tables.clean(store.path)
    runs = plan.runs()
    keys = {run.key for run in runs}
    todo = [run for run in runs if run.key not in stored.keys and run.key not in stored.failures]
    state = State(
        planned=len(runs), done=len(keys & stored.keys), failed=len(keys & set(stored.failures)),
        headline=Headline(plan.experiment.headline), notes=list(stored.notes),
    )  # fmt: skip
    if stored.lost:
        journal.append("lost", runs=stored.lost)
    if todo:
        journal.append(
            "begin", planned=len(runs), done=state.done, failed=state.failed, options=vars(options)
        )
        if options.shuffled is not None:
            random.Random(options.shuffled).shuffle(todo)
        tell(state)
        _run(plan, store, journal, options, todo, state, tell)
        journal.append("end", done=state.done, failed=state.failed, seconds=time.monotonic() - state.began)
    if not state.left:
        found = tables.compact(store.path, tuple(plan.experiment.keep))
        if todo or _parts_were_left(store):
            journal.append("compacted", tables=found.name, runs=len(found.keys))
    return state


def _parts_were_left(store: Sweep) -> bool:
    from market_abm.experiments.store import journal

    rows = journal.read(store.path).rows
    last = max((n for n, row in enumerate(rows) if row["what"] == "compacted"), default=-1)
    return any(row["what"] == "part" for row in rows[last + 1 :])


def _run(
    plan: Plan, store: Sweep, journal: Journal, options: Options, todo: list[Run], state: State, tell: Tell
) -> None:
    from market_abm.experiments.engine.cluster import ClusterError

    backlog = Backlog(todo, plan.experiment.limit_seconds, options.chunk_seconds, options.attempts)
    job_of = _jobs(plan, store, uuid.uuid4().hex[:8])
    seeds = {run.key: run.seed for run in todo}
    with _interrupts() as stopping:
        try:
            for report in _reports(plan, store, options, backlog, job_of, stopping):
                _record(report, journal, state, seeds)
                tell(state)
        except ClusterError as error:
            state.lost = str(error)
        state.interrupted = stopping() and bool(state.left)


def _reports(
    plan: Plan,
    store: Sweep,
    options: Options,
    backlog: Backlog,
    job_of: Callable[[tuple[Run, ...], float], Job],
    stopping: Callable[[], bool],
) -> Iterator[Report | str]:
    if options.workers == 0 and options.scheduler is None:
        from market_abm.experiments.engine import here

        yield from here.reports(backlog, job_of, stopping)
        return
    from market_abm.experiments.engine.cluster import Cluster
    from market_abm.experiments.store.folder import MANIFEST

    with Cluster(options.scheduler, options.workers, options.memory, options.dashboard) as cluster:
        if cluster.link:
            yield f"Dask's dashboard: {cluster.link}"
        folder = store.path.resolve()
        yield from cluster.reports(backlog, job_of, stopping, folder, MANIFEST, plan.fingerprint)


def _jobs(plan: Plan, store: Sweep, session: str) -> Callable[[tuple[Run, ...], float], Job]:
    """Maker of jobs; parts are named by session and number, so that no two are ever alike."""
    folder, number = str(store.path.resolve()), iter(range(10**12))

    def job_of(runs: tuple[Run, ...], patience: float) -> Job:
        points = {run.point: plan.values(run.point) for run in runs}
        return Job(folder, plan.fingerprint, f"{session}-{next(number):08d}", runs, points, patience)

    return job_of


def _record(report: Report | str, journal: Journal, state: State, seeds: Mapping[str, int]) -> None:
    if isinstance(report, str):
        state.notes.append(report)
        return
    if report.done:
        journal.append(
            "part", name=report.name, runs=len(report.done), bytes=report.bytes, seconds=report.seconds
        )
        state.done += len(report.done)
        state.now += len(report.done)
        for key, _, value in report.done:
            state.headline.add(seeds[key], value)
    for row in report.failures:
        journal.append("failed", **row)
        state.failed += 1


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """The first interrupt asks to stop after what is running; a second one stops at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def interrupt(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
