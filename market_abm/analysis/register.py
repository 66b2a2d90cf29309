"""The register of assumptions: value, range, source, grade, and what the seeds say each one does.

Every seed draws each guess from its range, so a comparison over many seeds has varied all of them at once. The
measured effect is the slope of the paired difference on the drawn value, from the low to the high end of the
range; it counts where the rank correlation survives the correction for having looked at so many (Benjamini &
Hochberg 1995). Exact values at which a finding turns come from moving one assumption at a time (`robustness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.panel import Floats
from market_abm.analysis.table import SIGNED, Cell, Column, Table
from market_abm.rng import triangular, uniform
from market_abm.scenario.assumptions import Assumption, assumptions, group_of, meaning
from market_abm.scenario.draw import Input, numbers
from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.analysis.pairing import Effect
    from market_abm.scenario import Scenario

ENOUGH = 20
"""Seeds below which no effect is measured."""

FALSE_SHARE = 0.05
"""Share of false finds that is accepted among those that count."""

GRADE = {"A": 0, "B": 1, "C": 2, "D": 3}


@dataclass(frozen=True)
class Entry:
    """An assumption, or a group of numbers that is one.

    Attributes
    ----------
    key, meaning : str
    count : int
        Numbers in it.
    value, low, high : float
        Means over the group.
    source, grade : str
        Sources by their keys; the worst grade among them. Guesses have D.
    correlation : float
        Rank correlation of the drawn value with the paired difference; NaN where nothing was measured.
    effect : float
        What the difference gains from the low to the high end, by the slope.
    counts : bool
        Whether the correlation survives the correction for looking at many.
    flips_at : float
        Value inside the range at which the fitted difference changes sign; NaN where it does not.
    """

    key: str
    meaning: str
    count: int
    value: float
    low: float
    high: float
    source: str
    grade: str
    correlation: float = float("nan")
    effect: float = float("nan")
    counts: bool = False
    flips_at: float = float("nan")


def draws(scenario: Scenario, seeds: Sequence[int], groups: Sequence[Assumption]) -> Floats:
    """Drawn values of groups of numbers, means over each group (S, G); as :meth:`Scenario.drawn` draws them."""
    found = np.empty((len(seeds), len(groups)))
    by_key = _grouped(scenario)
    for place, group in enumerate(groups):
        inputs = by_key.get(group.key) or group.inputs(scenario)
        for row, seed in enumerate(seeds):
            values = [_draw(item, seed) for item in inputs]
            found[row, place] = sum(values) / len(values) if values else np.nan
    return found


def _draw(item: Input, seed: int) -> float:
    quantity = item.value
    if not isinstance(quantity, Quantity) or quantity.low is None or quantity.high is None:
        return float(quantity)
    value = triangular(uniform(seed, "input", item.path), quantity.low, float(quantity), quantity.high)
    return float(round(value)) if item.type is not None and item.type.whole else value


def register(scenario: Scenario) -> tuple[Entry, ...]:
    """Every assumption of a scenario with a range, in the order of the schema."""
    grades = {key: source.grade or "" for key, source in scenario.sources.items()}
    by_key = _grouped(scenario)
    return tuple(_entry(key, meaning(key), inputs, grades) for key, inputs in by_key.items())


def _grouped(scenario: Scenario) -> dict[str, list[Input]]:
    """Numbers with a range by the group that they belong to, in the order of the schema."""
    found: dict[str, list[Input]] = {}
    for item in numbers(scenario):
        if isinstance(item.value, Quantity) and item.value.ranged:
            found.setdefault(group_of(item.path), []).append(item)
    return found


class Bench:
    """Measures what the assumptions of a scenario do to paired differences of its seeds.

    Parameters
    ----------
    scenario : Scenario
    seeds : sequence of int
        The common seeds, in the order of the differences.
    """

    def __init__(self, scenario: Scenario, seeds: Sequence[int]) -> None:
        from scipy.stats import rankdata

        self.entries = register(scenario)
        self.seeds = tuple(seeds)
        self.usable = len(self.seeds) >= ENOUGH and not scenario.pin
        if self.usable:
            self.drawn = draws(scenario, seeds, assumptions(scenario))
            self.moved = np.flatnonzero(np.ptp(self.drawn, axis=0) > 0)
            self._ranks = _unit(rankdata(self.drawn[:, self.moved], axis=0))

    def measured(self, effect: Effect) -> tuple[Entry, ...]:
        """The assumptions with what each does to a difference; as they are where nothing can be measured."""
        from scipy.special import stdtr
        from scipy.stats import false_discovery_control, rankdata

        gains = np.asarray(effect.differences)
        if not self.usable or len(gains) != len(self.seeds) or not np.ptp(gains) > 0 or not len(self.moved):
            return self.entries
        correlation = np.clip(self._ranks.T @ _unit(rankdata(gains)[:, None]), -1.0, 1.0)[:, 0]
        freedom = len(gains) - 2
        with np.errstate(divide="ignore"):
            t = np.abs(correlation) * np.sqrt(freedom / np.maximum(1.0 - correlation**2, 0.0))
        adjusted = false_discovery_control(2.0 * stdtr(freedom, -t))
        found = list(self.entries)
        for place, rank, p in zip(self.moved, correlation, adjusted):
            entry, x = self.entries[place], self.drawn[:, place]
            slope = float(((x - x.mean()) * (gains - gains.mean())).sum() / ((x - x.mean()) ** 2).sum())
            level = float(gains.mean()) - slope * float(x.mean())
            ends, counts = [level + slope * end for end in (entry.low, entry.high)], bool(p <= FALSE_SHARE)
            turns = counts and ends[0] * ends[1] < 0
            found[place] = replace(
                entry, correlation=float(rank), effect=ends[1] - ends[0], counts=counts,
                flips_at=-level / slope if turns else float("nan"),
            )  # fmt: skip
        return tuple(found)


def _unit(columns: Floats) -> Floats:
    """Columns with mean zero and length one."""
    centred = columns - columns.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=0))


def _entry(key: str, words: str, inputs: Sequence[Input], grades: dict[str, str]) -> Entry:
    quantities = [item.value for item in inputs if isinstance(item.value, Quantity)]
    named = dict.fromkeys(source for item in quantities for source in item.source if source != "assumption")
    found = [grades.get(name, "") for name in named]
    if not named or any(item.estimated for item in quantities):
        found.append("D")
    grade = max((item for item in found if item in GRADE), key=GRADE.__getitem__, default="")
    keys = list(named)
    source = ", ".join(keys[:4]) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")
    numbers = [[float(item), item.low, item.high] for item in quantities]
    value, low, high = (float(item) for item in np.mean(np.array(numbers, dtype=np.float64), axis=0))
    return Entry(key, words, len(inputs), value, low, high, source or "guess", grade)


def grade_shares(entries: Sequence[Entry]) -> dict[str, float]:
    """Share of the numbers with a range by grade."""
    total = sum(entry.count for entry in entries)
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.grade or "none"] = counts.get(entry.grade or "none", 0) + entry.count
    return {grade: counts[grade] / total for grade in sorted(counts)} if total else {}


def register_table(entries: Sequence[Entry], effect: Effect | None) -> Table:
    """The register, strongest effect first."""
    size = {entry.key: abs(entry.effect) if entry.counts else -1.0 for entry in entries}
    order = sorted(
        entries, key=lambda entry: (-size[entry.key], -abs(np.nan_to_num(entry.correlation)), entry.key)
    )
    kind = SIGNED.get(effect.outcome.kind, effect.outcome.kind) if effect is not None else "number"
    rows = tuple(
        (
            entry.key, entry.meaning, entry.count, _brief(entry.value), f"{_brief(entry.low)} to {_brief(entry.high)}",
            entry.source, entry.grade or "-", entry.correlation, Cell(entry.effect, kind),
            "yes" if entry.counts else "no" if not np.isnan(entry.correlation) else "n/a", _flip(entry),
        )
        for entry in order
    )  # fmt: skip
    columns = (
        Column("key", "Assumption"), Column("meaning", "Meaning"), Column("count", "Numbers", "count"),
        Column("value", "Value"), Column("range", "Range"), Column("source", "Source"), Column("grade", "Grade"),
        Column("correlation", "Rank correlation", "number"), Column("effect", "Low to high", "number"),
        Column("counts", "Counts"), Column("flips", "Sign flips at"),
    )  # fmt: skip
    what = (
        "n/a: measured from 20 seeds on"
        if effect is None
        else f"on: {effect.outcome.label}, {effect.scenario}"
    )
    note = (
        f"Measured effect {what}; slope of the paired difference on the drawn value over its range. Counts: the rank "
        f"correlation survives the correction for {len(entries)} looks (false share {FALSE_SHARE:.0%}). Groups with * "
        "hold many numbers, drawn one by one; value and range are their means. Grade: the worst among the sources; D "
        "is a guess."
    )
    return Table("register", "Register of assumptions", columns, rows, note)


def reversal_sentence(found: Sequence[tuple[Effect, tuple[Entry, ...]]]) -> str:
    """Which assumption reverses a finding, from the seeds alone; pairs of a clear difference and its register."""
    measured = [
        (effect, entries) for effect, entries in found if any(not np.isnan(e.correlation) for e in entries)
    ]
    if not found:
        return "No difference is clear enough for an assumption to reverse it."
    if not measured:
        return (
            f"Not measured: it takes {ENOUGH} seeds with drawn guesses. The register lists every assumption with its "
            "range; `market-abm robustness` moves them one by one."
        )
    flips = [
        (effect, entry) for effect, entries in measured for entry in entries if not np.isnan(entry.flips_at)
    ]
    count = len(measured[0][1])
    if flips:
        flips.sort(key=lambda pair: -abs(pair[1].correlation))
        named = [
            f"{entry.key} (about {_brief(entry.flips_at)}) that of {_within(effect)}"
            for effect, entry in flips[:3]
        ]
        return (
            f"Of {count} assumptions, {len({entry.key for _, entry in flips})} change the sign of one of "
            f"{len(measured)} clear differences inside their range: {'; '.join(named)}."
        )
    strong = [(effect, entry) for effect, entries in measured for entry in entries if entry.counts]
    if not strong:
        return (
            f"None of {count} assumptions reverses one of {len(measured)} clear differences inside its range, and none "
            "stands out from chance."
        )
    effect, entry = max(strong, key=lambda pair: abs(pair[1].correlation))
    return (
        f"None of {count} assumptions reverses one of {len(measured)} clear differences inside its range; the strongest "
        f"is {entry.key} on that of {_within(effect)} (rank correlation {entry.correlation:+.2f})."
    )


def _within(effect: Effect) -> str:
    label = effect.outcome.label
    return f"{label if label.startswith('HHI') else label[0].lower() + label[1:]} in {effect.scenario}"


def _flip(entry: Entry) -> str:
    if np.isnan(entry.correlation):
        return "n/a"
    return _brief(entry.flips_at) if not np.isnan(entry.flips_at) else "no"


def _brief(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
