"""The tables of a comparison: the market, every lab, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.outcomes import LAB_OUTCOMES, OUTCOMES
from market_abm.analysis.statistics import span
from market_abm.analysis.table import SIGNED, SIZED, UNITS, Band, Cell, Column, Table

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.pairing import Effect

EFFECT_COLUMNS = (
    Column("outcome", "Outcome"),
    Column("key", "Key", hidden=True),
    Column("window", "Quarters", extra=True),
    Column("unit", "Unit"),
    Column("baseline", "Baseline", "number", extra=True),
    Column("other", "Other", "number", extra=True),
    Column("difference", "Difference", "number"),
    Column("low", "95 % low", "number"),
    Column("high", "95 % high", "number"),
    Column("same_sign", "Same sign", "share"),
    Column("seeds", "Seeds", "count", extra=True),
    Column("smallest", "Smallest of interest", "number", extra=True),
    Column("detectable", "Detectable", "number", extra=True),
    Column("variance_removed", "Variance removed", "share", extra=True),
    Column("verdict", "Verdict"),
    Column("confidence", "Confidence", extra=True),
)
"""Columns of a table of effects."""


def effect_row(effect: Effect, label: str | None = None) -> tuple[Any, ...]:
    """The cells of an effect, in the order of :data:`EFFECT_COLUMNS`."""
    outcome = effect.outcome
    kind = outcome.kind
    levels = [Cell(getattr(effect, name), kind) for name in ("baseline", "other")]
    changes = [Cell(getattr(effect, name), SIGNED.get(kind, kind)) for name in ("difference", "low", "high")]
    sizes = [Cell(value, SIZED.get(kind, kind)) for value in (effect.smallest, effect.detectable)]
    return (
        label or outcome.label, outcome.key, outcome.window, UNITS.get(SIGNED.get(kind, kind), ""), *levels, *changes,
        effect.same_sign, effect.seeds, *sizes, effect.variance_removed, effect.verdict, effect.confidence,
    )  # fmt: skip


def market(comparison: Comparison, other: int = 0, effects: Sequence[Effect] | None = None) -> Table:
    """Paired differences of every outcome of the market."""
    found = comparison.effects(other) if effects is None else effects
    base, name = comparison.baseline.setting.name, comparison.names[other]
    seeds = len(comparison.seeds(other))
    note = (
        f"{name} less {base}: means by seed over the quarters named, {seeds} common seed{'s' * (seeds != 1)}, "
        f"{'95 % Student t interval' if seeds > 1 else 'no interval with one seed'}; changes of shares in percentage "
        "points. Same sign: share of seeds with the sign of the mean. Detectable: the smallest true difference that "
        "this many seeds would find with a power of 80 %. Variance removed: part of the variance of an unpaired "
        "difference that pairing removed; below zero pairing made it worse."
    )
    rows = tuple(effect_row(item) for item in found)
    return Table(f"market_{name}", f"{name} against {base}", EFFECT_COLUMNS, rows, note)


def labs(comparison: Comparison, other: int = 0, effects: Sequence[Effect] | None = None) -> Table:
    """Differences of every lab with their intervals."""
    found = comparison.lab_effects(other) if effects is None else effects
    by_lab: dict[str, dict[str, Effect]] = {}
    for item in found:
        by_lab.setdefault(item.outcome.unit[0], {})[item.outcome.key] = item
    names = labels(comparison, other)
    columns = [Column("lab", "Lab")]
    columns += [
        Column(outcome.key, outcome.label, SIGNED.get(outcome.kind, outcome.kind)) for outcome in LAB_OUTCOMES
    ]
    lines = []
    for firm, effects_of in by_lab.items():
        cells = []
        for outcome in LAB_OUTCOMES:
            known = effects_of.get(outcome.key)
            nan = float("nan")
            band = Band(nan, nan, nan) if known is None else Band(known.difference, known.low, known.high)
            cells.append(Cell(band, SIGNED.get(outcome.kind, outcome.kind)))
        lines.append((names.get(firm, firm), *cells))
    shared = comparison.quarters(other) if comparison.comparable(other) else ()
    when = sorted({outcome.when(shared) for outcome in LAB_OUTCOMES}) if shared else []
    note = f"Means over seeds with 95 % intervals; {' and '.join(when)}." if when else ""
    rows = tuple(sorted(lines, key=lambda line: str(line[0]).casefold()))
    return Table(f"labs_{comparison.names[other]}", "Labs, differences", tuple(columns), rows, note)


def labels(comparison: Comparison, other: int = 0) -> dict[str, str]:
    """Labs' own names in the two scenarios."""
    return {**comparison.baseline.setting.labels, **comparison.others[other].setting.labels}


def per_seed(comparison: Comparison, other: int = 0) -> pd.DataFrame:
    """Both values and the difference of every outcome of the market and of the labs, a row a seed."""
    parts = []
    seeds, pair = comparison.seeds(other), (comparison.baseline, comparison.others[other])
    if not comparison.comparable(other):
        columns = ["outcome", "column", "window", "unit", "seed", "baseline", "other", "difference"]
        return pd.DataFrame(columns=columns)
    quarters = comparison.quarters(other)
    for outcome in (*OUTCOMES, *(item.outcome for item in comparison.lab_effects(other))):
        values = [outcome.values(result, quarters) for result in pair]
        values = [
            column[[result.seeds.index(seed) for seed in seeds]] for column, result in zip(values, pair)
        ]
        if not (np.isfinite(values[0]) | np.isfinite(values[1])).any():
            continue
        unit, window = " > ".join(outcome.unit), span(outcome.quarters(quarters))
        names = {"outcome": outcome.key, "column": outcome.column}
        frame = pd.DataFrame({**names, "window": window, "unit": unit, "seed": seeds})
        parts.append(frame.assign(baseline=values[0], other=values[1], difference=values[1] - values[0]))
    return pd.concat(parts, ignore_index=True)
