"""The compiled calls that the Python functions make: one call a question."""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.crash import greedy_tree
from market_abm.market.kernel.network import BUYER, COST, SELLER, build, steps
from market_abm.market.kernel.paths import FAR, end_prices, solve_by_paths, to_root
from market_abm.market.kernel.removal import NO_TREE, add_value, any_cap, losses_without, take_capacity
from market_abm.market.kernel.simplex import MARKET, optimise
from market_abm.market.kernel.ties import settle, settle_by_paths
from market_abm.market.kernel.tree import OWN_FLOW, PARENT, PRICE, empty_table, normalise, write_flows
from market_abm.market.kernel.warm import drop_artificial, warm_tree
from market_abm.market.kernel.words import add_product, to_float
from market_abm.units import GRID

BATCH = 40
"""Arcs that are looked at before the best of them enters the tree."""


@njit(cache=True)
def _pivots_allowed(net):
    return 10_000 + 100 * (net.arc.shape[1] + len(net.limit))


@njit(cache=True)
def _optimum_by_paths(net, incumbent, tie_key):
    x, f, p = solve_by_paths(net)
    settle_by_paths(net, x, f, p, incumbent, tie_key)
    t = empty_table(len(net.limit) + 1)
    t[PARENT, -1] = NO_TREE
    t[OWN_FLOW, :-1] = f
    t[PRICE, :] = p
    return t, x


@njit(cache=True)
def _from_tree(net, t, x, incumbent, tie_key):
    """Optimise from a feasible tree; falls back on shortest paths when pivots run out."""
    most = _pivots_allowed(net)
    pivots = optimise(net, net.limit, t, x, t[PRICE], net.arc[COST], MARKET, BATCH, most)
    normalise(t)
    if pivots >= 0 and drop_artificial(net, net.limit, t, x, any_cap(net)):
        normalise(t)
        ties = settle(net, net.limit, t, x, incumbent, tie_key, BATCH, most)
        if ties >= 0:
            write_flows(net, t, x)
            return t, x, pivots + ties
    t, x = _optimum_by_paths(net, incumbent, tie_key)
    return t, x, -1


@njit(cache=True)
def solve(
    capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap, incumbent, key
):
    """Build and clear from nothing."""
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    t, x = greedy_tree(net)
    t, x, pivots = _from_tree(net, t, x, incumbent, key)
    flow, served, surplus = unpack(net, t, x, linked.shape[0], linked.shape[1])
    return net, t, x, flow, served, surplus, pivots


@njit(cache=True)
def solve_from(
    capacity,
    unit_cost,
    block_quantity,
    block_value,
    switching,
    wedge,
    tax,
    linked,
    link_cap,
    incumbent,
    key,
    old_net,
    old_t,
    old_x,
):
    """Build and clear from the tree of an earlier optimum of the same shape."""
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    sellers, buyers = linked.shape
    if old_t[PARENT, -1] == NO_TREE:
        t, x = greedy_tree(net)
    else:
        t, x, _ = warm_tree(net, old_net, old_t, old_x, sellers, buyers)
    t, x, pivots = _from_tree(net, t, x, incumbent, key)
    flow, served, surplus = unpack(net, t, x, sellers, buyers)
    return net, t, x, flow, served, surplus, pivots


@njit(cache=True)
def solve_without_tree(
    capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap, incumbent, key
):
    """Build and clear by shortest paths alone: the oracle of the simplex."""
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    t, x = _optimum_by_paths(net, incumbent, key)
    flow, served, surplus = unpack(net, t, x, linked.shape[0], linked.shape[1])
    return net, t, x, flow, served, surplus, -1


@njit(cache=True)
def unpack(net, t, x, sellers, buyers):
    """Flows in the shape of the problem, and the exact surplus."""
    S = len(net.out_first) - 1
    flow = np.zeros((sellers, buyers))
    served = np.zeros(buyers)
    total = np.zeros(2, np.int64)
    for a in range(x.shape[0]):
        if x[a] > 0:
            flow[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]] = x[a] / GRID
            add_product(total, x[a], -net.arc[COST, a])
    for i in range(S, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
        add_value(net, i - S, t[OWN_FLOW, i], total)
    return flow, served, to_float(total)


@njit(cache=True)
def losses(net, t, x, shape, sellers, buyers, links, capacity_too):
    """Losses by seller (S,), buyer (B,) and link (S, B) in the shape of the problem; NaN where not asked."""
    S, root = len(net.out_first) - 1, len(net.limit)
    begin, end = 0 if sellers else S, root if buyers else S
    by_node, by_link = losses_without(net, t, x, begin, end, links, capacity_too, any_cap(net))
    seller = np.full(shape[0], 0.0 if sellers else np.nan)
    buyer = np.full(shape[1], 0.0 if buyers else np.nan)
    link = np.full(shape, np.nan)
    for n in range(begin, end):
        if n < S:
            seller[net.origin[n]] = by_node[n - begin]
        else:
            buyer[net.origin[n]] = by_node[n - begin]
    for a in range(len(by_link)):
        link[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]] = by_link[a]
    return seller, buyer, link


@njit(cache=True)
def unit_prices(
    net, node_price, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
):
    """Unit price of every seller of the problem: unit_cost plus the potential, never below it.

    Sellers that were left out of the network would sell their first unit to the best-paying buyer that they
    reach, if that pays.
    """
    sellers, buyers = linked.shape
    S = len(net.out_first) - 1
    at = np.full(sellers + buyers, -1, np.int64)
    for n in range(len(net.origin)):
        at[net.origin[n] + (sellers if n >= S else 0)] = n
    price = np.empty(sellers)
    for j in range(sellers):
        rent = np.int64(0)
        if at[j] >= 0:
            rent = max(rent, node_price[at[j]])
        else:
            for i in range(buyers):
                if not linked[j, i] or (link_cap.shape[0] > 0 and link_cap[j, i] <= 0.0):
                    continue
                worth = -FAR
                if at[sellers + i] >= 0:
                    worth = node_price[at[sellers + i]]
                else:
                    for k in range(block_value.shape[1]):
                        if block_quantity[i, k] > 0.0:
                            worth = steps(block_value[i, k])
                            break
                rent = max(rent, worth - steps(link_cost[j, i]))
        price[j] = (steps(unit_cost[j]) + rent) / GRID
    return price


@njit(cache=True)
def interval(net, t, x, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap):
    """Both ends of the competitive interval as unit prices; no highest price without capacity."""
    low, high = end_prices(net, net.limit, x, t[OWN_FLOW], t[PRICE])
    lowest = unit_prices(
        net, low, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
    )
    highest = unit_cost.copy()
    for j in range(len(capacity)):
        if capacity[j] <= 0.0:
            highest[j] = np.inf
    for n in range(len(net.out_first) - 1):
        j = net.origin[n]
        highest[j] = (steps(unit_cost[j]) + high[n]) / GRID
    return lowest, highest


@njit(cache=True)
def lowest_prices(net, t, x, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap):
    """The lower end alone."""
    low = to_root(net, x, t[OWN_FLOW], t[PRICE])
    return unit_prices(
        net, low, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
    )


@njit(cache=True)
def withdrawal(net, t, x, seller, quantity, buyers):
    """Loss, served quantities and lowest potentials after taking ``quantity`` grid steps of a seller."""
    S = len(net.out_first) - 1
    loss = 0.0
    for n in range(S):
        if net.origin[n] == seller:
            loss, _, t, x = take_capacity(net, t, x, n, quantity, any_cap(net))
    served = np.zeros(buyers)
    for i in range(S, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
    return loss, served, to_root(net, x, t[OWN_FLOW], t[PRICE])
