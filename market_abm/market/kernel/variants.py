"""Many variants of one problem in one compiled call, each from the tree of the same optimum."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import compiled
from market_abm.market.kernel.entry import BATCH, node_of, optimum, prices, served_and_surplus
from market_abm.market.kernel.network import network_of, pair_at, pairs_of, write_row
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
    links, caps, capped = linked.copy(), link_cap.copy(), len(link_cap) > 0
    for g in range(variants):
        if opened[g, 0] >= 0:
            links[opened[g, 0], opened[g, 1]] = True
    pairs = pairs_of(unit_cost, block_quantity, block_value, switching, wedge, tax, links, link_cap)
    for g in range(variants):
        s, b = opened[g]
        if s >= 0 and not linked[s, b]:
            links[s, b] = False
            pairs.cap[pair_at(pairs, s, b)] = 0.0
    net, t, x = old_net, old_t, old_x
    blocks = block_quantity.copy()
    for g in range(variants):
        # A market of another size: the variant before it is nearer than the optimum given, if of the same size.
        if g == 0 or scale[g] == 1.0 or scale[g] != scale[g - 1] or pivots[g - 1] < 0:
            net, t, x = old_net, old_t, old_x
        if scale[g] != (1.0 if g == 0 else scale[g - 1]):
            blocks = block_quantity * scale[g]
            for i in range(buyers):
                write_row(pairs, i, blocks[i], block_value[i])
        rows = changed[first[g] : first[g + 1]]
        for n in range(len(rows)):
            write_row(pairs, rows[n], quantity[first[g] + n], block_value[rows[n]])
        s, b = opened[g]
        a, room = 0, np.inf
        if s >= 0:
            a = pair_at(pairs, s, b)
            room, links[s, b] = pairs.cap[a], True
            if capped:
                caps[s, b] = max(link_cap[s, b], opened_cap[g])
            pairs.cap[a] = caps[s, b] if capped else np.inf
        last, net = net, network_of(pairs, capacity[g])
        t, x, pivots[g] = optimum(net, sellers, buyers, incumbent, tie_key, warm, last, t, x)
        served[g], surplus[g] = served_and_surplus(net, t, x, buyers)
        if priced and pivots[g] >= 0:
            for n in range(len(rows)):
                blocks[rows[n]] = quantity[first[g] + n]
            price[g] = prices(
                net, t, x, True, capacity[g], unit_cost, blocks, block_value, link_cost, links, caps
            )
            for n in range(len(rows)):
                blocks[rows[n]] = block_quantity[rows[n]] * scale[g]
        if leaves[g] >= 0 and pivots[g] >= 0:
            without[g], done = served_without(net, t, x, leaves[g], buyers, incumbent, tie_key)
            if not done:
                pivots[g] = -1
        # The next variant has the blocks and links that all have. What it looks up of this one's network
        # (nodes, capacities) is not shared with the pairs.
        for i in rows:
            write_row(pairs, i, blocks[i], block_value[i])
        if s >= 0:
            pairs.cap[a], links[s, b] = room, linked[s, b]
            if capped:
                caps[s, b] = link_cap[s, b]
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
