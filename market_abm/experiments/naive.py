"""Three forecasts without a model, that every model has to beat: no change, last growth rate, linear trend.

Makridakis and Hibon (2000) and Makridakis et al. (2020) find such benchmarks hard to beat. Each is made of
the facts known at its origin and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from market_abm.experiments.history import Fact
from market_abm.experiments.observed import SERIES

Forecast = Callable[[Sequence[Fact], float], float]
"""Facts known, in the order of time, and the time asked for -> value; NaN where it cannot be made."""


def no_change(known: Sequence[Fact], time: float) -> float:
    """The last value."""
    return known[-1].value if known else float("nan")


def last_growth(known: Sequence[Fact], time: float) -> float:
    """The last growth rate a quarter goes on: of a level by ratio, of a share by difference."""
    if len(known) < 2:
        return float("nan")
    before, last = known[-2], known[-1]
    ahead = (time - last.middle) / (last.middle - before.middle)
    if SERIES[last.series].ratio and before.value > 0:
        return last.value * (last.value / before.value) ** ahead
    return last.value + (last.value - before.value) * ahead


def linear_trend(known: Sequence[Fact], time: float) -> float:
    """The straight line of least squares through all values."""
    if len(known) < 2:
        return float("nan")
    slope, level = np.polyfit([fact.middle for fact in known], [fact.value for fact in known], 1)
    return float(level + slope * time)


NAIVE: dict[str, Forecast] = {
    "no change": no_change,
    "last growth rate": last_growth,
    "linear trend": linear_trend,
}
