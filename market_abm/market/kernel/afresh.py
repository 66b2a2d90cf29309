"""Removals that change much of the market: solved afresh, with long steps, instead of block by block.

The parametric path stops at every block that it passes; the primal simplex goes through them.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.crash import greedy_tree
from market_abm.market.kernel.network import COST, Network
from market_abm.market.kernel.simplex import MARKET, optimise
from market_abm.market.kernel.tree import OWN_FLOW, PRICE, normalise, write_flows
from market_abm.market.kernel.words import add_product

BATCH = 40
"""Arcs that are looked at before the best of them enters the tree."""

BLOCKS_A_PIVOT = 20
"""Blocks that the parametric path passes in the time of one pivot of the primal simplex."""


@borrowing
def many_blocks(net, short):
    """Whether taking ``short`` of the sellers' capacity passes more blocks than a new solve has pivots."""
    S, root = len(net.out_first) - 1, len(net.limit)
    capacity = blocks = 0.0
    for n in range(root):
        if n < S:
            capacity += net.limit[n]
        elif net.limit[n] == 0:  # a buyer whose blocks have all gone has no place in a first tree
            return False
        else:
            blocks += net.limit[n]
    return short * blocks > BLOCKS_A_PIVOT * root * capacity


@compiled
def solve_afresh(net, limit, t, x, total):
    """Clear again with other capacities ``limit``; add the loss of surplus to ``total``.

    Writes the new optimum into table and flows. Returns False when pivots ran out.
    """
    S, root = len(net.out_first) - 1, len(limit)
    rest = Network(net.arc, net.first, net.out_first, net.out_arc, limit, net.value, net.until, net.origin)
    table, flow = greedy_tree(rest)
    most = 10_000 + 100 * (net.arc.shape[1] + root)
    if optimise(rest, limit, table, flow, table[PRICE], net.arc[COST], MARKET, BATCH, most) < 0:
        return False
    normalise(table)
    write_flows(rest, table, flow)
    for a in range(len(x)):
        if x[a] != flow[a]:
            add_product(total, flow[a] - x[a], net.arc[COST, a])
    for i in range(S, root):
        add_value_between(net, i - S, table[OWN_FLOW, i], t[OWN_FLOW, i], total)
    t[:] = table
    x[:] = flow
    return True


@borrowing
def add_value_between(net, b, low, high, total):
    """Add what buyer b's units from ``low`` to ``high`` are worth to ``total``; subtract it the other way."""
    sign = np.int64(1)
    if high < low:
        low, high, sign = high, low, np.int64(-1)
    for k in range(net.limit[len(net.out_first) - 1 + b]):
        if net.until[b, k] >= high:
            break
        if net.until[b, k + 1] > low:
            add_product(
                total, sign * (min(net.until[b, k + 1], high) - max(net.until[b, k], low)), net.value[b, k]
            )
