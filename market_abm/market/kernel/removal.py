"""What the market loses without a seller, a buyer, a link: each from the same optimum.

Removing seller j forces its flow from the root to j with its own arc banned; removing buyer i, from i to the
root; removing link ij, from j to i. Resale of freed capacity and refill of deficits both come out of one
path of forced flow; a repair that only refills deficits would be wrong. The tree does the work; shortest
paths stand by for an optimum without a tree and for a forced flow that ran out of steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.dense import NO_LINK, full, open_own, pays, rejoin_dense
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.parametric import NONE, force_along_tree, rejoin
from market_abm.market.kernel.paths import force
from market_abm.market.kernel.tree import OWN, OWN_FLOW, PARENT, PRED, PRICE, UP, write_flows
from market_abm.market.kernel.words import add_product, to_float

NO_TREE = -9
"""Parent of the root in a table that holds flows and prices only."""


@njit(cache=True)
def add_value(net, b, served, total):
    """Add what buyer b's first ``served`` units are worth to ``total``."""
    for k in range(net.limit[len(net.out_first) - 1 + b]):
        if net.until[b, k] >= served:
            break
        add_product(total, min(net.until[b, k + 1], served) - net.until[b, k], net.value[b, k])


@njit(cache=True)
def any_cap(net):
    """Whether a link has a cap that flow can reach."""
    for a in range(net.arc.shape[1]):
        if net.arc[CAP, a] <= net.limit[net.arc[SELLER, a]]:
            return True
    return False


@njit(cache=True)
def _below(t, node, top):
    """Whether ``node`` lies in the subtree of ``top``."""
    n = np.int64(node)
    while n >= 0:
        if n == top:
            return True
        n = t[PARENT, n]
    return False


@njit(cache=True)
def release(limit, t, j, amount):
    """Let ``amount`` of seller node j's capacity vanish together with as much of its flow."""
    limit[j] -= amount
    t[OWN_FLOW, j] -= amount
    if t[PRED, j] == OWN:
        t[UP, j] -= amount


@njit(cache=True)
def forced(net, d, limit, t, x, start, goal, amount, banned_arc, banned_node, capped, total, nodes, inside):
    """Force a flow along the tree of (t, x), which change. Returns False when it did not all go.

    A banned link (its flow is the caller's to remove) and a banned own arc are cut from the tree first. A
    part that is cut off without start and goal may join anywhere, in either direction, or nowhere.
    """
    dense = len(d.link) > 0
    S = len(net.out_first) - 1
    j = i = np.int64(NONE)
    if banned_arc >= 0:
        j, i = net.arc[SELLER, banned_arc], net.arc[BUYER, banned_arc]
        if dense:
            open_own(net, d, limit, t, j)
            d.by_seller[j, i - S] = d.by_buyer[i - S, j] = NO_LINK
    if banned_node >= 0 and dense:
        d.leave[banned_node] = d.enter[banned_node] = NO_LINK
    possible = True
    for cut in range(2):
        top = np.int64(NONE)
        if cut == 0 and banned_arc >= 0:
            if t[PRED, i] == banned_arc:
                top = i
            elif t[PRED, j] == banned_arc:
                top = j
        elif cut == 1 and banned_node >= 0 and t[PRED, banned_node] == OWN:
            top = np.int64(banned_node)
        if top < 0:
            continue
        sends, takes = _below(t, start, top), _below(t, goal, top)
        joined = False
        for outward in (True, False):
            if not joined and not (takes if outward else sends):
                if dense:
                    joined = rejoin_dense(net, d, limit, t, top, outward, nodes)
                else:
                    joined = rejoin(
                        net, limit, t, x, top, outward, banned_arc, banned_node, capped, nodes, inside
                    )
        possible = possible and (joined or not (sends or takes))
    left = amount
    if possible:
        most = 1000 + 20 * (net.arc.shape[1] + net.value.size + len(net.limit))
        left = force_along_tree(
            net,
            d,
            limit,
            t,
            x,
            start,
            goal,
            amount,
            banned_arc,
            banned_node,
            capped,
            total,
            most,
            nodes,
            inside,
        )
    if dense and banned_arc >= 0:
        d.by_seller[j, i - S] = d.by_buyer[i - S, j] = net.arc[COST, banned_arc]
    return left == 0


