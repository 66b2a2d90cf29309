"""Assumptions moved one at a time, from the low to the high end of their ranges, and the value at which a sign flips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.pairing import Effect
from market_abm.analysis.register import Bench
from market_abm.analysis.table import SIGNED, Cell, Column, Table
from market_abm.scenario.assumptions import assumptions
from market_abm.scenario.errors import ScenarioError

if TYPE_CHECKING:
    from market_abm.analysis.robustness.runs import Robustness, Workbench
    from market_abm.scenario.assumptions import Assumption

HALVINGS = 2
"""Times that a range in which a sign flips is halved; the rest is a straight line."""


@dataclass(frozen=True)
class Turn:
    """What one assumption does to one paired difference.

    Attributes
    ----------
    scenario : str
    effect : Effect
        The difference as set, over all seeds.
    key, meaning : str
        The assumption.
    low_value, high_value : float
        Ends of its range (means over a group).
    at_low, at_middle, at_high : float
        Mean difference with the assumption held there, everything else drawn.
    flips_at : float
        Value at which the difference changes sign; NaN where it does not inside the range.
    """

    scenario: str
    effect: Effect
    key: str
    meaning: str
    low_value: float
    high_value: float
    at_low: float
    at_middle: float
    at_high: float
    flips_at: float

    @property
    def swing(self) -> float:
        """How far the difference moves over the range."""
        return abs(self.at_high - self.at_low)


def turns(made: Robustness, bench: Workbench, most: int) -> tuple[Turn, ...]:
    """Move the assumptions that matter most for the main difference of every scenario."""
    found: list[Turn] = []
    for place in range(1, len(made.scenarios)):
        main = main_effect(made.effects(place))
        if main is not None:
            chosen = _chosen(made, place, main, most)
            found += _moved(made, bench, place, main, chosen)
    return tuple(found)


def main_effect(effects: Sequence[Effect]) -> Effect | None:
    """The difference that stands out most: clear ones first, then by multiples of the smallest effect of interest."""
    sized = [item for item in effects if item.smallest > 0 and not item.identical]
    if not sized:
        return None
    return max(sized, key=lambda item: (item.clear and item.sizeable, abs(item.in_smallest[0])))


def _chosen(made: Robustness, place: int, main: Effect, most: int) -> list[Assumption]:
    """Assumptions by their rank correlation with the difference; in the order of the schema where it is unknown."""
    world = made.scenarios[place]
    groups = {group.key: group for group in assumptions(world)}
    measured = Bench(world, made.seeds).measured(main)
    known = [entry for entry in measured if not np.isnan(entry.correlation)]
    if not known:
        return list(groups.values())[:most]
    known.sort(key=lambda entry: (-abs(entry.correlation), entry.key))
    return [groups[entry.key] for entry in known[:most]]


def _moved(
    made: Robustness, bench: Workbench, place: int, main: Effect, chosen: Sequence[Assumption]
) -> list[Turn]:
    key, name = main.outcome.key, made.names[place]
    known: dict[tuple[int, float], float] = {}

    def measure(points: list[tuple[int, float]]) -> None:
        todo, wanted, pair = [], [], (made.scenarios[0], made.scenarios[place])
        for at, position in dict.fromkeys(point for point in points if point not in known):
            label = f"{chosen[at].key} at {position:+g}"
            try:
                worlds = [chosen[at].held(world, position) for world in pair]
            except ScenarioError as error:  # the end of one range need not go with the centre of another
                known[at, position] = float("nan")
                bench.failures.append({"scenario": name, "seed": -1, "variant": label, "error": str(error)})
                continue
            todo.append((at, position))
            wanted.append((label, worlds, made.few))
        for point, sample in zip(todo, bench.samples(wanted) if wanted else []):
            known[point] = sample.effect(key, 1, name).difference

    measure([(at, position) for at in range(len(chosen)) for position in (-1.0, 0.0, 1.0)])
    brackets = {at: bracket for at in range(len(chosen)) if (bracket := _bracket(known, at)) is not None}
    for _ in range(HALVINGS):
        measure([(at, sum(ends) / 2) for at, ends in brackets.items()])
        for at, (low, high) in brackets.items():
            middle = (low + high) / 2
            brackets[at] = (low, middle) if known[at, low] * known[at, middle] < 0 else (middle, high)
    world = made.scenarios[place]
    return [
        Turn(
            name, main, group.key, group.meaning, group.mean_at(world, -1.0), group.mean_at(world, 1.0),
            known[at, -1.0], known[at, 0.0], known[at, 1.0],
            group.mean_at(world, _crossing(known, at, *brackets[at])) if at in brackets else float("nan"),
        )
        for at, group in enumerate(chosen)
    ]  # fmt: skip


def _bracket(known: dict[tuple[int, float], float], at: int) -> tuple[float, float] | None:
    """Neighbouring positions between which the difference changes sign; None where it does not."""
    for low, high in ((0.0, 1.0), (-1.0, 0.0)):
        if known[at, low] * known[at, high] < 0:
            return low, high
    return None


def _crossing(known: dict[tuple[int, float], float], at: int, low: float, high: float) -> float:
    first, second = known[at, low], known[at, high]
    return low if second == first else low + (high - low) * first / (first - second)


def turns_table(found: Sequence[Turn]) -> Table | None:
    """The tornado as a table, largest swing first; None without any."""
    if not found:
        return None
    order = sorted(found, key=lambda item: (item.scenario, -np.nan_to_num(item.swing), item.key))
    rows = []
    for item in order:
        kind = SIGNED.get(item.effect.outcome.kind, item.effect.outcome.kind)
        reach = f"{item.low_value:.4g} to {item.high_value:.4g}"
        rows.append(
            (item.scenario, item.effect.outcome.label, item.key, item.meaning, reach,
             Cell(item.at_low, kind), Cell(item.at_middle, kind), Cell(item.at_high, kind),
             "no" if np.isnan(item.flips_at) else f"{item.flips_at:.4g}")
        )  # fmt: skip
    columns = (
        Column("scenario", "Scenario"), Column("outcome", "Difference in"), Column("key", "Assumption"),
        Column("meaning", "Meaning"), Column("range", "Range"), Column("at_low", "At low", "number"),
        Column("at_middle", "At centre", "number"), Column("at_high", "At high", "number"),
        Column("flips", "Sign flips at"),
    )  # fmt: skip
    note = (
        "One assumption held at the low end, the centre and the high end of its range, all others drawn as ever "
        "under the "
        "same seeds. The value of a flip is found by halving the range, then by a straight line."
    )
    return Table("tornado", "Assumptions moved one at a time", columns, tuple(rows), note)


def turns_sentence(found: Sequence[Turn]) -> str:
    """Which assumption flips a sign, and where."""
    if not found:
        return "No assumption was moved."
    flips = [item for item in found if not np.isnan(item.flips_at)]
    moved = len({(item.scenario, item.key) for item in found})
    if not flips:
        return f"None of the {moved} assumptions that matter most flips the main difference inside its range."
    parts = [
        f"{item.key} at {item.flips_at:.4g} that of {item.effect.outcome.label} in {item.scenario}"
        for item in flips
    ]
    return f"Of the {moved} assumptions that matter most, {len(flips)} flip the main difference: {'; '.join(parts)}."
