"""The plan of a sweep: every run that belongs to it, with its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from market_abm.experiments.design import Layout, layout
from market_abm.experiments.experiment import Experiment
from market_abm.experiments.identity import Code, code_of, digest, run_key
from market_abm.experiments.read import base_scenario
from market_abm.experiments.resolve import SCENARIO, draw, drawn_values, resolve
from market_abm.scenario import Scenario
from market_abm.scenario.errors import ScenarioError

SEED_BATCH = 5
"""Seeds of a point that run one after the other, so that its scenario is built once: then the next point."""


@dataclass(frozen=True)
class Run:
    """One run: place of its point in the plan, seed, key."""

    point: int
    seed: int
    key: str


@dataclass(frozen=True)
class Plan:
    """Everything that a sweep is made of.

    Attributes
    ----------
    experiment : Experiment
    scenarios : mapping of str to Scenario
        Base scenarios by the name under which the experiment knows them.
    code : Code
    layout : Layout
        Points of the design; ``values`` adds what is set in every run.
    hashes : tuple of str
        Hash of the resolved scenario of each point.
    """

    experiment: Experiment
    scenarios: Mapping[str, Scenario]
    code: Code
    layout: Layout
    hashes: tuple[str, ...]

    def values(self, point: int) -> dict[str, Any]:
        """Values of a point, those set in every run included."""
        return dict(self.experiment.set) | self.layout.points[point]

    def base(self, point: int) -> Scenario:
        """Base scenario of a point."""
        return self.scenarios[str(self.values(point).get(SCENARIO, self.experiment.scenario))]

    def resolved(self, point: int, seed: int) -> Scenario:
        """The scenario of a run."""
        values = self.values(point)
        return draw(resolve(self.base(point), values), values, seed)

    def runs(self) -> list[Run]:
        """Every run, in the order in which they are started: all points with a few seeds, then the next seeds."""
        code = self.code.hash
        seeds = list(self.experiment.seeds)
        drawn = [drawn_values(self.values(point)) for point in range(len(self.hashes))]
        return [
            Run(point, seed, run_key(resolved, drawn[point], seed, self.experiment.pin, code))
            for first in range(0, len(seeds), SEED_BATCH)
            for point, resolved in enumerate(self.hashes)
            for seed in seeds[first : first + SEED_BATCH]
        ]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that the resolved scenarios follow from: then they need not be built again."""
        return fingerprint(self.experiment, self.scenarios, self.code)


def fingerprint(experiment: Experiment, scenarios: Mapping[str, Scenario], code: Code) -> str:
    """Hash of experiment, base scenarios and code."""
    bases = {name: scenario.hash() for name, scenario in scenarios.items()}
    return digest([json.loads(json.dumps(experiment.content())), bases, code.hash])


def bases_of(experiment: Experiment, file: Path | None) -> dict[str, Scenario]:
    """Base scenarios of an experiment by name."""
    names = [experiment.scenario]
    factor = experiment.factors.get(SCENARIO)
    names += [str(name) for name in factor.levels or ()] if factor is not None else []
    names += [str(row[SCENARIO]) for row in experiment.design.rows if SCENARIO in row]
    return {name: base_scenario(name, file) for name in dict.fromkeys(names)}


def make_plan(
    experiment: Experiment,
    scenarios: Mapping[str, Scenario],
    model: Callable[..., Any] | None = None,
    known: Callable[[str], Iterable[str] | None] = lambda fingerprint: None,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Lay out an experiment and resolve the scenario of every point.

    Parameters
    ----------
    known : callable
        Hashes of the points for a fingerprint, where they were stored before; None where not.
    progress : callable, optional
        Told the number of points done and of all points.

    Raises
    ------
    ScenarioError
        Where a point is no valid scenario: before any run is started.
    """
    code = code_of(model)
    points = layout(experiment)
    plan = Plan(experiment, scenarios, code, points, ())
    stored = known(plan.fingerprint)
    if stored is not None:
        hashes = tuple(stored)
    else:
        hashes = tuple(_hashed(plan, point, progress) for point in range(len(points.points)))
    return Plan(experiment, scenarios, code, points, hashes)


def _hashed(plan: Plan, point: int, progress: Callable[[int, int], None] | None) -> str:
    values = plan.values(point)
    try:
        scenario = resolve(plan.base(point), values)
        draw(scenario, values, plan.experiment.seed)
    except ValueError as error:
        said = ", ".join(f"{name} = {value!r}" for name, value in sorted(plan.layout.points[point].items()))
        if isinstance(error, ScenarioError):
            raise ScenarioError(error.problems) from None
        raise PointError(f"the point {said} is not possible: {error}") from None
    if progress is not None:
        progress(point + 1, len(plan.layout.points))
    return scenario.hash()


class PointError(ScenarioError):
    """A point of the design that makes no scenario."""

    def __init__(self, text: str) -> None:
        ValueError.__init__(self, text)
        self.problems = ()

    def __reduce__(self):
        return PointError, (str(self),)
