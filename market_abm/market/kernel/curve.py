"""Stretches of buyers' demand curves, and the best bids of those whom a market leaves unserved."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import compiled
from market_abm.units import GRID

STEP = 1.0 / GRID
HALF_STEP = 0.5 / GRID
"""Quantities closer than half a grid step are the same."""


@compiled
def stretch(quantity, buyer, low, high):
    """Part of each block of the curves ``quantity`` (B, K) from ``low`` to ``high`` units, (L, K), kHQ."""
    parts = np.empty((len(buyer), quantity.shape[1]))
    for n in range(len(buyer)):
        until = 0.0
        for k in range(quantity.shape[1]):
            size = quantity[buyer[n], k]
            until += size
            parts[n, k] = max(min(until, high[n]) - max(until - size, low[n]), 0.0)
    return parts


@compiled
def last_blocks(quantity, value, buyer, high, volume):
    """Blocks that the last ``volume`` (L,) of a buyer's first ``high`` units falls in, and what they are worth.

    Both (L, m), in order and padded by blocks of size 0. What lies beyond the curve is a last block of value 0;
    less than a grid step is no block.
    """
    parts = stretch(quantity, buyer, np.maximum(high - volume, 0.0), high)
    sizes, values = (
        np.zeros((len(buyer), quantity.shape[1] + 1)),
        np.zeros((len(buyer), quantity.shape[1] + 1)),
    )
    most = 1
    for n in range(len(buyer)):
        blocks, covered = 0, 0.0
        for k in range(quantity.shape[1]):
            if parts[n, k] > STEP:
                sizes[n, blocks], values[n, blocks] = parts[n, k], value[buyer[n], k]
                covered += parts[n, k]
                blocks += 1
        if volume[n] - covered > STEP:
            sizes[n, blocks] = volume[n] - covered
            blocks += 1
        most = max(most, blocks)
    return sizes[:, :most].copy(), values[:, :most].copy()


@compiled
def worth_of_first(quantity, value, buyer, used):
    """Gross value of the first ``used`` units (L,) on buyers' curves, MUSD."""
    worth = np.empty(len(buyer))
    for n in range(len(buyer)):
        until = total = 0.0
        for k in range(quantity.shape[1]):
            size = quantity[buyer[n], k]
            until += size
            total += min(max(used[n] - (until - size), 0.0), size) * value[buyer[n], k]
        worth[n] = total
    return worth


@compiled
def excluded_bids(
    block_quantity, block_value, switching, wedge, tax, linked, link_cap, flow, served, seller, buyer
):
    """Highest bid, net of the costs of its own link, of a buyer with an unserved block and room, (L,).

    The link's own buyer does not bid against itself; ``link_cap`` of shape (0, 0) is no cap.
    """
    buyers, blocks = block_quantity.shape
    bid = np.full(buyers, -np.inf)
    for i in range(buyers):
        until = 0.0
        for k in range(blocks):
            until += block_quantity[i, k]
            if block_quantity[i, k] > 0.0 and until > served[i] + HALF_STEP:
                bid[i] = block_value[i, k]
                break
    best = np.full(len(seller), -np.inf)
    for n in range(len(seller)):
        j = seller[n]
        for i in range(buyers):
            if i == buyer[n] or not linked[j, i]:
                continue
            if len(link_cap) == 0 or link_cap[j, i] > flow[j, i] + HALF_STEP:
                best[n] = max(best[n], bid[i] - (switching[j, i] + tax[j, i] + wedge[j, i]))
    return best
