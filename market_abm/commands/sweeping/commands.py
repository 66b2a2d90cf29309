"""The commands that run sweeps and say how far they are."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm import console

if TYPE_CHECKING:
    from market_abm.experiments.experiment import Experiment
    from market_abm.experiments.state import State, Tell
    from market_abm.experiments.sweep import Options

GIGABYTE = 1 << 30
SHOWN = 10
"""Failures printed at most."""


@dataclass(frozen=True)
class Where:
    """Where a sweep runs, as the command line says it."""

    workers: int | None
    scheduler: str | None
    memory: float | None
    dashboard: bool

    def options(self) -> Options:
        """The same for the engine."""
        from market_abm.experiments.sweep import Options

        memory = int(self.memory * GIGABYTE) if self.memory is not None else None
        if self.scheduler is not None and self.workers is not None:
            raise console.InputError("--workers and --scheduler exclude each other; give one of them")
        return Options(self.workers, self.scheduler, memory, self.dashboard)


def sweep(
    name: str,
    out: Path | None,
    where: Where,
    replications: int | None,
    full: bool,
    dry_run: bool,
    anew: bool,
    json: bool,
    quiet: bool,
) -> int:
    """Run an experiment, or what is left of it."""
    from market_abm.experiments.read import load_experiment

    experiment, file = load_experiment(name, full, replications=replications)
    options = where.options()
    folder = out or Path("results") / (experiment.name + ("-full" if full else ""))
    if dry_run:
        return _dry_run(experiment, file, where, json)
    from market_abm.experiments.sweep import sweep as run

    _warn_of_pickles(where.scheduler)
    planning = console.Progress("Resolving scenarios, points", quiet)

    def swept(tell: Tell) -> State:
        def told(state: State) -> None:
            planning.close()  # one bar at a time
            tell(state)

        with planning:
            return run(
                experiment, folder, file=file, options=options, anew=anew,
                command=console.command_line(), tell=told, planning=planning,
            )  # fmt: skip

    return _carried_out(swept, folder, json, quiet)


def retry(folder: Path, where: Where, json: bool, quiet: bool) -> int:
    """Run what failed or is missing again."""
    from market_abm.experiments.again import again

    options = where.options()
    _warn_of_pickles(where.scheduler)
    return _carried_out(lambda tell: again(folder, options, tell=tell), folder, json, quiet)


def _carried_out(run: Callable[[Tell], State], folder: Path, json: bool, quiet: bool) -> int:
    """Run with progress, say what came of it; a second interrupt loses what is under way and no more."""
    command = console.command_line()
    try:
        with _progress(quiet or json) as progress:
            state = run(progress)
    except KeyboardInterrupt:
        console.complain(f"Stopped at once; what was stored is safe. To go on: {command}")
        return console.INTERRUPTED
    return _told(state, folder, command, json, progress.notes)


def status(folder: Path, json: bool) -> int:
    """How far a sweep is."""
    from market_abm.experiments.store.overview import overview

    found = overview(folder)
    if json:
        console.show_json(found.as_dict())
        return console.FAILURES if found.failures else console.DONE
    print(found.sentence())
    for note in found.notes:
        print(f"Note: {note}.")
    _print_failures(found.failures, folder)
    if found.pending:
        print(f"To go on: {found.command}")
    return console.FAILURES if found.failures else console.DONE


def listed(experiments: bool, json: bool) -> int:
    """The shipped experiments, or the structural knobs."""
    from market_abm.experiments.design import size
    from market_abm.experiments.knobs import KNOBS
    from market_abm.experiments.read import load_experiment, shipped_experiments

    if experiments:
        found = [load_experiment(name)[0] for name in shipped_experiments()]
        rows: list[dict[str, Any]] = [
            {"name": item.name, "question": item.question, "runs": size(item)["runs"]} for item in found
        ]
        lines = [f"{row['name']:<16} {row['runs']:>8,} runs  {row['question']}" for row in rows]
    else:
        rows = [
            {"name": k.name, "low": k.low, "high": k.high, "unit": k.unit, "meaning": k.meaning}
            for k in sorted(KNOBS.values(), key=lambda item: item.name)
        ]
        lines = [f"{r['name']:<16} {r['low']:g} to {r['high']:g} {r['unit']}: {r['meaning']}" for r in rows]
    if json:
        console.show_json(rows)
    else:
        for line in lines:
            console.say(line)
    return console.DONE


def _dry_run(experiment: Experiment, file: Path, where: Where, json: bool) -> int:
    from market_abm.experiments.estimate import estimate
    from market_abm.experiments.pool import count_of

    workers = 1 if where.workers == 0 else count_of(where.workers)
    found = estimate(experiment, file, workers)
    if json:
        console.show_json(found.as_dict())
    else:
        console.say(found.sentence())
    return console.DONE


def _warn_of_pickles(scheduler: str | None) -> None:
    if scheduler is not None and not scheduler.startswith("tls://"):
        console.complain(
            f"Warning: tasks travel to {scheduler} as Python pickles without encryption; whoever can reach that "
            "port can run code there. Use it inside a network that you trust, or tls:// (docs/cluster.md)."
        )


def _progress(quiet: bool) -> Any:
    from market_abm.commands.sweeping.progress import SweepProgress

    return SweepProgress(quiet)


def _told(state: State, folder: Path, command: str, json: bool, shown: int) -> int:
    """What came of it, and how to go on; notes that progress has shown are not repeated."""
    from market_abm.experiments.store import journal

    ended = state.interrupted or bool(state.lost)
    code = console.INTERRUPTED if ended else console.FAILURES if state.failed else console.DONE
    if json:
        console.show_json(
            {
                "planned": state.planned, "done": state.done, "failed": state.failed, "left": state.left,
                "now": state.now, "headline": state.headline.mean, "folder": str(folder),
                "interrupted": state.interrupted, "lost": state.lost, "notes": state.notes,
            }
        )  # fmt: skip
        return code
    for note in state.notes[shown:]:
        console.complain(f"Note: {note}.")
    print(f"{state.done:,} of {state.planned:,} runs are stored in {folder} ({state.now:,} of them now).")
    if words := state.headline.words():
        print(f"So far, {words}." if state.left else f"In all, {words}.")
    if state.failed:
        _print_failures(list(journal.read(folder).failures().values()), folder)
    if state.lost:
        console.complain(f"The cluster: {state.lost}. What is stored is safe. To go on: {command}")
    elif state.interrupted:
        console.complain(f"Interrupted after the runs that were under way. To go on: {command}")
    return code


def _print_failures(rows: list[dict[str, Any]], folder: Path) -> None:
    if not rows:
        return
    print(f"{len(rows):,} {'run' if len(rows) == 1 else 'runs'} failed:")
    for row in rows[:SHOWN]:
        place = ", ".join(text for text in (row["quarter"], row["stage"]) if text)
        where = f" in {place}" if place else ""
        print(f"  {row['key'][:12]}  seed {row['seed']}  {row['type']}{where}: {row['message'][:120]}")
    if len(rows) > SHOWN:
        print(f"  ... and {len(rows) - SHOWN:,} more (market-abm status {shlex.quote(str(folder))} --json)")
    print(
        f"To see one: market-abm replay {shlex.quote(str(folder))} {rows[0]['key'][:12]}; "
        f"to try them again: market-abm retry {shlex.quote(str(folder))}"
    )
