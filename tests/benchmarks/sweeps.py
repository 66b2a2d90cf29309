"""Sweeps against `mesa.batch_run` of the same model recording the same columns, and what the engine costs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mesa

from market_abm.experiments.experiment import Experiment
from market_abm.experiments.plan import bases_of, make_plan
from market_abm.experiments.read import experiment_from
from market_abm.experiments.store.overview import overview
from market_abm.experiments.sweep import Options, sweep
from market_abm.model import ComputeMarket
from market_abm.scenario import Scenario
from tests.benchmarks.figures import Figure

COLUMNS = (
    "tightness", "hhi_merchant", "max_share_merchant", "rsi_min", "network_rsi_min", "pivotal_firms",
    "chokepoint_firms", "price_index_usd_per_gpu_hour",
)  # fmt: skip
"""Columns that both record, in every quarter."""

ASKED_OVERHEAD, ASKED_EFFICIENCY = 0.010, 0.85
BASE = {"name": "lone-lessor", "set": {"horizon.quarters": 2, "users": 6}}


def experiment(points: int, seeds: int) -> Experiment:
    """A grid over tightness in the small world of the phase diagram."""
    return experiment_from(
        {
            "schema_version": 1, "name": "benchmark", "scenario": BASE["name"], "set": BASE["set"],
            "factors": {"tightness": {"low": 0.5, "high": 1.1, "steps": points}},
            "replications": seeds, "keep": {"steps": list(COLUMNS)},
        }
    )  # fmt: skip


class Batch(ComputeMarket):
    """The same model as Mesa's batch runner wants it: parameters in, a data collector that reads the columns."""

    def __init__(self, point: int, seed: int, scenarios: tuple[Scenario, ...]) -> None:
        super().__init__(scenarios[point], rng=seed)
        self.datacollector = mesa.DataCollector(
            model_reporters={column: partial(_column, column) for column in COLUMNS}
        )

    def step(self) -> None:
        """One quarter, recorded."""
        super().step()
        self.datacollector.collect(self)


def _column(column: str, model: Batch) -> Any:
    return None if model.record is None else model.record["steps"][column]


def sweeps(quick: bool) -> Iterator[Figure]:
    """Runs per second of a sweep and of `mesa.batch_run`, at one and two processes; overhead; bytes."""
    points, seeds = (2, 3) if quick else (12, 50)
    asked = experiment(points, seeds)
    plan = make_plan(asked, bases_of(asked, None))
    scenarios = tuple(plan.resolved(point, 1) for point in range(points))
    runs = points * seeds
    Batch(0, 1, scenarios).run()  # loads and compiles
    bare = statistics.median(_timed(lambda: _bare(scenarios)) for _ in range(1 if quick else 3)) / points
    times: dict[tuple[str, int], float] = {}
    weight = 0.0
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as place:
            times["sweep", workers], weight = _sweep(asked, Path(place) / "s", workers, runs)
        times["mesa", workers] = _mesa(scenarios, seeds, workers, subtract=not quick)
    times["here", 1] = _here(asked)
    for workers in (1, 2):
        ours, theirs = times["sweep", workers], times["mesa", workers]
        detail: dict[str, float] = {"runs_per_second": runs / ours, "runs_per_second_mesa": runs / theirs}
        if workers == 1:
            detail |= {
                "bare_run_s": bare, "overhead_per_run_s": times["sweep", 1] / runs - bare,
                "overhead_in_process_s": times["here", 1] / runs - bare, "asked_overhead_s": ASKED_OVERHEAD,
                "overhead_per_run_mesa_s": theirs / runs - bare, "bytes_per_run": weight / runs,
            }  # fmt: skip
        else:
            detail |= {"parallel_efficiency": times["sweep", 1] / (2 * ours), "asked_efficiency": ASKED_EFFICIENCY,
                       "parallel_efficiency_mesa": times["mesa", 1] / (2 * theirs)}  # fmt: skip
        yield Figure("sweep", f"{runs} runs, {workers} process{'es' if workers > 1 else ''}", ours / runs,
                     "mesa.batch_run", theirs / runs, detail=detail)  # fmt: skip
    yield _resume(quick)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bare(scenarios: tuple[Scenario, ...]) -> None:
    for seed, scenario in enumerate(scenarios):
        ComputeMarket(scenario, rng=seed).run()


def _sweep(asked: Experiment, folder: Path, workers: int, runs: int) -> tuple[float, float]:
    """Seconds from the first stored chunk to the last, for all runs, and bytes on the disk at the end.

    The start of the workers is left out on both sides: it is a cost of a session, not of a run.
    """
    marks: list[tuple[float, int]] = []
    sweep(asked, folder, options=Options(workers=workers),
          tell=lambda state: marks.append((time.perf_counter(), state.now)))  # fmt: skip
    first = next(mark for mark in marks if mark[1] >= workers)
    last = marks[-1]
    return (last[0] - first[0]) * runs / (last[1] - first[1]), float(overview(folder).bytes)


def _here(asked: Experiment) -> float:
    with tempfile.TemporaryDirectory() as place:
        return _timed(lambda: sweep(asked, Path(place) / "s", options=Options(workers=0)))


def _mesa(scenarios: tuple[Scenario, ...], seeds: int, workers: int, subtract: bool) -> float:
    """Seconds of the same runs by Mesa's batch runner, less those of starting its processes (not in a quick run)."""
    parameters = {"point": range(len(scenarios)), "seed": range(1, seeds + 1), "scenarios": [scenarios]}

    def work(count: range) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is deprecated in favour of what it does not have yet
            mesa.batch_run(Batch, parameters | {"seed": count}, number_processes=workers, max_steps=99,
                           data_collection_period=1, display_progress=False)  # fmt: skip

    whole = _timed(lambda: work(range(1, seeds + 1)))
    if workers == 1 or not subtract:
        return whole
    start = _timed(lambda: work(range(1, 2)))
    return (whole - start) * seeds / (seeds - 1)


RESUME = """
import sys, time
from pathlib import Path
from market_abm.experiments.again import stored_plan
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys
import duckdb, pyarrow.parquet, scipy, psutil
began = time.perf_counter()
state = sweep(toys.toy(POINTS, SEEDS), sys.argv[1], model=toys.Toy, options=Options(workers=0))
took = time.perf_counter() - began
# of this process alone: getrusage would tell the peak of the process that it was forked from
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(took, state.now, state.done, peak / 1024)
"""


def _resume(quick: bool) -> Figure:
    """Seconds to find that a sweep of 10,000 runs is finished, beyond imports; and the parent's memory."""
    from tests.experiments.sweeping import toys

    points, seeds = (10, 20) if quick else (80, 125)
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        sweep(toys.toy(points, seeds), place + "/s", model=toys.Toy, options=Options(workers=0))
        first = time.perf_counter() - began
        code = RESUME.replace("POINTS", str(points)).replace("SEEDS", str(seeds))
        done = subprocess.run(
            [sys.executable, "-c", code, place + "/s"], capture_output=True, text=True, check=True
        )
    took, now, stored, memory = (float(word) for word in done.stdout.split())
    assert (now, stored) == (0, points * seeds)
    return Figure("resume", f"{points * seeds} runs finished", took, "running them", first,
                  detail={"asked_below_s": 3.0, "memory_mb": memory})  # fmt: skip
