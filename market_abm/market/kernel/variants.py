"""Many variants of one problem in one compiled call, each from the tree of the same optimum."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.ends import lowest_prices
from market_abm.market.kernel.entry import BATCH, concluded, node_of, optimum, served_and_surplus, unit_prices
from market_abm.market.kernel.network import (
    BUYER,
    COST,
    SELLER,
    any_cap,
    network_of,
    pair_at,
    pairs_of,
    steps,
    unpacked,
    write_row,
)
from market_abm.market.kernel.onto import (
    arc_of_pairs,
    block_at,
    copy_row,
    lean,
    never_capped,
    put_on,
    same_market,
)
from market_abm.market.kernel.removal import take_capacity
from market_abm.market.kernel.simplex import MARKET, optimise
from market_abm.market.kernel.ties import settle
from market_abm.market.kernel.tree import OWN, OWN_FLOW, PRED, PRICE, normalise, write_flows
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
    old_pack,
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
    old_net = unpacked(old_pack)
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
    old, trades = start_market(pairs, old_net, sellers)
    near = warm and same_market(old, old_net)
    arc, free = arc_of_pairs(old, pairs), never_capped(pairs, sellers)
    net, t, x = old_net, old_t, old_x
    grown_t, grown_x = old_t, old_x
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
        pivots[g] = -1
        at = arc[a] if near and s >= 0 and scale[g] == 1.0 and free[s] else np.int64(-1)
        if at >= 0 and len(rows) == 1 and rows[0] == b:
            more = more_only_at(old, capacity[g], s, trades)
            grown_t, grown_x, pivots[g] = grown(
                old, old_net, old_t, old_x, at, more, pairs, b, incumbent, tie_key
            )
        if pivots[g] >= 0:
            net, t, x = old, grown_t, grown_x
        else:
            last, net = net, network_of(pairs, capacity[g])
            t, x, pivots[g] = optimum(net, sellers, buyers, incumbent, tie_key, warm, last, t, x)
        served[g], surplus[g] = served_and_surplus(net, t, x, buyers)
        if priced and pivots[g] >= 0:
            for n in range(len(rows)):
                blocks[rows[n]] = quantity[first[g] + n]
            rent = lowest_prices(net, net.limit, t, x)
            price[g] = unit_prices(
                net, rent, capacity[g], unit_cost, blocks, block_value, link_cost, links, caps
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
        if at >= 0:
            old.limit[:] = old_net.limit
            if len(old.first) <= buyers:
                copy_row(old, old.arc[BUYER, at], pairs, b)
        if s >= 0:
            pairs.cap[a], links[s, b] = room, linked[s, b]
            if capped:
                caps[s, b] = link_cap[s, b]
    return surplus, served, price, pivots, without


@borrowing
def _pivots_allowed(net):
    """From an optimum that is near."""
    return 1_000 + 10 * (net.arc.shape[1] + len(net.limit))


@compiled
def start_market(pairs, start, sellers):
    """The network of the pairs at the capacities of another one, and who can trade at all, (S,)."""
    capacity, trades = np.zeros(sellers), np.zeros(sellers, np.bool_)
    for n in range(len(start.out_first) - 1):
        capacity[start.origin[n]] = start.limit[n] / GRID
    for a in range(len(pairs.seller)):
        if pairs.cap[a] > 0.0:
            trades[pairs.seller[a]] = True
    return network_of(pairs, capacity), trades


@borrowing
def more_only_at(net, capacity, seller, trades):
    """How many grid steps of capacity the seller has more than in the network; -1 when others differ too."""
    more, n = np.int64(-1), 0
    for s in range(len(capacity)):
        held = np.int64(0)
        if n < len(net.out_first) - 1 and net.origin[n] == s:
            held = net.limit[n]
            n += 1
        elif not trades[s]:
            continue
        if s == seller:
            more = steps(capacity[s]) - held
        elif steps(capacity[s]) != held:
            return np.int64(-1)
    return more


@compiled
def grown(net, start, start_t, start_x, a, more, pairs, buyer, incumbent, tie_key):
    """Table and flows of the optimum after ``more`` of capacity and of blocks at both ends of arc a; and pivots.

    The volume first flows on the arc itself: that is mostly near the optimum. Changes ``net``, which is as
    ``start`` but for the blocks. Pivots of -1: no answer.
    """
    S = len(net.out_first) - 1
    j, i = net.arc[SELLER, a], net.arc[BUYER, a]
    t, x = start_t.copy(), start_x.copy()
    copy_row(net, i, pairs, buyer)
    added = net.until[i - S, net.limit[i]] - start.until[i - S, start.limit[i]]
    if more < 0 or added < 0:
        return t, x, -1
    net.limit[j] += more
    volume = min(more, added)
    block = block_at(net, i, t[OWN_FLOW, i] + volume)
    if t[PRED, i] == OWN and (block == net.limit[i] or net.value[i - S, block] != t[PRICE, i] - t[PRICE, -1]):
        return t, x, -1
    put_on(net, t, x, a, volume, block)
    lean(net, t, x, a, np.empty(t.shape[1], np.int64))
    most = _pivots_allowed(net)
    pivots = optimise(net, net.limit, t, x, t[PRICE], net.arc[COST], MARKET, BATCH, most)
    return t, x, concluded(net, t, x, pivots, incumbent, tie_key, most)


@compiled
def served_without(net, t, x, seller, buyers, incumbent, tie_key):
    """Served quantities of an optimum without one seller, and whether the tree could answer."""
    n = node_of(net, seller)
    served, done = np.zeros(buyers), True
    if n >= 0:
        loss, limit, t, x = take_capacity(net, t, x, n, net.limit[n], any_cap(net))
        normalise(t)
        most = _pivots_allowed(net)
        done = not np.isnan(loss) and settle(net, limit, t, x, incumbent, tie_key, BATCH, most) >= 0
        write_flows(net, t, x)
    for i in range(len(net.out_first) - 1, len(net.limit)):
        served[net.origin[i]] = t[OWN_FLOW, i] / GRID
    return served, done
