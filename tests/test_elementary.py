"""Compiled functions of demand against plain Python and numpy."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from market_abm.elementary import inverse_demand, isoelastic, quantity_demanded

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(1, 6), st.integers(2, 40))
def test_inverse_demand_is_linear_between_the_rungs(seed: int, buyers: int, rungs: int) -> None:
    rng = np.random.default_rng(seed)
    price = np.sort(rng.uniform(0.1, 9.0, rungs))[::-1].copy()
    demanded = np.sort(rng.uniform(0.0, 5.0, (buyers, rungs)), axis=1)
    quantity = rng.uniform(-1.0, 6.0, buyers)
    quantity[0] = demanded[0, rng.integers(rungs)]  # on a rung
    wanted = [np.interp(q, row, price) for q, row in zip(quantity, demanded)]
    np.testing.assert_allclose(inverse_demand(price, demanded, quantity), wanted, rtol=1e-12)


def test_inverse_demand_beyond_and_along_a_flat_stretch() -> None:
    price, demanded = np.array([3.0, 2.0, 1.0]), np.tile([1.0, 1.0, 4.0], (4, 1))
    assert inverse_demand(price, demanded, np.array([0.0, 1.0, 2.5, 4.0])).tolist() == [3.0, 2.0, 1.5, 1.0]


@given(SEEDS)
def test_demand_serves_trains_and_follows_a_curve(seed: int) -> None:
    v, need, value, slope, prize, head_start, scale, price, elasticity, choke = np.random.default_rng(
        seed
    ).uniform(0.1, 3.0, 10)
    slope /= 4.0
    served = min(max(((1 + slope) * value - v) / (2 * slope * value), 0.0), 1.0)
    curve = math.pow(v / price, -elasticity) if v <= choke else 0.0
    assert isoelastic(v, price, elasticity, choke) == curve
    lab, segment = (value, slope, prize, head_start, 0.0, 0.0), (value, slope, 0.0, head_start, scale, curve)
    assert math.isclose(quantity_demanded(v, need, *lab), need * served + max(prize / v - head_start, 0.0))
    assert quantity_demanded(v, 0.0, *segment) == scale * curve


def test_without_an_elasticity_there_is_no_curve() -> None:
    assert isoelastic(1.0, 2.0, math.nan, 5.0) == 0.0
