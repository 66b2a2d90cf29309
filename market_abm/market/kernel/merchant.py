"""What goes when a supplier's merchant capacity goes, while its own use stays apart: along the tree.

Own use and the fleet that serves it leave an optimum together with their flow: what stays is an optimum of
what stays, on the same tree and at the same prices. Forcing the rest of the capacity out is then one path.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.ends import end_prices
from market_abm.market.kernel.entry import node_of, unit_prices
from market_abm.market.kernel.network import BUYER, CAP, NO_CAP, SELLER, Network
from market_abm.market.kernel.pair import arc_between
from market_abm.market.kernel.removal import any_cap, take_capacity
from market_abm.market.kernel.tree import BLOCK, OWN_FLOW, PRICE, open_rooms


@njit(cache=True)
def take_merchant(
    net,
    t,
    x,
    gone,
    first,
    own_seller,
    own_buyer,
    own_use,
    capacity,
    unit_cost,
    block_quantity,
    block_value,
    link_cost,
    linked,
    link_cap,
):
    """Loss (G,), MUSD, and lowest unit prices (G, S) after each removal.

    Removal g takes ``gone[g]`` (S,) grid steps of capacity, after ``own_use`` steps of the flow from
    ``own_seller`` to ``own_buyer``, rows ``first[g]`` to ``first[g + 1]``, have left with their capacity. A loss
    of NaN: the tree could not answer, or several sellers go.
    """
    removals, sellers = gone.shape
    loss = np.zeros(removals)
    price = np.zeros((removals, sellers))
    capped = any_cap(net)
    for g in range(removals):
        left, table, flow = apart(net, t, x, first[g], first[g + 1], own_seller, own_buyer, own_use)
        limit = left.limit
        already = False
        for s in range(sellers):
            j = node_of(net, s) if gone[g, s] > 0 else -1
            if j >= 0 and already:
                loss[g] = np.nan
            elif j >= 0:
                loss[g], limit, table, flow = take_capacity(left, table, flow, j, gone[g, s], capped)
                already = True
        lowest = end_prices(left, limit, flow, table[OWN_FLOW], table[PRICE], True)
        price[g] = unit_prices(
            left, lowest, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
        )
    return loss, price


@njit(cache=True)
def apart(net, t, x, begin, end, own_seller, own_buyer, own_use):
    """Network, table and link flows without some flows, their fleet and the blocks that they serve: still an optimum."""
    S = len(net.out_first) - 1
    if begin == end:
        return net, t, x
    arc, limit, value, until = net.arc.copy(), net.limit.copy(), net.value.copy(), net.until.copy()
    table, flow = t.copy(), x.copy()
    for n in range(begin, end):
        a = arc_between(net, own_seller[n], own_buyer[n])
        j, i, use = net.arc[SELLER, a], net.arc[BUYER, a], own_use[n]
        flow[a] -= use
        if arc[CAP, a] < NO_CAP:
            arc[CAP, a] -= use
        limit[j] -= use
        table[OWN_FLOW, j] -= use
        table[OWN_FLOW, i] -= use
        # The most valuable blocks leave; the one in which the last unit lies stays, be it empty.
        b, spent = i - S, 0
        while spent < table[BLOCK, i] and until[b, spent + 1] <= use:
            spent += 1
        blocks = limit[i] - spent
        for k in range(blocks):
            value[b, k] = value[b, k + spent]
            until[b, k + 1] = max(until[b, k + 1 + spent] - use, 0)
        limit[i] = blocks
        table[BLOCK, i] -= spent
    left = Network(arc, net.first, net.out_first, net.out_arc, limit, value, until, net.origin)
    open_rooms(left, limit, table, flow)
    return left, table, flow
