"""One run of a scenario, and replications of it under several seeds on several cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from market_abm.experiments.pool import Progress, RunError, count_of, each
from market_abm.results.dictionary import ORDER, TABLES
from market_abm.results.result import Result
from market_abm.results.setting import setting_of
from market_abm.results.store import empty_table

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.scenario import Scenario

Tables = dict[str, "pd.DataFrame"]

Job = tuple["Scenario", int, bool, Callable[..., Any] | None]
"""Scenario, seed, pin, model."""


def run(
    scenario: Scenario | str | os.PathLike[str],
    seed: int = 1,
    *,
    pin: bool = False,
    model: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario once.

    Parameters
    ----------
    scenario : Scenario, name of a shipped one, or file
    seed : int
        Fixes every draw of a guess and every shock.
    pin : bool
        Hold the central values of guesses instead of drawing them.
    model : callable, optional
        ``model(scenario, rng=seed, pin=pin)`` with ``step()`` and ``record``, a mapping of its own after each
        step; default :class:`market_abm.ComputeMarket`. With several workers it must be importable by its name.
    progress : callable, optional
        Told the number of quarters done.

    Returns
    -------
    Result
    """
    world = as_scenario(scenario)
    begun = time.perf_counter()
    tables = simulate(world, seed, pin, model, progress)
    timings = {"simulation": time.perf_counter() - begun}
    return Result(setting_of(world, [seed], pin), tables, timings=timings)


def replicate(
    scenario: Scenario | str | os.PathLike[str],
    seeds: Iterable[int],
    workers: int | None = 1,
    *,
    pin: bool = False,
    model: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario under several seeds; the tables are the same for any number of workers.

    Parameters
    ----------
    seeds : iterable of int
        Each once.
    workers : int or None
        Processes; None takes one a core. With more than one, a script needs the usual ``if __name__ ==
        "__main__":`` guard, since the processes are spawned.
    progress : callable, optional
        Told the number of runs done; of quarters where there is a single run.

    Returns
    -------
    Result
        Tables of all seeds, in the order of ``seeds``. Seeds that failed are in ``failures``.

    Raises
    ------
    ValueError
        No seed, a seed twice, fewer than one worker.
    RunError
        When every seed failed.
    """
    return replicate_all([scenario], seeds, workers, pin=pin, model=model, progress=progress)[0]


def replicate_all(
    scenarios: Sequence[Scenario | str | os.PathLike[str]],
    seeds: Iterable[int],
    workers: int | None = 1,
    *,
    pin: bool = False,
    model: Callable[..., Any] | None = None,
    progress: Progress | None = None,
    hopeless: bool = False,
) -> list[Result]:
    """Like :func:`replicate` for several scenarios under the same seeds, in one pool.

    With ``hopeless`` a scenario that no seed finishes comes back with empty tables and its failures, instead of
    ending everything with a :class:`RunError`.
    """
    worlds = [as_scenario(item) for item in scenarios]
    wanted = _checked_seeds(seeds)
    count = min(count_of(workers), len(wanted) * len(worlds))
    begun = time.perf_counter()
    jobs = [(world, seed, pin, model) for world in worlds for seed in wanted]
    done = each(_attempt, jobs, count, progress) if count > 1 else _in_turn(jobs, progress)
    timings = {"simulation": time.perf_counter() - begun}
    results = []
    for step, world in enumerate(worlds):
        part = done[step * len(wanted) : (step + 1) * len(wanted)]
        results.append(_gathered(world, wanted, part, pin, timings, hopeless))
    return results


def as_scenario(scenario: Scenario | str | os.PathLike[str]) -> Scenario:
    """A scenario as it is, or loaded by its name or file."""
    from market_abm.scenario import Scenario, load_scenario

    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)


def simulate(
    scenario: Scenario,
    seed: int,
    pin: bool = False,
    model: Callable[..., Any] | None = None,
    progress: Progress | None = None,
    first: int | None = None,
) -> Tables:
    """Tables of one run, or of its ``first`` quarters."""
    from market_abm.results.recorder import Recorder

    if model is None:
        from market_abm.model import ComputeMarket

        model = ComputeMarket
    quarters = scenario.quarters[:first]
    market: Any = model(scenario, rng=seed, pin=pin)
    recorder = Recorder(scenario.name, seed, quarters[0])
    records = []
    for step in range(1, len(quarters) + 1):
        market.step()
        records.append(market.record)  # read after the last quarter, all of them at once
        if progress is not None:
            progress(step, len(quarters))
    recorder.record(quarters, records)
    return recorder.tables()


def unmeasured(scenario: Scenario, rng: int, pin: bool = False) -> Any:
    """A model that measures nothing after its first quarter: where only paths are wanted, several times quicker."""
    from market_abm.model import ComputeMarket

    return ComputeMarket(scenario, rng=rng, pin=pin, measure_every=len(scenario.quarters) + 1)


def _attempt(
    scenario: Scenario,
    seed: int,
    pin: bool,
    model: Callable[..., Any] | None,
    progress: Progress | None = None,
) -> Tables | str:
    """Tables of one run, or what went wrong: one bad seed does not cost the others."""
    try:
        return simulate(scenario, seed, pin, model, progress)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _in_turn(jobs: list[Job], progress: Progress | None) -> list[Tables | str]:
    if len(jobs) == 1:  # then progress is told by the quarter
        return [_attempt(*jobs[0], progress)]
    return each(_attempt, jobs, 1, progress)


def _gathered(
    scenario: Scenario,
    seeds: list[int],
    done: list[Tables | str],
    pin: bool,
    timings: Mapping[str, float],
    hopeless: bool,
) -> Result:
    import pandas as pd

    failures = tuple(
        {"seed": seed, "error": item} for seed, item in zip(seeds, done) if isinstance(item, str)
    )
    finished = {seed: item for seed, item in zip(seeds, done) if not isinstance(item, str)}
    if not finished and hopeless:
        empty = {name: empty_table(name) for name in TABLES}
        return Result(setting_of(scenario, [], pin), empty, failures, timings)
    if not finished:
        reasons = "; ".join(dict.fromkeys(str(failure["error"]) for failure in failures))
        raise RunError(f"{scenario.name}: no seed finished. {reasons}")
    held = [name for name in ORDER if any(name in item for item in finished.values())]
    tables = {
        name: pd.concat([item[name] for item in finished.values() if name in item], ignore_index=True)
        for name in held
    }
    return Result(setting_of(scenario, finished, pin), tables, failures, timings)


def _checked_seeds(seeds: Iterable[int]) -> list[int]:
    wanted = [int(seed) for seed in seeds]
    if not wanted:
        raise ValueError("no seeds; give at least one")
    if len(set(wanted)) < len(wanted):
        twice = sorted({seed for seed in wanted if wanted.count(seed) > 1})
        raise ValueError(f"seeds stand there twice: {', '.join(str(seed) for seed in twice)}; give each once")
    return wanted
