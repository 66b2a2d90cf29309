"""How the small charts of the page look: one layout, lines with a ghost behind them, threshold lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from market_abm.report.style import COLOURS, DASHES, FONT, faded

GREY = "#7B8794"

WIDE, HIGH = 0.016, 0.15
"""Room of a label: part of the axis of quarters for a letter, part of the axis of values."""

PLACES = (("right", "bottom"), ("right", "top"), ("left", "bottom"), ("left", "top"))
"""Ends and sides of a threshold line that may have its label, the best first."""


def line(
    name: str, x: Sequence[str], y: Sequence[float], step: int, *, ghost: bool = False, scale: float = 1.0
) -> dict[str, Any]:
    """A line; the ghost of the baseline is thin, faint and without a place in the legend."""
    colour = COLOURS[step % len(COLOURS)]
    values = [None if math.isnan(value) else round(value * scale, 4) for value in y]
    look: dict[str, Any] = {"color": faded(colour, 0.38), "width": 1.4, "dash": "solid"}
    if not ghost:
        look = {"color": colour, "width": 2.4, "dash": DASHES[step % len(DASHES)]}
    return {
        "type": "scatter",
        "mode": "lines" if ghost or len(values) > 1 else "markers",
        "name": f"{name}, baseline" if ghost else name,
        "x": list(x)[: len(values)],
        "y": values,
        "line": look,
        "marker": {"color": colour, "size": 6},
        "showlegend": not ghost,
        "connectgaps": False,
    }


def threshold(y: float, label: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A dotted line over the whole width and its label."""
    shape = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": GREY, "width": 1, "dash": "dot"},
        "layer": "below",
    }
    note = {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "y": y,
        "yanchor": "bottom",
        "text": label,
        "showarrow": False,
        "font": {"size": 10, "color": "#52606D"},
    }
    return shape, note


def spanned(data: Sequence[Mapping[str, Any]], *more: float) -> tuple[float, float]:
    """Range of an axis with 0 in it: from round number to round number, so that it stays while lines grow.

    Parameters
    ----------
    data : sequence of mapping
        Traces with ``y``.
    *more : float
        What is to be seen besides, as threshold lines.
    """
    values = [0.0, *more, *(value for trace in data for value in trace["y"] if value is not None)]
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(spread / 4.0))
    step *= next(factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if 4.0 * factor * step >= spread)
    bottom = math.floor((low - (0.03 * spread if low else 0.0)) / step) * step
    return bottom, math.ceil((high + 0.03 * spread) / step) * step


def clear(
    note: Mapping[str, Any], data: Sequence[Mapping[str, Any]], count: int, extent: tuple[float, float]
) -> dict[str, Any]:
    """The label of a threshold line where the fewest values are: at its right or left end, above or below.

    Parameters
    ----------
    count : int
        Quarters of the axis.
    extent : tuple of float
        Range of the values.
    """
    wide = min(count, math.ceil(count * WIDE * len(note["text"])))
    high = HIGH * (extent[1] - extent[0])

    def met(place: tuple[str, str]) -> int:
        """Values under the label there, and whether it would leave the chart."""
        low = note["y"] if place[1] == "bottom" else note["y"] - high
        inside = slice(count - wide, count) if place[0] == "right" else slice(0, wide)
        values = [value for trace in data for value in trace["y"][inside] if value is not None]
        outside = low < extent[0] or low + high > extent[1]
        return sum(low <= value <= low + high for value in values) + 1000 * outside

    across, along = min(PLACES, key=met)
    return {**note, "x": 1 if across == "right" else 0, "xanchor": across, "yanchor": along}


def chart(
    quarters: Sequence[str],
    at: int,
    *,
    limits: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (),
    extent: tuple[float, float] | None = None,
    form: str = "",
) -> dict[str, Any]:
    """Layout of a chart over all quarters of the run, with a mark at the one that is shown."""
    axis = {"linecolor": "#CBD2D9", "tickfont": {"size": 10}, "zeroline": False, "fixedrange": True}
    gap = -(-len(quarters) // 5)
    now = {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": at,
        "x1": at,
        "line": {"color": "#111111", "width": 1},
        "opacity": 0.35,
    }
    y_axis: dict[str, Any] = {**axis, "gridcolor": "#EEF1F4", "nticks": 5, "tickformat": form}
    if extent:
        y_axis["range"] = list(extent)
    return {
        "margin": {"l": 40, "r": 10, "t": 8, "b": 21},
        "font": {"family": FONT, "size": 11, "color": "#1F2933"},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "hovermode": "x unified",
        "hoverlabel": {"font": {"size": 11}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 10.5},
            "itemwidth": 30,
        },
        "showlegend": True,
        "xaxis": {
            **axis,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(quarters),
            "range": [-0.5, len(quarters) - 0.5],
            "tickmode": "array",
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": "#CBD2D9",
            "tickvals": list(quarters)[::gap],
            "showgrid": False,
        },
        "yaxis": y_axis,
        "shapes": [now, *(shape for shape, _ in limits)],
        "annotations": [note for _, note in limits],
    }
