"""Outcomes of the market that no single column holds: how often a chokepoint, how widely compute spreads.

Each is a block (Q, S): a number a quarter and seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from market_abm.analysis.panel import Floats, mean_known, panel

if TYPE_CHECKING:
    from market_abm.results.result import Result

FRONTIER = 0.5
"""Log units within which a lab counts as near the frontier: a training stock of about a third of the leader's
(capability grows with half its log). A guess."""

FIRST_COMPUTE = 1.0
"""kHQ in a quarter from which a lab has compute."""


@dataclass(frozen=True)
class Derived:
    """A derived outcome: unit, meaning, and how it is made of a result."""

    unit: str
    meaning: str
    make: Callable[[Result], Floats]

    def values(self, result: Result) -> Floats:
        """The block (Q, S); made once a result."""
        made = _MADE.setdefault(result, {})
        name = self.make.__name__
        if name not in made:
            made[name] = self.make(result)
        return made[name]


_MADE: WeakKeyDictionary[Result, dict[str, Floats]] = WeakKeyDictionary()


def chokepoint(result: Result) -> Floats:
    """1 in quarters in which some owner is a chokepoint of the market, else 0."""
    return (panel(result, "steps").values("chokepoint_firms")[0] > 0).astype(np.float64)


def entropy(result: Result) -> Floats:
    """Shannon entropy of compute used by labs, nats (:func:`market_abm.measures.entropy`)."""
    used, _ = _labs(result)
    total = np.nansum(used, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.nan_to_num(used, nan=0.0) / np.where(total > 0, total, np.nan)
        terms = np.where(part > 0, part * np.log(np.where(part > 0, part, 1.0)), 0.0)
    return np.where(total > 0, -terms.sum(axis=0), np.nan)


def effective_labs(result: Result) -> Floats:
    """Number of equal labs with the same entropy."""
    return np.exp(entropy(result))


def labs_near_frontier(result: Result) -> Floats:
    """Labs within :data:`FRONTIER` log units of the leader, the leader included."""
    _, gap = _labs(result)
    known = ~np.isnan(gap)
    count = (np.where(known, gap, np.inf) <= FRONTIER).sum(axis=0).astype(np.float64)
    return np.where(known.any(axis=0), count, np.nan)


def entry_lag(result: Result) -> Floats:
    """Quarters until labs without compute at the start first have some, mean over them; the same in every quarter.

    A lab that never gets there counts with the length of the run. NaN where every lab starts with compute.
    """
    used, _ = _labs(result)
    used = np.nan_to_num(used, nan=0.0)
    shape = used.shape[1:]
    if not used.size:
        return np.full(shape, np.nan)
    reached = used >= FIRST_COMPUTE
    lag = np.where(reached.any(axis=1), reached.argmax(axis=1), used.shape[1]).astype(np.float64)
    late = mean_known(np.where(reached[:, 0], np.nan, lag), axis=0)
    return np.broadcast_to(late, shape)


def _labs(result: Result) -> tuple[Floats, Floats]:
    """Compute used and distance to the leader of every lab (L, Q, S)."""
    firms = panel(result, "firms", ("firm",))
    gap = firms.values("capability_gap")
    labs = ~np.isnan(gap).all(axis=(1, 2)) if gap.size else np.zeros(len(firms.units), dtype=bool)
    used = firms.values("inference_khq") + firms.values("rnd_khq")
    return used[labs], gap[labs]


DERIVED: dict[str, Derived] = {
    "chokepoint": Derived(
        "fraction", "Quarters in which some owner is a chokepoint of the market", chokepoint
    ),
    "entropy": Derived("nats", "Shannon entropy of the compute that labs use", entropy),
    "effective_labs": Derived("1", "Number of equal labs with the same entropy", effective_labs),
    "labs_near_frontier": Derived(
        "1", f"Labs within {FRONTIER:g} log units of the leader, itself included", labs_near_frontier
    ),
    "entry_lag": Derived("quarters", "Quarters until a lab without compute first has some", entry_lag),
}
"""Derived outcomes by name."""
