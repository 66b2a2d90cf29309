"""Many variants of one problem in one compiled call, each from the tree of the same optimum."""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.entry import prices, solve


@njit(cache=True)
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
    follows,
    priced,
    warm,
    old_net,
    old_t,
    old_x,
):
    """Surplus (G,), served quantities (G, B), lowest unit prices (G, S) and pivots (G,) of G variants.

    Variant g has capacities ``capacity[g]``, all blocks times ``scale[g]``, and for the buyers
    ``changed[first[g]:first[g + 1]]`` the blocks in those rows of ``quantity``. It also has the link
    ``opened[g]``, with a cap of at least ``opened_cap[g]``; a negative row opens none. It starts from the tree of
    variant g - 1 where ``follows[g]``. Without ``priced`` prices are zero. Pivots of -1: no answer.
    """
    variants, sellers = capacity.shape
    buyers = linked.shape[1]
    surplus = np.zeros(variants)
    served = np.zeros((variants, buyers))
    price = np.zeros((variants, sellers))
    pivots = np.zeros(variants, np.int64)
    net, t, x = old_net, old_t, old_x
    for g in range(variants):
        if not follows[g] or (g > 0 and pivots[g - 1] < 0):
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
    return surplus, served, price, pivots
