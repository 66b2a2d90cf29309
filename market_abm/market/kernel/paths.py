"""Successive shortest paths: small, exact, slow on large networks. The kernel's oracle and fallback.

A state is a circulation with potentials under which no residual arc has a negative reduced cost (Ford &
Fulkerson 1962; Edmonds & Karp 1972). One primitive does everything: :func:`force` sends an amount from one
node to another along shortest residual paths and returns its cost.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.words import add_product

FAR = 1 << 61
OWN = -1
"""Predecessor code of a node reached along its own root arc (or of the root, from that node)."""
NOBODY = -2


@borrowing
def step_up(net, S, i, served):
    """Value and room of buyer node i's next unit; room 0 when it is served in full."""
    b = i - S
    k = 0
    last = net.limit[i]
    while k < last and net.until[b, k + 1] <= served:
        k += 1
    if k == last:
        return np.int64(0), np.int64(0)
    return net.value[b, k], net.until[b, k + 1] - served


@borrowing
def step_down(net, S, i, served):
    """Value and room of buyer node i's last served unit; room 0 when it has none."""
    b = i - S
    k = 0
    while k < net.limit[i] and net.until[b, k + 1] < served:
        k += 1
    if served == 0:
        return np.int64(0), np.int64(0)
    return net.value[b, k], served - net.until[b, k]


@compiled
def shortest(net, limit, x, f, p, start, goal, banned_arc, banned_node, dist, pred, via):
    """Dijkstra on reduced costs from ``start`` until ``goal`` is settled (all nodes when goal < 0).

    ``limit`` holds the sellers' capacities in force. ``banned_arc`` is a link, ``banned_node`` a node whose
    own root arc may not be used. Fills the distances, predecessor arcs and nodes.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    done = np.zeros(root + 1, np.bool_)
    dist[:] = FAR
    dist[start] = 0
    pred[start] = NOBODY
    for _ in range(root + 1):
        u = -1
        best = FAR
        for n in range(root + 1):
            if not done[n] and dist[n] < best:
                best = dist[n]
                u = n
        if u < 0 or u == goal:
            break
        done[u] = True
        if u == root:
            for n in range(root):
                if n == banned_node or done[n]:
                    continue
                if n < S:
                    if f[n] < limit[n]:
                        _relax(root, n, -p[n], OWN, best, dist, pred, via)
                else:
                    worth, room = step_down(net, S, n, f[n])
                    if room > 0:
                        _relax(root, n, worth - p[n], OWN, best, dist, pred, via)
            continue
        if u < S:
            if f[u] > 0 and u != banned_node:
                _relax(u, root, p[u], OWN, best, dist, pred, via)
            for k in range(net.out_first[u], net.out_first[u + 1]):
                a = net.out_arc[k]
                i = net.arc[BUYER, a]
                if a != banned_arc and not done[i] and x[a] < net.arc[CAP, a]:
                    _relax(u, i, net.arc[COST, a] + p[u] - p[i], a, best, dist, pred, via)
        else:
            worth, room = step_up(net, S, u, f[u])
            if room > 0 and u != banned_node:
                _relax(u, root, p[u] - worth, OWN, best, dist, pred, via)
            for a in range(net.first[u - S], net.first[u - S + 1]):
                j = net.arc[SELLER, a]
                if a != banned_arc and not done[j] and x[a] > 0:
                    _relax(u, j, p[u] - net.arc[COST, a] - p[j], a, best, dist, pred, via)


@borrowing
def _relax(u, w, reduced, arc, base, dist, pred, via):
    if base + reduced < dist[w]:
        dist[w] = base + reduced
        pred[w] = arc
        via[w] = u


@compiled
def force(net, limit, x, f, p, start, goal, amount, banned_arc, banned_node, total):
    """Send ``amount`` from ``start`` to ``goal`` at least cost, which is added to ``total``.

    Changes x, f and p. Returns what could not be sent (0 when all went).
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    root = S + B
    dist = np.empty(root + 1, np.int64)
    pred = np.empty(root + 1, np.int64)
    via = np.empty(root + 1, np.int64)
    while amount > 0:
        shortest(net, limit, x, f, p, start, goal, banned_arc, banned_node, dist, pred, via)
        length = dist[goal]
        if length >= FAR:
            return amount
        for n in range(root + 1):
            p[n] += min(dist[n], length)
        shift = p[root]
        for n in range(root + 1):
            p[n] -= shift
        send = amount
        n = goal
        while n != start:
            u, a = via[n], pred[n]
            if a >= 0:
                send = min(send, net.arc[CAP, a] - x[a] if u < n else x[a])
            elif n == root:
                send = min(send, f[u] if u < S else step_up(net, S, u, f[u])[1])
            else:
                send = min(send, limit[n] - f[n] if n < S else step_down(net, S, n, f[n])[1])
            n = u
        n = goal
        while n != start:
            u, a = via[n], pred[n]
            if a >= 0:
                x[a] += send if u < n else -send
            elif n == root:
                f[u] += -send if u < S else send
            else:
                f[n] += send if n < S else -send
            n = u
        add_product(total, send, p[goal] - p[start])
        amount -= send
    return amount


@compiled
def solve_by_paths(net):
    """Optimal flow from nothing: sellers enter one by one and push all they have into the market.

    What nobody wants flows back along the seller's own arc at no cost. Returns link flows, root-arc flows
    and potentials.
    """
    S, B = len(net.out_first) - 1, len(net.first) - 1
    x = np.zeros(net.arc.shape[1], np.int64)
    f = np.zeros(S + B, np.int64)
    p = np.zeros(S + B + 1, np.int64)
    limit = np.zeros(S + B, np.int64)
    total = np.zeros(2, np.int64)
    for i in range(S, S + B):
        p[i] = net.value[i - S, 0]
    for j in range(S):
        # A price at which a seller that is not there yet would sell nothing.
        highest = -FAR
        for k in range(net.out_first[j], net.out_first[j + 1]):
            a = net.out_arc[k]
            highest = max(highest, p[net.arc[BUYER, a]] - net.arc[COST, a])
        p[j] = highest
    for j in range(S):
        limit[j] = net.limit[j]
        if p[j] > 0:
            f[j] = limit[j]
            force(net, limit, x, f, p, j, S + B, limit[j], -1, -1, total)
    return x, f, p
