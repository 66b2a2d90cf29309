"""Runs per second and core of a shipped world, and where their time goes."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator

from market_abm.experiments.replicate import simulate
from market_abm.model import ComputeMarket
from market_abm.scenario import load_scenario
from tests.benchmarks.figures import Figure
from tests.benchmarks.stopwatch import watched

ASKED_PER_SECOND = 8.0


def runs(quick: bool) -> Iterator[Figure]:
    """Whole runs, tables included, one after the other on one core, measures every quarter against never."""
    scenario = load_scenario("two-clouds-three-labs" if quick else "colossus-lease")
    quarters = len(scenario.quarters)
    seeds = range(1, 3 if quick else 10)
    never = functools.partial(ComputeMarket, measure_every=quarters + 1)
    simulate(scenario, seeds[0])  # loads and compiles
    simulate(scenario, seeds[0], model=never)
    each, without = [], []
    for seed in seeds:
        began = time.perf_counter()
        simulate(scenario, seed)
        middle = time.perf_counter()
        simulate(scenario, seed, model=never)
        each.append(middle - began)
        without.append(time.perf_counter() - middle)
    ours = statistics.median(each)
    with watched() as watch:
        began = time.perf_counter()
        for seed in seeds:
            simulate(scenario, seed)
        total = time.perf_counter() - began
    began = time.process_time()
    simulate(scenario, seeds[0])
    processor = time.process_time() - began  # what other work on the machine does not lengthen
    shares = {f"{part} share": value / total for part, value in watch.split(total).items()}
    yield Figure(
        "runs per second",
        f"{scenario.name}, {quarters} quarters",
        ours,
        "the same run, never measured",
        statistics.median(without),
        detail={
            "runs_per_second_and_core": 1.0 / ours,
            "asked_runs_per_second": ASKED_PER_SECOND,
            "processor_s": processor,
            **shares,
        },
    )
