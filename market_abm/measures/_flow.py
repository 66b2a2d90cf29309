"""Compiled maximum flow of capacities into demands, with removals, cuts and the largest servable scale.

Quantities are float64. On whole numbers (grid steps) every step is exact up to 2^53; with scaled demands a
remainder below ``tiny`` counts as zero. Augmenting paths by breadth first (Edmonds & Karp 1972).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.measures._owners import Bools, Floats


def arcs(linked: Bools, link_cap: Floats) -> tuple:
    """Links as arcs sorted by seller, and for each buyer the list of its arcs."""
    seller, buyer = np.nonzero(linked & (link_cap > 0.0))
    by_buyer = np.argsort(buyer, kind="stable")
    seller_start = np.searchsorted(seller, np.arange(linked.shape[0] + 1))
    buyer_start = np.searchsorted(buyer[by_buyer], np.arange(linked.shape[1] + 1))
    return seller, buyer, np.ascontiguousarray(link_cap[seller, buyer]), seller_start, by_buyer, buyer_start


@njit(cache=True)
def _greedy(net, spare, unmet, flow):
    """Fill every arc in turn as far as both ends allow."""
    seller, buyer, cap, _, _, _ = net
    for a in range(len(seller)):
        amount = min(spare[seller[a]], unmet[buyer[a]], cap[a] - flow[a])
        if amount > 0.0:
            flow[a] += amount
            spare[seller[a]] -= amount
            unmet[buyer[a]] -= amount


@njit(cache=True)
def _augment(net, spare, unmet, flow, tiny):
    """Push along shortest augmenting paths until none is left; everything in place."""
    seller, buyer, cap, seller_start, by_buyer, buyer_start = net
    sellers, buyers = len(spare), len(unmet)
    via = np.empty(sellers + buyers, np.int64)
    queue = np.empty(sellers + buyers, np.int64)
    while True:
        via[:] = -2
        head, tail = 0, 0
        for j in range(sellers):
            if spare[j] > tiny:
                via[j] = -1
                queue[tail] = j
                tail += 1
        reached = -1
        while head < tail and reached < 0:
            node = queue[head]
            head += 1
            if node < sellers:
                for a in range(seller_start[node], seller_start[node + 1]):
                    i = sellers + buyer[a]
                    if via[i] == -2 and cap[a] - flow[a] > tiny:
                        via[i] = a
                        queue[tail] = i
                        tail += 1
                        if unmet[buyer[a]] > tiny:
                            reached = i
                            break
            else:
                i = node - sellers
                for place in range(buyer_start[i], buyer_start[i + 1]):
                    a = by_buyer[place]
                    if via[seller[a]] == -2 and flow[a] > tiny:
                        via[seller[a]] = a
                        queue[tail] = seller[a]
                        tail += 1
        if reached < 0:
            return
        amount = unmet[reached - sellers]
        node = reached
        while via[node] >= 0:
            a = via[node]
            if node >= sellers:
                amount = min(amount, cap[a] - flow[a])
                node = seller[a]
            else:
                amount = min(amount, flow[a])
                node = sellers + buyer[a]
        amount = min(amount, spare[node])
        spare[node] -= amount
        unmet[reached - sellers] -= amount
        node = reached
        while via[node] >= 0:
            a = via[node]
            if node >= sellers:
                flow[a] += amount
                node = seller[a]
            else:
                flow[a] -= amount
                node = sellers + buyer[a]


@njit(cache=True)
def _starved(net, sellers, unmet, flow, tiny):
    """Nodes from which an unserved buyer can still be reached: the sink side of the nearest minimum cut."""
    seller, buyer, cap, seller_start, by_buyer, buyer_start = net
    buyers = len(unmet)
    inside = np.zeros(sellers + buyers, np.bool_)
    queue = np.empty(sellers + buyers, np.int64)
    head, tail = 0, 0
    for i in range(buyers):
        if unmet[i] > tiny:
            inside[sellers + i] = True
            queue[tail] = sellers + i
            tail += 1
    while head < tail:
        node = queue[head]
        head += 1
        if node >= sellers:
            i = node - sellers
            for place in range(buyer_start[i], buyer_start[i + 1]):
                a = by_buyer[place]
                if not inside[seller[a]] and cap[a] - flow[a] > tiny:
                    inside[seller[a]] = True
                    queue[tail] = seller[a]
                    tail += 1
        else:
            for a in range(seller_start[node], seller_start[node + 1]):
                i = sellers + buyer[a]
                if not inside[i] and flow[a] > tiny:
                    inside[i] = True
                    queue[tail] = i
                    tail += 1
    return inside


@njit(cache=True)
def _glutted(net, spare, buyers, flow, tiny):
    """Nodes that spare capacity can still reach: the source side of the nearest minimum cut."""
    seller, buyer, cap, seller_start, by_buyer, buyer_start = net
    sellers = len(spare)
    inside = np.zeros(sellers + buyers, np.bool_)
    queue = np.empty(sellers + buyers, np.int64)
    head, tail = 0, 0
    for j in range(sellers):
        if spare[j] > tiny:
            inside[j] = True
            queue[tail] = j
            tail += 1
    while head < tail:
        node = queue[head]
        head += 1
        if node < sellers:
            for a in range(seller_start[node], seller_start[node + 1]):
                i = sellers + buyer[a]
                if not inside[i] and cap[a] - flow[a] > tiny:
                    inside[i] = True
                    queue[tail] = i
                    tail += 1
        else:
            for place in range(buyer_start[node - sellers], buyer_start[node - sellers + 1]):
                a = by_buyer[place]
                if not inside[seller[a]] and flow[a] > tiny:
                    inside[seller[a]] = True
                    queue[tail] = seller[a]
                    tail += 1
    return inside


@njit(cache=True)
def solve(net, capacity, demand, tiny):
    """Maximum flow: the flow by arc, spare capacity, unmet demand, and both nearest cuts."""
    flow = np.zeros(len(net[0]))
    spare, unmet = capacity.copy(), demand.copy()
    _greedy(net, spare, unmet, flow)
    _augment(net, spare, unmet, flow, tiny)
    starved = _starved(net, len(capacity), unmet, flow, tiny)
    glutted = _glutted(net, spare, len(demand), flow, tiny)
    return flow, spare, unmet, starved, glutted


@njit(cache=True)
def served_without(net, capacity, demand, removed, leaves, tiny):
    """Served demand with everybody, and without each group of capacity (and, if asked, of demand).

    removed (G, S) is the capacity that goes, leaves (G, B) the buyers that go with it. Each removal starts
    from the common optimum: flows of what leaves are taken back and the rest is augmented.
    """
    seller, buyer, _, seller_start, by_buyer, buyer_start = net
    flow = np.zeros(len(seller))
    spare, unmet = capacity.copy(), demand.copy()
    _greedy(net, spare, unmet, flow)
    _augment(net, spare, unmet, flow, tiny)
    total = 0.0
    for i in range(len(demand)):
        total += demand[i] - unmet[i]
    without = np.empty(len(removed))
    for g in range(len(removed)):
        f, left, short = flow.copy(), spare.copy(), unmet.copy()
        present = 0.0
        for i in range(len(demand)):
            if leaves[g, i]:
                for place in range(buyer_start[i], buyer_start[i + 1]):
                    a = by_buyer[place]
                    left[seller[a]] += f[a]
                    f[a] = 0.0
                short[i] = 0.0
            else:
                present += demand[i]
        for j in range(len(capacity)):
            goes = removed[g, j]
            if goes <= 0.0:
                continue
            idle = min(left[j], goes)
            left[j] -= idle
            goes -= idle
            for a in range(seller_start[j], seller_start[j + 1]):
                cut = min(f[a], goes)
                f[a] -= cut
                short[buyer[a]] += cut
                goes -= cut
        _augment(net, left, short, f, tiny)
        missing = 0.0
        for i in range(len(demand)):
            missing += short[i]
        without[g] = present - missing
    return total, without


@njit(cache=True)
def servable_scale(net, capacity, demand, removed):
    """Largest t such that t times demand can be served without each group, (G,).

    Dinkelbach's (1967) iteration on the ratio of a cut's capacity to its demand: t is the ratio of some set
    of buyers; if t times demand cannot be served, the starved buyers of the minimum cut have a lower one.
    """
    seller, buyer, cap, seller_start, by_buyer, buyer_start = net
    sellers, buyers = len(capacity), len(demand)
    scale = np.empty(len(removed))
    for g in range(len(removed)):
        held = capacity - removed[g]
        whole, wanted = 0.0, 0.0
        t = np.inf
        for i in range(buyers):
            if demand[i] > 0.0:
                wanted += demand[i]
                within = 0.0
                for place in range(buyer_start[i], buyer_start[i + 1]):
                    a = by_buyer[place]
                    within += min(held[seller[a]], cap[a])
                t = min(t, within / demand[i])
        for j in range(sellers):
            reach = 0.0
            for a in range(seller_start[j], seller_start[j + 1]):
                if demand[buyer[a]] > 0.0:
                    reach += cap[a]
            whole += min(held[j], reach)
        if wanted > 0.0:
            t = min(t, whole / wanted)
        while 0.0 < t < np.inf:
            flow = np.zeros(len(seller))
            spare, unmet = held.copy(), t * demand
            tiny = 1e-14 * t * wanted
            _greedy(net, spare, unmet, flow)
            _augment(net, spare, unmet, flow, tiny)
            inside = _starved(net, sellers, unmet, flow, tiny)
            room, needed = 0.0, 0.0
            for i in range(buyers):
                if inside[sellers + i]:
                    needed += demand[i]
            if needed == 0.0:
                break
            for j in range(sellers):
                into = 0.0
                for a in range(seller_start[j], seller_start[j + 1]):
                    if inside[sellers + buyer[a]]:
                        into += cap[a]
                room += min(held[j], into)
            lower = room / needed
            if not lower < t * (1.0 - 1e-13):
                break
            t = lower
        scale[g] = t
    return scale
