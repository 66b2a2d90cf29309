"""Forced flow that passes block after block while the tree stays what it is.

Most steps of the parametric path only exchange one node's own arc for another's: a block is used up, the price
of its component moves to the next block of whichever node comes next, and no link enters or leaves. Such steps
need no search over links: every reduced cost across the cut falls by the same amount, so that the link which
will come first is looked for once, and each node's next block stands in a list of thresholds.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, inlined
from market_abm.market.kernel.dense import NONE, open_own
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
def next_link(net, t, outward, banned_arc, below, nodes, size, inside):
    """How far the price must move for a link to lead out of (or into) a cut subtree, and which; no caps.

    ``nodes`` are the ``size`` nodes on the smaller side of the cut, the subtree itself if ``below``, and marked in
    ``inside``. Flow only ever runs from sellers to buyers.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    least, link = np.int64(FAR), np.int64(NONE)
    for k in range(size):
        n = nodes[k]
        if below == outward and n < S:
            for place in range(net.out_first[n], net.out_first[n + 1]):
                a = net.out_arc[place]
                i = net.arc[BUYER, a]
                if not inside[i] and a != banned_arc:
                    reduced = t[PRICE, n] + net.arc[COST, a] - t[PRICE, i]
                    if reduced < least:
                        least, link = reduced, np.int64(a)
        elif below != outward and S <= n < root:
            for a in range(net.first[n - S], net.first[n - S + 1]):
                j = net.arc[SELLER, a]
                if not inside[j] and a != banned_arc:
                    reduced = t[PRICE, j] + net.arc[COST, a] - t[PRICE, n]
                    if reduced < least:
                        least, link = reduced, np.int64(a)
    return least, link


@borrowing
def walk(net, d, limit, t, top, outward, end, amount, banned_arc, banned_node, total, steps, nodes, inside):
    """Send ``amount`` between ``end`` and the root through own arcs of the cut subtree of ``top``, which holds it.

    ``outward``: from ``end`` to the root, else from the root to ``end``. Adds the cost to ``total``. Ends when all
    is sent, when an arc of the subtree is full, or at the link that comes first, which joins the subtree again.
    Returns what is left to send and whether the subtree hangs in the tree.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    way, back = (DOWN, UP) if outward else (UP, DOWN)
    below = 2 * t[SIZE, top] <= root
    size = collect(t, top, nodes) if below else collect_rest(t, top, nodes)
    for k in range(size):
        inside[nodes[k]] = True
    distance, link = next_link(net, t, outward, banned_arc, below, nodes, size, inside)
    threshold, node, count = d.threshold, d.candidate, 0
    for k in range(size if below else root):
        n = nodes[k] if below else np.int64(k)
        if n == banned_node or (not below and inside[n]):
            continue
        moved = next_own(net, limit, t, n, outward)
        if moved < FAR:
            threshold[count], node[count] = moved, n
            count += 1
    for k in range(size):
        inside[nodes[k]] = False
    rehang(t, top, end, np.int64(root), np.int64(OWN), np.int64(0), np.int64(0))
    worth = t[PRICE, root] - t[PRICE, end] if outward else t[PRICE, end] - t[PRICE, root]
    by = np.int64(0)  # what the subtree's price has moved by
    joined = False
    for _ in range(steps):
        least, at = np.int64(FAR), 0
        for k in range(count):
            if threshold[k] < least:
                least, at = threshold[k], k
        if least >= distance:
            if link < 0:
                break
            by = distance
            here, there = net.arc[SELLER, link], net.arc[BUYER, link]
            if not outward:
                here, there = there, here
            up, down = rooms(net, limit, t, here, link, np.int64(0))
            rehang(t, end, here, there, link, up, down)
            joined = True
            break
        by = least
        n = node[at]
        if n >= S and not outward:
            t[BLOCK, n] -= 1
        up, down = rooms(net, limit, t, n, OWN, t[OWN_FLOW, n])
        own = up if outward else down
        wanted = min(amount, own)
        chain = np.int64(FAR)
        m = n
        while m != end:  # mostly nothing is full on the way
            chain = min(chain, t[way, m])
            t[way, m] -= wanted
            t[back, m] += wanted
            m = t[PARENT, m]
        send = min(wanted, chain)
        if send < wanted:
            m = n
            while m != end:
                t[way, m] += wanted - send
                t[back, m] -= wanted - send
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
        threshold[at] = next_own(net, limit, t, n, outward)
    if len(d.link) > 0:
        for k in range(count):
            open_own(net, d, limit, t, node[k])
    if below == outward:
        by = -by
    for k in range(size):
        t[PRICE, nodes[k]] += by
    return amount, joined
