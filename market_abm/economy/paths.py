"""Time paths over the horizon of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from market_abm.economy.world import Floats
from market_abm.scenario.calendar import quarter_index


def decaying(start: float, floor: float, half_life: float, horizon: int) -> Floats:
    """A rate that halves its distance to a floor every ``half_life`` quarters, (T,)."""
    t = np.arange(horizon, dtype=np.float64)
    floor = min(float(start), float(floor))
    return floor + (float(start) - floor) * 0.5 ** (t / max(float(half_life), 1e-9))


def series(values: Mapping[str, float], start: int, horizon: int) -> Floats:
    """A dated mapping as a vector over the run, zero where it is silent."""
    out = np.zeros(horizon)
    for quarter, value in values.items():
        t = quarter_index(quarter) - start
        if 0 <= t < horizon:
            out[t] = float(value)
    return out


def held_then_growing(values: Mapping[str, float], growth: float, start: int, horizon: int) -> Floats:
    """A dated path that holds between its dates and grows after the last one at a constant rate."""
    dated = sorted([(quarter_index(q) - start, float(v)) for q, v in values.items()])
    out = np.full(horizon, dated[0][1])
    for when, value in dated[1:]:
        out[max(when, 0) :] = value
    (last, level), pace = dated[-1], 1.0 + float(growth)
    for t in range(max(last + 1, 0), horizon):
        out[t] = level * pace ** (t - last)
    return out


def held_then_slowing(
    values: Mapping[str, float], growth: float, floor: float, half_life: float, start: int, horizon: int
) -> Floats:
    """The same, with growth that decays to a floor from the last date on."""
    last = max(quarter_index(quarter) - start for quarter in values)
    held = held_then_growing(values, 0.0, start, horizon)
    rates = decaying(growth, floor, half_life, horizon)
    after = np.maximum(np.arange(horizon) - last, 0)
    return held * np.concatenate([[1.0], np.cumprod(1.0 + rates)])[after]
