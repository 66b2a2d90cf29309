"""Primal network simplex with convex arcs and long steps.

The tree stays strongly feasible (every node can send some flow to the root along it), which rules out
cycling (Cunningham 1976). A pivot that drives a buyer's own arc to the end of a block goes on through the
next blocks for as long as it pays, instead of stopping at each.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled, inlined
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER, any_cap
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
    rehang,
    rest,
    rooms,
    shift,
)

MARKET, TIES = 1, 2
"""What is optimised: surplus, or tie costs on the face of optimal flows."""

NOBODY = -1
FROM_APEX, ENTERING, TO_APEX = 0, 1, 2
"""Part of the cycle on which an arc leaves."""


@inlined
def _own_arc_gain(net, limit, t, price, mode, n):
    """What a unit on node n's own arc would gain, and whether it moves forward (1) or back (-1)."""
    S = len(net.out_first) - 1
    at = t[PRICE, n] - t[PRICE, -1]
    here = price[n] - price[-1]
    if n < S:
        if mode == TIES and at != 0:
            return np.int64(0), 0
        if here > 0 and t[OWN_FLOW, n] < limit[n]:
            return here, 1
        if here < 0 and t[OWN_FLOW, n] > 0:
            return -here, -1
        return np.int64(0), 0
    k = t[BLOCK, n]
    b = n - S
    if mode == TIES:
        if k < limit[n] and net.value[b, k] == at and here < 0:
            return -here, 1
        if k > 0 and net.value[b, k - 1] == at and here > 0:
            return here, -1
        return np.int64(0), 0
    if k < limit[n] and net.value[b, k] > at:
        return net.value[b, k] - at, 1
    if k > 0 and net.value[b, k - 1] < at:
        return at - net.value[b, k - 1], -1
    return np.int64(0), 0


