"""Both ends of the face of optimal duals: one-sided derivatives of the surplus in what a node has.

The lowest potential of a node is minus its shortest residual distance to the root, the highest its distance
from the root. They belong to the problem, not to the optimal flow or duals that are at hand.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.tree import OWN_FLOW, PARENT, PRICE, UP, collect

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


@borrowing
def relax(net, x, p, lowest, w, u, a, at, dist):
    """Shorten node u's distance over link a to node w, which is ``at`` away itself.

    A link carries on from its seller when prices are raised, to its seller when they are lowered, unless it is
    full; the other way round when it carries flow.
    """
    along = (w < len(net.out_first) - 1) != lowest
    if x[a] < net.arc[CAP, a] if along else x[a] > 0:
        slack = p[net.arc[SELLER, a]] + net.arc[COST, a] - p[net.arc[BUYER, a]]
        dist[u] = min(dist[u], at + (slack if along else -slack))


@compiled
def end_prices(net, limit, x, f, p, lowest, done):
    """Lowest (or highest) optimal potential of every node, (S + B,), with the root's at zero.

    Dijkstra on reduced costs, towards the root or away from it. Parameters are an optimum: sellers'
    capacities, link flows, own flows and potentials. Nodes that are ``done`` (S + B,; changed) have their
    potential already.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    dist = np.full(root, FAR, np.int64)
    left, count = np.empty(root, np.int64), 0
    for n in range(root):
        at = p[n] - p[root]
        if done[n]:
            dist[n] = 0
            continue
        left[count] = n
        count += 1
        if n < S:
            if lowest and f[n] > 0:
                dist[n] = at
            elif not lowest and f[n] < limit[n]:
                dist[n] = -at
            for k in range(net.out_first[n], net.out_first[n + 1]):
                a = net.out_arc[k]
                if done[net.arc[BUYER, a]]:
                    relax(net, x, p, lowest, net.arc[BUYER, a], n, a, np.int64(0), dist)
        else:
            if lowest:
                worth = worth_of_next(net, S, n, f[n])
                if worth > -FAR:
                    dist[n] = at - worth
            else:
                worth = worth_of_last(net, S, n, f[n])
                if worth < FAR:
                    dist[n] = worth - at
            for a in range(net.first[n - S], net.first[n - S + 1]):
                if done[net.arc[SELLER, a]]:
                    relax(net, x, p, lowest, net.arc[SELLER, a], n, np.int64(a), np.int64(0), dist)
    while count > 0:
        place, best = -1, np.int64(FAR)
        for k in range(count):
            if dist[left[k]] < best:
                best, place = dist[left[k]], k
        if place < 0:
            break
        w = left[place]
        count -= 1
        left[place] = left[count]
        done[w] = True
        begin, end = net.first[max(w - S, 0)], net.first[max(w - S, 0) + 1]
        if w < S:
            begin, end = net.out_first[w], net.out_first[w + 1]
        for k in range(begin, end):
            a = net.out_arc[k] if w < S else np.int64(k)
            u = net.arc[BUYER, a] if w < S else net.arc[SELLER, a]
            if not done[u]:
                relax(net, x, p, lowest, w, u, a, best, dist)
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

    The tree's own prices are the lowest ones of all nodes that can send more to the root along the tree.
    """
    root = t.shape[1] - 1
    done = np.zeros(root + 1, np.bool_)
    if t[PARENT, root] == -1:
        nodes = np.empty(root + 1, np.int64)
        done[root] = True
        for k in range(1, collect(t, root, nodes)):
            n = nodes[k]
            done[n] = done[t[PARENT, n]] and t[UP, n] > 0
    return end_prices(net, limit, x, t[OWN_FLOW], t[PRICE], True, done)
