"""Many variants of one problem in one compiled call, each from the tree of the same optimum."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.entry import BATCH, node_of, optimum, prices, served_and_surplus
from market_abm.market.kernel.network import Network, build, fill_blocks, steps
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
    base, node, blocks, known = old_net, np.zeros(buyers, np.int64), block_quantity * 1.0, False
    built = 0
    for g in range(variants):
        # A market of another size: the variant before it is nearer than the optimum given, if of the same size.
        if g == 0 or scale[g] == 1.0 or scale[g] != scale[g - 1] or pivots[g - 1] < 0:
            net, t, x = old_net, old_t, old_x
        if g == 0 or scale[g] != scale[g - 1]:
            blocks = block_quantity * scale[g]
            known = False
        rows = changed[first[g] : first[g + 1]]
        for n in range(len(rows)):
            blocks[rows[n]] = quantity[first[g] + n]
        links, caps = linked, link_cap
        s, b = opened[g]
        if s >= 0:
            if not linked[s, b]:
                links = linked.copy()
                links[s, b] = True
            if link_cap.shape[0] > 0 and link_cap[s, b] < opened_cap[g]:
                caps = link_cap.copy()
                caps[s, b] = opened_cap[g]
        new = (s >= 0 and not linked[s, b]) or link_cap.shape[0] > 0
        if new or not known or not fits(node, capacity[g], capacity[built], blocks, rows):
            base = build(capacity[g], unit_cost, blocks, block_value, switching, wedge, tax, links, caps)
            node, built = node_of_buyers(base, buyers), g
        else:
            write_rows(base, node, blocks, block_value, rows)
        last, net = net, with_capacity(base, capacity[g])
        t, x, pivots[g] = optimum(net, sellers, buyers, incumbent, tie_key, warm, last, t, x)
        served[g], surplus[g] = served_and_surplus(net, t, x, buyers)
        if priced and pivots[g] >= 0:
            price[g] = prices(
                net, t, x, True, capacity[g], unit_cost, blocks, block_value, link_cost, links, caps
            )
        if leaves[g] >= 0 and pivots[g] >= 0:
            without[g], done = served_without(net, t, x, leaves[g], buyers, incumbent, tie_key)
            if not done:
                pivots[g] = -1
        # The network stays for the next variant, with the blocks that all have.
        for n in range(len(rows)):
            blocks[rows[n]] = block_quantity[rows[n]] * scale[g]
        known = not new and fits(node, capacity[g], capacity[built], blocks, rows)
        if known:
            write_rows(base, node, blocks, block_value, rows)
    return surplus, served, price, pivots, without


@compiled
def node_of_buyers(net, buyers):
    """Node of each buyer of the problem, -1 where it was left out, (B,)."""
    node = np.full(buyers, -1, np.int64)
    for n in range(len(net.out_first) - 1, len(net.limit)):
        node[net.origin[n]] = n
    return node


@borrowing
def fits(node, capacity, built_on, blocks, rows):
    """Whether a network built on other capacities has the nodes that these and the blocks of ``rows`` call for."""
    for s in range(len(capacity)):
        if (capacity[s] > 0.0) != (built_on[s] > 0.0):
            return False
    for b in rows:
        wants = False
        for size in blocks[b]:
            wants = wants or size > 0.0
        if node[b] < 0 or not wants:
            return False
    return True


@borrowing
def write_rows(net, node, blocks, block_value, rows):
    """Write the blocks of the buyers ``rows`` into the network."""
    S = len(net.out_first) - 1
    for b in rows:
        n = node[b]
        net.limit[n] = fill_blocks(blocks[b], block_value[b], net.value[n - S], net.until[n - S])


@compiled
def with_capacity(net, capacity):
    """The same network with other capacities."""
    limit = net.limit.copy()
    for n in range(len(net.out_first) - 1):
        limit[n] = steps(capacity[net.origin[n]])
    return Network(net.arc, net.first, net.out_first, net.out_arc, limit, net.value, net.until, net.origin)


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
