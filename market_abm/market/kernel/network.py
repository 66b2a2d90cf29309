"""The trade problem as a circulation on integers.

root -> seller (its capacity), seller -> buyer (the links), buyer -> root (ONE convex arc, walked block by
block). Nodes are numbered sellers first, then buyers, then the root. Sellers without capacity, buyers
without demand and links without cap are left out: they can carry no flow, but would give endless
degenerate steps, and a firm that is not there cannot change a bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.units import GRID

Ints = NDArray[np.int64]

NO_CAP = 1 << 61
"""Cap of a link that nothing on it can reach."""

# rows of Network.arc
SELLER, BUYER, COST, CAP = range(4)


class Network(NamedTuple):
    """Compiled form of a trade problem; S, B and m count what is kept.

    Attributes
    ----------
    arc : int64 (4, m)
        Links sorted by buyer: seller node, buyer node, cost and cap on the grid.
    first : int64 (B + 1,)
        Links of buyer i are first[i] to first[i + 1].
    out_first, out_arc : int64 (S + 1,), (m,)
        The same by seller: numbers of its links.
    limit : int64 (S + B,)
        Capacity of a seller, number of blocks of a buyer.
    value : int64 (B, K)
        Block values, strictly falling.
    until : int64 (B, K + 1)
        Quantity in all earlier blocks.
    origin : int64 (S + B,)
        Position of the node in the problem.
    """

    arc: Ints
    first: Ints
    out_first: Ints
    out_arc: Ints
    limit: Ints
    value: Ints
    until: Ints
    origin: Ints


@borrowing
def steps(number):
    """Grid steps of a number that lies on the grid."""
    return np.int64(np.rint(number * GRID))


@compiled
def build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap):
    """Strip, round and sort a problem; ``link_cap`` of shape (0, 0) is none."""
    sellers, buyers = linked.shape
    blocks = block_value.shape[1]
    capped = link_cap.shape[0] > 0
    demand = np.zeros(buyers, np.bool_)
    for i in range(buyers):
        for k in range(blocks):
            if block_quantity[i, k] > 0.0:
                demand[i] = True
                break
    seller_links = np.zeros(sellers, np.int64)
    buyer_links = np.zeros(buyers, np.int64)
    for j in range(sellers):
        if capacity[j] > 0.0:
            for i in range(buyers):
                if linked[j, i] and demand[i] and not (capped and link_cap[j, i] <= 0.0):
                    seller_links[j] += 1
                    buyer_links[i] += 1
    S = B = m = 0
    node_of = np.full(sellers, -1, np.int64)
    for j in range(sellers):
        if seller_links[j] > 0:
            node_of[j] = S
            S += 1
            m += seller_links[j]
    for i in range(buyers):
        if buyer_links[i] > 0:
            B += 1
    arc = np.empty((4, m), np.int64)
    first = np.zeros(B + 1, np.int64)
    out_first = np.zeros(S + 1, np.int64)
    out_arc = np.empty(m, np.int64)
    limit = np.empty(S + B, np.int64)
    origin = np.empty(S + B, np.int64)
    value = np.empty((B, blocks), np.int64)
    until = np.empty((B, blocks + 1), np.int64)
    for j in range(sellers):
        if node_of[j] >= 0:
            limit[node_of[j]] = steps(capacity[j])
            origin[node_of[j]] = j
            out_first[node_of[j] + 1] = out_first[node_of[j]] + seller_links[j]
    filled = out_first[:S].copy()
    a = b = 0
    for i in range(buyers):
        if buyer_links[i] == 0:
            continue
        origin[S + b] = i
        for j in range(sellers):
            s = node_of[j]
            if s < 0 or not linked[j, i] or (capped and link_cap[j, i] <= 0.0):
                continue
            arc[SELLER, a] = s
            arc[BUYER, a] = S + b
            # Each part lies on the grid, so their float sum is off by far less than half a step.
            arc[COST, a] = steps(unit_cost[j] + switching[j, i] + wedge[j, i] + tax[j, i])
            # A cap at or above the seller's capacity still binds when capacity grows by a unit: it is not
            # clipped, only one strictly above can never be reached.
            free = not capped or link_cap[j, i] > capacity[j]
            arc[CAP, a] = NO_CAP if free else steps(link_cap[j, i])
            out_arc[filled[s]] = a
            filled[s] += 1
            a += 1
        limit[S + b] = fill_blocks(block_quantity[i], block_value[i], value[b], until[b])
        b += 1
        first[b] = a
    return Network(arc, first, out_first, out_arc, limit, value, until, origin)


@borrowing
def fill_blocks(quantity, worth, value, until):
    """Write a buyer's blocks (K,) on the grid, alike ones merged; the rest of both rows is zero. Returns how many."""
    value[:] = 0
    until[:] = 0
    k = 0
    for block in range(len(quantity)):
        if quantity[block] <= 0.0:
            continue
        size, at = steps(quantity[block]), steps(worth[block])
        if k > 0 and value[k - 1] == at:
            until[k] += size
        else:
            value[k] = at
            until[k + 1] = until[k] + size
            k += 1
    return k
