"""The runs behind the robustness page: many seeds as set, few in every cell of the grid, each assumption at both ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.outcomes import OUTCOMES
from market_abm.analysis.pairing import Effect, effect
from market_abm.analysis.panel import Floats
from market_abm.analysis.robustness.values import Values, outcome_values
from market_abm.experiments.pool import Progress, count_of, each
from market_abm.experiments.replicate import as_scenario

if TYPE_CHECKING:
    from market_abm.analysis.robustness.tornado import Turn
    from market_abm.scenario import Scenario

PROTOCOLS = ("split", "nash_in_nash", "nntr", "competitive")
BETAS = (0.25, 0.5, 0.75)

Cell = tuple[str, float]
"""Protocol and bargaining weight."""


@dataclass(frozen=True)
class Sample:
    """Values of every outcome by scenario and seed, under one set of rules.

    Attributes
    ----------
    values : tuple of dict
        By scenario (the baseline first): outcome, or outcome@level, to an array (S,); NaN where a run failed.
    """

    values: tuple[dict[str, Floats], ...]

    def effect(self, key: str, scenario: int, name: str, level: str = "") -> Effect:
        """Paired difference of a scenario (from 1) and the baseline."""
        outcome = next(item for item in OUTCOMES if item.key == key)
        full = f"{key}@{level}" if level else key
        return effect(outcome, name, self.values[0][full], self.values[scenario][full])


@dataclass(frozen=True)
class Robustness:
    """Everything that was run.

    Attributes
    ----------
    scenarios : tuple of Scenario
        The baseline first.
    seeds, few : tuple of int
        Seeds of the runs as set, and of every cell and variant.
    base : Sample
        As set, every guess drawn.
    grid : dict of Cell to Sample
    turns : tuple of Turn
        Assumptions moved one at a time.
    failures : tuple of dict
        scenario, seed (-1 where no seed could start), variant and error of what did not finish.
    """

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    few: tuple[int, ...]
    base: Sample
    grid: dict[Cell, Sample]
    turns: tuple[Turn, ...] = ()
    failures: tuple[dict[str, Any], ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scenarios, the baseline first."""
        return tuple(scenario.name for scenario in self.scenarios)

    def effects(self, scenario: int) -> tuple[Effect, ...]:
        """Paired differences as set; outcomes that no seed measures are left out."""
        found = (self.base.effect(item.key, scenario, self.names[scenario]) for item in OUTCOMES)
        return tuple(item for item in found if item.known)


def robustness(
    *scenarios: Scenario | str | os.PathLike[str],
    replications: int = 30,
    grid_seeds: int = 6,
    seed: int = 1,
    protocols: Sequence[str] = PROTOCOLS,
    betas: Sequence[float] = BETAS,
    moved: int = 8,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Robustness:
    """Run scenarios as set, under every cell of protocol and weight, and with assumptions at both ends.

    Parameters
    ----------
    scenarios
        The baseline first, then at least one other.
    replications, seed : int
        Seeds of the runs as set: ``seed``, ``seed + 1``, ...
    grid_seeds : int
        How many of them every cell and every variant runs.
    protocols, betas
        The grid.
    moved : int
        Assumptions that are moved to both ends of their ranges: those that matter most over the seeds.
    workers : int or None
        Processes; None takes one a core.
    progress : callable, optional
        Told runs done and runs known so far.

    Raises
    ------
    ValueError
        Fewer than two scenarios, no seed, an empty grid.
    """
    from market_abm.analysis.robustness.tornado import turns

    worlds = tuple(as_scenario(item) for item in scenarios)
    if len(worlds) < 2:
        raise ValueError("nothing to compare; name a baseline and at least one other scenario")
    if replications < 1 or grid_seeds < 1:
        raise ValueError(f"{replications} seeds and {grid_seeds} in the grid; both must be at least 1")
    if not protocols or not betas:
        raise ValueError("the grid is empty; name at least one protocol and one weight")
    seeds = tuple(range(seed, seed + replications))
    few = seeds[: min(grid_seeds, replications)]
    bench = Workbench(worlds, count_of(workers), progress)
    cells = [(str(protocol), float(beta)) for protocol in protocols for beta in betas]
    variants = {cell: [_under(world, *cell) for world in worlds] for cell in cells}
    wanted = [("as set", list(worlds), seeds)]
    wanted += [(f"{protocol}, beta {beta:g}", variants[protocol, beta], few) for protocol, beta in cells]
    base, *found = bench.samples(wanted)
    made = Robustness(worlds, seeds, few, base, dict(zip(cells, found)))
    moves = turns(made, bench, moved) if moved > 0 else ()
    return Robustness(worlds, seeds, few, base, made.grid, moves, tuple(bench.failures))


class Workbench:
    """Runs variants of the scenarios in one pool a call and keeps what failed."""

    def __init__(self, worlds: tuple[Scenario, ...], workers: int, progress: Progress | None) -> None:
        self.worlds, self.workers, self.progress = worlds, workers, progress
        self.failures: list[dict[str, Any]] = []

    def samples(self, wanted: Sequence[tuple[str, list[Scenario], Sequence[int]]]) -> list[Sample]:
        """A sample for every variant: its label, its scenarios (the baseline first), its seeds."""
        jobs = [(world, seed) for _, worlds, seeds in wanted for world in worlds for seed in seeds]
        done = iter(each(outcome_values, jobs, self.workers, self.progress))
        found = []
        for label, worlds, seeds in wanted:
            parts = []
            for world in worlds:
                rows = [(seed, next(done)) for seed in seeds]
                self.failures += [
                    {"scenario": world.name, "seed": seed, "variant": label, "error": item}
                    for seed, item in rows
                    if isinstance(item, str)
                ]
                parts.append(_columns([item for _, item in rows]))
            found.append(Sample(tuple(parts)))
        return found


def _columns(rows: Sequence[Values | str]) -> dict[str, Floats]:
    good = next((row for row in rows if not isinstance(row, str)), None)
    keys = list(good) if good is not None else _all_keys()
    nan = float("nan")
    return {key: np.array([nan if isinstance(row, str) else row[key] for row in rows]) for key in keys}


def _all_keys() -> list[str]:
    from market_abm.analysis.robustness.values import levels

    found = []
    for item in OUTCOMES:
        found += [item.key, *(f"{item.key}@{level}" for level in levels(item.key)[1:])]
    return found


def _under(scenario: Scenario, protocol: str, beta: float) -> Scenario:
    return scenario.with_set({"behaviour.protocol": protocol, "behaviour.beta": beta})
