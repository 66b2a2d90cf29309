"""A continuous kink with a bootstrap over seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.experiments.threshold import Kink, continuous_kink

DRAWS = 500


@dataclass(frozen=True)
class KinkInterval:
    """A kink and what resampling says of it.

    Attributes
    ----------
    kink : Kink
        Of all data.
    low, high : float
        2.5 and 97.5 % of the breakpoint over the draws.
    change_low, change_high : float
        The same of the change of slope: an interval with zero in it means that there need be no kink.
    draws : int
        Draws in which a kink could be fitted.
    """

    kink: Kink
    low: float
    high: float
    change_low: float
    change_high: float
    draws: int


def kink_interval(
    x: ArrayLike,
    y: ArrayLike,
    cluster: ArrayLike | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    trim: float = 0.05,
) -> KinkInterval:
    """Fit a continuous kink and bootstrap it (Hansen 2017; whole clusters are drawn, Cameron et al. 2008).

    Parameters
    ----------
    x, y : array_like (n,)
    cluster : array_like (n,), optional
        Whole clusters are drawn with replacement; single rows without it.
    draws, seed : int
        Of the bootstrap.
    trim : float
        As in :func:`market_abm.experiments.threshold.continuous_kink`.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    whole = continuous_kink(x, y, trim)
    labels = np.arange(len(x)) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    rows = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = np.concatenate([rows[label] for label in rng.integers(0, len(rows), len(rows))])
        try:
            found.append(continuous_kink(x[drawn], y[drawn], trim))
        except ValueError:  # too few different values of x in this draw
            continue
    if not found:
        raise ValueError("no draw of the bootstrap has five distinct values of x; run more seeds")
    points = np.percentile([item.breakpoint for item in found], (2.5, 97.5))
    changes = np.percentile([item.slope_change for item in found], (2.5, 97.5))
    return KinkInterval(
        whole, float(points[0]), float(points[1]), float(changes[0]), float(changes[1]), len(found)
    )
