"""The report of a phase diagram: heat maps with the exact boundary, and how far the network moves it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from market_abm.analysis.phase import EXPLAINED
from market_abm.analysis.phase_tables import auc_table, cell_table, shift_table
from market_abm.analysis.phase_words import counted, sentences
from market_abm.report import style
from market_abm.report.charts import Figure, Panel, Spec, Swatch, number
from market_abm.report.page import LIMITS, Report, Section, Spoken, render

if TYPE_CHECKING:
    from market_abm.analysis.phase import Panel as Part
    from market_abm.analysis.phase import Phase

SCALE = ((0.0, "#F4F1EA"), (0.5, "#E9A45C"), (1.0, "#8C2A12"))
"""None, half and all of the runs: from light to dark, so that it differs in grey too."""

BOUNDARY = "#0072B2"
MARK = "#1F2430"
OWN_LICENCE = (
    "The program is under Apache-2.0; facts that ship with it are under the licence in LICENSE-DATA."
)


def phase_page(found: Phase, question: str = "", command: str = "", width: float | None = None) -> str:
    """The page of a phase diagram."""
    spoken = sentences(found, width)
    sections = [
        Section("thresholds", "Thresholds", tables=(shift_table(found), cell_table(found))),
        Section("tells", "What tells a chokepoint", tables=(auc_table(found),)),
    ]
    if command:
        sections.append(Section("reproduce", "Reproduce", code=(command,)))
    return render(
        Report(
            title=f"When concentration becomes a chokepoint: {found.name}",
            question=question,
            sentences=tuple(Spoken(text) for text in spoken),
            rule=f"{found.runs:,} runs, {found.seeds} seeds; intervals of 95 % clustered by seed.",
            front=figures(found),
            limits=LIMITS,
            licence=(OWN_LICENCE,),
            sections=tuple(sections),
        )
    )


def figures(found: Phase) -> tuple[Figure, ...]:
    """Heat maps, and the shift of the threshold."""
    return (heat_maps(found), shifts(found)) if found.factors else (heat_maps(found),)


def heat_maps(found: Phase) -> Figure:
    """How often the event happens over HHI and tightness, a panel a value of the other factors."""
    panels = tuple(Panel(_heat(part), heading(found, part)) for part in found.panels)
    caption = (
        f"Share of runs with {found.meaning}{_explained(found)}. Blue line: the exact boundary with full reach, "
        "tightness = 1 - share of the largest owner. Black dots: threshold estimated by logit, with its 95 % interval"
        f"{'; hollow where that has no end' if _open(found) else ''}."
    )
    legend = (
        Swatch("no run", SCALE[0][1], area=True),
        Swatch("half of the runs", SCALE[1][1], area=True),
        Swatch("all runs", SCALE[2][1], area=True),
        Swatch("exact boundary, full reach", BOUNDARY, "solid", ""),
        Swatch("estimated threshold", MARK, "", "circle"),
    )
    return Figure(
        "phase",
        "HHI, tightness and chokepoints",
        caption,
        panels,
        cell_table(found),
        _alt(found),
        legend,
        narrow=260,
    )


def _explained(found: Phase) -> str:
    return f" ({EXPLAINED[found.event]})" if found.event in EXPLAINED else ""


def _open(found: Phase) -> bool:
    """Whether a threshold in the figure has an interval without an end."""
    return any(cell.known and not cell.bounded for part in found.panels for cell in part.cells)


def heading(found: Phase, part: Part) -> str:
    """The values of a panel's factors in words."""
    words = []
    for name in found.factors:
        value, label = part.values[name], found.labels.get(name, name)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        if name == "reach":
            words.append(f"full reach ({text})" if value == found.full else f"{text} {label}")
        elif name == "leaders":
            words.append(counted(name, value, label))
        else:
            words.append(f"{label} {text}")
    return ", ".join(words)


