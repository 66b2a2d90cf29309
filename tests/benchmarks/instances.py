"""The trade problems that are cleared: the same three sizes everywhere."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from market_abm.market.problem import TradeProblem
from tests.market.problems import generic_problem


class Size(NamedTuple):
    """Sellers, buyers, blocks a buyer, and links a buyer (None: all)."""

    sellers: int
    buyers: int
    blocks: int
    degree: int | None = None

    def __str__(self) -> str:
        links = "" if self.degree is None else f", {self.degree} links a buyer"
        return f"{self.sellers}x{self.buyers}x{self.blocks}{links}"


SIZES = {
    "tiny": Size(10, 16, 6),
    "real": Size(25, 35, 40),
    "large": Size(100, 1000, 10, 5),
}

QUICK = {"tiny": Size(3, 4, 2), "real": Size(4, 6, 3), "large": Size(5, 12, 2, 2)}
"""Small enough for a test."""


def instance(size: Size, seed: int = 1) -> TradeProblem:
    """A problem in real numbers, without ties."""
    return generic_problem(np.random.default_rng(seed), *size)


def drifted(problem: TradeProblem, seed: int = 2, by: float = 0.03) -> TradeProblem:
    """A quarter later: every capacity, cost, quantity and value 3 % off, up or down."""
    rng = np.random.default_rng(seed)

    def moved(values: np.ndarray) -> np.ndarray:
        return values * rng.uniform(1.0 - by, 1.0 + by, values.shape)

    return problem.replace(
        capacity=moved(problem.capacity),
        unit_cost=moved(problem.unit_cost),
        switching=moved(problem.switching),
        block_quantity=moved(problem.block_quantity),
        block_value=-np.sort(-moved(problem.block_value), axis=1),
    )
