"""Rational pairs of many contracts in force, each in a market of its own, in one call."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.market.bargaining.rational import LinkSolves, RationalPair, best_excluded, pair_of, weight_of
from market_abm.market.bargaining.terms import Terms
from market_abm.market.clearing import Allocation
from market_abm.market.problem import Floats
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
    return pair_of(held_solves(allocation, seller, buyer, held, sizes, values, terms))


def held_solves(
    allocation: Allocation,
    seller: NDArray[np.int64],
    buyer: NDArray[np.int64],
    volume: Floats,
    top_quantity: Floats,
    top_value: Floats,
    terms: Terms | None,
) -> LinkSolves:
    """What each relation's own market says when it is solved without the link.

    Volumes and values of blocks lie on the grid; ``top_quantity`` is put there, in place.
    """
    from market_abm.market.kernel.held import held_pairs

    free = allocation.problem
    loss, gain, worth = held_pairs(
        *free.arrays,
        allocation.flow,
        allocation.served,
        allocation._state[0],
        allocation._state[1],
        seller,
        buyer,
        volume,
        top_quantity,
        top_value,
    )
    return LinkSolves(
        seller,
        buyer,
        allocation.flow[seller, buyer] + volume,
        free.unit_cost[seller],
        free.switching[seller, buyer],
        free.wedge[seller, buyer],
        free.tax[seller, buyer],
        worth,
        loss,
        gain,
        # The other buyers stand where the free market left them.
        best_excluded(free, allocation.flow, allocation.served, seller, buyer),
        weight_of(terms, allocation.flow.shape, seller, buyer),
    )
