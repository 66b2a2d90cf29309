"""Start from the tree of an earlier optimum: last quarter's, or that of a variant of the same problem.

The tree is kept, not the prices: flows are solved on it from the leaves up. An arc whose flow would leave its
bounds rests at the nearer one, and its subtree hangs on its own root arc where that can take the difference,
else on an artificial arc that costs more than any trade gains.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, CAP, COST, SELLER
from market_abm.market.kernel.parametric import NONE, rejoin
from market_abm.market.kernel.tree import (
    BLOCK,
    DOWN,
    FAR,
    IN,
    OUT,
    OWN,
    OWN_FLOW,
    PARENT,
    PRED,
    PRICE,
    UP,
    attach,
    collect,
    detach,
    empty_table,
    open_rooms,
    set_sizes,
)


@borrowing
def price_span(net):
    """More than any trade can gain."""
    low = high = np.int64(0)
    for a in range(net.arc.shape[1]):
        low = min(low, net.arc[COST, a])
    for b in range(net.value.shape[0]):
        high = max(high, net.value[b, 0])
    return high - low + 1


@borrowing
def _link(net, j, i):
    """Number of the link from seller node j to buyer node i, or -1."""
    S = len(net.out_first) - 1
    for a in range(net.first[i - S], net.first[i - S + 1]):
        if net.arc[SELLER, a] == j:
            return a
    return -1


@compiled
def warm_tree(net, old, old_t, old_x, sellers, buyers):
    """A feasible, strongly feasible tree with artificial arcs, and its link flows."""
    S, B = len(net.out_first) - 1, len(net.first) - 1
    old_S = len(old.out_first) - 1
    root, old_root = S + B, len(old.limit)
    t = empty_table(root + 1)
    x = np.zeros(net.arc.shape[1], np.int64)
    at = np.full(sellers + buyers, -1, np.int64)
    for n in range(root):
        at[net.origin[n] + (sellers if n >= S else 0)] = n
    node = np.full(old_root + 1, -1, np.int64)
    node[old_root] = root
    known = np.zeros(root, np.bool_)
    for o in range(old_root):
        n = at[old.origin[o] + (sellers if o >= old_S else 0)]
        node[o] = n
        if n >= 0:
            known[n] = True
    # Tree arcs, and flows of arcs outside the tree.
    for o in range(old_root):
        n = node[o]
        if n < 0:
            continue
        parent, pred = np.int64(root), np.int64(OWN)
        if old_t[PRED, o] >= 0 and node[old_t[PARENT, o]] >= 0:
            q = node[old_t[PARENT, o]]
            a = _link(net, n if n < S else q, q if n < S else n)
            if a >= 0:
                parent, pred = q, np.int64(a)
        attach(t, n, parent, pred)
        if n < S:
            if old_t[OWN_FLOW, o] >= old.limit[o]:
                t[OWN_FLOW, n] = net.limit[n]
        else:
            t[BLOCK, n] = min(old_t[BLOCK, o], net.limit[n])
            t[OWN_FLOW, n] = net.until[n - S, t[BLOCK, n]]
    for n in range(root):
        if not known[n]:
            attach(t, n, root, OWN)
    capped = False
    for a in range(x.shape[0]):
        capped = capped or net.arc[CAP, a] <= net.limit[net.arc[SELLER, a]]
    if capped and old_x.shape[0] == x.shape[0]:
        for a in range(x.shape[0]):
            j, i = net.arc[SELLER, a], net.arc[BUYER, a]
            at_cap = old_x[a] == old.arc[CAP, a] and net.arc[CAP, a] <= net.limit[j]
            if at_cap and t[PRED, j] != a and t[PRED, i] != a:
                x[a] = net.arc[CAP, a]
    excess = np.zeros(root + 1, np.int64)
    for n in range(root):
        if t[PRED, n] == OWN:
            t[OWN_FLOW, n] = 0
            if n >= S:
                t[BLOCK, n] = 0
        else:
            excess[n] += t[OWN_FLOW, n] if n < S else -t[OWN_FLOW, n]
    for a in range(x.shape[0]):
        if x[a] > 0:
            excess[net.arc[SELLER, a]] -= x[a]
            excess[net.arc[BUYER, a]] += x[a]
    _flows(net, t, x, excess)
    open_rooms(net, net.limit, t, x)
    _prices(net, t)
    return t, x


@compiled
def _flows(net, t, x, excess):
    """Solve the tree's flows from the leaves up, cutting arcs that leave their bounds."""
    S = len(net.out_first) - 1
    root = t.shape[1] - 1
    nodes = np.empty(root + 1, np.int64)
    size = collect(t, root, nodes)
    for k in range(size - 1, 0, -1):
        n, e = nodes[k], excess[nodes[k]]
        a = t[PRED, n]
        if a >= 0:
            flow = e if n < S else -e
            cap = net.arc[CAP, a]
            inside = 0 <= flow < cap if n < S else 0 < flow <= cap
            if inside:
                x[a] = flow
                excess[t[PARENT, n]] += e
                continue
            x[a] = min(max(flow, 0), cap)
            sent = x[a] if n < S else -x[a]
            excess[t[PARENT, n]] += sent
            e -= sent
            detach(t, n)
            attach(t, n, root, OWN)
        _on_own_arc(net, t, n, e, a < 0)


