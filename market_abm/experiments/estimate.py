"""What a sweep will cost: runs, time, disk."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm.experiments.experiment import Experiment
from market_abm.experiments.outputs import RunTables, arrow_tables, kept_quarters
from market_abm.experiments.plan import Plan, Run, bases_of, make_plan

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

TRIALS = 4
"""Runs that are tried, spread over the design; the first one compiles and is not timed."""


@dataclass(frozen=True)
class Estimate:
    """What a sweep will cost.

    Attributes
    ----------
    name : str
    points, seeds, runs : int
    workers : int
    run_seconds : float
        Median of the runs tried, on one core.
    seconds : float
        With the workers given.
    bytes : float
        On the disk once the tables are compact.
    """

    name: str
    points: int
    seeds: int
    runs: int
    workers: int
    run_seconds: float
    seconds: float
    bytes: float

    def as_dict(self) -> dict[str, Any]:
        """Plain fields, for ``--json``."""
        return asdict(self)

    def sentence(self) -> str:
        """The estimate in words."""
        size = f"{self.bytes / 1e6:,.1f} MB" if self.bytes < 1e9 else f"{self.bytes / 1e9:,.2f} GB"
        span = f"{self.seconds:,.0f} s" if self.seconds < 120 else (
            f"{self.seconds / 60:,.0f} min" if self.seconds < 7200 else f"{self.seconds / 3600:,.1f} h"
        )  # fmt: skip
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        return (
            f"{self.name}: {self.points:,} points x {self.seeds:,} seeds = {self.runs:,} runs. A run takes "
            f"{self.run_seconds:.2g} s here, so about {span} with {workers}, and {size} on the disk."
        )


def estimate(
    experiment: Experiment,
    file: Path | None = None,
    workers: int = 1,
    scenarios: Mapping[str, Scenario] | None = None,
) -> Estimate:
    """Try a few runs, spread over the design, and say what all of them will cost."""
    plan = make_plan(experiment, scenarios or bases_of(experiment, file))
    runs = plan.runs()
    steps = range(0, len(runs), max(len(runs) // TRIALS, 1))
    tried = [_timed(plan, runs[step]) for step in (0, *list(steps)[: TRIALS + 1])][1:]
    seconds = statistics.median(item[0] for item in tried)
    weight = _bytes(experiment, [item[1] for item in tried])
    return Estimate(
        experiment.name, len(plan.hashes), experiment.replications, len(runs), workers, seconds,
        seconds * len(runs) / workers, weight * len(runs),
    )  # fmt: skip


def _timed(plan: Plan, run: Run) -> tuple[float, Any]:
    from market_abm.model import ComputeMarket

    began = time.perf_counter()
    scenario = plan.resolved(run.point, run.seed)
    rows = RunTables(plan.experiment.keep)
    wanted = kept_quarters(plan.experiment, scenario.quarters)
    model = ComputeMarket(scenario, rng=run.seed, pin=plan.experiment.pin)
    kept = []
    for quarter in scenario.quarters:
        model.step()
        if quarter in wanted:
            kept.append((quarter, model.record))
    rows.add(kept)
    head = {"key": run.key, "scenario": scenario.name, "seed": run.seed}
    return time.perf_counter() - began, (head, rows)


def _bytes(experiment: Experiment, tried: list[Any]) -> float:
    """Bytes a run, without what every file has once."""
    import pyarrow.parquet as pq

    total = 0.0
    for table in arrow_tables(experiment.keep, tried).values():
        sizes = []
        for part in (table, table.slice(0, 0)):
            sink = io.BytesIO()
            pq.write_table(part, sink, compression="zstd")
            sizes.append(sink.tell())
        total += sizes[0] - sizes[1]
    return total / len(tried)
