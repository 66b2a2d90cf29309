"""The guesses behind a world: groups of numbers with a range, and the world with one of them held elsewhere.

A group is a dotted key in which ``*`` stands for any name: ``firms.*.wacc`` is every firm's cost of capital.
Its numbers move together, each within its own range.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from market_abm.scenario import paths
from market_abm.scenario.calendar import is_quarter
from market_abm.scenario.dictionary import keys as schema_keys
from market_abm.scenario.draw import Input, numbers
from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario

NAMED = {"firms": 1, "segments": 1, "contracts": 1, "links": 1, "timeline": 1, "chips": 2, "regions": 2}
"""Parts of a scenario whose members have names, and where in the path the name stands."""
MAPS = ("stakes", "rival_harm", "priority")
"""Fields that hold a number for each name."""


@dataclass(frozen=True)
class Assumption:
    """A group of numbers and how far they may lie from their central values.

    Attributes
    ----------
    key : str
        Dotted path; ``*`` stands for any part.
    meaning : str
        What it is, in words.
    low, value, high : float or None
        A range for a number that states none (a weight that is zero in every baseline); None takes each
        number's own.
    """

    key: str
    meaning: str = ""
    low: float | None = None
    value: float | None = None
    high: float | None = None

    def inputs(self, scenario: Scenario) -> list[Input]:
        """The numbers of the group that have a range in ``scenario``, in its order.

        One with a range of its own is a single number, whether or not the scenario states it.
        """
        if self.low is not None and self.value is not None and self.high is not None:
            single = Input(self.key, Quantity(self.value, self.low, self.high, guess=True), None)
            return [single] if _has_place(scenario, self.key) else []
        exact = [item for item in _ranged(scenario) if item.path == self.key]
        return exact or [item for item in _ranged(scenario) if _matches(item.path, self.key)]

    def at(self, scenario: Scenario, position: float) -> dict[str, float]:
        """Values by path: low at -1, central at 0, high at 1, straight lines between; whole where they must be.

        Raises
        ------
        ValueError
            When ``position`` lies outside [-1, 1].
        """
        if not -1.0 <= position <= 1.0:
            raise ValueError(f"position is {position}; it runs from -1 (low) over 0 (value) to 1 (high)")
        return {item.path: _between(item, position) for item in self.inputs(scenario)}

    def mean_at(self, scenario: Scenario, position: float) -> float:
        """Mean of the group's numbers at a position; NaN where the scenario has none."""
        values = list(self.at(scenario, position).values())
        return sum(values) / len(values) if values else float("nan")

    def held(self, scenario: Scenario, position: float) -> Scenario:
        """The scenario with the group's numbers held there; every other guess is drawn as before."""
        changes = self.at(scenario, position)
        return scenario.with_set(changes) if changes else scenario


def assumptions(*scenarios: Scenario, estimated: bool = False) -> list[Assumption]:
    """Every group of numbers with a range in any of the scenarios, in the order of the schema.

    Parameters
    ----------
    estimated : bool
        Only groups with a number that no source states.
    """
    found: dict[str, bool] = {}
    for scenario in scenarios:
        for item in _ranged(scenario):
            key = group_of(item.path)
            found[key] = found.get(key, False) or bool(getattr(item.value, "estimated", False))
    return [Assumption(key, meaning(key)) for key, guessed in found.items() if guessed or not estimated]


def named(wanted: Iterable[Assumption | str], *scenarios: Scenario) -> list[Assumption]:
    """Assumptions as given, or by their keys.

    Raises
    ------
    KeyError
        A key under which no scenario has a number with a range.
    """
    found = []
    for item in wanted:
        group = item if isinstance(item, Assumption) else Assumption(item, meaning(item))
        if not any(group.inputs(scenario) for scenario in scenarios):
            raise KeyError(
                f"no number with a range under {group.key!r}; "
                f"groups: {', '.join(other.key for other in assumptions(*scenarios)[:8])}, ..."
            )
        found.append(group)
    return found


def paths_of(scenario: Scenario, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Paths of all numbers under each key in which ``*`` stands for any part, with a range or without."""
    known = [item.path for item in numbers(scenario)]
    return {key: tuple(path for path in known if _matches(path, key)) for key in keys}


def group_of(path: str) -> str:
    """The group of a number: its path with names and quarters replaced by ``*``."""
    parts = paths.split(path)
    for part, place in NAMED.items():
        if parts[place - 1] == part and len(parts) > place:
            parts[place] = "*"
    for step, part in enumerate(parts):
        if is_quarter(part) or (step > 0 and parts[step - 1] in MAPS):
            parts[step] = "*"
    return paths.join(parts)


def meaning(key: str) -> str:
    """What the schema says about a group; empty where it has no such key."""
    known = _meanings()
    return known.get(key) or known.get(key.removesuffix(".*")) or known.get(group_of(key), "")


@cache
def _meanings() -> dict[str, str]:
    found: dict[str, str] = {}
    for item in schema_keys():
        key = item.path.replace("<name>", "*").replace("[].", ".*.")
        if key.startswith("timeline["):
            key = "timeline.*" + key[key.index("]") + 1 :]
        found.setdefault(key, item.meaning)
    return found


def _ranged(scenario: Scenario) -> list[Input]:
    return [item for item in numbers(scenario) if isinstance(item.value, Quantity) and item.value.ranged]


def _has_place(scenario: Scenario, path: str) -> bool:
    """Whether the contract or timeline entry that a path names is there; other places can be made."""
    parts = paths.split(path)
    if parts[0] == "timeline":
        return parts[1] in [entry.key for entry in scenario.timeline]
    return parts[0] != "contracts" or parts[1] in scenario.contracts


def _matches(path: str, key: str) -> bool:
    parts, wanted = paths.split(path), paths.split(key)
    return len(parts) == len(wanted) and all(fnmatchcase(a, b) for a, b in zip(parts, wanted))


def _between(item: Input, position: float) -> float:
    value = item.value
    assert isinstance(value, Quantity) and value.low is not None and value.high is not None
    end = value.high if position > 0 else value.low
    found = float(value) + abs(position) * (end - float(value))
    return round(found) if item.type is not None and item.type.whole else found
