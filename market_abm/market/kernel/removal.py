"""What the market loses without a seller, a buyer, a link: each from the same optimum.

Removing seller j forces its flow from the root to j with its own arc banned; removing buyer i, from i to the
root; removing link ij, from j to i. Resale of freed capacity and refill of deficits both come out of one
path of forced flow; a repair that only refills deficits would be wrong.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.afresh import many_blocks, solve_afresh
from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.dense import NO_LINK, full, open_own, pays, rejoin_dense
from market_abm.market.kernel.network import BUYER, COST, SELLER
from market_abm.market.kernel.parametric import NONE, force_along_tree, rejoin
from market_abm.market.kernel.tree import OWN, OWN_FLOW, PARENT, PRED, UP, write_flows
from market_abm.market.kernel.words import add_product, to_float

NO_TREE = -9
"""Parent of the root in a table that holds flows and prices only."""


@borrowing
def add_value(net, b, served, total):
    """Add what buyer b's first ``served`` units are worth to ``total``."""
    for k in range(net.limit[len(net.out_first) - 1 + b]):
        if net.until[b, k] >= served:
            break
        add_product(total, min(net.until[b, k + 1], served) - net.until[b, k], net.value[b, k])


@borrowing
def _below(t, node, top):
    """Whether ``node`` lies in the subtree of ``top``."""
    n = np.int64(node)
    while n >= 0:
        if n == top:
            return True
        n = t[PARENT, n]
    return False


@borrowing
def release(limit, t, j, amount):
    """Let ``amount`` of seller node j's capacity vanish together with as much of its flow."""
    limit[j] -= amount
    t[OWN_FLOW, j] -= amount
    if t[PRED, j] == OWN:
        t[UP, j] -= amount


@borrowing
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


@compiled
def losses_without(net, t, x, begin, end, links, capacity_too, capped):
    """Surplus lost without nodes ``begin`` to ``end`` (end - begin,) and, if asked, links (m,), MUSD.

    NaN where a link does not trade. With ``capacity_too`` the seller's capacity leaves with the link, so that
    the buyer has to obtain the volume from others: S(N) - S(N; u_ij = 0, K_j - x_ij). The third result is
    False when a forced flow ran out of steps.
    """
    S, m = len(net.out_first) - 1, x.shape[0]
    root = len(net.limit)
    by_node = np.zeros(end - begin)
    by_link = np.full(m if links else 0, np.nan)
    ts, xs = np.empty_like(t), x.copy()
    total = np.empty(2, np.int64)
    nodes = np.empty(root + 1, np.int64)
    inside = np.zeros(root + 1, np.bool_)
    limit = net.limit.copy()
    d = full(net, pays(net, capped))
    dense = len(d.link) > 0
    gates = np.empty((2, root), np.int64)
    if dense:
        for n in range(root):
            open_own(net, d, limit, t, n)
            gates[0, n], gates[1, n] = d.leave[n], d.enter[n]
    for k in range(end - begin + len(by_link)):
        arc, node = np.int64(NONE), np.int64(NONE)
        if k < end - begin:
            node = np.int64(begin + k)
            amount = t[OWN_FLOW, node]
            start, goal = (np.int64(root), node) if node < S else (node, np.int64(root))
        else:
            arc = np.int64(k - (end - begin))
            amount = x[arc]
            start, goal = net.arc[SELLER, arc], net.arc[BUYER, arc]
            if capacity_too:
                start = np.int64(root)
        if amount == 0:
            continue
        ts[:] = t
        total[:] = 0
        if 0 <= node < S and many_blocks(net, amount):
            xs[:] = x
            limit[node] = 0
            done = solve_afresh(net, limit, ts, xs, total)
            limit[node] = net.limit[node]
            by_node[node - begin] = to_float(total)
            if not done:
                return by_node, by_link, False
            continue
        if dense:
            d.leave[:root] = gates[0]
            d.enter[:root] = gates[1]
        else:
            xs[:] = x
        if node >= S:
            add_value(net, node - S, amount, total)
        elif arc >= 0:
            xs[arc] = 0
            add_product(total, amount, -net.arc[COST, arc])
            if capacity_too:
                release(limit, ts, net.arc[SELLER, arc], amount)
        if not forced(net, d, limit, ts, xs, start, goal, amount, arc, node, capped, total, nodes, inside):
            return by_node, by_link, False
        if arc >= 0:
            by_link[arc] = to_float(total)
            limit[net.arc[SELLER, arc]] = net.limit[net.arc[SELLER, arc]]
        else:
            by_node[node - begin] = to_float(total)
    return by_node, by_link, True


@compiled
def take_capacity(net, t, x, j, quantity, capped):
    """Take ``quantity`` of seller node j's capacity away and clear again.

    Returns the loss (NaN when the forced flow ran out of steps) and the new capacities, table and flows.
    """
    root = len(net.limit)
    limit, ts, xs = net.limit.copy(), t.copy(), x.copy()
    nodes, inside = np.empty(root + 1, np.int64), np.zeros(root + 1, np.bool_)
    d = full(net, pays(net, capped))
    return take(net, d, limit, ts, xs, j, quantity, capped, nodes, inside), limit, ts, xs


@compiled
def take(net, d, limit, t, x, j, quantity, capped, nodes, inside):
    """As :func:`take_capacity`, in place; ``d`` holds the cost matrices or is empty."""
    root = len(net.limit)
    limit[j] -= quantity
    short = t[OWN_FLOW, j] - limit[j]
    total = np.zeros(2, np.int64)
    if short > 0 and many_blocks(net, short):
        if not solve_afresh(net, limit, t, x, total):
            return np.nan
    elif short > 0:
        t[OWN_FLOW, j] = limit[j]
        if len(d.link) > 0:
            for n in range(root):
                open_own(net, d, limit, t, n)
            x[:] = 0  # without caps only the tree carries flow
        if not forced(net, d, limit, t, x, root, j, short, NONE, j, capped, total, nodes, inside):
            return np.nan
        write_flows(net, t, x)
    return to_float(total)
