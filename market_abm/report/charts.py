"""Figures as plain plotly specifications: panels, a legend that wraps, a table twin and a text made of the data."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from market_abm.analysis.statistics import middle
from market_abm.analysis.table import Band, Column, Kind, Table, band_shown, shown
from market_abm.report import style

Spec = dict[str, Any]
"""What plotly draws: ``data`` and ``layout``, plain values."""

DIGITS = 6
"""Significant digits of the numbers that a figure holds; the results folder has them all."""


@dataclass(frozen=True)
class Panel:
    """One drawing of a figure, with a heading where there are several."""

    spec: Spec
    heading: str = ""


@dataclass(frozen=True)
class Swatch:
    """An entry of a legend: what a line, marker or area looks like."""

    label: str
    colour: str
    dash: str = ""
    marker: str = ""
    area: bool = False
    pattern: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with title, what to see in it, and the table of the same numbers.

    Attributes
    ----------
    name, title, caption : str
    panels : tuple of Panel
        Drawings side by side, below each other where the page is narrow.
    table : Table
        The same numbers.
    alt : str
        What the figure shows, in words made of its data.
    legend : tuple of Swatch
    narrow : int
        Smallest width in pixels at which a panel can be read; below, it scrolls.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    table: Table
    alt: str
    legend: tuple[Swatch, ...] = field(default=())
    narrow: int = 0

    @property
    def wide(self) -> bool:
        """Whether its single panel takes the whole width."""
        return len(self.panels) == 1


@dataclass(frozen=True)
class Series:
    """A named line over the quarters; values are floats, or bands over seeds."""

    name: str
    values: tuple[float | Band, ...]

    @property
    def middles(self) -> list[float | None]:
        """Values or medians; None where there is none, so that the line breaks."""
        return [number(middle(value)) for value in self.values]


def number(value: float, scale: float = 1.0) -> float | None:
    """A number as a figure holds it: rounded, None where it is missing."""
    if value is None or math.isnan(value) or math.isinf(value):
        return None
    scaled = float(value) * scale
    return float(f"{scaled:.{DIGITS}g}")


def lines(
    quarters: Sequence[str],
    series: Sequence[Series],
    y_title: str,
    *,
    scale: float = 1.0,
    zero: bool = True,
    stacked: bool = False,
    height: int = 340,
    most: int = 8,
    first: int = 0,
) -> Spec:
    """Lines over quarters, each with its own dash, marker and colour; bands as ribbons; or stacked areas.

    ``first`` is the look of the first series, ``most`` the number of labels on the quarter axis.
    """
    data: list[Spec] = []
    x = list(quarters)
    for step, item in enumerate(series, start=first):
        name = escaped(item.name)
        y = [None if value is None else number(value, scale) for value in item.middles]
        looks = style.line(step)
        colour = looks["line"]["color"]
        if stacked:
            pattern = {"shape": style.PATTERNS[step % len(style.PATTERNS)], "solidity": 0.25}
            data.append({
                "type": "scatter", "x": x, "y": y, "name": name, "stackgroup": "one", "mode": "lines",
                "fillpattern": pattern, "line": {"color": colour, "width": 1},
                "fillcolor": style.faded(colour, 0.55),
            })  # fmt: skip
            continue
        bands = [value for value in item.values if isinstance(value, Band)]
        if bands:
            data += ribbon(x, bands, colour, scale)
        data.append({"type": "scatter", "x": x, "y": y, "name": name, "connectgaps": False, **looks})
    base = style.layout(y_title, height, xaxis=style.ticks(x, most))
    base["yaxis"]["rangemode"] = "tozero" if zero else "normal"
    return {"data": data, "layout": base}


def ribbon(x: Sequence[str], bands: Sequence[Band], colour: str, scale: float = 1.0) -> list[Spec]:
    """The band around a line: an invisible lower edge, and an upper one filled down to it."""
    edges = []
    for end, area in (("low", "none"), ("high", "tonexty")):
        edges.append({
            "type": "scatter", "x": list(x), "y": [number(getattr(band, end), scale) for band in bands],
            "mode": "lines", "line": {"width": 0}, "fill": area, "fillcolor": style.faded(colour),
            "hoverinfo": "skip", "showlegend": False,
        })  # fmt: skip
    return edges


def swatches(series: Sequence[Series] | Sequence[str], stacked: bool = False) -> tuple[Swatch, ...]:
    """The legend of lines or stacks."""
    found = []
    for step, item in enumerate(series):
        colour, dash, marker = style.look(step)
        name = item.name if isinstance(item, Series) else str(item)
        if stacked:
            pattern = style.PATTERNS[step % len(style.PATTERNS)]
            found.append(Swatch(name, colour, area=True, pattern=pattern))
        else:
            found.append(Swatch(name, colour, dash, marker))
    return tuple(found)


def series_table(
    name: str, title: str, quarters: Sequence[str], series: Sequence[Series], kind: Kind, unit: str = ""
) -> Table:
    """The table twin of lines: a row a quarter."""
    columns = [Column("quarter", "Quarter")]
    columns += [Column(item.name, item.name, kind, unit) for item in series]
    rows = tuple((quarter, *(item.values[step] for item in series)) for step, quarter in enumerate(quarters))
    return Table(name, title, tuple(columns), rows)


def series_words(quarters: Sequence[str], series: Sequence[Series], kind: Kind, unit: str = "") -> str:
    """Lines in words: where each begins and ends, its highest and lowest point."""
    parts = []
    unit = f" {unit}" if unit else ""
    for item in series:
        known = [(q, v) for q, v in zip(quarters, item.values) if not math.isnan(middle(v))]
        if not known:
            parts.append(f"{item.name}: no value")
            continue
        (start, first), (end, last) = known[0], known[-1]
        text = f"{item.name}: {_said(first, kind)}{unit} in {start}"
        if end != start:
            top = max(known, key=lambda pair: middle(pair[1]))
            low = min(known, key=lambda pair: middle(pair[1]))
            text += (
                f", {_said(last, kind)} in {end}, highest {shown(middle(top[1]), kind)} in {top[0]}, "
                f"lowest {shown(middle(low[1]), kind)} in {low[0]}"
            )
        parts.append(text)
    return "; ".join(parts) + "." if parts else "No line."


def _said(value: float | Band, kind: Kind) -> str:
    band = band_shown(value, kind)
    return shown(value, kind) + (f" ({band})" if band else "")


def escaped(name: str) -> str:
    """A name that plotly does not read as markup."""
    return html.escape(name, quote=False)


def wrapped(name: str, width: int = 18) -> str:
    """A label broken between words, or inside a word that is too long, escaped for plotly."""
    import textwrap

    return "<br>".join(escaped(part) for part in textwrap.wrap(name, width) or [name])
