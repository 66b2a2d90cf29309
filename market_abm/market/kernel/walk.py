"""Forced flow that passes block after block while the tree stays what it is.

Most steps of the parametric path only exchange one node's own arc for another's: a block is used up, the price
of its component moves to the next block of whichever node comes next, and no link enters or leaves. Such steps
need no search over links: every reduced cost across the cut falls by the same amount, so that the link which
would come first is looked for once, and each node's next block stands in a list of thresholds.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, inlined
from market_abm.market.kernel.dense import open_own
from market_abm.market.kernel.network import BUYER, COST, SELLER
from market_abm.market.kernel.tree import (
    BLOCK,
    DOWN,
    FAR,
    OWN,
    OWN_FLOW,
    PARENT,
    PRICE,
    SIZE,
    UP,
    collect,
    collect_rest,
    rehang,
    rooms,
)
from market_abm.market.kernel.words import add_product


@inlined
def next_own(net, limit, t, n, outward):
    """How far the price must move for node n's own arc to carry flow out (or in); FAR when it never does."""
    S = len(net.out_first) - 1
    at = t[PRICE, n] - t[PRICE, -1]
    if n < S:
        if outward:
            return at if t[OWN_FLOW, n] > 0 else np.int64(FAR)
        return -at if t[OWN_FLOW, n] < limit[n] else np.int64(FAR)
    k = t[BLOCK, n]
    if outward:
        return at - net.value[n - S, k] if k < limit[n] else np.int64(FAR)
    return net.value[n - S, k - 1] - at if k > 0 else np.int64(FAR)


@borrowing
def next_link(net, t, top, outward, banned_arc, nodes, inside):
    """How far the price must move for a link to lead out of (or into) the subtree of ``top``; no caps.

    Looked for from the smaller side; flow only ever runs from sellers to buyers.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    below = 2 * t[SIZE, top] <= root
    size = collect(t, top, nodes) if below else collect_rest(t, top, nodes)
    for k in range(size):
        inside[nodes[k]] = True
    least = np.int64(FAR)
    for k in range(size):
        n = nodes[k]
        if below == outward and n < S:
            for link in range(net.out_first[n], net.out_first[n + 1]):
                a = net.out_arc[link]
                i = net.arc[BUYER, a]
                if not inside[i] and a != banned_arc:
                    least = min(least, t[PRICE, n] + net.arc[COST, a] - t[PRICE, i])
        elif below != outward and S <= n < root:
            for a in range(net.first[n - S], net.first[n - S + 1]):
                j = net.arc[SELLER, a]
                if not inside[j] and a != banned_arc:
                    least = min(least, t[PRICE, j] + net.arc[COST, a] - t[PRICE, n])
    for k in range(size):
        inside[nodes[k]] = False
    return least


@borrowing
def walk(net, d, limit, t, top, outward, end, amount, banned_arc, banned_node, total, steps, nodes, inside):
    """Send ``amount`` between ``end`` and the root through own arcs of the cut subtree of ``top``, which holds it.

    ``outward``: from ``end`` to the root, else from the root to ``end``. Adds the cost to ``total``. Returns what
    is left to send and whether the subtree hangs in the tree again; if not, it hangs loose with ``end`` as its
    top, to be joined by a link.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    way, back = (DOWN, UP) if outward else (UP, DOWN)
    link = next_link(net, t, top, outward, banned_arc, nodes, inside)
    size = collect(t, top, nodes)
    threshold, node, count = d.threshold, d.candidate, 0
    for k in range(size):
        moved = np.int64(FAR) if nodes[k] == banned_node else next_own(net, limit, t, nodes[k], outward)
        if moved < FAR:
            threshold[count], node[count] = moved, nodes[k]
            count += 1
    rehang(t, top, end, np.int64(root), np.int64(OWN), np.int64(0), np.int64(0))
    worth = t[PRICE, root] - t[PRICE, end] if outward else t[PRICE, end] - t[PRICE, root]
    by = np.int64(0)  # what the subtree's price has moved by
    joined = False
    for _ in range(steps):
        least, at = np.int64(FAR), 0
        for k in range(count):
            if threshold[k] < least:
                least, at = threshold[k], k
        if least >= link:
            break
        by = least
        n = node[at]
        if n >= S and not outward:
            t[BLOCK, n] -= 1
        up, down = rooms(net, limit, t, n, OWN, t[OWN_FLOW, n])
        own = up if outward else down
        chain = np.int64(FAR)
        m = n
        while m != end:
            chain = min(chain, t[way, m])
            m = t[PARENT, m]
        send = min(amount, own, chain)
        m = n
        while m != end:
            t[way, m] -= send
            t[back, m] += send
            m = t[PARENT, m]
        up, down = (up - send, down + send) if outward else (up + send, down - send)
        add_product(total, send, worth + by)
        amount -= send
        if amount == 0 or chain < own or (outward and chain == own):
            rehang(t, end, n, np.int64(root), np.int64(OWN), up, down)
            joined = True
            break
        # The block is used up: the node's own arc rests again, at its end.
        if n < S:
            t[OWN_FLOW, n] = up
        else:
            t[OWN_FLOW, n] = net.until[n - S, t[BLOCK, n]] + down
            if outward:
                t[BLOCK, n] += 1
        if len(d.link) > 0:
            open_own(net, d, limit, t, n)
        threshold[at] = next_own(net, limit, t, n, outward)
    for k in range(size):
        t[PRICE, nodes[k]] += -by if outward else by
    return amount, joined
