"""Random markets for the measures' tests: whole numbers, ties, missing links, zero capacities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from market_abm.market import TradeProblem


def network(rng: np.random.Generator, sellers: int, buyers: int, density: float = 0.5):
    """Capacity (S,), demand (B,), linked (S, B) in whole kHQ."""
    return (
        rng.integers(0, 12, sellers).astype(float),
        rng.integers(0, 9, buyers).astype(float),
        rng.random((sellers, buyers)) < density,
    )


def market(rng: np.random.Generator, sellers: int, buyers: int, blocks: int = 3, density: float = 0.8):
    """A whole market with falling values and switching costs, in whole numbers."""
    return TradeProblem(
        rng.integers(0, 12, sellers),
        rng.integers(0, 3, sellers),
        rng.integers(0, 6, (buyers, blocks)),
        -np.sort(-rng.integers(1, 20, (buyers, blocks)), axis=1),
        switching=rng.integers(0, 3, (sellers, buyers)),
        linked=rng.random((sellers, buyers)) < density,
    )


def buyer_sets(buyers: int):
    """All sets of buyers but the empty one."""
    for size in range(1, buyers + 1):
        yield from combinations(range(buyers), size)


seeds = st.integers(0, 10**6)
fractions = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12).map(
    lambda parts: np.array(parts) / np.sum(parts)
)
shares_with_outside = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=8).map(
    lambda parts: np.array(parts) / (np.sum(parts) + 0.3)
)
