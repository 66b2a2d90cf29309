"""Rational pairs of many contracts in force, each in a market of its own, in one call."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.bargaining.rational import RationalPair, best_excluded, ceiling
from market_abm.market.bargaining.terms import Terms
from market_abm.market.clearing import Allocation
from market_abm.units import on_grid


def pairs_in_force(
    allocation: Allocation,
    seller: ArrayLike,
    buyer: ArrayLike,
    volume: ArrayLike,
    top_quantity: ArrayLike,
    top_value: ArrayLike,
    terms: Terms | None = None,
) -> RationalPair:
    """What `hold` and `rational_pair` say of each relation alone, for all of them.

    Parameters
    ----------
    allocation : Allocation
        The free market, cleared.
    seller, buyer : int arrays (L,)
        Rows of the relations.
    volume : array (L,)
        kHQ under contract.
    top_quantity, top_value : arrays (L, m)
        Blocks that each volume serves, as in `hold`; padding has quantity zero.
    terms : Terms, optional
        Without them the ceiling is the replacement cost.

    Raises
    ------
    ValueError
        If a volume is not positive or its blocks do not sum to it.
    """
    from market_abm.market.kernel.held import held_pairs

    free = allocation.problem
    seller, buyer = np.asarray(seller, dtype=np.int64), np.asarray(buyer, dtype=np.int64)
    held = on_grid(volume)
    sizes = np.array(top_quantity, dtype=np.float64, order="C")
    values = np.ascontiguousarray(on_grid(top_value))
    if not (held > 0.0).all():
        raise ValueError(f"volume is {held.min()} kHQ somewhere; only a positive volume can be held")
    short = np.abs(np.cumsum(sizes, axis=1)[:, -1] - held) > 1e-6 * (sizes.shape[1] + 1)
    if short.any():
        row = int(np.flatnonzero(short)[0])
        raise ValueError(
            f"top_quantity[{row}] sums to {sizes[row].sum()} and volume[{row}] is {held[row]}; "
            "give the blocks that it serves"
        )
    loss, gain, worth = held_pairs(
        *free.arrays,
        allocation.flow,
        allocation.served,
        allocation._state[0],
        allocation._state[1],
        seller,
        buyer,
        held,
        sizes,
        values,
    )
    quantity = allocation.flow[seller, buyer] + held
    cost, wedge = free.unit_cost[seller], free.wedge[seller, buyer]
    value = worth / quantity - free.switching[seller, buyer] - free.tax[seller, buyer]
    resale = cost + np.maximum(gain, 0.0) / quantity
    # The other buyers stand where the free market left them.
    excluded = best_excluded(free, allocation.flow, allocation.served, seller, buyer)
    floor = wedge + np.maximum(np.maximum(cost, resale), excluded)
    replacement = loss / quantity + cost + wedge
    most = ceiling(value, replacement, terms, allocation.flow.shape, seller, buyer)
    return RationalPair(
        seller, buyer, quantity, cost, wedge, value, resale, excluded, floor, replacement, most
    )
