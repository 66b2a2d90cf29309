"""Long-run user cost, demand at a price, tightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Floats
from market_abm.units import ordered_sum


def long_run_user_cost(
    capex: ArrayLike,
    opex: ArrayLike,
    utilisation: ArrayLike,
    wacc_quarter: ArrayLike,
    life_quarters: int,
    price_decline: ArrayLike,
) -> Floats:
    """Rental price at which a new unit pays, p_LR = (I + c a2) / (u a1), MUSD/kHQ (Jorgenson 1963).

    a1 = sum of ((1 - d_p) / (1 + r))^k and a2 = sum of (1 + r)^-k over the quarters k = 0 to life - 1: a
    unit that earns from the day it is paid for; a lag before it earns is the builder's business, not the
    price's.

    Parameters
    ----------
    capex : array
        I, MUSD per kH100e.
    opex : array
        c, MUSD per kHQ.
    utilisation : array
        u, the share of hours that earn.
    wacc_quarter : array
        r, per quarter.
    life_quarters : int
    price_decline : array
        d_p, expected decline of rental prices per quarter. All arrays broadcast.

    Raises
    ------
    ValueError
        If utilisation is outside (0, 1], the life below one quarter, or a rate makes no sense.
    """
    used, rate = np.asarray(utilisation, dtype=np.float64), np.asarray(wacc_quarter, dtype=np.float64)
    decline = np.asarray(price_decline, dtype=np.float64)
    if not ((used > 0.0) & (used <= 1.0)).all():
        raise ValueError(f"utilisation is {used}; it must lie in (0, 1].")
    if life_quarters < 1 or int(life_quarters) != life_quarters:
        raise ValueError(f"life_quarters is {life_quarters}; give a whole number of at least 1.")
    if not (rate > -1.0).all() or not (decline < 1.0).all():
        raise ValueError(
            f"wacc_quarter is {rate} and price_decline {decline}; they must be above -1 and below 1."
        )
    earning, paying = np.zeros(np.broadcast(rate, decline).shape), np.zeros(rate.shape)
    one, falling = np.ones(rate.shape), np.ones(earning.shape)
    growth = 1.0 + rate
    decay = (1.0 - decline) / growth
    for _ in range(int(life_quarters)):
        earning, paying = earning + falling, paying + one
        falling, one = falling * decay, one / growth
    return (np.asarray(capex, dtype=np.float64) + np.asarray(opex, dtype=np.float64) * paying) / (
        used * earning
    )


def demand_at(price: ArrayLike, block_quantity: ArrayLike, block_value: ArrayLike) -> Floats:
    """Demand of each buyer at a price, kHQ, (B,): the blocks worth at least that.

    Give the blocks before finance caps, with own use and committed volumes included.

    Parameters
    ----------
    price : float or array (B,)
        MUSD/kHQ.
    block_quantity, block_value : arrays (B, K)
    """
    value = np.asarray(block_value, dtype=np.float64)
    asked = np.broadcast_to(np.asarray(price, dtype=np.float64), value.shape[:1])
    wanted = np.where(value >= asked[:, None], np.asarray(block_quantity, dtype=np.float64), 0.0)
    return ordered_sum(wanted, axis=1)


def tightness(demand: ArrayLike, capacity: ArrayLike) -> float:
    """tau = D / K, of demand at the long-run user cost and capacity that can be sold."""
    held = float(ordered_sum(np.atleast_1d(capacity)))
    wanted = float(ordered_sum(np.atleast_1d(demand)))
    return wanted / held if held > 0.0 else float("inf") if wanted > 0.0 else float("nan")


def is_tight(price_index: ArrayLike, long_run_price: ArrayLike, ratio: float = 1.1):
    """Whether the price index is at least ``ratio`` times the long-run user cost; False where one is NaN."""
    return np.asarray(price_index) >= ratio * np.asarray(long_run_price)
