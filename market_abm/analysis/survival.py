"""When a chokepoint first appears: the share of seeds without one so far (Kaplan and Meier 1958)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.pairing import LEVEL
from market_abm.analysis.panel import Floats, panel

if TYPE_CHECKING:
    from market_abm.results.result import Result


@dataclass(frozen=True)
class Onset:
    """Onset of the first chokepoint, by the number of quarters run.

    Attributes
    ----------
    quarters : tuple of str
    without : array (Q,)
        Share of seeds still without a chokepoint at the end of each quarter.
    low, high : array (Q,)
        Interval (log-log); NaN where it does not exist, as with one seed.
    reached, seeds : int
        Seeds that ever have one, and all.
    median : str
        Quarter by whose end half of the seeds have had one; empty where fewer than half ever do.
    """

    quarters: tuple[str, ...]
    without: Floats
    low: Floats
    high: Floats
    reached: int
    seeds: int

    @property
    def median(self) -> str:
        """Quarter by whose end half of the seeds have had one; empty where fewer than half ever do."""
        crossed = np.flatnonzero(self.without <= 0.5)
        return self.quarters[int(crossed[0])] if len(crossed) else ""


def onset(result: Result) -> Onset | None:
    """Kaplan-Meier curve of the first chokepoint of the market; seeds without one are censored at the end."""
    from scipy.stats import CensoredData, ecdf

    if not result.seeds:
        return None
    hit = panel(result, "steps").values("chokepoint_firms")[0] > 0
    length = len(result.quarters)
    first = np.where(hit.any(axis=0), hit.argmax(axis=0) + 1.0, float(length))
    ever = hit.any(axis=0)
    curve = ecdf(CensoredData(uncensored=first[ever], right=first[~ever])).sf
    at = np.arange(1.0, length + 1.0)
    without = np.asarray(curve.evaluate(at), dtype=np.float64)
    low = high = np.full(length, np.nan)
    if len(first) > 1 and ever.any():
        with np.errstate(all="ignore"):
            band = _interval(curve)
        if band is not None:
            low, high = (np.asarray(end.evaluate(at), dtype=np.float64) for end in band)
    return Onset(result.quarters, without, low, high, int(ever.sum()), len(first))


def _interval(curve):
    """Both ends of the interval; None where scipy has none (no event before the last censoring)."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            band = curve.confidence_interval(LEVEL, method="log-log")
        except (ValueError, RuntimeError):  # the second: a case that scipy has not built
            return None
    return band.low, band.high
