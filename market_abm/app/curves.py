"""Polylines of the network's drawing: curves between tiers, arcs around nodes.

Each is four numbers until it is drawn: by the page (``files/shapes.js``, the same geometry), or by :func:`drawn`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

POINTS = 13
"""Points of a curve."""

ROUND = 16.0
"""Radius from which a circle needs twice as many corners, units of the canvas."""

PULL = 70.0
"""How far a curve within a tier bows, units of the canvas."""

_T = np.linspace(0.0, 1.0, POINTS)
_BASIS = np.stack([(1 - _T) ** 3, 3 * _T * (1 - _T) ** 2, 3 * _T**2 * (1 - _T), _T**3])

Piece = tuple[float, float, float, float]


def curve(x0: float, y0: float, x1: float, y1: float) -> tuple[list[float], list[float]]:
    """A cubic that leaves and arrives level; within a tier it bows to the right."""
    half = 0.5 * (x1 - x0)
    ends = (x0 + half, x1 - half) if x1 > x0 else (x0 + PULL, x1 + PULL)
    xs, ys = np.array([x0, *ends, x1]) @ _BASIS, np.array([y0, y0, y1, y1]) @ _BASIS
    return xs.round(1).tolist(), ys.round(1).tolist()


def arc(x: float, y: float, radius: float, share: float) -> tuple[list[float], list[float]]:
    """Part of a circle, clockwise from the top; ``share`` of it, 0 to 1."""
    count = max(2, round((36 if radius > ROUND else 18) * share) + 1)
    angles = [2.0 * math.pi * share * step / (count - 1) for step in range(count)]
    xs = [round(x + radius * math.sin(angle), 1) for angle in angles]
    return xs, [round(y - radius * math.cos(angle), 1) for angle in angles]


FORMS = {"curves": curve, "arcs": arc}


def drawn(trace: Mapping[str, Any]) -> dict[str, Any]:
    """A trace with its pieces as points, a gap after each; one without pieces as it is."""
    form = next((form for form in FORMS if form in trace), None)
    if form is None:
        return dict(trace)
    x: list[float | None] = []
    y: list[float | None] = []
    for piece in trace[form]:
        xs, ys = FORMS[form](*piece)
        x += [*xs, None]
        y += [*ys, None]
    return {**{key: value for key, value in trace.items() if key != form}, "x": x, "y": y}
