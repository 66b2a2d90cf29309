"""Random trade problems on whole numbers, so that every answer of a float solver can be rounded exactly."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from market_abm.market.problem import TradeProblem


def whole_problem(rng: np.random.Generator, sellers: int, buyers: int, blocks: int) -> TradeProblem:
    """Small whole numbers: many ties, zero capacities, empty blocks, missing links, binding caps."""
    shape = (sellers, buyers)
    capacity = rng.integers(0, 8, sellers)
    if rng.random() < 0.3:
        capacity *= rng.integers(0, 2, sellers)
    optional = {}
    if rng.random() < 0.5:
        optional["switching"] = rng.integers(-2, 4, shape)
    if rng.random() < 0.3:
        optional["wedge"] = rng.integers(-2, 3, shape)
    if rng.random() < 0.2:
        optional["tax"] = rng.integers(0, 3, shape)
    if rng.random() < 0.5:
        optional["linked"] = rng.random(shape) < rng.choice([0.3, 0.7])
    if rng.random() < 0.5:
        optional["link_cap"] = np.where(rng.random(shape) < 0.5, np.inf, rng.integers(0, 6, shape))
    if rng.random() < 0.5:
        optional["incumbent"] = rng.integers(0, 3, shape)
    if rng.random() < 0.5:
        optional["tie_key"] = rng.random(shape)
    return TradeProblem(
        capacity,
        rng.integers(0, 4, sellers),
        rng.integers(0, 6, (buyers, blocks)),
        -np.sort(-rng.integers(0, 12, (buyers, blocks)), axis=1),
        **optional,
    )


def generic_problem(
    rng: np.random.Generator, sellers: int, buyers: int, blocks: int, degree: int | None = None
) -> TradeProblem:
    """Real numbers without ties, with ``degree`` links a buyer (all when left out)."""
    linked = None
    if degree is not None:
        linked = np.zeros((sellers, buyers), dtype=bool)
        for i in range(buyers):
            linked[rng.choice(sellers, degree, replace=False), i] = True
    return TradeProblem(
        rng.lognormal(3, 1, sellers),
        rng.uniform(0.5, 1.0, sellers),
        rng.lognormal(1, 1, (buyers, blocks)),
        -np.sort(-rng.uniform(0.5, 12.0, (buyers, blocks)), axis=1),
        switching=rng.normal(0, 0.2, (sellers, buyers)),
        linked=linked,
        tie_key=rng.random((sellers, buyers)),
    )


@st.composite
def problems(draw, most_sellers: int = 4, most_buyers: int = 5, most_blocks: int = 3) -> TradeProblem:
    """Hypothesis strategy of :func:`whole_problem`."""
    seed = draw(st.integers(0, 2**32 - 1))
    sizes = [draw(st.integers(1, most)) for most in (most_sellers, most_buyers, most_blocks)]
    return whole_problem(np.random.default_rng(seed), *sizes)


def same(a, b, tolerance: float = 1e-6) -> bool:
    """Equal up to a float solver's noise, NaN and inf in the same places (whole numbers: equal exactly)."""
    return bool(np.allclose(a, b, rtol=0.0, atol=tolerance, equal_nan=True))
