"""Trade problems on which protocols and measures are checked: generic ones, and the limits."""

from __future__ import annotations

import numpy as np

from market_abm.market.problem import Floats, TradeProblem

FIELDS = ("capacity", "unit_cost", "block_quantity", "block_value", "switching", "wedge", "tax", "linked",
          "tie_key")  # fmt: skip
"""Arguments of the problems made here."""


def generic(costs: bool = True) -> list[TradeProblem]:
    """Markets of several sizes, some scarce, some slack, no ties; ``costs`` adds wedge, tax, switching."""
    random = np.random.default_rng(20260701)
    sizes = ((2, 3, 2, 4.0), (3, 4, 3, 1.0), (3, 5, 2, 0.5), (4, 4, 3, 1.5))
    return [_generic(random, s, b, k, slack, costs) for s, b, k, slack in sizes]


def _generic(random, sellers: int, buyers: int, blocks: int, slack: float, costs: bool) -> TradeProblem:
    shape = (sellers, buyers)
    quantity = random.lognormal(1.0, 0.5, (buyers, blocks))
    share = random.dirichlet(np.full(sellers, 4.0))
    linked = random.random(shape) < 0.7
    linked[random.integers(sellers, size=buyers), np.arange(buyers)] = True
    return TradeProblem(
        capacity=slack * float(quantity.sum()) * share,
        unit_cost=random.uniform(0.5, 1.0, sellers),
        block_quantity=quantity,
        block_value=-np.sort(-random.uniform(1.5, 9.0, (buyers, blocks)), axis=1),
        switching=random.uniform(0.0, 0.3, shape) if costs else 0.0,
        wedge=random.uniform(0.0, 0.2, shape) if costs else 0.0,
        tax=random.uniform(0.0, 0.1, shape) if costs else 0.0,
        linked=linked,
        tie_key=random.random(shape),
    )


def bilateral(costs: bool = True) -> TradeProblem:
    """One seller, one buyer, something to gain."""
    extra = (0.5, 0.25, 0.1) if costs else (0.0, 0.0, 0.0)
    return TradeProblem([3.0], [1.0], [[2.0, 1.0]], [[9.0, 7.0]], *extra)


def without_trade() -> TradeProblem:
    """Nobody values a unit at its cost."""
    return TradeProblem([3.0, 2.0], [5.0, 6.0], [[2.0], [1.0]], [[1.0], [2.0]])


def without_capacity(everywhere: bool) -> TradeProblem:
    """One seller, or all of them, with nothing to sell."""
    capacity = [0.0, 0.0] if everywhere else [3.0, 0.0]
    return TradeProblem(capacity, [1.0, 1.2], [[2.0], [2.0]], [[4.0], [3.0]])


def limits(costs: bool = True) -> dict[str, TradeProblem]:
    """The limits by name."""
    return {
        "bilateral monopoly": bilateral(costs),
        "no trade": without_trade(),
        "a seller without capacity": without_capacity(False),
        "no capacity at all": without_capacity(True),
    }


def relabelled(problem: TradeProblem, random) -> tuple[TradeProblem, np.ndarray, np.ndarray]:
    """The same market with its rows in another order: problem, old row of each seller, of each buyer."""
    s, b = random.permutation(problem.sellers), random.permutation(problem.buyers)
    if problem.sellers > 1 and (s == np.arange(len(s))).all():
        s = s[::-1]
    if problem.buyers > 1 and (b == np.arange(len(b))).all():
        b = b[::-1]
    moved = {}
    for name in FIELDS:
        value = getattr(problem, name)
        if value is None:
            continue
        value = np.asarray(value)
        by = {"capacity": s, "unit_cost": s, "block_quantity": b, "block_value": b}.get(name)
        moved[name] = value[np.ix_(s, b)] if by is None else value[by]
    return TradeProblem(**moved), s, b


def contents(problem: TradeProblem) -> list[Floats]:
    """Copies of its arrays, to see whether somebody wrote into them."""
    return [np.array(getattr(problem, name)) for name in FIELDS if getattr(problem, name) is not None]


def value_of_served(problem: TradeProblem, served: Floats) -> Floats:
    """What each buyer's purchases are worth to it, blocks filled from the top, MUSD, (B,)."""
    until = np.cumsum(problem.block_quantity, axis=1)
    filled = np.clip(served[:, None] - (until - problem.block_quantity), 0.0, problem.block_quantity)
    return (filled * problem.block_value).sum(axis=1)
