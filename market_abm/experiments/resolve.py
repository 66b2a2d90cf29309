"""From a base scenario and the values of a point to the scenario that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from market_abm.experiments.knobs import KNOBS

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

SCENARIO = "scenario"
"""Factor whose levels are names of base scenarios."""

SHORT = {"protocol": "behaviour.protocol", "beta": "behaviour.beta"}
"""Short names of keys that are swept often."""


def resolve(base: Scenario, values: Mapping[str, Any]) -> Scenario:
    """The scenario of a point without what is drawn per seed: keys first, then knobs in their order.

    Raises
    ------
    ScenarioError, KnobError
        When a key or a value does not fit.
    """
    keys = {SHORT.get(name, name): value for name, value in values.items() if _is_key(name)}
    scenario = base.with_set(keys) if keys else base
    for name in _turned(values, per_seed=False):
        changes = KNOBS[name].changes(scenario, values[name], values)
        scenario = scenario.with_set(changes) if changes else scenario
    return scenario


def draw(scenario: Scenario, values: Mapping[str, Any], seed: int) -> Scenario:
    """The scenario of a run: the knobs that draw, turned under its seed."""
    for name in _turned(values, per_seed=True):
        changes = KNOBS[name].changes(scenario, values[name], values, seed)
        scenario = scenario.with_set(changes) if changes else scenario
    return scenario


def drawn_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a point that is drawn per seed."""
    return {name: values[name] for name in _turned(values, per_seed=True)}


def _is_key(name: str) -> bool:
    return name != SCENARIO and name not in KNOBS


def _turned(values: Mapping[str, Any], per_seed: bool) -> list[str]:
    wanted = [KNOBS[name] for name in values if name in KNOBS and KNOBS[name].per_seed == per_seed]
    return [item.name for item in sorted(wanted, key=lambda item: (item.rank, item.name))]