@njit(cache=True)
def losses_without(net, t, x, begin, end, links, capacity_too, capped):
    """Surplus lost without nodes ``begin`` to ``end`` (end - begin,) and, if asked, links (m,), MUSD.

    NaN where a link does not trade. With ``capacity_too`` the seller's capacity leaves with the link, so that
    the buyer has to obtain the volume from others: S(N) - S(N; u_ij = 0, K_j - x_ij).
    """
    S, m = len(net.out_first) - 1, x.shape[0]
    root = len(net.limit)
    by_node = np.zeros(end - begin)
    by_link = np.full(m if links else 0, np.nan)
    has_tree = t[PARENT, root] != NO_TREE
    ts, xs = np.empty_like(t), np.empty_like(x)
    total = np.empty(2, np.int64)
    nodes = np.empty(root + 1, np.int64)
    inside = np.zeros(root + 1, np.bool_)
    limit = net.limit.copy()
    d = full(net, pays(net, capped))
    gates = np.empty((2, root), np.int64)
    if len(d.link) > 0:
        for n in range(root):
            open_own(net, d, limit, t, n)
            gates[0, n], gates[1, n] = d.leave[n], d.enter[n]
    for k in range(end - begin + len(by_link)):
        ban_arc, ban_node = np.int64(NONE), np.int64(NONE)
        if k < end - begin:
            n = begin + k
            ban_node = np.int64(n)
            amount = t[OWN_FLOW, n]
            start, goal = (root, n) if n < S else (n, root)
        else:
            a = k - (end - begin)
            ban_arc = np.int64(a)
            amount = x[a]
            start, goal = net.arc[SELLER, a], net.arc[BUYER, a]
            if capacity_too:
                start = np.int64(root)
        if amount == 0:
            continue
        done = False
        for by_paths in range(2):
            if done or (by_paths == 0 and not has_tree):
                continue
            ts[:] = t
            if by_paths == 1 or len(d.link) == 0:
                xs[:] = x
                if ban_arc >= 0:
                    xs[ban_arc] = 0
            total[:] = 0
            if ban_arc >= 0:
                add_product(total, amount, -net.arc[COST, ban_arc])
                if capacity_too:
                    release(limit, ts, net.arc[SELLER, ban_arc], amount)
            elif ban_node >= S:
                add_value(net, ban_node - S, amount, total)
            if by_paths == 0:
                d.leave[:root] = gates[0]
                d.enter[:root] = gates[1]
                done = forced(
                    net,
                    d,
                    limit,
                    ts,
                    xs,
                    start,
                    goal,
                    amount,
                    ban_arc,
                    ban_node,
                    capped,
                    total,
                    nodes,
                    inside,
                )
            else:
                left = force(
                    net, limit, xs, ts[OWN_FLOW], ts[PRICE], start, goal, amount, ban_arc, ban_node, total
                )
                done = left == 0
            if ban_arc >= 0 and capacity_too:
                limit[net.arc[SELLER, ban_arc]] += amount
        loss = to_float(total) if done else np.nan
        if ban_arc >= 0:
            by_link[ban_arc] = loss
        else:
            by_node[ban_node - begin] = loss
    return by_node, by_link


@njit(cache=True)
def take_capacity(net, t, x, j, quantity, capped):
    """Take ``quantity`` of seller node j's capacity away and clear again.

    Returns the loss and the new capacities, table and flows (the table's prices are optimal, its tree is not
    to be used).
    """
    root = len(net.limit)
    limit = net.limit.copy()
    limit[j] -= quantity
    total = np.zeros(2, np.int64)
    short = t[OWN_FLOW, j] - limit[j]
    ts, xs = t.copy(), x.copy()
    if short <= 0:
        return 0.0, limit, ts, xs
    nodes = np.empty(root + 1, np.int64)
    inside = np.zeros(root + 1, np.bool_)
    ts[OWN_FLOW, j] = limit[j]
    d = full(net, False)
    if t[PARENT, root] != NO_TREE and forced(
        net, d, limit, ts, xs, root, j, short, NONE, j, capped, total, nodes, inside
    ):
        write_flows(net, ts, xs)
        return to_float(total), limit, ts, xs
    ts[:] = t
    xs[:] = x
    total[:] = 0
    ts[OWN_FLOW, j] = limit[j]
    left = force(net, limit, xs, ts[OWN_FLOW], ts[PRICE], root, j, short, NONE, j, total)
    return (to_float(total) if left == 0 else np.nan), limit, ts, xs
