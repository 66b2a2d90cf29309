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


HEAD = 10
"""Numbers ahead of a packed network: where each array begins, where the last one ends, and blocks a row."""


@compiled
def packed(net):
    """A network as one row of numbers: Python then holds one array and hands over one, not eight each time."""
    parts = (
        net.arc.ravel(),
        net.first,
        net.out_first,
        net.out_arc,
        net.limit,
        net.value.ravel(),
        net.until.ravel(),
        net.origin,
    )
    size = HEAD
    for part in parts:
        size += len(part)
    pack, end = np.empty(size, np.int64), HEAD
    for n in range(len(parts)):
        pack[n] = end
        pack[end : end + len(parts[n])] = parts[n]
        end += len(parts[n])
    pack[HEAD - 2], pack[HEAD - 1] = end, net.value.shape[1]
    return pack


@compiled
def unpacked(pack):
    """The network of a packed row, whose numbers its arrays share."""
    first, out_arc = pack[pack[1] : pack[2]], pack[pack[3] : pack[4]]
    buyers, blocks = len(first) - 1, pack[HEAD - 1]
    return Network(
        pack[pack[0] : pack[1]].reshape((4, len(out_arc))),
        first,
        pack[pack[2] : pack[3]],
        out_arc,
        pack[pack[4] : pack[5]],
        pack[pack[5] : pack[6]].reshape((buyers, blocks)),
        pack[pack[6] : pack[7]].reshape((buyers, blocks + 1)),
        pack[pack[7] : pack[8]],
    )


@borrowing
def steps(number):
    """Grid steps of a number that lies on the grid."""
    return np.int64(np.rint(number * GRID))


@borrowing
def any_cap(net):
    """Whether a link has a cap that flow can reach."""
    for a in range(net.arc.shape[1]):
        if net.arc[CAP, a] <= net.limit[net.arc[SELLER, a]]:
            return True
    return False


class Pairs(NamedTuple):
    """What the variants of one problem share, in rows of the problem: its links and its buyers' blocks.

    Attributes
    ----------
    seller, buyer, cost : int64 (m,)
        Linked pairs, sorted by buyer and then by seller, and their cost on the grid.
    cap : float64 (m,)
        Largest flow, kHQ; infinite without one. A pair with a cap of zero cannot trade.
    first : int64 (B + 1,)
        Pairs of buyer i are first[i] to first[i + 1].
    blocks : int64 (B,)
        Number of blocks of each buyer.
    value, until : int64 (B, K), (B, K + 1)
        As in :class:`Network`.
    """

    seller: Ints
    buyer: Ints
    cost: Ints
    cap: NDArray[np.float64]
    first: Ints
    blocks: Ints
    value: Ints
    until: Ints


@compiled
def pairs_of(unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap):
    """Links and blocks of a problem on the grid; ``link_cap`` of shape (0, 0) is none."""
    sellers, buyers = linked.shape
    capped = link_cap.shape[0] > 0
    first = np.zeros(buyers + 1, np.int64)
    for j in range(sellers):
        for i in range(buyers):
            first[i + 1] += linked[j, i]
    for i in range(buyers):
        first[i + 1] += first[i]
    place, m = first.copy(), first[buyers]
    seller, buyer, cost = np.empty(m, np.int64), np.empty(m, np.int64), np.empty(m, np.int64)
    cap = np.full(m, np.inf)
    for j in range(sellers):
        for i in range(buyers):
            if linked[j, i]:
                a = place[i]
                place[i] += 1
                seller[a], buyer[a] = j, i
                # Each part lies on the grid, so their float sum is off by far less than half a step.
                cost[a] = steps(unit_cost[j] + switching[j, i] + wedge[j, i] + tax[j, i])
                if capped:
                    cap[a] = link_cap[j, i]
    blocks = np.empty(buyers, np.int64)
    value = np.empty((buyers, block_value.shape[1]), np.int64)
    until = np.empty((buyers, block_value.shape[1] + 1), np.int64)
    for i in range(buyers):
        blocks[i] = fill_blocks(block_quantity[i], block_value[i], value[i], until[i])
    return Pairs(seller, buyer, cost, cap, first, blocks, value, until)


