"""The same scenario in another order of its file, with idle firms, with other entries in its timeline."""

from __future__ import annotations

import random
from typing import Any

from market_abm.scenario import Scenario, load_scenario, scenario_from


def content(scenario: Scenario | str) -> dict[str, Any]:
    """Plain nested values of a scenario, ranges included."""
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    return scenario.content()


def shuffled(scenario: Scenario | str, seed: int = 1) -> Scenario:
    """Every mapping and the list of links in another order; the timeline keeps its own."""
    order = random.Random(seed)
    data = _mixed(content(scenario), order)
    order.shuffle(data["links"])
    return scenario_from(data)


def _mixed(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: _mixed(value[key], order) for key in keys}
    return value


def with_idle_firm(scenario: Scenario | str, name: str, kind: str = "provider") -> Scenario:
    """One more firm, with nothing online, no contract and no need."""
    data = content(scenario)
    firm: dict[str, Any] = {"kind": kind, "wacc": 0.31}
    if kind in ("provider", "hyperscaler"):
        firm["fleet"] = {"online": 0, "unit_cost": 0.01}
    if kind in ("lab", "hyperscaler"):
        firm["lab"] = {}
    data["firms"][name] = firm
    return scenario_from(data)


def with_entries(scenario: Scenario | str, *entries: dict[str, Any], first: bool = False) -> Scenario:
    """More timeline entries, at the end or at the beginning of the list."""
    data = content(scenario)
    timeline = list(data.get("timeline") or [])
    data["timeline"] = [*entries, *timeline] if first else [*timeline, *entries]
    return scenario_from(data)
