"""Which of many optimal flows: most volume on incumbent links first, then the lower seeded key.

A second pass of the simplex over the face of optimal flows (links and blocks whose reduced cost is zero).
It moves no price, so surplus, contributions and derivatives cannot depend on it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.simplex import TIES, optimise
from market_abm.market.kernel.tree import BLOCK, OWN, PARENT, PRED, PRICE, collect

KEY_STEPS = 1 << 32
"""Resolution of tie keys. Incumbency weighs more than all keys on a cycle: 2^32 times the nodes."""


@njit(cache=True)
def scramble(number):
    """A 32-bit key from a small number, without linear relations (multiply and shift; fits int64)."""
    mask = np.int64(0xFFFFFFFF)
    word = np.int64(number + 1) & mask
    for factor in (0x7FEB352D, 0x2C1B3C6D, 0x31848BAB):
        word = ((word ^ (word >> 16)) * factor) & mask
    return word ^ (word >> 15)


@njit(cache=True)
def tie_costs(net, incumbent, tie_key):
    """Cost of a unit on each link in the second pass; arrays of shape (0, 0) are left out.

    Without keys, ties go by a fixed scramble of positions among the sellers and buyers that can trade.
    """
    S, m = len(net.out_first) - 1, net.arc.shape[1]
    weight = np.int64(KEY_STEPS) * (len(net.limit) + 2)
    cost = np.zeros(m, np.int64)
    for a in range(m):
        j, i = net.arc[SELLER, a], net.arc[BUYER, a]
        seller, buyer = net.origin[j], net.origin[i]
        if tie_key.shape[0] > 0:
            cost[a] = np.int64(tie_key[seller, buyer] * KEY_STEPS)
        else:
            cost[a] = scramble(j * 65_537 + i - S)
        if incumbent.shape[0] > 0 and incumbent[seller, buyer] > 0.0:
            cost[a] -= weight
    return cost


@njit(cache=True)
def many_optima(net, limit, t, x):
    """Whether an arc outside the tree has a reduced cost of zero: else the optimal flow is unique."""
    S = len(net.out_first) - 1
    for n in range(len(net.limit)):
        if t[PRED, n] == OWN:
            continue
        if n < S:
            if t[PRICE, n] == 0:
                return True
            continue
        k = t[BLOCK, n]
        if k < limit[n] and net.value[n - S, k] == t[PRICE, n]:
            return True
        if k > 0 and net.value[n - S, k - 1] == t[PRICE, n]:
            return True
    for a in range(net.arc.shape[1]):
        j, i = net.arc[SELLER, a], net.arc[BUYER, a]
        if t[PRICE, j] + net.arc[COST, a] == t[PRICE, i] and t[PRED, j] != a and t[PRED, i] != a:
            return True
    return False


@njit(cache=True)
def settle(net, limit, t, x, incumbent, tie_key, batch, most):
    """Choose among optimal flows; changes tree and flows, no price. Returns pivots, or -1 as ``optimise``."""
    if not many_optima(net, limit, t, x):
        return 0
    root = t.shape[1] - 1
    cost = tie_costs(net, incumbent, tie_key)
    price = np.zeros(root + 1, np.int64)
    nodes = np.empty(root + 1, np.int64)
    size = collect(t, root, nodes)
    S = len(net.out_first) - 1
    for k in range(1, size):
        n = nodes[k]
        a = t[PRED, n]
        if a >= 0:
            price[n] = price[t[PARENT, n]] + (-cost[a] if n < S else cost[a])
    return optimise(net, limit, t, x, price, cost, TIES, batch, most)


@njit(cache=True)
def settle_by_paths(net, x, f, p, incumbent, tie_key):
    """The same choice by cancelling cycles of negative tie cost on tight residual arcs (Klein 1967).

    Slow: for flows that were found by shortest paths. Bellman-Ford from all nodes at once.
    """
    S, root = len(net.out_first) - 1, len(net.limit)
    m = net.arc.shape[1]
    cost = tie_costs(net, incumbent, tie_key)
    dist = np.empty(root + 1, np.int64)
    pred = np.empty(root + 1, np.int64)
    via = np.empty(root + 1, np.int64)
    while True:
        dist[:] = 0
        pred[:] = m + root
        touched = -1
        for _ in range(root + 1):
            touched = -1
            for a in range(m):
                j, i = net.arc[SELLER, a], net.arc[BUYER, a]
                if p[j] + net.arc[COST, a] != p[i]:
                    continue
                if x[a] < net.arc[CAP, a] and dist[j] + cost[a] < dist[i]:
                    dist[i], pred[i], via[i], touched = dist[j] + cost[a], a, j, i
                if x[a] > 0 and dist[i] - cost[a] < dist[j]:
                    dist[j], pred[j], via[j], touched = dist[i] - cost[a], a, i, j
            for n in range(root):
                into, out = own_rooms(net, S, n, f[n], p[n])
                if out > 0 and dist[n] < dist[root]:
                    dist[root], pred[root], via[root], touched = dist[n], m + n, n, root
                if into > 0 and dist[root] < dist[n]:
                    dist[n], pred[n], via[n], touched = dist[root], m + n, root, n
            if touched < 0:
                return
        for _ in range(root + 1):
            touched = via[touched]
        send = np.int64(1) << 61
        for push in range(2):
            n = touched
            while True:
                u, a = via[n], pred[n]
                if a < m:
                    room = net.arc[CAP, a] - x[a] if u < n else x[a]
                    if push:
                        x[a] += send if u < n else -send
                else:
                    end = u if n == root else n
                    into, out = own_rooms(net, S, end, f[end], p[end])
                    room = out if n == root else into
                    if push:
                        f[end] += send if (n == root) == (end >= S) else -send
                if not push:
                    send = min(send, room)
                n = u
                if n == touched:
                    break


@njit(cache=True)
def own_rooms(net, S, n, flow, price):
    """What can flow from the root to node n, and back, on its own arc without changing the surplus."""
    into = out = np.int64(0)
    if n < S:
        if price == 0:
            into, out = net.limit[n] - flow, flow
        return into, out
    b = n - S
    for k in range(net.limit[n]):
        if net.value[b, k] == price:
            begin, end = net.until[b, k], net.until[b, k + 1]
            if begin <= flow <= end:
                into, out = flow - begin, end - flow
    return into, out