@borrowing
def _on_own_arc(net, t, n, e, basic):
    """Let node n's own arc carry the excess e, or as much as it can and an artificial arc the rest.

    ``basic``: its own flow so far is not counted in e.
    """
    S = len(net.out_first) - 1
    t[PRED, n] = OWN
    if n < S:
        flow = -e if basic else t[OWN_FLOW, n] - e
        if 0 < flow <= net.limit[n]:
            t[OWN_FLOW, n] = flow
            return
        bound = min(max(flow, 0), net.limit[n])
        rest = bound - flow
        t[OWN_FLOW, n] = bound
    else:
        b, blocks = n - S, net.limit[n]
        flow = e if basic else t[OWN_FLOW, n] + e
        if 0 <= flow < net.until[b, blocks]:
            k = 0
            while net.until[b, k + 1] <= flow:
                k += 1
            t[OWN_FLOW, n] = flow
            t[BLOCK, n] = k
            return
        t[BLOCK, n] = 0 if flow < 0 else blocks
        t[OWN_FLOW, n] = net.until[b, t[BLOCK, n]]
        rest = flow - t[OWN_FLOW, n]
    if rest >= 0:
        t[PRED, n], t[UP, n], t[DOWN, n] = OUT, FAR, rest
    else:
        t[PRED, n], t[UP, n], t[DOWN, n] = IN, -rest, FAR


@compiled
def _prices(net, t):
    """Sizes of subtrees, and prices from the root down."""
    S = len(net.out_first) - 1
    root = t.shape[1] - 1
    nodes = np.empty(root + 1, np.int64)
    size = set_sizes(t, nodes)
    span = price_span(net)
    for k in range(1, size):
        n = nodes[k]
        a, q = t[PRED, n], t[PARENT, n]
        if a >= 0:
            t[PRICE, n] = t[PRICE, q] + (-net.arc[COST, a] if n < S else net.arc[COST, a])
        elif a == OWN:
            t[PRICE, n] = 0 if n < S else net.value[n - S, t[BLOCK, n]]
        else:
            t[PRICE, n] = -span if a == OUT else span


@compiled
def drop_artificial(net, limit, t, x, capped):
    """Replace artificial arcs left in an optimal tree. Returns False when one still carries flow."""
    root = t.shape[1] - 1
    nodes = np.empty(root + 1, np.int64)
    inside = np.zeros(root + 1, np.bool_)
    for n in range(root):
        code = t[PRED, n]
        if code in (OUT, IN):
            if t[DOWN if code == OUT else UP, n] != 0:
                return False
            if not rejoin(net, limit, t, x, n, code == IN, NONE, NONE, capped, nodes, inside):
                return False
    return True
