"""Tables of the phase diagram: thresholds with both intervals, and how well each index tells."""

from __future__ import annotations

from typing import Any

from market_abm.analysis.phase import Estimate, Phase
from market_abm.analysis.table import Column, Table


def tables(found: Phase) -> tuple[Table, ...]:
    """Thresholds against the exact boundary, thresholds by HHI, and out-of-sample AUC."""
    return (shift_table(found), cell_table(found), auc_table(found))


def shift_table(found: Phase) -> Table:
    """Distance of the threshold from the exact boundary, by panel."""
    heads = [Column(name, _label(found, name)) for name in found.factors]
    columns = (
        *heads, Column("runs", "Runs", "count"), Column("frequency", "Share with event", "share"),
        Column("agreement", "Agrees with exact", "share"), Column("shift", "Threshold less exact", "signed_number"),
        Column("se", "Standard error", "number"), *_interval_columns(), Column("method", "Fit"),
    )  # fmt: skip
    rows = tuple(
        (
            *(_text(item.values[name]) for name in found.factors), item.shift.runs, item.shift.frequency,
            item.agreement, *_estimate(item.shift),
        )
        for item in found.panels
    )  # fmt: skip
    note = (
        "Threshold in tightness less the exact one, 1 - largest share, all HHIs together: zero is the exact boundary of "
        "full reach. Intervals of 95 %: Fieller's, clustered by seed; where the event is separated those of the "
        "profile of Firth's likelihood."
    )
    return Table("shift", "The threshold against the exact boundary", columns, rows, note)


def cell_table(found: Phase) -> Table:
    """Threshold in tightness at every HHI of every panel."""
    heads = [Column(name, _label(found, name)) for name in found.factors]
    columns = (
        *heads, Column("hhi", "HHI", "index"), Column("exact", "Exact, full reach", "number"),
        Column("threshold", "Threshold", "number"), Column("se", "Standard error", "number"), *_interval_columns(),
        Column("method", "Fit"), Column("holds", "Exact inside"),
    )  # fmt: skip
    rows = tuple(
        (
            *(_text(panel.values[name]) for name in found.factors), float(hhi), float(exact), *_estimate(cell),
            "yes" if cell.holds(float(exact)) else "no" if cell.known else "",
        )
        for panel in found.panels
        for hhi, exact, cell in zip(panel.hhi, panel.exact, panel.cells)
    )  # fmt: skip
    note = "Missing where the event always or never happens."
    return Table("thresholds", "Threshold in tightness by HHI", columns, rows, note)


def auc_table(found: Phase) -> Table:
    """Area under the ROC curve out of sample, for all runs and by the first factor."""
    columns = (
        Column("runs", "Runs"), Column("predictors", "Predictors"), Column("auc", "AUC", "number"),
        Column("low", "2.5 %", "number"), Column("high", "97.5 %", "number"),
    )  # fmt: skip
    name = _label(found, found.factors[0]) if found.factors else ""
    groups = [("all", found.aucs), *((f"{value} {name}", items) for value, items in found.aucs_by.items())]
    rows = tuple(
        (head, item.name, item.value, item.low, item.high) for head, items in groups for item in items
    )
    note = "0.5 tells nothing, 1 everything. Five folds over points of the design; seeds redrawn for the interval."
    return Table("auc", "What tells a chokepoint", columns, rows, note)


def _interval_columns() -> tuple[Column, ...]:
    return (
        Column("delta_low", "Delta 2.5 %", "number", extra=True),
        Column("delta_high", "Delta 97.5 %", "number", extra=True),
        Column("fieller_low", "Fieller 2.5 %", "number", extra=True),
        Column("fieller_high", "Fieller 97.5 %", "number", extra=True),
        Column("low", "2.5 %", "number"),
        Column("high", "97.5 %", "number"),
    )


def _estimate(item: Estimate) -> tuple[Any, ...]:
    method = "" if not item.known else "Firth" if item.firth else "logit"
    return (item.value, item.se, *item.delta, *item.fieller, *item.interval, method)


def _label(found: Phase, name: str) -> str:
    text = found.labels.get(name, name)
    return text[:1].upper() + text[1:]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
