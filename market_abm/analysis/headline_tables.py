"""What the headline rests on, as tables: the largest effects of each measure, and where it turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_abm.analysis.headline import MEASURES
from market_abm.analysis.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.analysis.assumptions import Effects

LARGEST = 12
"""Assumptions in the printed table of a measure; the file has all."""


def tornado(found: Effects) -> list[Table]:
    """The assumptions with the largest effect on each measure, largest first."""
    return [_tornado(found, measure) for measure in MEASURES]


def _tornado(found: Effects, measure: str) -> Table:
    rows = found.table[found.table["measure"] == measure]
    rows = rows.reindex(rows["effect"].abs().sort_values(ascending=False, kind="stable").index).head(LARGEST)
    unit = MEASURES[measure][1]
    columns = (
        Column("key", "Assumption"),
        Column("low_value", "Low", "number"),
        Column("value", "Value", "number"),
        Column("high_value", "High", "number"),
        Column("at_low", "At low", "signed_number"),
        Column("at_value", "At value", "signed_number"),
        Column("at_high", "At high", "signed_number"),
        Column("effect", "Effect", "signed_number"),
        Column("band", "95 %", extra=True),
        Column("turns", "Turns at"),
        Column("meaning", "Meaning", extra=True),
    )
    lines = tuple(
        (row["key"], row["low_value"], row["value"], row["high_value"], row["at_low"], row["at_value"],
         row["at_high"], row["effect"], f"{row['effect_low']:+.3g} to {row['effect_high']:+.3g}", _turn(row),
         row["meaning"])
        for row in rows.to_dict("records")
    )  # fmt: skip
    seeds = int(found.table["seeds"].max())
    note = (
        f"{found.headline.label(measure).capitalize()}, {unit}; means over {seeds} common seeds with one assumption held "
        "and every other guess drawn. Numbers of a group move together; its values are means. Effect: high less low, "
        f"paired. The {LARGEST} largest of {found.table['key'].nunique()}."
    )
    return Table(f"effects_{measure}", MEASURES[measure][0], columns, lines, note)


def _turn(row: dict) -> str:
    return f"{row['flips_at']:.3g}" if row["flips"] else "not inside"


def flips(found: Effects) -> Table:
    """Every assumption at which a headline measure turns inside its range."""
    columns = (
        Column("measure", "Measure"),
        Column("key", "Assumption"),
        Column("value", "Value", "number"),
        Column("flips_at", "Turns at", "number"),
        Column("at_low", "At low", "signed_number"),
        Column("at_high", "At high", "signed_number"),
    )
    rows = tuple(
        (
            MEASURES[row["measure"]][0],
            row["key"],
            row["value"],
            row["flips_at"],
            row["at_low"],
            row["at_high"],
        )
        for row in found.flips().to_dict("records")
    )
    note = (
        "Between the value and the end of the range the statement becomes its opposite."
        if rows
        else "None does."
    )
    return Table("flips", "Where the headline turns", columns, rows, note)


def sentences(found: Effects) -> list[str]:
    """What each measure says, which guess moves it most, and how many turn it."""
    out = []
    for measure, (name, unit, _) in MEASURES.items():
        rows = found.table[found.table["measure"] == measure]
        at, turning = float(rows["at_value"].median()), rows[rows["flips"]]
        known = rows[rows["effect"].notna()]
        if known.empty:
            out.append(f"{name}: no run has a value.")
            continue
        most = known.iloc[int(known["effect"].abs().to_numpy().argmax())]
        words = _turning(turning)
        out.append(
            f"{name} ({found.headline.label(measure)}): {at:+.3g} {unit}. {most['key']} moves it most, "
            f"{most['at_low']:+.3g} to {most['at_high']:+.3g}; {words}."
        )
    return out


def _turning(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no single guess turns it inside its range"
    named = ", ".join(f"{row['key']} at {row['flips_at']:.3g}" for row in rows.to_dict("records")[:4])
    rest = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
    return f"it turns with {named}{rest}"
