"""A good first tree: one price for the whole market, then each buyer from its cheapest sellers.

At that price every buyer's demand is known. Each assignment of a link exhausts a seller or satisfies a buyer,
which hangs on the other from then on: the links in use are a forest, and the basis is feasible and strongly
feasible. The simplex does the rest.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.tree import (
    BLOCK,
    FAR,
    OWN,
    OWN_FLOW,
    PARENT,
    PRED,
    PRICE,
    attach,
    collect,
    empty_table,
    open_rooms,
    set_sizes,
)


@borrowing
def blocks_above(net, b, price):
    """Number of buyer b's blocks that are worth more than ``price``."""
    low, high = 0, net.limit[len(net.out_first) - 1 + b]
    while low < high:
        middle = (low + high) // 2
        if net.value[b, middle] > price:
            low = middle + 1
        else:
            high = middle
    return low


@borrowing
def common_rent(net, cheapest):
    """Rent on the cheapest links at which capacity would just be sold, by bisection; at least zero."""
    S, B = len(net.out_first) - 1, len(net.first) - 1
    capacity = 0.0
    for j in range(S):
        capacity += net.limit[j]
    low, high = np.int64(-1), np.int64(0)
    for b in range(B):
        high = max(high, net.value[b, 0] - cheapest[b])
    while high - low > 1 + (high >> 10):
        middle = (low + high) // 2
        demand = 0.0
        for b in range(B):
            demand += net.until[b, blocks_above(net, b, middle + cheapest[b])]
        if demand > capacity:
            low = middle
        else:
            high = middle
    return high


@compiled
def greedy_tree(net):
    """Feasible tree and flows near the optimum."""
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    t = empty_table(root + 1)
    x = np.zeros(net.arc.shape[1], np.int64)
    cheapest = np.empty(B, np.int64)
    regret = np.empty(B, np.int64)
    for b in range(B):
        first = second = np.int64(FAR)
        for a in range(net.first[b], net.first[b + 1]):
            c = net.arc[COST, a]
            if c < first:
                first, second = c, first
            elif c < second:
                second = c
        cheapest[b] = first
        regret[b] = first - second
    rent = common_rent(net, cheapest)
    left = net.limit[:S].copy()
    hung = np.zeros(root, np.bool_)
    for b in np.argsort(regret, kind="mergesort"):
        i = S + b
        target = blocks_above(net, b, rent + cheapest[b])
        want = net.until[b, target]
        t[BLOCK, i] = target
        while want > 0:
            best, link = np.int64(FAR), np.int64(-1)
            for a in range(net.first[b], net.first[b + 1]):
                if left[net.arc[SELLER, a]] > 0 and net.arc[COST, a] < best and x[a] == 0:
                    best, link = net.arc[COST, a], np.int64(a)
            if link < 0 or best >= net.value[b, 0]:
                break
            j = net.arc[SELLER, link]
            room = net.arc[CAP, link]
            x[link] = min(want, left[j], room)
            want -= x[link]
            left[j] -= x[link]
            if want == 0 and x[link] < room + 1 and x[link] > 0:
                attach(t, i, j, link)
                hung[i] = True
            elif left[j] == 0 and x[link] < room:
                attach(t, j, i, link)
                hung[j] = True
        served = net.until[b, target] - want
        t[OWN_FLOW, i] = served
        if not hung[i]:
            k = blocks_short_of(net, b, served)
            t[BLOCK, i] = k
    for j in range(S):
        t[OWN_FLOW, j] = net.limit[j] - left[j]
    for i in range(S, root):
        if not hung[i]:
            attach(t, i, root, OWN)
    for j in range(S):
        if hung[j]:
            continue
        if t[OWN_FLOW, j] > 0:
            attach(t, j, root, OWN)
    nodes = np.empty(root + 1, np.int64)
    size = collect(t, root, nodes)
    _price(net, t, nodes, size)
    for j in range(S):
        if hung[j] or t[OWN_FLOW, j] > 0:
            continue
        best, link = -FAR, np.int64(-1)
        for k in range(net.out_first[j], net.out_first[j + 1]):
            a = net.out_arc[k]
            worth = t[PRICE, net.arc[BUYER, a]] - net.arc[COST, a]
            if worth > best:
                best, link = worth, a
        attach(t, j, net.arc[BUYER, link], link)
        t[PRICE, j] = best
    set_sizes(t, nodes)
    open_rooms(net, net.limit, t, x)
    return t, x


@borrowing
def blocks_short_of(net, b, served):
    """The block in which the next unit after ``served`` lies (the last one when there is none)."""
    last = net.limit[len(net.out_first) - 1 + b] - 1
    k = 0
    while k < last and net.until[b, k + 1] <= served:
        k += 1
    return k


@borrowing
def _price(net, t, nodes, size):
    S = len(net.out_first) - 1
    for k in range(1, size):
        n = nodes[k]
        a, q = t[PRED, n], t[PARENT, n]
        if a >= 0:
            t[PRICE, n] = t[PRICE, q] + (-net.arc[COST, a] if n < S else net.arc[COST, a])
        else:
            t[PRICE, n] = 0 if n < S else net.value[n - S, t[BLOCK, n]]
