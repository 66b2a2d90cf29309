"""How figures look: colours for colour-blind readers, dashes and markers so that nothing hangs on colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

COLOURS = ("#0072B2", "#C25400", "#007F5F", "#A94C84", "#8A6A00", "#2F86B5", "#5B4B9A", "#555555")
"""Okabe and Ito's palette (2008), darkened until every colour has 4.5 to 1 on white, black replaced."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "triangle-down", "star")
PATTERNS = ("", "/", "\\", "x", "-", "|", "+", ".")

GRADE_COLOURS = ("#F2F2F2", "#F6D8A8", "#E08A3C", "#9C2F14")
"""None, watch, chokepoint, critical: one hue from light to dark, so that they differ in grey too."""

SPLIT_COLOURS = {"seller": "#C25400", "contested": "#DDDDDD", "buyer": "#0072B2"}

RISE, FALL, FLAT, OPEN = "#C25400", "#0072B2", "#767676", "#B0B0B0"
"""Up, down, no effect of interest, cannot be told: always with an arrow or word beside them."""

INK, GRID = "#1F2430", "#E6E8EC"

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def look(step: int) -> tuple[str, str, str]:
    """Colour, dash and marker of the step-th series; no two of the first 48 share dash and marker."""
    count = len(DASHES) * len(MARKERS)
    dash = (step + step // count) % len(DASHES)
    marker = (step + step // 24) % len(MARKERS)
    return COLOURS[step % len(COLOURS)], DASHES[dash], MARKERS[marker]


def line(step: int) -> dict[str, Any]:
    """Line and marker of the step-th series."""
    colour, dash, marker = look(step)
    return {
        "mode": "lines+markers",
        "line": {"color": colour, "dash": dash, "width": 2.2},
        "marker": {"symbol": marker, "size": 6, "color": colour},
    }


def faded(colour: str, opacity: float = 0.15) -> str:
    """A colour with opacity, for bands."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def ticks(quarters: Sequence[str], most: int = 10) -> dict[str, Any]:
    """Labels of a quarter axis: the first of every so many, so that they do not run into each other."""
    step = max(1, -(-len(quarters) // most))
    return {"tickmode": "array", "tickvals": list(quarters)[::step]}


def axis(**more: Any) -> dict[str, Any]:
    """An axis as all figures have it."""
    base = {
        "gridcolor": GRID, "linecolor": "#9AA0AC", "ticks": "outside", "tickcolor": "#9AA0AC",
        "zeroline": False, "automargin": True,
    }  # fmt: skip
    return merged(base, more)


def layout(y_title: str, height: int = 340, **more: Any) -> dict[str, Any]:
    """Layout that every figure shares; title and legend stand in the page, where they wrap."""
    base: dict[str, Any] = {
        "height": height,
        "margin": {"l": 12, "r": 16, "t": 12, "b": 12},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "font": {"family": FONT, "size": 13, "color": INK},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {"font": {"family": FONT, "size": 12}},
        "xaxis": axis(type="category", tickangle=0, title={"text": "Quarter"}),
        "yaxis": axis(title={"text": y_title}, rangemode="tozero"),
    }
    return merged(base, more)


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Nested settings, the second ruling."""
    found = dict(base)
    for key, value in more.items():
        held = found.get(key)
        found[key] = merged(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return found
