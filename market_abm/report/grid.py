"""The grid of scenarios and outcomes on page one: an arrow, a number and a word in each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from market_abm.analysis.table import SIGNED, UNITS, Kind, shown

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.pairing import Effect

WORDS = {
    "rises": ("▲", "rises", "rises"),
    "falls": ("▼", "falls", "falls"),
    "no effect": ("●", "flat", "no effect of interest"),
    "identical": ("=", "flat", "exactly the same"),
    "open": ("?", "open", "cannot be told"),
    "one seed": ("·", "open", "one seed"),
    "none": ("–", "open", "not measured"),
}
"""Arrow, look and word of each verdict."""


@dataclass(frozen=True)
class Cell:
    """A cell: arrow, number, its interval, and the verdict as a word."""

    arrow: str
    text: str
    band: str
    word: str
    look: str


@dataclass(frozen=True)
class Row:
    """An outcome; ``group`` is the heading above it, empty where the last one goes on."""

    label: str
    when: str
    group: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """Scenarios by outcomes."""

    title: str
    caption: str
    scenarios: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str


def grid(comparison: Comparison, effects: Sequence[Sequence[Effect]]) -> Grid | None:
    """The grid of a comparison from the effects of each other scenario; None where nothing can be compared."""
    base = comparison.baseline
    return grid_of(base.setting.name, base.quarters, comparison.names, effects)


def grid_of(
    base: str, quarters: Sequence[str], names: Sequence[str], effects: Sequence[Sequence[Effect]]
) -> Grid | None:
    """The grid from names, quarters of the baseline and effects; None where nothing can be compared."""
    by_key = [{item.outcome.key: item for item in part} for part in effects]
    outcomes = {item.outcome.key: item.outcome for part in effects for item in part}
    if not outcomes:
        return None
    rows, group = [], ""
    for key, outcome in outcomes.items():
        cells = tuple(_cell(part.get(key)) for part in by_key)
        level = next((part[key].baseline for part in by_key if key in part), math.nan)
        unit = UNITS.get(outcome.kind, "")
        when = f"{outcome.when(quarters)}; {base}: {shown(level, outcome.kind)} {unit}".strip()
        rows.append(Row(outcome.label, when, outcome.group if outcome.group != group else "", cells))
        group = outcome.group
    return Grid(
        "Scenarios and outcomes",
        f"Difference from {base}: mean over common seeds, with the 95 % interval.",
        tuple(names),
        tuple(rows),
        "▲ rises, ▼ falls: the interval leaves out zero and the mean reaches the smallest effect of interest. ● no "
        "effect of interest: the whole interval is smaller than that. ? cannot be told with these seeds. = exactly the "
        "same in every seed. Up is neither good nor bad. Smallest effects are in the table of differences.",
    )


def _cell(effect: Effect | None) -> Cell:
    if effect is None:
        arrow, look, word = WORDS["none"]
        return Cell(arrow, "n/a", "", word, look)
    arrow, look, word = WORDS[effect.verdict]
    kind: Kind = SIGNED.get(effect.outcome.kind, effect.outcome.kind)
    band = "" if math.isnan(effect.low) else f"{shown(effect.low, kind)} to {shown(effect.high, kind)}"
    return Cell(arrow, with_unit(effect.difference, kind), band, word, look)


def with_unit(value: float, kind: Kind) -> str:
    """A number with its unit."""
    unit = UNITS.get(kind, "")
    return f"{shown(value, kind)} {unit}".strip()
