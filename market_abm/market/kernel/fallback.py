"""Everything by shortest paths: the oracle of the simplex, and what answers where it gave up.

Compiled only when it is asked for. Tables made here hold flows and prices, no tree.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.entry import after, by_place, flows, node_of, served_and_surplus
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER, build, packed, unpacked
from market_abm.market.kernel.paths import force, solve_by_paths
from market_abm.market.kernel.removal import NO_TREE, NONE, add_value
from market_abm.market.kernel.ties import tie_costs
from market_abm.market.kernel.tree import OWN_FLOW, PARENT, PRICE, empty_table
from market_abm.market.kernel.words import add_product, to_float


@compiled
def solve(
    capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap, incumbent, key
):
    """Build and clear; as :func:`entry.solve`."""
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    x, f, p = solve_by_paths(net)
    settle_by_paths(net, x, f, p, incumbent, key)
    t = empty_table(len(net.limit) + 1)
    t[PARENT, -1] = NO_TREE
    t[OWN_FLOW, :-1] = f
    t[PRICE, :] = p
    flow = flows(net, x, linked.shape[0], linked.shape[1])
    served, surplus = served_and_surplus(net, t, x, linked.shape[1])
    return packed(net), t, x, flow, served, surplus, -1


@compiled
def losses(pack, t, x, shape, sellers, buyers, links, capacity_too):
    """Losses by seller, buyer and link; as :func:`entry.losses`."""
    net = unpacked(pack)
    S, m, root = len(net.out_first) - 1, x.shape[0], len(net.limit)
    by_node, by_link = np.zeros(root), np.full(m, np.nan)
    limit = net.limit.copy()
    for n in range(root):
        if t[OWN_FLOW, n] == 0 or not (sellers if n < S else buyers):
            continue
        xs, f, p, total = x.copy(), t[OWN_FLOW].copy(), t[PRICE].copy(), np.zeros(2, np.int64)
        start, goal = root, n
        if n >= S:
            start, goal = n, root
            add_value(net, n - S, f[n], total)
        left = force(net, limit, xs, f, p, start, goal, f[n], NONE, n, total)
        by_node[n] = to_float(total) if left == 0 else np.nan
    for a in range(m):
        if x[a] == 0 or not links:
            continue
        xs, f, p, total = x.copy(), t[OWN_FLOW].copy(), t[PRICE].copy(), np.zeros(2, np.int64)
        start, goal = net.arc[SELLER, a], net.arc[BUYER, a]
        xs[a] = 0
        add_product(total, x[a], -net.arc[COST, a])
        if capacity_too:
            limit[start] -= x[a]
            f[start] -= x[a]
            start = np.int64(root)
        left = force(net, limit, xs, f, p, start, goal, x[a], a, NONE, total)
        limit[:] = net.limit
        by_link[a] = to_float(total) if left == 0 else np.nan
    return by_place(net, by_node, by_link, shape, sellers, buyers)


@compiled
def withdrawal(pack, t, x, seller, quantity, buyers):
    """Take capacity of a row of sellers away; as :func:`entry.withdrawal`."""
    net = unpacked(pack)
    limit, total, left = net.limit.copy(), np.zeros(2, np.int64), np.int64(0)
    t, x = t.copy(), x.copy()
    j = node_of(net, seller)
    if j >= 0:
        limit[j] -= quantity
        short = t[OWN_FLOW, j] - limit[j]
        if short > 0:
            t[OWN_FLOW, j] = limit[j]
            left = force(net, limit, x, t[OWN_FLOW], t[PRICE], len(limit), j, short, NONE, j, total)
    served, lowest = after(net, limit, t, x, buyers)
    return (to_float(total) if left == 0 else np.nan), served, lowest


@compiled
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


@borrowing
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
