"""Compiled largest servable scale of demand, for the residual supply index on a network."""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.measures._flow import augment, find_starved, greedy


@njit(cache=True)
def _reach(net, demand, sellers):
    """What the links of each seller to buyers with a demand can carry, (S,)."""
    _, buyer, cap, seller_start, _, _ = net
    reach = np.zeros(sellers)
    for j in range(sellers):
        for a in range(seller_start[j], seller_start[j + 1]):
            if demand[buyer[a]] > 0.0:
                reach[j] += cap[a]
    return reach


@njit(cache=True)
def _first_bound(net, held, demand, wanted, reach):
    """Lowest ratio of reachable capacity to demand over single buyers and over all of them."""
    seller, _, cap, _, by_buyer, buyer_start = net
    bound = np.inf
    for i in range(len(demand)):
        if demand[i] > 0.0:
            within = 0.0
            for place in range(buyer_start[i], buyer_start[i + 1]):
                a = by_buyer[place]
                within += min(held[seller[a]], cap[a])
            bound = min(bound, within / demand[i])
    whole = 0.0
    for j in range(len(held)):
        whole += min(held[j], reach[j])
    return min(bound, whole / wanted) if wanted > 0.0 else bound


@njit(cache=True)
def _cut_ratio(net, held, demand, inside):
    """Capacity that can reach the buyers of a set over their demand."""
    _, buyer, cap, seller_start, _, _ = net
    sellers = len(held)
    room, needed = 0.0, 0.0
    for i in range(len(demand)):
        if inside[sellers + i]:
            needed += demand[i]
    for j in range(sellers):
        into = 0.0
        for a in range(seller_start[j], seller_start[j + 1]):
            if inside[sellers + buyer[a]]:
                into += cap[a]
        room += min(held[j], into)
    return room / needed if needed > 0.0 else np.inf


@njit(cache=True)
def _lower(net, held, demand, wanted, t, flow):
    """Largest servable scale at or below t, by Dinkelbach's (1967) iteration; the flow is left in place.

    t is the ratio of some set of buyers; if t times demand cannot be served, the starved buyers of the
    minimum cut have a lower ratio. The flow given must respect held capacity and t times demand.
    """
    seller, buyer = net[0], net[1]
    while 0.0 < t < np.inf:
        spare, unmet = held.copy(), t * demand
        for a in range(len(flow)):
            spare[seller[a]] -= flow[a]
            unmet[buyer[a]] -= flow[a]
        tiny = 1e-14 * t * wanted
        greedy(net, spare, unmet, flow)
        augment(net, spare, unmet, flow, tiny, np.zeros(len(spare) + len(unmet), np.int64))
        if not (unmet > tiny).any():
            break
        inside = find_starved(net, len(held), unmet, flow, tiny)
        lower = _cut_ratio(net, held, demand, inside)
        if not lower < t * (1.0 - 1e-13):
            break
        for a in range(len(flow)):
            flow[a] *= lower / t
        t = lower
    return t


@njit(cache=True)
def servable_scale(net, capacity, demand, removed):
    """Largest t such that t times demand can be served without each group, (G,).

    Every group starts from the flow of the whole market, less what it delivers, scaled down to its own bound.
    """
    seller, seller_start = net[0], net[3]
    wanted = 0.0
    for i in range(len(demand)):
        wanted += demand[i]
    reach = _reach(net, demand, len(capacity))
    common = np.zeros(len(seller))
    top = _lower(net, capacity, demand, wanted, _first_bound(net, capacity, demand, wanted, reach), common)
    scale = np.empty(len(removed))
    for g in range(len(removed)):
        held = capacity - removed[g]
        t = min(_first_bound(net, held, demand, wanted, reach), top)
        flow = np.zeros(len(seller))
        if 0.0 < t < np.inf:
            smaller = t / top
            for j in range(len(held)):
                kept = held[j] / capacity[j] if capacity[j] > 0.0 else 0.0
                for a in range(seller_start[j], seller_start[j + 1]):
                    flow[a] = common[a] * kept * smaller
        scale[g] = _lower(net, held, demand, wanted, t, flow)
    return scale
