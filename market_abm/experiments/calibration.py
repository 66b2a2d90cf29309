"""What is fitted: parameters without an empirical value, the facts known by the middle of 2025, the loss.

The run is pinned and calm: what is fitted is the model's central path. Each series of a firm counts as one
observation, however many quarters it has, because they are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.experiments.history import FIT_END, Fact, by_key, until
from market_abm.experiments.observed import CLOUD_TREND as DEFAULT_TREND
from market_abm.experiments.observed import OPENING, SERIES, error_of, observed, records, value_in
from market_abm.scenario.assumptions import paths_of
from market_abm.scenario.calendar import is_quarter, quarter_index

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

CLOUD_TREND = "observation.cloud_trend"
"""Not of the world but of how it is compared: growth of cloud revenue other than from AI."""


@dataclass(frozen=True)
class Parameter:
    """A fitted value: its name, the numbers that take it, the range that is searched, whether it carries over.

    ``lasting`` parameters say how firms behave and hold in other years too; the rest are growth rates of
    their time.
    """

    name: str
    key: str
    low: float
    high: float
    unit: str
    lasting: bool = False


PARAMETERS = (
    Parameter("chip_growth", "upstream.chips.*.growth_after", 0.1, 2.0, "fraction/quarter"),
    Parameter("chip_growth_floor", "upstream.chips.*.growth_floor", 0.0, 0.4, "fraction/quarter"),
    Parameter("segment_growth", "segments.*.growth", 0.05, 0.8, "fraction/quarter"),
    Parameter("segment_growth_floor", "segments.*.growth_floor", 0.0, 0.35, "fraction/quarter"),
    Parameter("elasticity", "segments.*.elasticity", 0.5, 1.3, "1", lasting=True),
    Parameter("fleet_growth_cap", "firms.*.fleet.growth_cap", 0.2, 1.0, "fraction/quarter"),
    Parameter("psi", "behaviour.psi", 0.5, 8.0, "1", lasting=True),
    Parameter("capex_decline", "upstream.capex_decline", 0.0, 0.12, "fraction/quarter"),
    Parameter("product_growth", "product.market_growth", 0.2, 2.5, "fraction/quarter"),
    Parameter("product_growth_floor", "product.growth_floor", 0.05, 0.5, "fraction/quarter"),
    Parameter("lab_growth_cap", "firms.*.lab.growth_cap", 0.25, 1.0, "fraction/quarter"),
    Parameter("cloud_trend", CLOUD_TREND, 0.0, 0.08, "fraction/quarter"),
)
"""What is fitted, and the range searched. Ranges are wider than those of the scenario: a fit at an end of one
says that the mechanism, not the number, is wrong."""

CALM = {f"behaviour.shocks.{name}": 0.0 for name in ("quality", "demand", "market", "segment")} | {
    "upstream.slip_probability": 0.0
}


@dataclass(frozen=True)
class Fit:
    """A loss that can be evaluated: the world up to the last fact, the facts, what is varied."""

    scenario: Scenario
    facts: tuple[Fact, ...]
    parameters: tuple[Parameter, ...]
    paths: dict[str, tuple[str, ...]]

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        facts: Iterable[Fact],
        parameters: Sequence[Parameter] = PARAMETERS,
        last: str = FIT_END,
    ) -> Fit:
        """The fit of a world to facts, with everything dated after ``last`` taken out of both."""
        known = tuple(f for f in until(facts, last) if f.last > OPENING and _fitted(f.series))
        world = known_world(scenario, last)
        return cls(world, known, tuple(parameters), parameter_paths(world, parameters))

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Ranges of the search."""
        return [(item.low, item.high) for item in self.parameters]

    def world(self, values: Sequence[float]) -> tuple[Scenario, float]:
        """The world at a parameter vector, and the growth of other cloud business."""
        return set_values(self.scenario, dict(zip(self.parameters, values)), self.paths)

    def errors(self, values: Sequence[float]) -> dict[tuple[str, str], list[float]]:
        """Errors by series and firm of a pinned, calm run, in the units of :func:`error_of`."""
        world, trend = self.world(values)
        paths = observed(records(world, 0, pin=True), trend)
        return {
            key: [error_of(value_in(paths[key], fact), fact) for fact in facts]
            for key, facts in by_key(self.facts).items()
            if key in paths
        }

    def loss(self, values: Sequence[float]) -> float:
        """Sum over series and firms of the mean squared error of each; infinite where the run fails."""
        try:
            errors = self.errors(values)
        except Exception:
            return float("inf")  # a world that breaks down explains nothing
        return float(sum(np.mean(np.square(item)) for item in errors.values()))


def _fitted(series: str) -> bool:
    return series in SERIES and SERIES[series].fitted


def parameter_paths(scenario: Scenario, parameters: Iterable[Parameter]) -> dict[str, tuple[str, ...]]:
    """The numbers that each parameter sets, by its key."""
    return paths_of(scenario, [item.key for item in parameters if item.key != CLOUD_TREND])


def set_values(
    scenario: Scenario, values: Mapping[Parameter, float], paths: Mapping[str, tuple[str, ...]]
) -> tuple[Scenario, float]:
    """A world with parameters held, and the growth of other cloud business among them (or its default)."""
    changes: dict[str, float] = {}
    trend = DEFAULT_TREND
    for parameter, value in values.items():
        if parameter.key == CLOUD_TREND:
            trend = float(value)
        else:
            changes |= dict.fromkeys(paths[parameter.key], float(value))
    return (scenario.with_set(changes) if changes else scenario), trend


def known_world(scenario: Scenario, last: str = FIT_END) -> Scenario:
    """The calm world up to ``last``: no entry, no dated number after it."""
    from market_abm.scenario import scenario_from

    content = _without_later(scenario.content(), last)
    content["timeline"] = [entry for entry in content.get("timeline", []) if entry["quarter"] <= last]
    content["horizon"]["quarters"] = quarter_index(last) - quarter_index(scenario.horizon.start) + 1
    return scenario_from(content).with_set(CALM)


def _without_later(value: Any, last: str) -> Any:
    """Plain nested values without the entries of series that are dated after ``last``."""
    if isinstance(value, dict):
        return {
            key: _without_later(item, last)
            for key, item in value.items()
            if not (is_quarter(key) and key > last)
        }
    if isinstance(value, list | tuple):
        return [_without_later(item, last) for item in value]
    return value
