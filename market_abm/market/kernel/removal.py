"""What the market loses without a seller, a buyer, a link: each from the same optimum.

Removing seller j forces its flow from the root to j with its own arc banned; removing buyer i, from i to the
root; removing link ij, from j to i. Resale of freed capacity and refill of deficits both come out of one
path of forced flow; a repair that only refills deficits would be wrong. The tree does the work; shortest
paths stand by for an optimum without a tree and for a forced flow that ran out of steps.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.parametric import NONE, force_along_tree, rejoin
from market_abm.market.kernel.paths import force
from market_abm.market.kernel.tree import OUT, OWN, OWN_FLOW, PARENT, PRED, PRICE
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
def _most_steps(net):
    return 1000 + 20 * (net.arc.shape[1] + net.value.size + len(net.limit))


@njit(cache=True)
def _forced(net, limit, t, x, start, goal, amount, banned_arc, banned_node, capped, total, nodes, inside):
    """Force a flow along the tree of (t, x), which change. Returns False when it did not all go."""
    top = np.int64(NONE)
    if banned_arc >= 0:
        j, i = net.arc[SELLER, banned_arc], net.arc[BUYER, banned_arc]
        if t[PRED, i] == banned_arc:
            top = i
        elif t[PRED, j] == banned_arc:
            top = j
    elif t[PRED, banned_node] == OWN:
        top = banned_node
    if top >= 0:
        if top == goal or top == start:
            joined = rejoin(
                net, limit, t, x, top, top == start, banned_arc, banned_node, capped, nodes, inside
            )
            if not joined:
                return False
        else:  # the forced flow need not pass here: the cut part may join anywhere, or nowhere
            if not rejoin(net, limit, t, x, top, True, banned_arc, banned_node, capped, nodes, inside):
                if not rejoin(net, limit, t, x, top, False, banned_arc, banned_node, capped, nodes, inside):
                    return False
    most = _most_steps(net)
    left = force_along_tree(
        net, limit, t, x, start, goal, amount, banned_arc, banned_node, capped, total, most, nodes, inside
    )
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
            xs[:] = x
            total[:] = 0
            if ban_arc >= 0:
                xs[ban_arc] = 0
                add_product(total, amount, -net.arc[COST, ban_arc])
                if capacity_too:
                    j = net.arc[SELLER, ban_arc]
                    limit[j] -= amount
                    ts[OWN_FLOW, j] -= amount
            elif ban_node >= S:
                add_value(net, ban_node - S, amount, total)
            if by_paths == 0:
                done = _forced(
                    net, limit, ts, xs, start, goal, amount, ban_arc, ban_node, capped, total, nodes, inside
                )
            else:
                done = 0 == force(
                    net, limit, xs, ts[OWN_FLOW], ts[PRICE], start, goal, amount, ban_arc, ban_node, total
                )
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
    if t[PARENT, root] != NO_TREE and _forced(
        net, limit, ts, xs, root, j, short, NONE, j, capped, total, nodes, inside
    ):
        return to_float(total), limit, ts, xs
    ts[:] = t
    xs[:] = x
    total[:] = 0
    ts[OWN_FLOW, j] = limit[j]
    left = force(net, limit, xs, ts[OWN_FLOW], ts[PRICE], root, j, short, NONE, j, total)
    return (to_float(total) if left == 0 else np.nan), limit, ts, xs
