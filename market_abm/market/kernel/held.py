"""The rational pairs of many contracts in force in one compiled call."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import (
    BUYER,
    SELLER,
    any_cap,
    network_of,
    pair_at,
    pairs_of,
    steps,
    unpacked,
    write_row,
)
from market_abm.market.kernel.onto import arc_of_pairs, copy_row, never_capped, put_on
from market_abm.market.kernel.pair import held_state, loss_and_gain, losses_and_gains, scratch
from market_abm.market.kernel.paths import step_down
from market_abm.market.kernel.removal import NO_TREE
from market_abm.market.kernel.tree import BLOCK, OWN_FLOW, PARENT, PRICE
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
    pack,
    t,
    seller,
    buyer,
    volume,
    top_quantity,
    top_value,
):
    """Replacement loss, resale gain and gross worth of the volume, (L,) each, MUSD.

    Relation l is measured in a market of its own: the free one plus ``volume[l]`` of capacity, of flow on the
    link, and of the blocks ``top_quantity[l]`` (L, m) worth ``top_value[l]`` that it serves: they are put on the
    grid, in place.
    """
    net = unpacked(pack)
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
    base = network_of(pairs, capacity)
    rows_are_shared = len(base.first) - 1 == buyers
    arc, free = arc_of_pairs(base, pairs), never_capped(pairs, len(capacity))
    capped, work, x = any_cap(base), t.copy(), link_flows(base, flow)
    room = scratch(base, t, x)
    for n in range(relations):
        s, b = seller[n], buyer[n]
        fill_up(top_quantity[n], volume[n])
        quantity[b, :tops] = top_quantity[n]
        value[b, :tops] = top_value[n]
        amount = steps(volume[n])
        k = pair_at(pairs, s, b)
        a = arc[k] if free[s] and t[PARENT, -1] != NO_TREE else np.int64(-1)
        write_row(pairs, b, quantity[b], value[b])
        if a >= 0:
            j, i = base.arc[SELLER, a], base.arc[BUYER, a]
            blocks = base.limit[i]
            base.limit[j] += amount
            copy_row(base, i, pairs, b)
            if stays_priced(base, t, j, i, t[OWN_FLOW, i] + amount):
                work[:] = t
                put_on(base, work, x, a, amount, t[BLOCK, i] + base.limit[i] - blocks)
                loss[n], gain[n] = loss_and_gain(base, room, work, x, a, capped)
                x[a] -= amount
            else:
                a = np.int64(-1)
            base.limit[j] -= amount
            base.limit[i] = blocks
        if a < 0:
            own[s] += volume[n]
            traded[s, b] += volume[n]
            cap = pairs.cap[k]
            pairs.cap[k] = max(link_cap[s, b], traded[s, b]) if len(link_cap) > 0 else np.inf
            held = network_of(pairs, own)
            table, flows = held_state(held, traded, net, t, s, b)
            at_seller, at_buyer = np.full(1, s, np.int64), np.full(1, b, np.int64)
            losses, gains = losses_and_gains(held, table, flows, at_seller, at_buyer)
            loss[n], gain[n] = losses[0], gains[0]
            pairs.cap[k] = cap
            own[s] = capacity[s]
            traded[s, b] = flow[s, b]
        worth[n] = last_units(quantity[b], value[b], served[b] + volume[n], flow[s, b] + volume[n])
        quantity[b, :tops] = 0.0
        value[b, :tops] = 0.0
        write_row(pairs, b, quantity[b], value[b])
        if arc[k] >= 0 and not rows_are_shared:
            copy_row(base, base.arc[BUYER, arc[k]], pairs, b)
    return loss, gain, worth


@compiled
def link_flows(net, flow):
    """Flows of a problem by link, on the grid."""
    x = np.empty(net.arc.shape[1], np.int64)
    for a in range(len(x)):
        x[a] = steps(flow[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]])
    return x


@borrowing
def stays_priced(net, t, j, i, served):
    """Whether the prices of a free optimum stay optimal at both ends of a held link, the link itself apart."""
    S, root = len(net.out_first) - 1, len(net.limit)
    last = step_down(net, S, i, served)[0]
    return t[PRICE, j] >= t[PRICE, root] and t[PRICE, i] - t[PRICE, root] <= last


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
