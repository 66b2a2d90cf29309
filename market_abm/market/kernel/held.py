"""The rational pairs of many contracts in force in one compiled call."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, SELLER, Network, build, fill_blocks, steps
from market_abm.market.kernel.pair import arc_between, held_state, link_pairs
from market_abm.units import GRID


@compiled
def held_pairs(
    capacity,
    unit_cost,
    block_quantity,
    block_value,
    switching,
    wedge,
    tax,
    linked,
    link_cap,
    flow,
    served,
    net,
    t,
    seller,
    buyer,
    volume,
    top_quantity,
    top_value,
):
    """Replacement loss, resale gain and gross worth of the volume, (L,) each, MUSD.

    Relation l is measured in a market of its own: the free one plus ``volume[l]`` of capacity, of flow on the
    link, and of the blocks ``top_quantity[l]`` (L, m; on the grid) worth ``top_value[l]`` that it serves.
    """
    relations, tops = top_quantity.shape
    buyers, blocks = block_quantity.shape
    loss, gain, worth = np.zeros(relations), np.zeros(relations), np.zeros(relations)
    quantity, value = np.zeros((buyers, tops + blocks)), np.zeros((buyers, tops + blocks))
    quantity[:, tops:] = block_quantity
    value[:, tops:] = block_value
    own, traded = capacity.copy(), flow.copy()
    S, limit = len(net.out_first) - 1, net.limit.copy()
    wide = with_more_blocks(net, limit, tops)
    for n in range(relations):
        s, b = seller[n], buyer[n]
        quantity[b, :tops] = top_quantity[n]
        value[b, :tops] = top_value[n]
        own[s] += volume[n]
        traded[s, b] += volume[n]
        links, caps = linked, link_cap
        if not linked[s, b]:
            links = linked.copy()
            links[s, b] = True
        if link_cap.shape[0] > 0 and link_cap[s, b] < traded[s, b]:
            caps = link_cap.copy()
            caps[s, b] = traded[s, b]
        a = arc_between(net, s, b) if link_cap.shape[0] == 0 else -1
        if a >= 0:  # the free network but for one capacity and one row of blocks
            j, i = net.arc[SELLER, a], net.arc[BUYER, a]
            limit[:] = net.limit
            limit[j] = steps(own[s])
            limit[i] = fill_blocks(quantity[b], value[b], wide.value[i - S], wide.until[i - S])
            held = wide
        else:
            held = build(own, unit_cost, quantity, value, switching, wedge, tax, links, caps)
        table, x = held_state(held, traded, net, t, s, b)
        at_seller, at_buyer = np.full(1, s, np.int64), np.full(1, b, np.int64)
        losses, gains = link_pairs(held, table, x, at_seller, at_buyer)
        loss[n], gain[n] = losses[0], gains[0]
        worth[n] = last_units(quantity[b], value[b], served[b] + volume[n], traded[s, b])
        quantity[b, :tops] = 0.0
        value[b, :tops] = 0.0
        if a >= 0:
            i = net.arc[BUYER, a]
            fill_blocks(quantity[b], value[b], wide.value[i - S], wide.until[i - S])
        own[s] = capacity[s]
        traded[s, b] = flow[s, b]
    return loss, gain, worth


@compiled
def with_more_blocks(net, limit, more):
    """The network with other limits and room for ``more`` blocks a buyer."""
    B, blocks = net.value.shape
    value, until = np.zeros((B, blocks + more), np.int64), np.zeros((B, blocks + more + 1), np.int64)
    value[:, :blocks] = net.value
    until[:, : blocks + 1] = net.until
    return Network(net.arc, net.first, net.out_first, net.out_arc, limit, value, until, net.origin)


@borrowing
def last_units(quantity, value, served, amount):
    """Value of the last ``amount`` of the first ``served`` units of one buyer's blocks."""
    until = total = 0.0
    for k in range(len(quantity)):
        begin = until
        until += quantity[k]
        total += max(min(until, served) - max(begin, served - amount), 0.0) * value[k]
    return total


@borrowing
def fill_up(sizes, volume):
    """Put sizes (m,) on the grid so that they sum to ``volume``: the largest takes what is left over; in place."""
    total, largest = np.int64(0), 0
    for k in range(len(sizes)):
        step = steps(sizes[k])
        total += step
        sizes[k] = step / GRID
        if sizes[k] > sizes[largest]:
            largest = k
    sizes[largest] = (steps(sizes[largest]) + steps(volume) - total) / GRID
