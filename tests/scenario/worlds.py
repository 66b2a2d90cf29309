"""Small helpers for the tests of scenarios."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from market_abm.scenario import Scenario, load_scenario, scenario_from
from market_abm.scenario.dump import _flow, _lines
from market_abm.scenario.errors import ScenarioError

WORLD: dict[str, Any] = {
    "schema_version": 1,
    "name": "pair",
    "horizon": {"start": "2026Q3", "quarters": 8},
    "firms": {
        "Lab": {
            "kind": "lab",
            "lab": {"inference": 10, "rnd": {"value": 5, "low": 4, "high": 7, "source": "s1"}},
        },
        "Cloud": {
            "kind": "provider",
            "fleet": {"online": 100, "pipeline": {"2026Q4": 5}},
            "stakes": {"Lab": 0.1},
        },
    },
    "links": [
        {"supplier": "*", "buyer": "*", "qualified": True},
        {"supplier": "Cloud", "buyer": "Lab", "switching_cost": {"value": 0.1, "low": 0, "high": 0.2}},
    ],
    "contracts": {"K1": {"supplier": "Cloud", "buyer": "Lab", "volume": 10, "price": 2, "end": "2028Q2"}},
    "segments": {"Users": {"use": 50}},
    "timeline": [
        {"kind": "null", "quarter": "2027Q1"},
        {"kind": "recall", "quarter": "2027Q1", "contract": "K1", "by": "buyer"},
    ],
    "sources": {"s1": {"title": "A study", "date": 2026}},
}


@cache
def loaded(name: str) -> Scenario:
    """A shipped scenario, read once."""
    return load_scenario(name)


def world(**sections: Any) -> dict[str, Any]:
    """A copy of the pair world with some sections replaced."""
    return {**copy.deepcopy(WORLD), **sections}


def yaml(data: dict[str, Any]) -> str:
    """YAML text of plain nested values."""
    return "".join(_lines(data, 0))


def row(value: Any) -> str:
    """YAML text of a value on one line."""
    return _flow(value)


def write(folder: Path, name: str, data: dict[str, Any] | str | bytes) -> Path:
    """Write a scenario file."""
    path = folder / name
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        path.write_text(data if isinstance(data, str) else yaml(data), encoding="utf-8")
    return path


def refusal(source: dict[str, Any] | Path | str, changes: Any = ()) -> str:
    """The message with which a scenario is refused."""
    try:
        if isinstance(source, dict):
            scenario = scenario_from(source)
            if changes:
                scenario.with_set(changes)
        else:
            load_scenario(source, changes)
    except ScenarioError as error:
        return str(error)
    raise AssertionError("the scenario was accepted")


def path_set(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of nested values with a dotted path set."""
    data = copy.deepcopy(data)
    at: Any = data
    *above, last = path.split(".")
    for part in above:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    at[int(last) if isinstance(at, list) else last] = value
    return data
