"""Compiled maximum flow of capacities into demands, with removals and cuts.

Quantities are float64. On whole numbers (grid steps) every step is exact up to 2^53; with scaled demands a
remainder below ``tiny`` counts as zero. Augmenting paths breadth first (Edmonds & Karp 1972).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from market_abm.measures._owners import Bools, Floats


def arcs(linked: Bools, link_cap: Floats | None = None) -> tuple:
    """Links as arcs sorted by seller, and for each buyer the list of its arcs."""
    used = linked if link_cap is None else linked & (link_cap > 0.0)
    net = _sorted_arcs(used.tobytes(), used.shape)
    if link_cap is None:
        return net
    seller, buyer, _, *starts = net
    return seller, buyer, np.ascontiguousarray(link_cap[seller, buyer]), *starts


@lru_cache(maxsize=8)
def _sorted_arcs(linked: bytes, shape: tuple[int, int]) -> tuple:
    """The arcs without bounds: the network of a quarter is measured several times."""
    seller, buyer = np.nonzero(np.frombuffer(linked, dtype=np.bool_).reshape(shape))
    by_buyer = np.argsort(buyer, kind="stable")
    seller_start = np.searchsorted(seller, np.arange(shape[0] + 1))
    buyer_start = np.searchsorted(buyer[by_buyer], np.arange(shape[1] + 1))
    return seller, buyer, np.full(len(seller), np.inf), seller_start, by_buyer, buyer_start


@njit(cache=True)
def greedy(net, spare, unmet, flow):
    """Fill every arc in turn as far as both ends allow."""
    seller, buyer, cap, _, _, _ = net
    for a in range(len(seller)):
        amount = min(spare[seller[a]], unmet[buyer[a]], cap[a] - flow[a])
        if amount > 0.0:
            flow[a] += amount
            spare[seller[a]] -= amount
            unmet[buyer[a]] -= amount


@njit(cache=True)
def augment(net, spare, unmet, flow, tiny, seen):
    """Serve unserved buyers over shortest augmenting paths until none is left; everything in place.

    The search runs from the buyer to the nearest seller with spare capacity. What a failed search has seen
    cannot reach spare capacity, and no later path changes that: it is marked -1 in ``seen`` and not searched
    again.
    """
    seller, buyer, cap, seller_start, by_buyer, buyer_start = net
    sellers, buyers = len(spare), len(unmet)
    via = np.empty(sellers + buyers, np.int64)
    queue = np.empty(sellers + buyers, np.int64)
    search = 0
    for i in range(buyers):
        while unmet[i] > tiny and seen[sellers + i] >= 0:
            search += 1
            queue[0] = sellers + i
            seen[sellers + i] = search
            via[sellers + i] = -1
            head, tail, found = 0, 1, -1
            while head < tail and found < 0:
                node = queue[head]
                head += 1
                if node >= sellers:
                    for place in range(buyer_start[node - sellers], buyer_start[node - sellers + 1]):
                        a = by_buyer[place]
                        j = seller[a]
                        if seen[j] >= 0 and seen[j] != search and cap[a] - flow[a] > tiny:
                            seen[j] = search
                            via[j] = a
                            queue[tail] = j
                            tail += 1
                            if spare[j] > tiny:
                                found = j
                                break
                else:
                    for a in range(seller_start[node], seller_start[node + 1]):
                        k = sellers + buyer[a]
                        if seen[k] >= 0 and seen[k] != search and flow[a] > tiny:
                            seen[k] = search
                            via[k] = a
                            queue[tail] = k
                            tail += 1
            if found < 0:
                for place in range(tail):
                    seen[queue[place]] = -1
                break
            amount = min(spare[found], unmet[i])
            node = found
            while via[node] >= 0:
                a = via[node]
                if node < sellers:
                    amount = min(amount, cap[a] - flow[a])
                    node = sellers + buyer[a]
                else:
                    amount = min(amount, flow[a])
                    node = seller[a]
            spare[found] -= amount
            unmet[i] -= amount
            node = found
            while via[node] >= 0:
                a = via[node]
                if node < sellers:
                    flow[a] += amount
                    node = sellers + buyer[a]
                else:
                    flow[a] -= amount
                    node = seller[a]


@njit(cache=True)
def find_starved(net, sellers, unmet, flow, tiny):
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
def find_glutted(net, spare, buyers, flow, tiny):
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
    greedy(net, spare, unmet, flow)
    augment(net, spare, unmet, flow, tiny, np.zeros(len(spare) + len(unmet), np.int64))
    starved = find_starved(net, len(capacity), unmet, flow, tiny)
    glutted = find_glutted(net, spare, len(demand), flow, tiny)
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
    greedy(net, spare, unmet, flow)
    augment(net, spare, unmet, flow, tiny, np.zeros(len(spare) + len(unmet), np.int64))
    total = 0.0
    for i in range(len(demand)):
        total += demand[i] - unmet[i]
    # Without a whole seller, what could not reach spare capacity still cannot.
    hopeless = np.where(find_starved(net, len(capacity), unmet, flow, tiny), -1, 0).astype(np.int64)
    without = np.empty(len(removed))
    for g in range(len(removed)):
        shut = not leaves[g].any()
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
            shut = shut and goes >= capacity[j]
            idle = min(left[j], goes)
            left[j] -= idle
            goes -= idle
            for a in range(seller_start[j], seller_start[j + 1]):
                cut = min(f[a], goes)
                f[a] -= cut
                short[buyer[a]] += cut
                goes -= cut
        augment(net, left, short, f, tiny, hopeless.copy() if shut else np.zeros(len(hopeless), np.int64))
        missing = 0.0
        for i in range(len(demand)):
            missing += short[i]
        without[g] = present - missing
    return total, without