@borrowing
def _entering(net, limit, t, x, price, cost, mode, capped, row, batch):
    """The best arc of the next rows that hold one: its code, direction, gain and the row to go on from.

    Rows are the buyers' links with their own arcs, and one row of sellers' own arcs. Code ``-1 - n`` is node
    n's own arc; gain 0 means that the basis is optimal. Without caps no link outside the tree carries flow.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    best, code, way = np.int64(0), np.int64(0), 0
    looked = 0
    for _ in range(B + 1):
        if row == B:
            for j in range(S):
                if t[PRED, j] != OWN:
                    gain, direction = _own_arc_gain(net, limit, t, price, mode, j)
                    if gain > best:
                        best, code, way = gain, np.int64(-1 - j), direction
            looked += S
        else:
            i = S + row
            here = price[i]
            for a in range(net.first[row], net.first[row + 1]):
                gain = here - price[net.arc[SELLER, a]] - cost[a]
                if gain > best:
                    if x[a] < net.arc[CAP, a] and (mode == MARKET or _tight(net, t, a)):
                        best, code, way = gain, np.int64(a), 1
                elif capped and gain < -best and x[a] > 0 and (mode == MARKET or _tight(net, t, a)):
                    best, code, way = -gain, np.int64(a), -1
            if t[PRED, i] != OWN:
                gain, direction = _own_arc_gain(net, limit, t, price, mode, i)
                if gain > best:
                    best, code, way = gain, np.int64(-1 - i), direction
            looked += net.first[row + 1] - net.first[row]
        row = row + 1 if row < B else 0
        if best > 0 and looked >= batch:
            break
    return code, way, best, row


@inlined
def _tight(net, t, a):
    return t[PRICE, net.arc[SELLER, a]] + net.arc[COST, a] == t[PRICE, net.arc[BUYER, a]]


@borrowing
def pivot(net, limit, t, x, price, cost, mode, code, way, gain, nodes):
    """Bring one arc into the tree, sending as much as pays round its cycle."""
    S = len(net.out_first) - 1
    root = t.shape[1] - 1
    above = below = np.int64(NOBODY)  # buyers whose block is filled further / emptied further
    room = np.int64(FAR)
    if code >= 0:
        u, w = net.arc[SELLER, code], net.arc[BUYER, code]
        room = net.arc[CAP, code] - x[code]
        if way < 0:
            u, w, room = w, u, x[code]
    else:
        own = -1 - code
        u, w = (root, own) if (own < S) == (way > 0) else (own, root)
        if own < S:
            room = limit[own] - t[OWN_FLOW, own] if way > 0 else t[OWN_FLOW, own]
        elif mode == TIES:
            k = t[BLOCK, own]
            last = k if way > 0 else k - 1
            room = net.until[own - S, last + 1] - net.until[own - S, last]
        elif way > 0:
            above = own
        else:
            below = own
    # The rooms on both paths to the apex. Ties leave last on the cycle, counted from the apex.
    down_room, down_node = np.int64(FAR), np.int64(NOBODY)
    up_room, up_node = np.int64(FAR), np.int64(NOBODY)
    m, n = u, w
    while m != n:
        if t[SIZE, m] < t[SIZE, n]:
            if mode == MARKET and m >= S and t[PRED, m] == OWN:
                below = m
            elif t[DOWN, m] < down_room:
                down_room, down_node = t[DOWN, m], m
            m = t[PARENT, m]
        else:
            if mode == MARKET and n >= S and t[PRED, n] == OWN:
                above = n
            elif t[UP, n] <= up_room:
                up_room, up_node = t[UP, n], n
            n = t[PARENT, n]
    apex = m
    left, leaving, side = down_room, down_node, FROM_APEX
    if room <= left:
        left, leaving, side = room, np.int64(NOBODY), ENTERING
    if up_room <= left:
        left, leaving, side = up_room, up_node, TO_APEX
    # The long step through blocks.
    sent = np.int64(0)
    k_above = k_below = full = spent = np.int64(0)
    if above >= 0:
        k_above = t[BLOCK, above]
        full = t[OWN_FLOW, above]
        if code != -1 - above:
            full = net.until[above - S, k_above] + t[DOWN, above]
    if below >= 0:
        k_below = t[BLOCK, below]
        spent = t[OWN_FLOW, below]
        if code == -1 - below:
            k_below -= 1
        else:
            spent = net.until[below - S, k_below] + t[DOWN, below]
    while above >= 0 or below >= 0:
        room_above = room_below = np.int64(FAR)
        if above >= 0:
            room_above = net.until[above - S, k_above + 1] - full - sent
        if below >= 0:
            room_below = spent - sent - net.until[below - S, k_below]
        if room_above <= left and room_above <= room_below:
            sent += room_above
            left -= room_above
            if k_above + 1 < limit[above]:
                fall = net.value[above - S, k_above] - net.value[above - S, k_above + 1]
                if fall < gain:
                    gain -= fall
                    k_above += 1
                    continue
            leaving, side, left = above, TO_APEX, np.int64(0)
            if code == -1 - above:
                leaving, side = np.int64(NOBODY), ENTERING
            k_above += 1
            break
        if room_below < left:
            sent += room_below
            left -= room_below
            if k_below > 0:
                fall = net.value[below - S, k_below - 1] - net.value[below - S, k_below]
                if fall < gain:
                    gain -= fall
                    k_below -= 1
                    continue
            leaving, side, left = below, FROM_APEX, np.int64(0)
            if code == -1 - below:
                leaving, side = np.int64(NOBODY), ENTERING
            break
        break
    sent += left
    if sent > 0:
        m = u
        while m != apex:
            t[UP, m] += sent
            t[DOWN, m] -= sent
            m = t[PARENT, m]
        n = w
        while n != apex:
            t[UP, n] -= sent
            t[DOWN, n] += sent
            n = t[PARENT, n]
    if above >= 0:
        basic = code != -1 - above and leaving != above
        _to_block(net, limit, t, price, S, above, k_above, full + sent, basic, nodes)
    if below >= 0:
        basic = code != -1 - below and leaving != below
        _to_block(net, limit, t, price, S, below, k_below, spent - sent, basic, nodes)
    if leaving >= 0 and not (mode == MARKET and leaving >= S and t[PRED, leaving] == OWN):
        rest(net, t, x, leaving)
    own = -1 - code
    if mode == TIES:
        if leaving >= S and t[PRED, leaving] == OWN and side == TO_APEX:
            t[BLOCK, leaving] += 1
        if own >= S and side == ENTERING:
            t[BLOCK, own] += way
        elif own >= S and way < 0:
            t[BLOCK, own] -= 1
    if code >= 0:
        x[code] += sent if way > 0 else -sent
        flow = x[code]
    else:
        if own != above and own != below:
            t[OWN_FLOW, own] += sent if way > 0 else -sent
        flow = t[OWN_FLOW, own]
    if side == ENTERING:
        return
    # The cut part hangs on the entering arc from now on.
    here, there = (u, w) if side == FROM_APEX else (w, u)
    arc = code if code >= 0 else np.int64(OWN)
    up, down = rooms(net, limit, t, here, arc, flow)
    rehang(t, leaving, here, there, arc, up, down)
    if code >= 0:
        target = price[there] + (cost[code] if here >= S else -cost[code])
    else:
        target = price[root]
        if here >= S and mode == MARKET:
            target += net.value[here - S, t[BLOCK, here]]
    shift(t, price, here, target - price[here], nodes)


@inlined
def _to_block(net, limit, t, price, S, n, block, flow, basic, nodes):
    """Set block and flow of a buyer's own arc; while it stays in the tree, its component's prices follow."""
    moved = t[BLOCK, n] != block
    t[BLOCK, n] = block
    t[OWN_FLOW, n] = flow
    if basic:
        t[UP, n], t[DOWN, n] = rooms(net, limit, t, n, OWN, flow)
        if moved:
            shift(t, price, n, net.value[n - S, block] + price[-1] - price[n], nodes)


@compiled
def optimise(net, limit, t, x, price, cost, mode, batch, most):
    """Pivot until no arc gains. Returns the number of pivots, or -1 when ``most`` were not enough."""
    nodes = np.empty(t.shape[1], np.int64)
    row = len(net.first) - 1
    capped = any_cap(net)
    for count in range(most):
        code, way, gain, row = _entering(net, limit, t, x, price, cost, mode, capped, row, batch)
        if gain == 0:
            return count
        pivot(net, limit, t, x, price, cost, mode, code, way, gain, nodes)
    return -1
