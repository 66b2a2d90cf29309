"""Parametric dual simplex on the optimal tree: force an amount of flow from one node to another.

The tree path carries the flow until an arc on it is full. The tree is cut there, and the arc with the least
reduced cost across the cut joins it again: prices stay optimal at every step, and the cost of the forced
flow is the sum of steps times price differences. Of several full arcs the first on the path leaves, so that
degenerate steps only ever grow the reachable part or shrink its complement: they end.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing
from market_abm.market.kernel.dense import open_own, rejoin_dense
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.tree import (
    BLOCK,
    DOWN,
    FAR,
    OWN,
    OWN_FLOW,
    PARENT,
    PRED,
    PRICE,
    SIZE,
    UP,
    collect,
    collect_rest,
    rehang,
    rest,
    rooms,
)
from market_abm.market.kernel.walk import walk
from market_abm.market.kernel.words import add_product

NONE = -1


@borrowing
def rejoin(net, limit, t, x, top, outward, banned_arc, banned_node, capped, nodes, inside):
    """Hang the cut subtree of ``top`` on the cheapest arc that leads out of it (or into it).

    Returns False, and changes nothing, when there is none.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    below = 2 * t[SIZE, top] <= root  # work from the smaller side of the cut: the subtree, or the rest
    size = collect(t, top, nodes) if below else collect_rest(t, top, nodes)
    for k in range(size):
        inside[nodes[k]] = True
    best, code, here, there = np.int64(FAR), np.int64(NONE), np.int64(NONE), np.int64(NONE)
    zero = t[PRICE, root]
    for k in range(size if below else root):
        n = nodes[k] if below else np.int64(k)
        if n == banned_node or (not below and inside[n]):
            continue
        if n < S:
            if outward:
                reduced = t[PRICE, n] - zero if t[OWN_FLOW, n] > 0 else np.int64(FAR)
            else:
                reduced = zero - t[PRICE, n] if t[OWN_FLOW, n] < limit[n] else np.int64(FAR)
        else:
            block = t[BLOCK, n]
            reduced = np.int64(FAR)
            if outward and block < limit[n]:
                reduced = t[PRICE, n] - zero - net.value[n - S, block]
            elif not outward and block > 0:
                reduced = net.value[n - S, block - 1] + zero - t[PRICE, n]
        if reduced < best:
            best, code, here, there = reduced, np.int64(OWN), n, np.int64(root)
    # Links across the cut, looked for from its smaller side. Without caps no resting link carries flow,
    # so that only the sellers' side can send.
    sends = below == outward  # the smaller side lies where the forced flow comes from
    for k in range(size):
        n = nodes[k]
        if n == root:
            continue
        if n < S:
            if not sends and not capped:
                continue
            for link in range(net.out_first[n], net.out_first[n + 1]):
                a = net.out_arc[link]
                i = net.arc[BUYER, a]
                if inside[i] or a == banned_arc:
                    continue
                if sends:
                    reduced = t[PRICE, n] + net.arc[COST, a] - t[PRICE, i]
                    if reduced < best and x[a] < net.arc[CAP, a]:
                        best, code, here, there = reduced, np.int64(a), n, i
                elif x[a] > 0:
                    reduced = t[PRICE, i] - net.arc[COST, a] - t[PRICE, n]
                    if reduced < best:
                        best, code, here, there = reduced, np.int64(a), n, i
        else:
            if sends and not capped:
                continue
            for a in range(net.first[n - S], net.first[n - S + 1]):
                j = net.arc[SELLER, a]
                if inside[j] or a == banned_arc:
                    continue
                if not sends:
                    reduced = t[PRICE, j] + net.arc[COST, a] - t[PRICE, n]
                    if reduced < best and x[a] < net.arc[CAP, a]:
                        best, code, here, there = reduced, np.int64(a), n, j
                elif x[a] > 0:
                    reduced = t[PRICE, n] - net.arc[COST, a] - t[PRICE, j]
                    if reduced < best:
                        best, code, here, there = reduced, np.int64(a), n, j
    if best < FAR:
        if code != OWN and inside[here] != below:
            here, there = there, here
        if code == OWN and here >= S and not outward:
            t[BLOCK, here] -= 1
        by = -best if below == outward else best
        for k in range(size):
            t[PRICE, nodes[k]] += by
        flow = x[code] if code >= 0 else t[OWN_FLOW, here]
        up, down = rooms(net, limit, t, here, code, flow)
        rehang(t, top, here, there, code, up, down)
    for k in range(size):
        inside[nodes[k]] = False
    return best < FAR


@borrowing
def force_along_tree(
    net, d, limit, t, x, start, goal, amount, banned_arc, banned_node, capped, total, most, nodes, inside
):
    """Send ``amount`` from ``start`` to ``goal``; add its cost to ``total``. Returns what is left to send.

    With matrices in ``d`` (see :mod:`dense`) x is neither read nor written.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    dense = len(d.link) > 0
    for _ in range(most):
        up_room, up_node = np.int64(FAR), np.int64(NONE)
        down_room, down_node = np.int64(FAR), np.int64(NONE)
        m, n = start, goal
        while m != n:
            if t[SIZE, m] < t[SIZE, n]:
                if t[UP, m] < up_room:
                    up_room, up_node = t[UP, m], m
                m = t[PARENT, m]
            else:
                if t[DOWN, n] <= down_room:
                    down_room, down_node = t[DOWN, n], n
                n = t[PARENT, n]
        outward = up_room <= down_room
        top = up_node if outward else down_node
        send = min(amount, up_room, down_room)
        if send > 0:
            apex = m
            m, n = start, goal
            while m != apex:
                t[UP, m] -= send
                t[DOWN, m] += send
                m = t[PARENT, m]
            while n != apex:
                t[UP, n] += send
                t[DOWN, n] -= send
                n = t[PARENT, n]
            add_product(total, send, t[PRICE, goal] - t[PRICE, start])
            amount -= send
            if amount == 0:
                break
        own = t[PRED, top] == OWN
        if own or not dense:
            rest(net, t, x, top)
        if own:
            if top >= S and outward:
                t[BLOCK, top] += 1
            if dense and top != banned_node:
                open_own(net, d, limit, t, top)
            if not capped and root == (goal if outward else start):
                end = start if outward else goal
                amount, joined = walk(
                    net,
                    d,
                    limit,
                    t,
                    top,
                    outward,
                    end,
                    amount,
                    banned_arc,
                    banned_node,
                    total,
                    most,
                    nodes,
                    inside,
                )
                if amount == 0 or not joined:
                    break
                continue
        if dense:
            joined = rejoin_dense(net, d, limit, t, top, outward, nodes)
        else:
            joined = rejoin(net, limit, t, x, top, outward, banned_arc, banned_node, capped, nodes, inside)
        if not joined:
            break
    return amount
