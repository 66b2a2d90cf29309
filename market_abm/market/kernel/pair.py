"""The two solves behind a link's rational pair: what the buyer's replacement costs, what the seller's
resale earns.

Both force the link's volume along residual paths of one optimum with the link itself banned: from the root
to the buyer (it must obtain the volume from others), or from the seller to the root (others take the freed
capacity while the buyer stays at its other trades).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.dense import Dense, full
from market_abm.market.kernel.network import BUYER, COST, SELLER, Ints, any_cap, steps, unpacked
from market_abm.market.kernel.parametric import NONE
from market_abm.market.kernel.paths import force, step_down, step_up
from market_abm.market.kernel.removal import NO_TREE, forced, release
from market_abm.market.kernel.tree import (
    BLOCK,
    CHILD,
    NEXT,
    OWN,
    OWN_FLOW,
    PARENT,
    PRED,
    PREV,
    PRICE,
    SIZE,
    attach,
    empty_table,
    open_rooms,
)
from market_abm.market.kernel.words import add_product, to_float


@compiled
def link_pairs(pack, t, x, seller, buyer):
    """As :func:`losses_and_gains`, of a packed network."""
    return losses_and_gains(unpacked(pack), t, x, seller, buyer)


@compiled
def losses_and_gains(net, t, x, seller, buyer):
    """Replacement loss and resale gain of each link (seller[l], buyer[l] are rows of the problem), MUSD.

    Loss: surplus of the trades less S(N; u_ij = 0, K_j - x_ij). Gain: what others add to the surplus of all
    other trades when x_ij of j's capacity is free and the buyer keeps to its other trades. NaN where the
    link carries nothing.
    """
    loss, gain = np.full(len(seller), np.nan), np.full(len(seller), np.nan)
    capped = any_cap(net)
    room = scratch(net, t, x)
    for n in range(len(seller)):
        a = arc_between(net, seller[n], buyer[n])
        if a >= 0 and x[a] > 0:
            loss[n], gain[n] = loss_and_gain(net, room, t, x, a, capped)
    return loss, gain


class Scratch(NamedTuple):
    """Arrays that the forced flows of one pair after another work in."""

    dense: Dense
    table: Ints
    flow: Ints
    limit: Ints
    total: Ints
    nodes: Ints
    inside: NDArray[np.bool_]


@compiled
def scratch(net, t, x):
    """Room to work in for the pairs of networks of this size."""
    nodes = t.shape[1]
    return Scratch(
        full(net, False),
        np.empty_like(t),
        np.empty_like(x),
        net.limit.copy(),
        np.empty(2, np.int64),
        np.empty(nodes, np.int64),
        np.zeros(nodes, np.bool_),
    )


@compiled
def loss_and_gain(net, room, t, x, a, capped):
    """Replacement loss and resale gain of arc a, which carries something; NaN where there is no answer."""
    root = len(net.limit)
    j, i, amount = net.arc[SELLER, a], net.arc[BUYER, a], x[a]
    d, ts, xs, limit, total, nodes, inside = room
    limit[:] = net.limit
    loss, gain = np.nan, np.nan
    for resale in range(2):
        start, goal, banned = (j, root, i) if resale else (np.int64(root), i, np.int64(NONE))
        done = False
        for by_paths in range(2):
            if done or (by_paths == 0 and t[PARENT, root] == NO_TREE):
                continue
            ts[:] = t
            xs[:] = x
            total[:] = 0
            xs[a] = 0
            if not resale:
                release(limit, ts, j, amount)
                add_product(total, amount, -net.arc[COST, a])
            if by_paths == 0:
                done = forced(
                    net, d, limit, ts, xs, start, goal, amount, a, banned, capped, total, nodes, inside
                )
            else:
                left = force(net, limit, xs, ts[OWN_FLOW], ts[PRICE], start, goal, amount, a, banned, total)
                done = left == 0
            limit[j] = net.limit[j]
        if done and resale:
            gain = -to_float(total)
        elif done:
            loss = to_float(total)
    return loss, gain


@borrowing
def arc_between(net, seller, buyer):
    """Number of the arc between two rows of the problem, -1 when it was left out."""
    for a in range(net.arc.shape[1]):
        if net.origin[net.arc[SELLER, a]] == seller and net.origin[net.arc[BUYER, a]] == buyer:
            return a
    return -1


@compiled
def held_state(net, flow, free_net, free_t, seller, buyer):
    """Tree and link flows of a market in which one link's volume is held and all else is at the free optimum.

    The network ``net`` is the free one plus the held volume (capacity of ``seller``, top blocks of ``buyer``). The
    free optimum's potentials price every arc but the held link, which the pair bans anyway; nodes that
    were left out of the free network get potentials that leave no reduced cost negative. The free tree is
    kept where the network is otherwise the same.
    """
    S, nodes = len(net.out_first) - 1, len(net.limit)
    x = np.empty(net.arc.shape[1], np.int64)
    f = np.zeros(nodes, np.int64)
    for a in range(len(x)):
        x[a] = steps(flow[net.origin[net.arc[SELLER, a]], net.origin[net.arc[BUYER, a]]])
        f[net.arc[SELLER, a]] += x[a]
        f[net.arc[BUYER, a]] += x[a]
    p = np.zeros(nodes + 1, np.int64)
    free_p = free_t[PRICE]
    known = np.zeros(nodes + 1, np.bool_)
    free_sellers, free_nodes = len(free_net.out_first) - 1, len(free_net.limit)
    k = 0  # both number sellers and then buyers in the order of the problem
    for n in range(nodes):
        if n == S:
            k = free_sellers
        end = free_sellers if n < S else free_nodes
        while k < end and free_net.origin[k] < net.origin[n]:
            k += 1
        if k < end and free_net.origin[k] == net.origin[n]:
            p[n] = free_p[k] - free_p[free_nodes]
            known[n] = True
    j = i = -1
    for n in range(nodes):
        if n < S and net.origin[n] == seller:
            j = n
        if n >= S and net.origin[n] == buyer:
            i = n
        if not known[n] and n >= S:
            p[n] = step_up(net, S, n, f[n])[0]  # nobody could serve it: it stays unserved at its own value
    same = len(x) == free_net.arc.shape[1] and nodes == free_nodes and free_t[PARENT, free_nodes] != NO_TREE
    added = nodes == free_nodes + 1 and not known[j] and free_t[PARENT, free_nodes] != NO_TREE
    added = added and len(x) == free_net.arc.shape[1] + net.out_first[j + 1] - net.out_first[j]
    hook = np.int64(OWN)  # what a seller that was left out hangs on: the link on which it could sell
    before_j, before_i = p[j], p[i]
    if not known[j] or p[j] < 0:
        p[j] = 0
        for k in range(net.out_first[j], net.out_first[j + 1]):
            a = net.out_arc[k]
            worth = p[net.arc[BUYER, a]] - net.arc[COST, a]
            if net.arc[BUYER, a] != i and not known[j] and worth > p[j]:
                p[j], hook = worth, a
    last = step_down(net, S, i, f[i])[0]
    p[i] = min(p[i], last) if known[i] else last
    for a in range(net.first[i - S], net.first[i - S + 1]):
        if net.arc[SELLER, a] != j:
            p[i] = min(p[i], net.arc[COST, a] + p[net.arc[SELLER, a]])
    if same and known[j] and known[i] and p[j] == before_j and p[i] == before_i:
        t = free_t.copy()
        t[BLOCK, i] += net.limit[i] - free_net.limit[i]  # the added blocks come first
    elif added and known[i] and p[i] == before_i:
        t = with_seller(net, free_net, free_t, j, hook)
        t[BLOCK, i] += net.limit[i] - free_net.limit[i - 1]
    else:
        t = empty_table(nodes + 1)
        t[PARENT, -1] = NO_TREE
    t[OWN_FLOW, :-1] = f
    t[PRICE, :] = p
    if t[PARENT, -1] != NO_TREE:
        open_rooms(net, net.limit, t, x)
    return t, x


@compiled
def with_seller(net, old, old_t, j, hook):
    """The tree of a network that lacked seller node j, with j as a leaf on the arc ``hook``."""
    old_root = len(old.limit)
    t = empty_table(old_root + 2)
    link = np.empty(old.arc.shape[1] + 1, np.int64)  # new numbers of links and, in the last place, of OWN
    link[OWN] = OWN
    k = 0
    for a in range(net.arc.shape[1]):
        if net.arc[SELLER, a] != j:
            link[k] = a
            k += 1
    for o in range(old_root + 1):
        n = o + (o >= j)
        t[BLOCK, n], t[SIZE, n] = old_t[BLOCK, o], old_t[SIZE, o]
        for row in (PARENT, CHILD, NEXT, PREV):
            q = old_t[row, o]
            t[row, n] = q + (q >= j)
        if o < old_root:
            t[PRED, n] = link[old_t[PRED, o]]
    parent = net.arc[BUYER, hook] if hook >= 0 else np.int64(old_root + 1)
    attach(t, j, parent, hook)
    t[SIZE, j] = 1
    while parent >= 0:
        t[SIZE, parent] += 1
        parent = t[PARENT, parent]
    return t
