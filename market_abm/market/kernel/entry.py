"""The compiled calls that the Python functions make: one call a question."""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.network import BUYER, COST, SELLER, build, steps
from market_abm.market.kernel.paths import FAR, end_prices, solve_by_paths, to_root
from market_abm.market.kernel.removal import add_value, take_capacity
from market_abm.market.kernel.words import add_product, to_float
from market_abm.units import GRID


@njit(cache=True)
def solve(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap):
    """Build and clear."""
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    x, f, p = solve_by_paths(net)
    flow, served, surplus = unpack(net, x, f, linked.shape[0], linked.shape[1])
    return net, x, f, p, flow, served, surplus


@njit(cache=True)
def unpack(net, x, f, sellers, buyers):
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
        served[net.origin[i]] = f[i] / GRID
        add_value(net, i - S, f[i], total)
    return flow, served, to_float(total)


@njit(cache=True)
def unit_prices(net, node_price, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap):
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
def interval(net, x, f, p, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap):
    """Both ends of the competitive interval as unit prices; no highest price without capacity."""
    low, high = end_prices(net, net.limit, x, f, p)
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
def withdrawal(net, x, f, p, seller, quantity, buyers):
    """Loss, served quantities and lowest potentials after taking ``quantity`` grid steps of a seller."""
    S = len(net.out_first) - 1
    node = -1
    for n in range(S):
        if net.origin[n] == seller:
            node = n
    served = np.zeros(buyers)
    if node < 0:
        loss = 0.0
    else:
        loss, limit, x, f, p = take_capacity(net, x, f, p, node, quantity)
    for i in range(S, len(net.limit)):
        served[net.origin[i]] = f[i] / GRID
    return loss, served, to_root(net, x, f, p)
