"""Figures of a robustness run: signs over the grid, and the tornado of assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.robustness.findings import SIGNS
from market_abm.analysis.robustness.tornado import turns_table
from market_abm.analysis.robustness.values import AS_SET
from market_abm.analysis.table import SIGNED, UNITS, Cell, Column, Table, shown
from market_abm.report import style
from market_abm.report.charts import Figure, Panel, Spec, Swatch, number, wrapped

if TYPE_CHECKING:
    from market_abm.analysis.robustness.findings import Finding
    from market_abm.analysis.robustness.tornado import Turn

ARROWS = {1: "▲", -1: "▼", 0: "●"}
SHADES = {-1: "#9CC7E6", 0: "#ECEEF1", 1: "#F2B48A"}


def signs(found: Sequence[Finding]) -> Figure | None:
    """Signs of every outcome by protocol and weight, thresholds and horizons as set."""
    if not found:
        return None
    protocols, betas = found[0].factors[0][1], found[0].factors[1][1]
    columns = [f"{protocol}, {beta}" for protocol in protocols for beta in betas]
    labels = [f"{beta.removeprefix('beta ')}" for _ in protocols for beta in betas]
    grid = np.array([item.signs[:, :, 0].ravel() for item in found])
    means = [item.means[:, :, 0].ravel() for item in found]
    kinds = [SIGNED.get(item.outcome.kind, item.outcome.kind) for item in found]
    hover = [
        [
            f"{column}: {shown(float(value), kind)} {UNITS.get(kind, '')}"
            for column, value in zip(columns, row)
        ]
        for row, kind in zip(means, kinds)
    ]
    trace: Spec = {
        "type": "heatmap", "z": grid.tolist(), "x": [list(_repeat(protocols, len(betas))), labels],
        "y": [wrapped(item.outcome.label, 34) for item in found],
        "text": [[ARROWS[int(sign)] for sign in row] for row in grid], "texttemplate": "%{text}", "hovertext": hover,
        "hoverinfo": "text", "zmin": -1.5, "zmax": 1.5, "xgap": 1, "ygap": 1, "showscale": False,
    }  # fmt: skip
    trace["colorscale"] = [[0.0, SHADES[-1]], [1 / 3, SHADES[-1]], [1 / 3, SHADES[0]], [2 / 3, SHADES[0]],
                           [2 / 3, SHADES[1]], [1.0, SHADES[1]]]  # fmt: skip
    base = style.layout("", 90 + 32 * len(found), hovermode="closest")
    base["yaxis"] = style.axis(type="category", autorange="reversed", showgrid=False, ticks="")
    base["xaxis"] = style.axis(
        type="multicategory", showgrid=False, title={"text": "Protocol, weight of the seller"}
    )
    title = f"Does the sign survive the bargaining rule? {found[0].scenario}"
    caption = (
        "Sign of the mean paired difference in every cell of protocol and weight, where it reaches the smallest "
        "effect of interest; thresholds and horizon as the scenario sets them."
    )
    heads = (
        Column("outcome", "Outcome"),
        Column("unit", "Unit"),
        *(Column(name, name, "number") for name in columns),
    )
    rows = tuple(
        (item.outcome.label, UNITS.get(kind, ""), *(Cell(float(value), kind) for value in row))
        for item, row, kind in zip(found, means, kinds)
    )
    words = "; ".join(
        f"{item.outcome.label}: " + ", ".join(
            f"{SIGNS[sign]} in {int((row == sign).sum())} of {len(row)} cells" for sign in SIGNS if (row == sign).any()
        )
        for item, row in zip(found, grid)
    ) + "."  # fmt: skip
    legend = tuple(Swatch(f"{ARROWS[sign]} {SIGNS[sign]}", SHADES[sign], area=True) for sign in (1, 0, -1))
    name = f"signs_{found[0].scenario}"
    return Figure(name, title, caption, (Panel({"data": [trace], "layout": base}),), Table(name, title, heads, rows),
                  words, legend, narrow=640)  # fmt: skip


def tornado(found: Sequence[Turn]) -> Figure | None:
    """Reach of the main difference over the range of every assumption that was moved."""
    table = turns_table(found)
    if table is None:
        return None
    order = sorted(found, key=lambda item: (-np.nan_to_num(item.swing), item.key))
    kind = SIGNED.get(order[0].effect.outcome.kind, order[0].effect.outcome.kind)
    scale = 100.0 if UNITS.get(kind, "").startswith("%") else 1.0
    data: list[Spec] = []
    for at, item in enumerate(order):
        ends = [number(item.at_low, scale), number(item.at_high, scale)]
        data.append({"type": "scatter", "mode": "lines", "x": ends, "y": [at, at], "hoverinfo": "skip",
                     "line": {"color": "#9AA0AC", "width": 7}})  # fmt: skip
    for label, values, symbol, colour in (
        ("low end", [item.at_low for item in order], "circle", style.FALL),
        ("high end", [item.at_high for item in order], "square", style.RISE),
    ):
        data.append({
            "type": "scatter", "mode": "markers", "x": [number(value, scale) for value in values],
            "y": list(range(len(order))), "name": label, "marker": {"symbol": symbol, "size": 11, "color": colour},
            "hovertemplate": f"{label}: %{{x}}<extra></extra>",
        })  # fmt: skip
    base = style.layout("", 90 + 34 * len(order), hovermode="closest")
    outcome, unit = order[0].effect.outcome.label, UNITS.get(kind, "")
    base["xaxis"] = style.axis(type="linear", zeroline=True, zerolinecolor="#6A6F7A",
                               title={"text": f"Difference, {unit}" if unit else "Difference"})  # fmt: skip
    flips = ["" if np.isnan(item.flips_at) else f"<br><b>flips at {item.flips_at:.4g}</b>" for item in order]
    base["yaxis"] = style.axis(
        tickmode="array", tickvals=list(range(len(order))), showgrid=False, ticks="", range=[len(order) - 0.4, -0.6],
        ticktext=[wrapped(item.key, 30) + flip for item, flip in zip(order, flips)],
    )  # fmt: skip
    title = f"What moves it: {outcome}, {order[0].scenario}"
    middle = shown(order[0].effect.difference, kind)
    caption = (
        f"Paired difference with one assumption at either end of its range; {middle} {unit} as set. A bar that crosses "
        "zero means that the sign flips inside the range."
    )
    words = "; ".join(
        f"{item.key} from {item.low_value:.4g} to {item.high_value:.4g}: {shown(item.at_low, kind)} to "
        f"{shown(item.at_high, kind)} {unit}" + ("" if np.isnan(item.flips_at) else f", sign flips at "
        f"{item.flips_at:.4g}")
        for item in order
    ) + "."  # fmt: skip
    legend = (Swatch("low end", style.FALL, marker="circle"), Swatch("high end", style.RISE, marker="square"))
    return Figure(f"tornado_{order[0].scenario}", title, caption, (Panel({"data": data, "layout": base}),), table, words,
                  legend)  # fmt: skip


def level_table(found: Sequence[Finding]) -> Table | None:
    """Mean differences under other thresholds and horizons, over all protocols and weights."""
    rows = []
    for item in found:
        kind = SIGNED.get(item.outcome.kind, item.outcome.kind)
        for place, level in enumerate(item.factors[2][1]):
            part = item.means[:, :, place]
            known = part[np.isfinite(part)]
            if len(item.factors[2][1]) == 1 or not len(known):
                continue
            sign = item.signs[:, :, place]
            cells = f"{int((sign > 0).sum())} up, {int((sign == 0).sum())} none, {int((sign < 0).sum())} down"
            word = "as set" if level == AS_SET else level
            rows.append(
                (item.outcome.label, word, UNITS.get(kind, ""), Cell(float(known.mean()), kind), cells)
            )
    if not rows:
        return None
    columns = (Column("outcome", "Outcome"), Column("level", "Thresholds or horizon"), Column("unit", "Unit"),
               Column("mean", "Mean difference", "number"), Column("signs", "Cells"))  # fmt: skip
    note = (
        "Means over protocols and weights. Thresholds of losses and price effects are scaled, and the price from which a "
        "market is tight is moved; grading changes nothing in a run, so these need no runs of their own."
    )
    return Table(f"levels_{found[0].scenario}", f"Other thresholds and horizons: {found[0].scenario}", columns,
                 tuple(rows), note)  # fmt: skip


def _repeat(names: Sequence[str], times: int) -> list[str]:
    return [name for name in names for _ in range(times)]
