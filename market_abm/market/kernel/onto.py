"""One relation's volume on top of an optimum, on the same tree.

A seller's capacity, a buyer's blocks and the flow between the two grow together; nothing else moves. Where the
nodes and links stay what they are, network and tree are changed in place, and put back afterwards.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER, pair_at
from market_abm.market.kernel.simplex import MARKET, pivot
from market_abm.market.kernel.tree import BLOCK, DOWN, OWN, OWN_FLOW, PRED, PRICE, UP, rooms


@compiled
def arc_of_pairs(net, pairs):
    """Number of each pair's arc in a network, -1 where it was left out, (m,)."""
    arc = np.full(len(pairs.seller), -1, np.int64)
    for a in range(net.arc.shape[1]):
        seller, buyer = net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]
        arc[pair_at(pairs, seller, buyer)] = a
    return arc


@compiled
def never_capped(pairs, sellers):
    """Sellers none of whose links has a cap: their arcs stay as they are when their capacity changes, (S,)."""
    free = np.ones(sellers, np.bool_)
    for a in range(len(pairs.seller)):
        if np.isfinite(pairs.cap[a]) and pairs.cap[a] > 0.0:
            free[pairs.seller[a]] = False
    return free


@borrowing
def copy_row(net, i, pairs, buyer):
    """Give buyer node i the blocks that the buyer has among the pairs."""
    b = i - (len(net.out_first) - 1)
    net.limit[i] = pairs.blocks[buyer]
    for k in range(net.limit[i]):
        net.value[b, k] = pairs.value[buyer, k]
        net.until[b, k + 1] = pairs.until[buyer, k + 1]


@borrowing
def put_on(net, t, x, a, volume, block):
    """Let ``volume`` more flow on arc a and both its ends' own arcs; ``block`` is where the buyer then stands.

    Capacity and blocks of the network have grown already.
    """
    j, i = net.arc[SELLER, a], net.arc[BUYER, a]
    x[a] += volume
    t[OWN_FLOW, j] += volume
    t[OWN_FLOW, i] += volume
    t[BLOCK, i] = block
    for n in (j, i):
        code = t[PRED, n]
        flow = x[code] if code >= 0 else t[OWN_FLOW, n]
        t[UP, n], t[DOWN, n] = rooms(net, net.limit, t, n, code, flow)


@borrowing
def lean(net, t, x, a, nodes):
    """Bring arc a and its ends' own arcs to a bound or into the tree, whichever way pays."""
    S = len(net.out_first) - 1
    j, i = net.arc[SELLER, a], net.arc[BUYER, a]
    price, cost, limit = t[PRICE], net.arc[COST], net.limit
    if t[PRED, i] != a and t[PRED, j] != a and 0 < x[a] < net.arc[CAP, a]:
        gain = price[i] - price[j] - cost[a]
        pivot(net, limit, t, x, price, cost, MARKET, a, 1 if gain >= 0 else -1, abs(gain), nodes)
    if t[PRED, j] != OWN and 0 < t[OWN_FLOW, j] < limit[j]:
        gain = price[j] - price[-1]
        pivot(net, limit, t, x, price, cost, MARKET, -1 - j, 1 if gain >= 0 else -1, abs(gain), nodes)
    k = t[BLOCK, i]
    if t[PRED, i] != OWN and net.until[i - S, k] != t[OWN_FLOW, i]:
        gain = net.value[i - S, k] - price[i] + price[-1]
        if gain < 0:
            t[BLOCK, i] += 1
        pivot(net, limit, t, x, price, cost, MARKET, -1 - i, 1 if gain >= 0 else -1, abs(gain), nodes)


@borrowing
def block_at(net, i, flow):
    """The block in which buyer node i's next unit after ``flow`` lies; the number of blocks after the last."""
    k, b = 0, i - (len(net.out_first) - 1)
    while k < net.limit[i] and net.until[b, k + 1] <= flow:
        k += 1
    return k


@compiled
def same_market(net, old):
    """Whether two networks have the same nodes, links, capacities and blocks."""
    if net.arc.shape[1] != old.arc.shape[1] or len(net.limit) != len(old.limit):
        return False
    if len(net.first) != len(old.first):
        return False
    S = len(net.out_first) - 1
    same = True
    for n in range(len(net.limit)):
        same = same and net.limit[n] == old.limit[n] and net.origin[n] == old.origin[n]
    for a in range(net.arc.shape[1]):
        for row in range(4):
            same = same and net.arc[row, a] == old.arc[row, a]
    if same:
        for b in range(len(net.first) - 1):
            for k in range(net.limit[S + b]):
                same = same and net.value[b, k] == old.value[b, k]
                same = same and net.until[b, k + 1] == old.until[b, k + 1]
    return same
