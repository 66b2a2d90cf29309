"""Forest plots: paired differences with their intervals, in multiples of the smallest effect of interest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.table import SIGNED, Column, Table, shown
from market_abm.report import style
from market_abm.report.charts import Figure, Panel, Spec, Swatch, number, wrapped
from market_abm.report.grid import with_unit

if TYPE_CHECKING:
    from market_abm.analysis.pairing import Effect

MARKS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Labelled multiples on the axis."""

ROW = 26
"""Height of a row in pixels."""


def forest(
    name: str, title: str, caption: str, effects: Sequence[Sequence[Effect]], labels: Sequence[Sequence[str]]
) -> Figure | None:
    """A forest plot, a row an outcome and scenario.

    Parameters
    ----------
    effects : sequence of sequences of Effect
        By scenario.
    labels : sequence of sequences of str
        What each row is called.
    """
    names = [part[0].scenario for part in effects if part]
    rows = _ordered([part for part in effects if part], [part for part in labels if part])
    rows = [(place, label, item) for place, label, item in rows if _multiples(item) is not None]
    if not rows:
        return None
    several = len(names) > 1
    data, reach, used = [], 1.0, []
    ticks: list[tuple[float, str]] = []
    at, last = 0.0, None
    for place, label, item in rows:
        if last is not None and last != label:
            at += 0.45 if several else 0.0
        if last != label:
            start = at
        middle, low, high = _multiples(item)  # type: ignore[misc]
        reach = max(reach, *(abs(end) for end in (middle, low, high) if not math.isnan(end)))
        data.append(_mark(place, label, item, middle, low, high, at))
        if last != label:
            ticks.append((at, wrapped(label, 30)))
        else:
            ticks[-1] = ((start + at) / 2, ticks[-1][1])
        last = label
        used.append((at, item))
        at += 1.0
    return Figure(
        name, title, caption, (Panel(_spec(data, ticks, used, reach, at)),), _table(name, title, rows),
        _words(rows, several),
        tuple(Swatch(scenario, style.look(step)[0], marker=style.look(step)[2]) for step, scenario in enumerate(names))
        if several else (),
    )  # fmt: skip


def _ordered(
    effects: Sequence[Sequence[Effect]], labels: Sequence[Sequence[str]]
) -> list[tuple[int, str, Effect]]:
    """Rows by outcome, then by scenario."""
    order = list(dict.fromkeys(label for part in labels for label in part))
    found = []
    for place, (part, names) in enumerate(zip(effects, labels)):
        found += [(order.index(label), place, label, item) for label, item in zip(names, part)]
    return [(place, label, item) for _, place, label, item in sorted(found, key=lambda row: row[:2])]


def _multiples(item: Effect) -> tuple[float, float, float] | None:
    """Difference, low and high as multiples; None where the outcome has no such size."""
    if not item.known or not item.smallest > 0:
        return None
    return item.in_smallest


def _mark(place: int, label: str, item: Effect, middle: float, low: float, high: float, at: float) -> Spec:
    colour, _, marker = style.look(place)
    kind = SIGNED.get(item.outcome.kind, item.outcome.kind)
    between = "one seed" if math.isnan(low) else f"{shown(item.low, kind)} to {shown(item.high, kind)}"
    trace: Spec = {
        "type": "scatter", "mode": "markers", "x": [number(squeezed(middle))], "y": [at],
        "marker": {"symbol": marker, "size": 9, "color": colour}, "name": wrapped(item.scenario, 40),
        "hovertemplate": f"{wrapped(label, 40)}: {with_unit(item.difference, kind)} ({between})",
    }  # fmt: skip
    if not math.isnan(low):
        trace["error_x"] = {
            "type": "data", "symmetric": False, "color": colour, "thickness": 2, "width": 4,
            "array": [number(squeezed(high) - squeezed(middle))],
            "arrayminus": [number(squeezed(middle) - squeezed(low))],
        }  # fmt: skip
    return trace


