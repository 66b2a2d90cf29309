"""The compiled calls that the Python functions make: one call a question."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.crash import greedy_tree
from market_abm.market.kernel.ends import FAR, end_prices, lowest_prices
from market_abm.market.kernel.network import BUYER, COST, SELLER, any_cap, build, packed, steps, unpacked
from market_abm.market.kernel.removal import add_value, losses_without, take_capacity
from market_abm.market.kernel.simplex import MARKET, optimise
from market_abm.market.kernel.ties import settle
from market_abm.market.kernel.tree import OWN_FLOW, PRICE, normalise, write_flows
from market_abm.market.kernel.warm import drop_artificial, warm_tree
from market_abm.market.kernel.words import add_product, to_float
from market_abm.units import GRID

BATCH = 40
"""Arcs that are looked at before the best of them enters the tree."""


@compiled
def _pivots_allowed(net):
    return 10_000 + 100 * (net.arc.shape[1] + len(net.limit))


@compiled
def solve(
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
    tie_key,
    warm,
    old_pack,
    old_t,
    old_x,
):
    """Build and clear: from nothing or, if ``warm``, from the tree of an earlier optimum of the same shape.

    Returns the state (packed network, table, link flows), flows and served quantities in the shape of the problem,
    the surplus, and the number of pivots: -1 when they ran out and the rest means nothing.
    """
    net = build(capacity, unit_cost, block_quantity, block_value, switching, wedge, tax, linked, link_cap)
    sellers, buyers = linked.shape
    old = unpacked(old_pack) if warm else net
    t, x, pivots = optimum(net, sellers, buyers, incumbent, tie_key, warm, old, old_t, old_x)
    served, surplus = served_and_surplus(net, t, x, buyers)
    return packed(net), t, x, flows(net, x, sellers, buyers), served, surplus, pivots


@compiled
def concluded(net, t, x, pivots, incumbent, tie_key, most):
    """Settle the ties of an optimum and write its flows; pivots in all, -1 when they ran out. Changes t and x."""
    normalise(t)
    if pivots >= 0:
        ties = settle(net, net.limit, t, x, incumbent, tie_key, BATCH, most)
        pivots = pivots + ties if ties >= 0 else -1
    write_flows(net, t, x)
    return pivots


@compiled
def optimum(net, sellers, buyers, incumbent, tie_key, warm, old_net, old_t, old_x):
    """Table and link flows of an optimum, and the number of pivots: -1 when they ran out."""
    if warm:
        t, x = warm_tree(net, old_net, old_t, old_x, sellers, buyers)
    else:
        t, x = greedy_tree(net)
    most = _pivots_allowed(net)
    pivots = optimise(net, net.limit, t, x, t[PRICE], net.arc[COST], MARKET, BATCH, most)
    if warm and pivots >= 0 and not drop_artificial(net, net.limit, t, x, any_cap(net)):
        pivots = -1
    return t, x, concluded(net, t, x, pivots, incumbent, tie_key, most)


@compiled
def flows(net, x, sellers, buyers):
    """Flows in the shape of the problem."""
    flow = np.zeros((sellers, buyers))
    for a in range(x.shape[0]):
        if x[a] > 0:
            flow[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]] = x[a] / GRID
    return flow


@compiled
def served_and_surplus(net, t, x, buyers):
    """Served quantities in the shape of the problem, and the exact surplus."""
    S = len(net.out_first) - 1
    served = np.zeros(buyers)
    total = np.zeros(2, np.int64)
    for a in range(x.shape[0]):
        if x[a] > 0:
            add_product(total, x[a], -net.arc[COST, a])
    for i in range(S, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
        add_value(net, i - S, t[OWN_FLOW, i], total)
    return served, to_float(total)


@compiled
def losses(pack, t, x, shape, sellers, buyers, links, capacity_too):
    """Losses by seller (S,), buyer (B,) and link (S, B) in the shape of the problem; NaN where not asked.

    The last result is False when the tree could not answer.
    """
    net = unpacked(pack)
    S, root = len(net.out_first) - 1, len(net.limit)
    begin, end = 0 if sellers else S, root if buyers else S
    some, by_link, done = losses_without(net, t, x, begin, end, links, capacity_too, any_cap(net))
    by_node = np.zeros(root)
    by_node[begin:end] = some
    seller, buyer, link = by_place(net, by_node, by_link, shape, sellers, buyers)
    return seller, buyer, link, done


@compiled
def by_place(net, by_node, by_link, shape, sellers, buyers):
    """Put the losses of nodes and links where they stand in the problem."""
    S = len(net.out_first) - 1
    seller = np.full(shape[0], 0.0 if sellers else np.nan)
    buyer = np.full(shape[1], 0.0 if buyers else np.nan)
    link = np.full(shape, np.nan)
    for n in range(len(net.limit)):
        if n < S and sellers:
            seller[net.origin[n]] = by_node[n]
        elif n >= S and buyers:
            buyer[net.origin[n]] = by_node[n]
    for a in range(len(by_link)):
        link[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]] = by_link[a]
    return seller, buyer, link


@compiled
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


@compiled
def prices(pack, t, x, lowest, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap):
    """Lowest (or highest) competitive unit price of every seller; no highest price without capacity."""
    net = unpacked(pack)
    if lowest:
        rent = lowest_prices(net, net.limit, t, x)
        return unit_prices(
            net, rent, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
        )
    rent = end_prices(net, net.limit, x, t[OWN_FLOW], t[PRICE], False, np.zeros(t.shape[1], np.bool_))
    highest = unit_cost.copy()
    for j in range(len(capacity)):
        if capacity[j] <= 0.0:
            highest[j] = np.inf
    for n in range(len(net.out_first) - 1):
        highest[net.origin[n]] = (steps(unit_cost[net.origin[n]]) + rent[n]) / GRID
    return highest


@borrowing
def node_of(net, seller):
    """Node of a row of sellers, -1 when it was left out."""
    for n in range(len(net.out_first) - 1):
        if net.origin[n] == seller:
            return n
    return -1


@compiled
def withdrawal(pack, t, x, seller, quantity, buyers):
    """Loss, served quantities and lowest potentials after taking ``quantity`` grid steps of a seller.

    The loss is NaN when the tree could not answer.
    """
    net = unpacked(pack)
    n = node_of(net, seller)
    loss, limit = 0.0, net.limit
    if n >= 0:
        loss, limit, t, x = take_capacity(net, t, x, n, quantity, any_cap(net))
    served, lowest = after(net, limit, t, x, buyers)
    return loss, served, lowest


@compiled
def after(net, limit, t, x, buyers):
    """Served quantities and lowest potentials of an optimum."""
    S = len(net.out_first) - 1
    served = np.zeros(buyers)
    for i in range(S, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
    return served, lowest_prices(net, limit, t, x)
