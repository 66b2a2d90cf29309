"""The parametric dual simplex of :mod:`parametric` on full cost matrices, for small and well-linked markets.

Only the search for the arc that joins a cut tree again differs: instead of following lists of links it takes
the minimum of whole rows, which the processor does several entries at a time. Links without cap only: then no
link outside the tree carries flow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled, inlined
from market_abm.market.kernel.network import BUYER, COST, SELLER, Ints
from market_abm.market.kernel.tree import (
    BLOCK,
    OWN,
    OWN_FLOW,
    PRICE,
    SIZE,
    collect,
    collect_rest,
    rehang,
    rooms,
)

NONE = -1
NO_LINK = 1 << 60
"""Cost of a pair that cannot trade; two of them still fit 64 bits."""

HALF = 1 << 59
"""More than any reduced cost, less than one that has met :data:`NO_LINK`."""


class Dense(NamedTuple):
    """Cost matrices, number of each link, and what opens each node's own arc.

    ``leave[n]`` plus the node's price is the reduced cost of its own arc to the root, ``enter[n]`` less the
    price that of the way back; :data:`NO_LINK` where it is closed. Both hold for arcs outside the tree.
    """

    by_buyer: Ints
    by_seller: Ints
    link: Ints
    leave: Ints
    enter: Ints
    away: Ints
    masked: Ints
    threshold: Ints
    candidate: Ints


@borrowing
def pays(net, capped):
    """Whether full matrices are worth it."""
    S, B = len(net.out_first) - 1, len(net.first) - 1
    return not capped and S + B <= 250 and S * B <= 4 * net.arc.shape[1]


@compiled
def full(net, used):
    """Matrices of a network; empty ones when they are not to be used."""
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    if not used:
        S = B = 0
    by_buyer = np.full((B, S), NO_LINK, np.int64)
    by_seller = np.full((S, B), NO_LINK, np.int64)
    link = np.full((B, S), -1, np.int64)
    if used:
        for a in range(net.arc.shape[1]):
            j, i = net.arc[SELLER, a], net.arc[BUYER, a] - S
            by_buyer[i, j] = by_seller[j, i] = net.arc[COST, a]
            link[i, j] = a
    own = np.zeros((6, root + 1), np.int64)
    return Dense(by_buyer, by_seller, link, own[0], own[1], own[2], own[3], own[4], own[5])


@inlined
def open_own(net, d, limit, t, n):
    """Set what opens node n's own arc as it rests outside the tree."""
    S = len(net.out_first) - 1
    d.leave[n] = d.enter[n] = NO_LINK
    if n < S:
        if t[OWN_FLOW, n] > 0:
            d.leave[n] = 0
        if t[OWN_FLOW, n] < limit[n]:
            d.enter[n] = 0
    else:
        k = t[BLOCK, n]
        if k < limit[n]:
            d.leave[n] = -net.value[n - S, k]
        if k > 0:
            d.enter[n] = net.value[n - S, k - 1]


@inlined
def _least(row, other):
    """Smallest sum of two rows, element by element."""
    least = np.int64(2 * NO_LINK)
    for k in range(len(row)):
        least = min(least, row[k] + other[k])
    return least


@borrowing
def rejoin_dense(net, d, limit, t, top, outward, nodes):
    """As :func:`parametric.rejoin`."""
    S, B = d.by_seller.shape
    root = S + B
    below = 2 * t[SIZE, top] <= root
    size = collect(t, top, nodes) if below else collect_rest(t, top, nodes)
    price = t[PRICE]
    for k in range(size):
        d.away[nodes[k]] = NO_LINK
    best, here, there, code = np.int64(HALF), np.int64(NONE), np.int64(NONE), np.int64(NONE)
    # Own arcs of the cut part.
    zero = price[root]
    if below:
        for k in range(size):
            n = nodes[k]
            reduced = d.leave[n] + price[n] - zero if outward else d.enter[n] - price[n] + zero
            if reduced < best:
                best, here, code = reduced, n, np.int64(OWN)
    else:
        if outward:
            for n in range(root):
                d.masked[n] = d.leave[n] + price[n] - zero + d.away[n]
        else:
            for n in range(root):
                d.masked[n] = d.enter[n] - price[n] + zero + d.away[n]
        least = np.int64(HALF)
        for n in range(root):
            least = min(least, d.masked[n])
        if least < best:
            best, code = least, np.int64(OWN)
            for n in range(root):
                if d.masked[n] == least:
                    here = np.int64(n)
                    break
    # Links across the cut, by rows of its smaller side.
    row = np.int64(NONE)
    if below == outward:  # the smaller side sends: rows of its sellers
        for i in range(B):
            d.masked[i] = d.away[S + i] - price[S + i]
        for k in range(size):
            n = nodes[k]
            if n < S:
                reduced = price[n] + _least(d.by_seller[n], d.masked)
                if reduced < best:
                    best, row = reduced, n
        if row >= 0:
            for i in range(B):
                if price[row] + d.by_seller[row, i] + d.masked[i] == best:
                    here, there, code = row, np.int64(S + i), d.link[i, row]
                    break
    else:  # rows of its buyers
        for j in range(S):
            d.masked[j] = d.away[j] + price[j]
        for k in range(size):
            n = nodes[k]
            if n >= S and n != root:
                reduced = _least(d.by_buyer[n - S], d.masked) - price[n]
                if reduced < best:
                    best, row = reduced, n
        if row >= 0:
            for j in range(S):
                if d.by_buyer[row - S, j] + d.masked[j] - price[row] == best:
                    here, there, code = row, np.int64(j), d.link[row - S, j]
                    break
    for k in range(size):
        d.away[nodes[k]] = 0
    if here < 0:
        return False
    if there < 0:
        there = np.int64(root)
        if here >= S and not outward:
            t[BLOCK, here] -= 1
    elif not below:
        here, there = there, here
    by = -best if below == outward else best
    for k in range(size):
        price[nodes[k]] += by
    flow = np.int64(0) if code >= 0 else t[OWN_FLOW, here]
    up, down = rooms(net, limit, t, here, code, flow)
    rehang(t, top, here, there, code, up, down)
    return True