def squeezed(multiple: float) -> float:
    """Place on the axis: straight up to one, by the logarithm beyond, so that large and small effects fit."""
    return math.copysign(min(abs(multiple), 1.0) + math.log10(max(abs(multiple), 1.0)), multiple)


def _spec(
    data: list[Spec],
    ticks: list[tuple[float, str]],
    used: list[tuple[float, Effect]],
    reach: float,
    rows: float,
) -> Spec:
    base = style.layout(
        "", int(90 + ROW * rows + 14 * sum("<br>" in text for _, text in ticks)), hovermode="closest"
    )
    edge = squeezed(reach) * 1.08 + 0.1
    marks = [mark for mark in MARKS if squeezed(mark) <= edge]
    values = [-mark for mark in reversed(marks)] + [0.0, *marks]
    base["xaxis"] = style.axis(
        type="linear", tickmode="array", tickvals=[number(squeezed(value)) for value in values],
        ticktext=[_multiple(value) for value in values], range=[-edge, edge],
        title={"text": "× smallest effect of interest"}, tickangle=0,
    )  # fmt: skip
    base["yaxis"] = style.axis(
        tickmode="array", tickvals=[at for at, _ in ticks], ticktext=[text for _, text in ticks],
        range=[rows - 0.4, -0.6], showgrid=False, ticks="",
    )  # fmt: skip
    base["shapes"] = [
        {"type": "rect", "xref": "x", "yref": "paper", "x0": -1, "x1": 1, "y0": 0, "y1": 1,
         "fillcolor": "#EDEFF3", "line": {"width": 0}, "layer": "below"},
        {"type": "line", "xref": "x", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1,
         "line": {"color": "#6A6F7A", "width": 1}, "layer": "below"},
    ]  # fmt: skip
    base["annotations"] = [
        {"xref": "paper", "yref": "y", "x": 1.015, "y": at, "xanchor": "left", "showarrow": False, "align": "left",
         "text": _beside(item), "font": {"size": 12, "color": style.INK}}
        for at, item in used
    ]  # fmt: skip
    longest = max(len(_beside(item)) for _, item in used)
    base["margin"]["r"] = int(6.6 * longest + 24)
    few = [value for value in values if abs(value) in (0.0, 1.0, 10.0, 100.0, 1000.0)]
    small = style.merged(
        base["xaxis"],
        {"tickvals": [number(squeezed(value)) for value in few], "ticktext": [_multiple(value) for value in few],
         "title": {"text": "× smallest effect"}},
    )  # fmt: skip
    base["meta"] = {"narrow": {"annotations": [], "margin": {**base["margin"], "r": 14}, "xaxis": small}}
    return {"data": data, "layout": base}


def _multiple(value: float) -> str:
    return f"{value:+g}" if value else "0"


def _beside(item: Effect) -> str:
    """The numbers at the right of a row."""
    kind = SIGNED.get(item.outcome.kind, item.outcome.kind)
    text = with_unit(item.difference, kind)
    if math.isnan(item.low):
        return text
    return f"{text} ({shown(item.low, kind)} to {shown(item.high, kind)})"


def _table(name: str, title: str, rows: Sequence[tuple[int, str, Effect]]) -> Table:
    from market_abm.analysis.compare_tables import EFFECT_COLUMNS, effect_row

    columns = (Column("scenario", "Scenario"), *EFFECT_COLUMNS)
    body = tuple((item.scenario, *effect_row(item, label)) for _, label, item in rows)
    return Table(name, title, columns, body)


def _words(rows: Sequence[tuple[int, str, Effect]], several: bool) -> str:
    parts = []
    for _, label, item in rows:
        kind = SIGNED.get(item.outcome.kind, item.outcome.kind)
        where = f" in {item.scenario}" if several else ""
        between = (
            "" if math.isnan(item.low) else f", interval {shown(item.low, kind)} to {shown(item.high, kind)}"
        )
        parts.append(f"{label}{where}: {with_unit(item.difference, kind)}{between}")
    return "; ".join(parts) + "."
