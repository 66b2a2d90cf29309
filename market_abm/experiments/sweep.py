"""A sweep: an experiment into a folder, on however many processors, to be interrupted and taken up at will."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.engine.backlog import ATTEMPTS, TARGET, Backlog
from market_abm.experiments.engine.interrupts import interrupts
from market_abm.experiments.plan import SEED_BATCH, Plan, Run, bases_of, make_plan
from market_abm.experiments.running_figure import RunningFigure, stored_values
from market_abm.experiments.state import State, Tell
from market_abm.experiments.store import tables
from market_abm.experiments.store.folder import Sweep
from market_abm.experiments.work import Job, Report, definition, warm_up

if TYPE_CHECKING:
    from market_abm.experiments.experiment import Experiment
    from market_abm.experiments.store.journal import Journal
    from market_abm.scenario import Scenario


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
        headline=RunningFigure(plan.experiment.headline), notes=list(stored.notes),
    )  # fmt: skip
    for seed, value in stored_values(store.path, plan.experiment, keys & stored.keys):
        state.headline.add(seed, value)
    if stored.lost:
        journal.append("lost", runs=stored.lost)
    began = time.monotonic()
    if todo:
        journal.append(
            "begin", planned=len(runs), done=state.done, failed=state.failed, options=vars(options)
        )
        todo = _spread(todo) if options.shuffled is None else _shuffled(todo, options.shuffled)
        tell(state)
        _run(plan, store, journal, options, todo, state, tell)
        journal.append("end", done=state.done, failed=state.failed, seconds=time.monotonic() - began)
    if not state.left:
        found = tables.compact(store.path, tuple(plan.experiment.keep))
        if todo or _parts_were_left(store):
            journal.append("compacted", tables=found.name, runs=len(found.keys))
    return state


def _spread(todo: list[Run]) -> list[Run]:
    """Batches of seeds as in the plan, points in an order drawn once: then the figure so far is one of the whole."""
    points = sorted({run.point for run in todo})
    place = dict(zip(points, _shuffled(list(range(len(points))), 0)))
    first = min(run.seed for run in todo)
    return sorted(todo, key=lambda run: ((run.seed - first) // SEED_BATCH, place[run.point], run.seed))


def _shuffled[T](items: list[T], seed: int) -> list[T]:
    random.Random(seed).shuffle(items)
    return items


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
    with interrupts() as stopping:
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

        # before the first run, whose limit is not meant for a compiler
        warm_up(definition(str(store.path.resolve()), plan.fingerprint).model)
        yield from here.reports(backlog, job_of, stopping)
        return
    from market_abm.experiments.engine.cluster import Cluster
    from market_abm.experiments.store.folder import MANIFEST

    own = definition(str(store.path.resolve()), plan.fingerprint).model
    loaded = ("market_abm.model",) if own is None else ()
    with Cluster(options.scheduler, options.workers, options.memory, options.dashboard, loaded) as cluster:
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
        state.stored(len(report.done))
        for key, _, value in report.done:
            state.headline.add(seeds[key], value)
    for row in report.failures:
        journal.append("failed", **row)
        state.failed += 1