def _heat(part: Part) -> Spec:
    names = [f"{value:,.0f}" for value in part.hhi]
    half = 0.5 * float(part.tightness[1] - part.tightness[0]) if len(part.tightness) > 1 else 0.05
    bottom, top = float(part.tightness[0]) - half, float(part.tightness[-1]) + half
    known = [(name, cell) for name, cell in zip(names, part.cells) if cell.known]
    data: list[Spec] = [
        {
            "type": "heatmap", "x": names, "y": [number(value) for value in part.tightness],
            "z": [[number(value) for value in row] for row in part.frequency], "zmin": 0, "zmax": 1,
            "colorscale": [list(pair) for pair in SCALE], "showscale": False,
            "hovertemplate": "HHI %{x}, tightness %{y:.2f}: %{z:.0%} of runs<extra></extra>",
        },
        {
            "type": "scatter", "x": names, "y": [number(value) for value in part.exact], "mode": "lines",
            "line": {"color": BOUNDARY, "width": 3}, "name": "exact boundary",
            "hovertemplate": "exact boundary %{y:.3f}<extra></extra>",
        },
        {
            "type": "scatter", "x": [name for name, _ in known], "y": [number(cell.value) for _, cell in known],
            "mode": "markers", "marker": {
                "color": [MARK if cell.bounded else "#FFFFFF" for _, cell in known], "size": 7,
                "line": {"color": ["#FFFFFF" if cell.bounded else MARK for _, cell in known], "width": 1.4},
            },
            "error_y": {
                "type": "data", "symmetric": False, "color": MARK, "thickness": 1.4, "width": 4,
                "array": [_arm(cell.interval[1] - cell.value) for _, cell in known],
                "arrayminus": [_arm(cell.value - cell.interval[0]) for _, cell in known],
            },
            "name": "estimated", "hovertemplate": "estimated %{y:.3f}<extra></extra>",
        },
    ]  # fmt: skip
    layout = style.layout(
        "Tightness, D / K", 240, hovermode="closest",
        xaxis={"type": "category", "title": {"text": "HHI of merchant capacity"}, "showgrid": False},
        yaxis={"range": [bottom, top], "rangemode": "normal", "showgrid": False},
    )  # fmt: skip
    return {"data": data, "layout": layout}


def _arm(length: float) -> float:
    """An arm of an error bar; none where the interval has no end, which the hollow mark says."""
    return number(length) or 0.0 if math.isfinite(length) else 0.0


def shifts(found: Phase) -> Figure:
    """The threshold less the exact one, by the first factor; a line a combination of the others."""
    first, others = found.factors[0], found.factors[1:]
    values = list(dict.fromkeys(part.values[first] for part in found.panels))
    groups: dict[tuple[Any, ...], list[Part]] = {}
    for part in found.panels:
        groups.setdefault(tuple(part.values[name] for name in others), []).append(part)
    data: list[Spec] = []
    legend = []
    for step, (key, parts) in enumerate(sorted(groups.items(), key=lambda pair: repr(pair[0]))):
        known = [part for part in parts if part.shift.known]
        looks = style.line(step)
        name = ", ".join(f"{found.labels.get(n, n)} {v}" for n, v in zip(others, key)) or "all runs"
        data.append(
            {
                "type": "scatter", "name": name, "x": [_named(found, part.values[first]) for part in known],
                "y": [number(part.shift.value) for part in known],
                "error_y": {
                    "type": "data", "symmetric": False, "color": looks["line"]["color"], "width": 5,
                    "array": [_arm(part.shift.interval[1] - part.shift.value) for part in known],
                    "arrayminus": [_arm(part.shift.value - part.shift.interval[0]) for part in known],
                },
                **looks,
            }
        )  # fmt: skip
        colour, dash, marker = style.look(step)
        legend.append(Swatch(name, colour, dash, marker))
    label = found.labels.get(first, first)
    layout = style.layout(
        "Threshold less exact boundary", 320, hovermode="closest",
        xaxis={
            "type": "category", "title": {"text": label[:1].upper() + label[1:]},
            "categoryarray": [_named(found, value) for value in values], "categoryorder": "array",
        },
        yaxis={"rangemode": "normal", "zeroline": True, "zerolinecolor": BOUNDARY, "zerolinewidth": 3},
    )  # fmt: skip
    caption = (
        "Zero (blue) is the exact boundary of full reach. Below it the event happens in markets that are less tight than "
        "capacity shares alone would ask for. Intervals of 95 %: Fieller's clustered by seed, the profile likelihood's "
        "where the event is separated."
    )
    told = "; ".join(
        f"{heading(found, part)}: {part.shift.value:+.3f}" for part in found.panels if part.shift.known
    )
    panel = Panel({"data": data, "layout": layout})
    return Figure("shift", "How far the network moves the threshold", caption, (panel,), shift_table(found),
                  f"Threshold less exact boundary. {told}.", tuple(legend))  # fmt: skip


def _named(found: Phase, value: Any) -> str:
    return (
        f"{value} (full)" if value == found.full else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _alt(found: Phase) -> str:
    parts = [
        f"{heading(found, part)}: the event in {part.shift.frequency:.0%} of runs, threshold "
        + (f"{part.shift.value:+.3f} from the exact boundary" if part.shift.known else "not there")
        for part in found.panels
    ]
    return "Heat maps over HHI and tightness. " + "; ".join(parts) + "."
