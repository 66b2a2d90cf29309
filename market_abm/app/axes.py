"""How the small charts of the page look: one layout, lines with a ghost behind them, threshold lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from market_abm.report.style import COLOURS, DASHES, FONT, faded

GREY = "#7B8794"


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


def chart(
    quarters: Sequence[str],
    at: int,
    *,
    limits: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (),
    extent: tuple[float, float] | None = None,
    zero: bool = True,
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
    y_axis |= {"range": list(extent)} if extent else {"rangemode": "tozero" if zero else "normal"}
    return {
        "margin": {"l": 40, "r": 10, "t": 8, "b": 18},
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
            "tickvals": list(quarters)[::gap],
            "showgrid": False,
        },
        "yaxis": y_axis,
        "shapes": [now, *(shape for shape, _ in limits)],
        "annotations": [note for _, note in limits],
    }
