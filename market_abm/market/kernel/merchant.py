"""What goes when a supplier's merchant capacity goes, while its own use stays apart: along the tree.

Own use and the fleet that serves it leave an optimum together with their flow: what stays is an optimum of
what stays, on the same tree and at the same prices. Forcing the rest of the capacity out is then one path.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.dense import full, pays
from market_abm.market.kernel.ends import lowest_prices
from market_abm.market.kernel.entry import node_of, unit_prices
from market_abm.market.kernel.index import index_prices
from market_abm.market.kernel.network import BUYER, CAP, NO_CAP, SELLER, Network, any_cap, steps, unpacked
from market_abm.market.kernel.pair import arc_between
from market_abm.market.kernel.removal import take
from market_abm.market.kernel.tree import BLOCK, OWN_FLOW, open_rooms


@compiled
def merchant_effects(
    pack,
    t,
    x,
    flow,
    own,
    group,
    members,
    least,
    served,
    buyers,
    switching,
    tax,
    capacity,
    unit_cost,
    block_quantity,
    block_value,
    link_cost,
    linked,
    link_cap,
):
    """The removals of :func:`merchant_rows`: whose, what is withdrawn, loss (R,) and price index (R,).

    The index is that of ``buyers`` (n,), weighed by ``served`` (B,).
    """
    removal, amount, gone, first, own_seller, own_buyer, own_use, sells = merchant_rows(
        capacity, flow, own, group, members, least
    )
    loss, price = take_merchant(
        pack,
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
        True,
    )
    index = index_prices(sells, price, served.reshape((1, -1)), buyers, switching, tax, linked, link_cap)
    return removal, amount, loss, index


@compiled
def merchant_rows(capacity, flow, own, group, members, least):
    """Every owner's merchant capacity as a removal, after a first one that takes nothing.

    ``own`` (S, B) marks the links inside an owner: their ``flow`` stays apart, with the fleet that serves it. Owners
    are given by ``group`` (S,) and ``members`` (G,), of which one goes.

    Returns the removal of each seller's owner (S,): 0 without merchant capacity, -1 with a smaller share of it
    than ``least``; what (one of) the owners withdraws, kHQ (S,); grid steps that go (R, S) and own use, as
    :func:`take_merchant` wants them; and who has capacity after each removal (R, S).
    """
    sellers, buyers = flow.shape
    merchant, held = np.empty(sellers), np.empty(sellers)
    amount, whole = np.zeros(len(members)), 0.0
    for j in range(sellers):
        kept = 0.0
        for i in range(buyers):
            if own[j, i]:
                kept += flow[j, i]
        merchant[j] = capacity[j] - kept
        held[j] = max(merchant[j] / members[group[j]], 0.0)
        amount[group[j]] += held[j]
        whole += max(merchant[j], 0.0)
    removal, removals = np.zeros(len(members), np.int64), 1
    for g in range(len(members)):
        if amount[g] < least * whole:
            removal[g] = -1
        elif amount[g] > 0.0:
            removal[g] = removals
            removals += 1
    gone, sells = np.zeros((removals, sellers), np.int64), np.empty((removals, sellers), np.bool_)
    first = np.zeros(removals + 1, np.int64)
    for j in range(sellers):
        sells[:, j] = capacity[j] > 0.0
        r = removal[group[j]]
        if r > 0:
            gone[r, j] = steps(held[j])
            sells[r, j] = steps(merchant[j]) > gone[r, j]
            for i in range(buyers):
                if own[j, i] and flow[j, i] > 0.0:
                    first[r + 1] += 1
    for r in range(removals):
        first[r + 1] += first[r]
    place, rows = first.copy(), first[removals]
    own_seller, own_buyer = np.empty(rows, np.int64), np.empty(rows, np.int64)
    own_use = np.empty(rows, np.int64)
    for i in range(buyers):
        for j in range(sellers):
            r = removal[group[j]]
            if r > 0 and own[j, i] and flow[j, i] > 0.0:
                own_seller[place[r]], own_buyer[place[r]], own_use[place[r]] = j, i, steps(flow[j, i])
                place[r] += 1
    return removal[group], amount[group], gone, first, own_seller, own_buyer, own_use, sells


@compiled
def take_merchant(
    pack,
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
    priced,
):
    """Loss (G,), MUSD, and lowest unit prices (G, S) after each removal: zero unless ``priced``.

    Removal g takes ``gone[g]`` (S,) grid steps of capacity, after ``own_use`` steps of the flow from
    ``own_seller`` to ``own_buyer``, rows ``first[g]`` to ``first[g + 1]``, have left with their capacity. A loss
    of NaN: the tree could not answer, or several sellers go.
    """
    net = unpacked(pack)
    removals, sellers = gone.shape
    loss = np.zeros(removals)
    price = np.zeros((removals, sellers))
    capped = any_cap(net)
    d = full(net, pays(net, capped))
    left = with_room_to_change(net)
    table, flow = np.empty_like(t), np.empty_like(x)
    nodes, inside = np.empty(t.shape[1], np.int64), np.zeros(t.shape[1], np.bool_)
    for g in range(removals):
        left.limit[:] = net.limit
        table[:] = t
        flow[:] = x
        set_apart(net, left, table, flow, first[g], first[g + 1], own_seller, own_buyer, own_use)
        already = False
        for s in range(sellers):
            j = node_of(net, s) if gone[g, s] > 0 else -1
            if j >= 0 and already:
                loss[g] = np.nan
            elif j >= 0:
                loss[g] = take(left, d, left.limit, table, flow, j, gone[g, s], capped, nodes, inside)
                already = True
        if priced and not np.isnan(loss[g]):
            lowest = lowest_prices(left, left.limit, table, flow)
            price[g] = unit_prices(
                left, lowest, capacity, unit_cost, block_quantity, block_value, link_cost, linked, link_cap
            )
        put_back(net, left, first[g], first[g + 1], own_seller, own_buyer)
    return loss, price


@compiled
def with_room_to_change(net):
    """The same network with caps, capacities and blocks of its own."""
    return Network(
        net.arc.copy(),
        net.first,
        net.out_first,
        net.out_arc,
        net.limit.copy(),
        net.value.copy(),
        net.until.copy(),
        net.origin,
    )


@borrowing
def set_apart(net, left, table, flow, begin, end, own_seller, own_buyer, own_use):
    """Take some flows with their fleet and the blocks that they serve out of an optimum: it stays one.

    Changes ``left`` (a copy of ``net``), table and link flows.
    """
    S = len(net.out_first) - 1
    for n in range(begin, end):
        a = arc_between(net, own_seller[n], own_buyer[n])
        j, i, use = net.arc[SELLER, a], net.arc[BUYER, a], own_use[n]
        flow[a] -= use
        if left.arc[CAP, a] < NO_CAP:
            left.arc[CAP, a] -= use
        left.limit[j] -= use
        table[OWN_FLOW, j] -= use
        table[OWN_FLOW, i] -= use
        # The most valuable blocks leave; the one in which the last unit lies stays, be it empty.
        b, spent = i - S, 0
        while spent < table[BLOCK, i] and left.until[b, spent + 1] <= use:
            spent += 1
        blocks = left.limit[i] - spent
        for k in range(blocks):
            left.value[b, k] = left.value[b, k + spent]
            left.until[b, k + 1] = max(left.until[b, k + 1 + spent] - use, 0)
        left.limit[i] = blocks
        table[BLOCK, i] -= spent
    if end > begin:
        open_rooms(left, left.limit, table, flow)


@compiled
def put_back(net, left, begin, end, own_seller, own_buyer):
    """Undo what :func:`set_apart` did to caps and blocks."""
    S = len(net.out_first) - 1
    for n in range(begin, end):
        a = arc_between(net, own_seller[n], own_buyer[n])
        left.arc[CAP, a] = net.arc[CAP, a]
        left.value[net.arc[BUYER, a] - S] = net.value[net.arc[BUYER, a] - S]
        left.until[net.arc[BUYER, a] - S] = net.until[net.arc[BUYER, a] - S]
