"""Both ends of the face of optimal duals: one-sided derivatives of the surplus in what a node has.

The lowest potential of a node is minus its shortest residual distance to the root, the highest its distance
from the root. They belong to the problem, not to the optimal flow or duals that are at hand.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.tree import OWN_FLOW, PARENT, PRICE, UP

FAR = 1 << 61


@borrowing
def worth_of_next(net, S, i, served):
    """Value of buyer node i's next unit, -FAR when it is served in full."""
    b = i - S
    for k in range(net.limit[i]):
        if net.until[b, k + 1] > served:
            return net.value[b, k]
    return np.int64(-FAR)


@borrowing
def worth_of_last(net, S, i, served):
    """Value of buyer node i's last served unit, FAR when it has none."""
    b = i - S
    for k in range(net.limit[i]):
        if net.until[b, k + 1] >= served > 0:
            return net.value[b, k]
    return np.int64(FAR)


@compiled
def end_prices(net, limit, x, f, p, lowest):
    """Lowest (or highest) optimal potential of every node, (S + B,), with the root's at zero.

    Dijkstra on reduced costs, towards the root or away from it. Parameters are an optimum: sellers'
    capacities, link flows, own flows and potentials.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    dist = np.full(root, FAR, np.int64)
    done = np.zeros(root, np.bool_)
    for n in range(root):
        at = p[n] - p[root]
        if n < S:
            if lowest and f[n] > 0:
                dist[n] = at
            elif not lowest and f[n] < limit[n]:
                dist[n] = -at
        elif lowest:
            worth = worth_of_next(net, S, n, f[n])
            if worth > -FAR:
                dist[n] = at - worth
        else:
            worth = worth_of_last(net, S, n, f[n])
            if worth < FAR:
                dist[n] = worth - at
    for _ in range(root):
        w, best = -1, np.int64(FAR)
        for n in range(root):
            if not done[n] and dist[n] < best:
                best, w = dist[n], n
        if w < 0:
            break
        done[w] = True
        # A link carries on from its seller when prices are raised, to its seller when they are lowered,
        # unless it is full; the other way round when it carries flow.
        begin, end = net.first[max(w - S, 0)], net.first[max(w - S, 0) + 1]
        if w < S:
            begin, end = net.out_first[w], net.out_first[w + 1]
        for k in range(begin, end):
            a = net.out_arc[k] if w < S else np.int64(k)
            u = net.arc[BUYER, a] if w < S else net.arc[SELLER, a]
            along = (w < S) != lowest
            if done[u] or (x[a] >= net.arc[CAP, a] if along else x[a] == 0):
                continue
            slack = p[net.arc[SELLER, a]] + net.arc[COST, a] - p[net.arc[BUYER, a]]
            dist[u] = min(dist[u], best + (slack if along else -slack))
    price = np.empty(root, np.int64)
    for n in range(root):
        if dist[n] >= FAR:
            price[n] = -FAR if lowest else FAR
        else:
            price[n] = p[n] - p[root] + (-dist[n] if lowest else dist[n])
    return price


@compiled
def lowest_prices(net, limit, t, x):
    """Lowest optimal potentials (S + B,) of an optimum with its table.

    Where every node can send more to the root along the tree, the tree's own prices are the lowest ones.
    """
    root = t.shape[1] - 1
    for n in range(root):
        if t[UP, n] <= 0 or t[PARENT, root] != -1:
            return end_prices(net, limit, x, t[OWN_FLOW], t[PRICE], True)
    return t[PRICE, :root] - t[PRICE, root]
