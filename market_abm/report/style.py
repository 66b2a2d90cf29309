"""How figures look: colours for colour-blind readers, dashes and markers so that nothing hangs on colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C00", "#555555")
"""Okabe and Ito's palette (2008), black and yellow replaced where they read badly on white."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "triangle-down", "star")
PATTERNS = ("", "/", "\\", "x", "-", "|", "+", ".")

GRADE_COLOURS = ("#F2F2F2", "#F6D8A8", "#E08A3C", "#9C2F14")
"""None, watch, chokepoint, critical: one hue from light to dark, so that they differ in grey too."""

SPLIT_COLOURS = {"seller": "#D55E00", "contested": "#DDDDDD", "buyer": "#0072B2"}

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def line(step: int) -> dict[str, Any]:
    """Line and marker of the step-th series."""
    return {
        "mode": "lines+markers",
        "line": {"color": COLOURS[step % len(COLOURS)], "dash": DASHES[step % len(DASHES)], "width": 2.5},
        "marker": {"symbol": MARKERS[step % len(MARKERS)], "size": 6, "color": COLOURS[step % len(COLOURS)]},
    }


def faded(colour: str, opacity: float = 0.15) -> str:
    """A colour with opacity, for bands."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def ticks(quarters: Sequence[str], most: int = 10) -> dict[str, Any]:
    """Labels of a quarter axis: the first of every so many, so that they do not run into each other."""
    step = -(-len(quarters) // most)
    return {"tickmode": "array", "tickvals": list(quarters)[::step]}


def layout(y_title: str, height: int = 380, **more: Any) -> dict[str, Any]:
    """Layout that every figure shares; the title stands in the page."""
    axis = {"gridcolor": "#E5E5E5", "linecolor": "#888888", "ticks": "outside", "zeroline": False}
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 64, "r": 24, "t": 36, "b": 48},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "font": {"family": FONT, "size": 13, "color": "#222222"},
        "legend": {"orientation": "h", "y": -0.2, "x": 0, "xanchor": "left", "yanchor": "top"},
        "hovermode": "x unified",
        "xaxis": {**axis, "type": "category", "tickangle": 0, "title": {"text": "Quarter"}},
        "yaxis": {**axis, "title": {"text": y_title}, "rangemode": "tozero"},
    }
    for key, value in more.items():
        base[key] = {**base[key], **value} if isinstance(base.get(key), dict) else value
    return base
