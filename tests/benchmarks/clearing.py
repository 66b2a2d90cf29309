"""Clearing from nothing, clearing from last quarter's allocation, and all removals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from market_abm.market import clear, competitive_interval, marginal_contributions
from market_abm.market.clearing import Allocation
from tests.benchmarks import ortools_peer
from tests.benchmarks.figures import Figure, median_time
from tests.benchmarks.instances import QUICK, SIZES, drifted, instance
from tests.benchmarks.programme import HighsModel, by_highspy, by_linprog

COLD_LINPROG = {"tiny": 40.0}
REMOVALS = {"tiny": 20.0, "real": 12.0}
"""Ratios that the project asks for."""


def same(ours: object, theirs: object, tolerance: float = 1e-6) -> bool:
    """Equal up to a float solver's noise."""
    return bool(np.allclose(ours, theirs, rtol=1e-7, atol=tolerance, equal_nan=True))  # type: ignore[arg-type]


def cold(quick: bool) -> Iterator[Figure]:
    """Clearing from nothing; every time is from the arrays of the problem to the flows."""
    patience = 0.02 if quick else 1.5
    for name, size in (QUICK if quick else SIZES).items():
        problem = instance(size)
        ours, allocation = median_time(lambda p=problem: clear(p), patience)
        taken, surplus = median_time(lambda p=problem: by_linprog(p), patience)
        yield Figure("clearing cold", f"{name} {size}", ours, "scipy linprog, sparse", taken,
                     COLD_LINPROG.get(name), same(allocation.surplus, surplus))  # fmt: skip
        both = {on: median_time(lambda p=problem, on=on: by_highspy(p, on), patience) for on in (True, False)}
        presolve = min(both, key=lambda on: both[on][0])  # the peer at its best
        taken, surplus = both[presolve]
        yield Figure("clearing cold", f"{name} {size}", ours, "highspy cold", taken, None,
                     same(allocation.surplus, surplus), {"presolve": "on" if presolve else "off"})  # fmt: skip
        other = ortools_peer.ask(problem, patience)
        yield Figure("clearing cold", f"{name} {size}", ours, "OR-tools min-cost flow", other["time"], 1.0,
                     same(allocation.surplus, other["surplus"]))  # fmt: skip


def warm(quick: bool) -> Iterator[Figure]:
    """Clearing with every number 3 % off, from last quarter's allocation."""
    patience = 0.02 if quick else 1.5
    for name, size in (QUICK if quick else SIZES).items():
        before = instance(size)
        after = drifted(before)
        start = clear(before)
        ours, allocation = median_time(lambda a=after, s=start: clear(a, start=s), patience)
        model = HighsModel(before)
        model.surplus()
        turn = [before, after]

        def there_and_back(model: HighsModel = model, turn: list = turn) -> float:
            turn.reverse()
            return model.move_to(turn[0])

        taken, _ = median_time(there_and_back, patience)
        surplus = model.move_to(after)
        yield Figure("clearing 3 % drift", f"{name} {size}", ours, "highspy from its last basis", taken,
                     None, same(allocation.surplus, surplus))  # fmt: skip
        other = ortools_peer.ask(after, patience)
        yield Figure("clearing 3 % drift", f"{name} {size}", ours, "OR-tools (cold: no warm start)",
                     other["time"], None, same(allocation.surplus, other["surplus"]))  # fmt: skip


def removals(quick: bool) -> Iterator[Figure]:
    """Without each seller, buyer and trading link, and both derivatives in every capacity."""
    patience = 0.02 if quick else 2.0
    for name, size in (QUICK if quick else SIZES).items():
        problem = instance(size)
        allocation = clear(problem)
        ours, mine = median_time(lambda a=allocation: all_removals(a), patience)
        model = HighsModel(problem)
        model.surplus()
        trades = allocation.flow > 0
        taken, theirs = median_time(lambda m=model, t=trades: m.removals(t), patience)
        # A difference quotient of a float solver is a coarser number than a difference of two surpluses.
        losses = all(same(mine[key], theirs[key], 1e-4) for key in ("seller", "buyer", "link"))
        slopes = all(same(mine[key], theirs[key], 1e-2) for key in ("rise", "fall"))
        solves = 3 * problem.sellers + problem.buyers + int(trades.sum())
        yield Figure("all removals", f"{name} {size}", ours, "highspy warm, one model", taken,
                     REMOVALS.get(name), losses and slopes, {"solves": solves})  # fmt: skip


def all_removals(allocation: Allocation) -> dict[str, np.ndarray]:
    """Ours, in the form of the peer's answer."""
    without = marginal_contributions(allocation)
    low, high = competitive_interval(allocation)
    cost = allocation.problem.unit_cost
    return {
        "seller": without.seller,
        "buyer": without.buyer,
        "link": without.link[allocation.flow > 0],
        "rise": low - cost,
        "fall": high - cost,
    }
