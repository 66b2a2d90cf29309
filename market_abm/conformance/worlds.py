"""Small worlds in which strategies are watched: as shipped, with other names, and a pair alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market_abm.agents import Desk
from market_abm.economy.state import opening
from market_abm.model import ComputeMarket
from market_abm.scenario import Scenario, load_scenario, scenario_from
from market_abm.strategies.view import View

WORLD = "two-clouds-three-labs"
QUARTERS = 3

CALM = {f"behaviour.shocks.{name}": 0 for name in ("quality", "demand", "market", "segment")}
CALM["upstream.slip_probability"] = 0


@dataclass(frozen=True)
class Asked:
    """One call of a strategy: what it saw, and for which rows."""

    verb: str
    view: View
    rows: np.ndarray


def calm() -> Scenario:
    """The small world without shocks, so that nothing but tastes and ties is drawn."""
    return load_scenario(WORLD, CALM)


def asked(model: ComputeMarket) -> list[Asked]:
    """Step a few quarters and note every question to the desk."""
    found: list[Asked] = []
    answer = model.desk.ask

    def noted(verb: str, view: View, rows: np.ndarray) -> Any:
        found.append(Asked(verb, view, rows))
        return answer(verb, view, rows)

    model.desk.ask = noted  # type: ignore[method-assign]
    for _ in range(QUARTERS):
        model.step()
    return found


def renamed(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """The same world under names whose alphabet runs the other way; new name by old name."""
    old = sorted([*scenario.firms, *scenario.segments])
    names = {name: f"Party {len(old) - place:02d}" for place, name in enumerate(old)}
    return scenario_from(_renamed(scenario.content(), names)), names


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def order(old: tuple[str, ...], new: tuple[str, ...], names: dict[str, str]) -> np.ndarray:
    """Place among the old keys of every new key."""
    place = {names[key]: i for i, key in enumerate(old)}
    return np.array([place[key] for key in new], dtype=np.int64)


def relabelled(model: ComputeMarket, scenario: Scenario, names: dict[str, str]) -> ComputeMarket:
    """A model of the renamed world in which draws that hang on names are those of ``model``."""
    other = ComputeMarket(scenario, rng=model.seed_used, pin=True)
    a, b = model.world, other.world
    s = order(a.sellers.key, b.sellers.key, names)
    i = order(a.buyers.key, b.buyers.key, names)
    links = replace(b.links, taste=a.links.taste[np.ix_(s, i)], key=a.links.key[np.ix_(s, i)])
    other.world = replace(b, links=links, stagger=a.stagger[i])
    other.state = opening(other.world)
    other.states = [other.state]
    other.desk = Desk(other.world, other.firms)
    return other


def pair_alone(changes: dict[str, Any]) -> Scenario:
    """One seller and one buyer."""
    data = load_scenario(WORLD).content()
    seller, buyer = "Neocloud", "Lab East"
    data["firms"] = {name: data["firms"][name] for name in (seller, buyer)}
    data["segments"] = {}
    data["links"] = [row for row in data["links"] if row["supplier"] == row["buyer"] == "*"]
    data["contracts"] = {
        key: row
        for key, row in data["contracts"].items()
        if (row["supplier"], row["buyer"]) == (seller, buyer)
    }
    chips = data["upstream"]["chips"]
    data["upstream"]["chips"] = {key: row for key, row in chips.items() if not row.get("serves")
                                 or row["serves"] == "all"}  # fmt: skip
    return scenario_from(data).with_set(changes)
