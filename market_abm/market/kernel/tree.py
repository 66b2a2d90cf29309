"""The spanning tree of a basis: rooms and flows on its arcs, cutting and re-hanging of subtrees.

A basis is one int64 table, a column a node (sellers, buyers, root), so that it is copied in one piece. Every
node but the root has the arc to its parent in the tree: a link, or its own arc to the root. All other arcs
rest at a bound: links at zero or cap, sellers' own arcs at zero or capacity, buyers' own arcs between two
blocks.

While a tree is worked on, the flow of a tree arc is known by its rooms in both directions (rows UP and
DOWN); that of a resting arc stands in x or in row OWN_FLOW. :func:`write_flows` brings x and OWN_FLOW up to
date.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled, inlined
from market_abm.market.kernel.network import CAP

# rows of the table
PARENT, PRED, CHILD, NEXT, PREV, SIZE, BLOCK, PRICE, OWN_FLOW, UP, DOWN = range(11)
ROWS = 11

# codes in row PRED beside link numbers
OWN = -1
OUT = -2
"""Artificial arc from the node to the root, carrying what row DOWN says."""
IN = -3
"""Artificial arc from the root to the node, carrying what row UP says."""

FAR = 1 << 61


@inlined
def rooms(net, limit, t, n, code, flow):
    """What more can flow up and down node n's arc with this code and flow, within the block in use."""
    S = len(net.out_first) - 1
    if code >= 0:
        more = net.arc[CAP, code] - flow
        return (more, flow) if n < S else (flow, more)
    if n < S:
        return flow, limit[n] - flow
    k = t[BLOCK, n]
    return net.until[n - S, k + 1] - flow, flow - net.until[n - S, k]


@borrowing
def open_rooms(net, limit, t, x):
    """Fill rows UP and DOWN from the flows; artificial arcs have theirs already."""
    for n in range(t.shape[1] - 1):
        code = t[PRED, n]
        if code >= OWN:
            flow = x[code] if code >= 0 else t[OWN_FLOW, n]
            t[UP, n], t[DOWN, n] = rooms(net, limit, t, n, code, flow)


@inlined
def rest(net, t, x, n):
    """Write down the flow of node n's arc, which leaves the tree."""
    S = len(net.out_first) - 1
    code = t[PRED, n]
    if code >= 0:
        x[code] = t[DOWN, n] if n < S else t[UP, n]
    elif code == OWN:
        t[OWN_FLOW, n] = t[UP, n] if n < S else net.until[n - S, t[BLOCK, n]] + t[DOWN, n]


@borrowing
def write_flows(net, t, x):
    """Write down the flows of all tree arcs."""
    for n in range(t.shape[1] - 1):
        rest(net, t, x, n)


@inlined
def detach(t, n):
    """Take node n with its subtree from its parent."""
    left, right = t[PREV, n], t[NEXT, n]
    if left >= 0:
        t[NEXT, left] = right
    else:
        t[CHILD, t[PARENT, n]] = right
    if right >= 0:
        t[PREV, right] = left


@inlined
def attach(t, n, parent, pred):
    """Hang node n with its subtree on a parent."""
    first = t[CHILD, parent]
    t[PARENT, n] = parent
    t[PRED, n] = pred
    t[PREV, n] = -1
    t[NEXT, n] = first
    if first >= 0:
        t[PREV, first] = n
    t[CHILD, parent] = n


@borrowing
def rehang(t, top, node, parent, pred, up, down):
    """Turn the subtree of ``top`` so that ``node`` is its top, and hang it on ``parent``.

    ``up`` and ``down`` are the rooms of the new arc; sizes of subtrees follow.
    """
    size = t[SIZE, top]
    q = t[PARENT, top]
    while q >= 0:
        t[SIZE, q] -= size
        q = t[PARENT, q]
    q = parent
    while q >= 0:
        t[SIZE, q] += size
        q = t[PARENT, q]
    n = node
    below = np.int64(0)  # what the node before hung below this one and now hangs above it
    while True:
        old_parent, old_pred, old_size = t[PARENT, n], t[PRED, n], t[SIZE, n]
        old_up, old_down = t[UP, n], t[DOWN, n]
        detach(t, n)
        attach(t, n, parent, pred)
        t[UP, n], t[DOWN, n] = up, down
        t[SIZE, n] = size - below
        below = old_size
        if n == top:
            break
        parent, pred, up, down, n = n, old_pred, old_down, old_up, old_parent


@borrowing
def collect(t, top, nodes):
    """List the subtree of ``top`` in ``nodes``, parents first; returns how many there are."""
    nodes[0] = top
    size = 1
    k = 0
    while k < size:
        n = t[CHILD, nodes[k]]
        while n >= 0:
            nodes[size] = n
            size += 1
            n = t[NEXT, n]
        k += 1
    return size


@borrowing
def collect_rest(t, top, nodes):
    """List all nodes outside the subtree of ``top``, the root first; returns how many there are."""
    nodes[0] = t.shape[1] - 1
    size = 1
    k = 0
    while k < size:
        n = t[CHILD, nodes[k]]
        while n >= 0:
            if n != top:
                nodes[size] = n
                size += 1
            n = t[NEXT, n]
        k += 1
    return size


@borrowing
def shift(t, price, top, by, nodes):
    """Raise the prices of the subtree of ``top`` by ``by`` relative to all others.

    Only differences matter, so whichever side is smaller moves; the root's price moves with its side.
    """
    if 2 * t[SIZE, top] <= t.shape[1]:
        size = collect(t, top, nodes)
    else:
        size = collect_rest(t, top, nodes)
        by = -by
    for k in range(size):
        price[nodes[k]] += by


@borrowing
def set_sizes(t, nodes):
    """Count subtrees; returns the number of nodes in the tree and leaves them listed, parents first."""
    size = collect(t, t.shape[1] - 1, nodes)
    for k in range(size):
        t[SIZE, nodes[k]] = 1
    for k in range(size - 1, 0, -1):
        t[SIZE, t[PARENT, nodes[k]]] += t[SIZE, nodes[k]]
    return size


@borrowing
def normalise(t):
    """Let the root's price be zero."""
    at = t[PRICE, -1]
    if at != 0:
        for n in range(t.shape[1]):
            t[PRICE, n] -= at


@compiled
def empty_table(nodes):
    """A table in which every node stands alone; the last one is the root."""
    t = np.zeros((ROWS, nodes), np.int64)
    for row in (PARENT, PRED, CHILD, NEXT, PREV):
        t[row, :] = -1
    return t
