"""Many variants of one problem in one compiled call, each from the tree of the same optimum."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import compiled
from market_abm.market.kernel.entry import BATCH, node_of, prices, solve
from market_abm.market.kernel.removal import any_cap, take_capacity
from market_abm.market.kernel.ties import settle
from market_abm.market.kernel.tree import OWN_FLOW, normalise, write_flows
from market_abm.units import GRID


@compiled
def solve_variants(
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
    link_cost,
    scale,
    first,
    changed,
    quantity,
    opened,
    opened_cap,
    leaves,
    priced,
    warm,
    old_net,
    old_t,
    old_x,
):
    """Surplus (G,), served quantities (G, B), lowest unit prices (G, S), pivots (G,) of G variants, and (G, B).

    Variant g has capacities ``capacity[g]``, all blocks times ``scale[g]``, and for the buyers
    ``changed[first[g]:first[g + 1]]`` the blocks in those rows of ``quantity``. It also has the link
    ``opened[g]``, with a cap of at least ``opened_cap[g]``; a negative row opens none. The last
    result is what is served when the seller ``leaves[g]`` (negative: nobody) then goes with all its capacity.
    Without ``priced`` prices are zero. Pivots of -1: no answer.
    """
    variants, sellers = capacity.shape
    buyers = linked.shape[1]
    surplus = np.zeros(variants)
    served = np.zeros((variants, buyers))
    price = np.zeros((variants, sellers))
    pivots = np.zeros(variants, np.int64)
    without = np.zeros((variants, buyers))
    net, t, x = old_net, old_t, old_x
    for g in range(variants):
        # A market of another size: the variant before it is nearer than the optimum given, if of the same size.
        if g == 0 or scale[g] == 1.0 or scale[g] != scale[g - 1] or pivots[g - 1] < 0:
            net, t, x = old_net, old_t, old_x
        blocks = block_quantity * scale[g]
        for n in range(first[g], first[g + 1]):
            blocks[changed[n]] = quantity[n]
        links, caps = linked, link_cap
        s, b = opened[g]
        if s >= 0:
            if not linked[s, b]:
                links = linked.copy()
                links[s, b] = True
            if link_cap.shape[0] > 0 and link_cap[s, b] < opened_cap[g]:
                caps = link_cap.copy()
                caps[s, b] = opened_cap[g]
        net, t, x, _, served[g], surplus[g], pivots[g] = solve(
            capacity[g],
            unit_cost,
            blocks,
            block_value,
            switching,
            wedge,
            tax,
            links,
            caps,
            incumbent,
            tie_key,
            warm,
            net,
            t,
            x,
        )
        if priced and pivots[g] >= 0:
            price[g] = prices(
                net, t, x, True, capacity[g], unit_cost, blocks, block_value, link_cost, links, caps
            )
        if leaves[g] >= 0 and pivots[g] >= 0:
            without[g], done = served_without(net, t, x, leaves[g], buyers, incumbent, tie_key)
            if not done:
                pivots[g] = -1
    return surplus, served, price, pivots, without


@compiled
def served_without(net, t, x, seller, buyers, incumbent, tie_key):
    """Served quantities of an optimum without one seller, and whether the tree could answer."""
    n = node_of(net, seller)
    served, done = np.zeros(buyers), True
    if n >= 0:
        loss, limit, t, x = take_capacity(net, t, x, n, net.limit[n], any_cap(net))
        normalise(t)
        most = 1_000 + 10 * (net.arc.shape[1] + len(net.limit))
        done = not np.isnan(loss) and settle(net, limit, t, x, incumbent, tie_key, BATCH, most) >= 0
        write_flows(net, t, x)
    for i in range(len(net.out_first) - 1, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
    return served, done
