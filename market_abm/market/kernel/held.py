"""The rational pairs of many contracts in force in one compiled call."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import network_of, pair_at, pairs_of, steps, write_row
from market_abm.market.kernel.pair import held_state, link_pairs
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
    own, traded, links = capacity.copy(), flow.copy(), linked.copy()
    for n in range(relations):
        links[seller[n], buyer[n]] = True
    pairs = pairs_of(unit_cost, quantity, value, switching, wedge, tax, links, link_cap)
    for n in range(relations):
        if not linked[seller[n], buyer[n]]:
            pairs.cap[pair_at(pairs, seller[n], buyer[n])] = 0.0
    for n in range(relations):
        s, b = seller[n], buyer[n]
        quantity[b, :tops] = top_quantity[n]
        value[b, :tops] = top_value[n]
        own[s] += volume[n]
        traded[s, b] += volume[n]
        a = pair_at(pairs, s, b)
        room = pairs.cap[a]
        pairs.cap[a] = max(link_cap[s, b], traded[s, b]) if len(link_cap) > 0 else np.inf
        write_row(pairs, b, quantity[b], value[b])
        held = network_of(pairs, own)
        table, x = held_state(held, traded, net, t, s, b)
        at_seller, at_buyer = np.full(1, s, np.int64), np.full(1, b, np.int64)
        losses, gains = link_pairs(held, table, x, at_seller, at_buyer)
        loss[n], gain[n] = losses[0], gains[0]
        worth[n] = last_units(quantity[b], value[b], served[b] + volume[n], traded[s, b])
        quantity[b, :tops] = 0.0
        value[b, :tops] = 0.0
        write_row(pairs, b, quantity[b], value[b])
        pairs.cap[a] = room
        own[s] = capacity[s]
        traded[s, b] = flow[s, b]
    return loss, gain, worth


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