@borrowing
def pair_at(pairs, seller, buyer):
    """Place of a linked pair."""
    a = pairs.first[buyer]
    while pairs.seller[a] != seller:
        a += 1
    return a


@borrowing
def write_row(pairs, buyer, quantity, worth):
    """Give a buyer other blocks (K,)."""
    pairs.blocks[buyer] = fill_blocks(quantity, worth, pairs.value[buyer], pairs.until[buyer])


@compiled
def network_of(pairs, capacity):
    """Strip the links of what cannot trade at these capacities, and number the rest.

    Where every buyer is kept, its blocks are those of ``pairs``, not a copy.
    """
    sellers, buyers = len(capacity), len(pairs.blocks)
    seller_links, buyer_links = np.zeros(sellers, np.int64), np.zeros(buyers, np.int64)
    for a in range(len(pairs.seller)):
        j, i = pairs.seller[a], pairs.buyer[a]
        if capacity[j] > 0.0 and pairs.blocks[i] > 0 and pairs.cap[a] > 0.0:
            seller_links[j] += 1
            buyer_links[i] += 1
    S = B = m = 0
    for j in range(sellers):
        if seller_links[j] > 0:
            S += 1
            m += seller_links[j]
    for i in range(buyers):
        if buyer_links[i] > 0:
            B += 1
    arc = np.empty((4, m), np.int64)
    first, out_first, out_arc = np.zeros(B + 1, np.int64), np.zeros(S + 1, np.int64), np.empty(m, np.int64)
    limit, origin = np.empty(S + B, np.int64), np.empty(S + B, np.int64)
    seller_node, buyer_node = np.empty(sellers, np.int64), np.empty(buyers, np.int64)
    n = 0
    for j in range(sellers):
        if seller_links[j] > 0:
            limit[n], origin[n], seller_node[j] = steps(capacity[j]), j, n
            out_first[n + 1] = out_first[n] + seller_links[j]
            n += 1
    for i in range(buyers):
        if buyer_links[i] > 0:
            limit[n], origin[n], buyer_node[i] = pairs.blocks[i], i, n
            first[n - S + 1] = first[n - S] + buyer_links[i]
            n += 1
    filled = out_first[:S].copy()
    k = 0
    for a in range(len(pairs.seller)):
        j, i = pairs.seller[a], pairs.buyer[a]
        if capacity[j] > 0.0 and pairs.blocks[i] > 0 and pairs.cap[a] > 0.0:
            s = seller_node[j]
            arc[SELLER, k], arc[BUYER, k], arc[COST, k] = s, buyer_node[i], pairs.cost[a]
            # A cap at or above the seller's capacity still binds when capacity grows by a unit: it is not
            # clipped, only one strictly above can never be reached.
            arc[CAP, k] = NO_CAP if pairs.cap[a] > capacity[j] else steps(pairs.cap[a])
            out_arc[filled[s]] = k
            filled[s] += 1
            k += 1
    value, until = pairs.value, pairs.until
    if B < buyers:
        value, until = np.zeros((B, value.shape[1]), np.int64), np.zeros((B, until.shape[1]), np.int64)
        for b in range(B):
            i, blocks = origin[S + b], limit[S + b]
            value[b, :blocks] = pairs.value[i, :blocks]
            until[b, : blocks + 1] = pairs.until[i, : blocks + 1]
    return Network(arc, first, out_first, out_arc, limit, value, until, origin)


@compiled
def build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap):
    """Strip, round and sort a problem; ``link_cap`` of shape (0, 0) is none."""
    pairs = pairs_of(unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    return network_of(pairs, capacity)


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
