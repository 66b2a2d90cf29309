"""Polylines of the network's drawing: curves between tiers, arcs around nodes."""

from __future__ import annotations

import math

import numpy as np

from market_abm.app.layout import Spot

POINTS = 13
"""Points of a curve."""

_T = np.linspace(0.0, 1.0, POINTS)
_BASIS = np.stack([(1 - _T) ** 3, 3 * _T * (1 - _T) ** 2, 3 * _T**2 * (1 - _T), _T**3])


def curve(start: Spot, end: Spot) -> tuple[np.ndarray, np.ndarray]:
    """A cubic that leaves and arrives level; within a tier it bows to the right."""
    if end.x > start.x:
        pull = 0.5 * (end.x - start.x)
        xs = np.array([start.x, start.x + pull, end.x - pull, end.x])
    else:
        xs = np.array([start.x, start.x + 70.0, end.x + 70.0, end.x])
    ys = np.array([start.y, start.y, end.y, end.y])
    return np.round(xs @ _BASIS, 1), np.round(ys @ _BASIS, 1)


def arc(x: float, y: float, radius: float, share: float) -> tuple[list[float], list[float]]:
    """Part of a circle, clockwise from the top; ``share`` of it, 0 to 1."""
    count = max(2, round(36 * share) + 1)
    angles = [2.0 * math.pi * share * step / (count - 1) for step in range(count)]
    xs = [round(x + radius * math.sin(angle), 1) for angle in angles]
    return xs, [round(y - radius * math.cos(angle), 1) for angle in angles]


class Pen:
    """Collects polylines as one trace: pieces are set apart by a gap."""

    def __init__(self) -> None:
        self.x: list[float | None] = []
        self.y: list[float | None] = []

    def draw(self, xs: list[float] | np.ndarray, ys: list[float] | np.ndarray) -> None:
        """Add a piece."""
        self.x += [*(xs.tolist() if isinstance(xs, np.ndarray) else xs), None]
        self.y += [*(ys.tolist() if isinstance(ys, np.ndarray) else ys), None]
