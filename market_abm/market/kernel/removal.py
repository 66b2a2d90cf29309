"""What the market loses without a seller, a buyer, a link: from one optimum, along shortest paths.

Removing seller j forces its flow from the root to j with its own arc banned; removing buyer i, from i to the
root; removing link ij, from j to i. Resale of freed capacity and refill of deficits both come out of one
path of forced flow; a repair that only refills deficits would be wrong.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from market_abm.market.kernel.network import BUYER, COST, SELLER
from market_abm.market.kernel.paths import force
from market_abm.market.kernel.words import add_product, to_float

NONE = -1


@njit(cache=True)
def add_value(net, b, served, total):
    """Add what buyer b's first ``served`` units are worth to ``total``."""
    for k in range(net.limit[len(net.out_first) - 1 + b]):
        if net.until[b, k] >= served:
            break
        add_product(total, min(net.until[b, k + 1], served) - net.until[b, k], net.value[b, k])


@njit(cache=True)
def node_losses(net, x, f, p, begin, end):
    """Surplus lost without each node from ``begin`` to ``end``, MUSD."""
    root = len(net.limit)
    S = len(net.out_first) - 1
    losses = np.zeros(end - begin)
    for n in range(begin, end):
        if f[n] == 0:
            continue
        xs, fs, ps, total = x.copy(), f.copy(), p.copy(), np.zeros(2, np.int64)
        start, goal = root, n
        if n >= S:
            start, goal = n, root
            add_value(net, n - S, f[n], total)
        if force(net, net.limit, xs, fs, ps, start, goal, f[n], NONE, n, total) > 0:
            losses[n - begin] = np.nan
        else:
            losses[n - begin] = to_float(total)
    return losses


@njit(cache=True)
def link_losses(net, x, f, p, capacity_too):
    """Surplus lost without each trading link, (m,), NaN where none trades.

    With ``capacity_too`` the seller's capacity leaves with the link, so that the buyer has to obtain the
    volume from others: S(N) - S(N; u_ij = 0, K_j - x_ij).
    """
    m = x.shape[0]
    root = len(net.limit)
    losses = np.full(m, np.nan)
    for a in range(m):
        if x[a] == 0:
            continue
        xs, fs, ps, total = x.copy(), f.copy(), p.copy(), np.zeros(2, np.int64)
        limit = net.limit.copy()
        j, i = net.arc[SELLER, a], net.arc[BUYER, a]
        xs[a] = 0
        start = j
        if capacity_too:
            limit[j] -= x[a]
            fs[j] -= x[a]
            start = root
        add_product(total, x[a], -net.arc[COST, a])
        if force(net, limit, xs, fs, ps, start, i, x[a], a, NONE, total) == 0:
            losses[a] = to_float(total)
    return losses


@njit(cache=True)
def take_capacity(net, x, f, p, j, quantity):
    """Take ``quantity`` of seller node j's capacity away and clear again.

    Returns the loss and the new capacities, flows and potentials.
    """
    x, f, p, limit, total = x.copy(), f.copy(), p.copy(), net.limit.copy(), np.zeros(2, np.int64)
    limit[j] -= quantity
    short = f[j] - limit[j]
    loss = 0.0
    if short > 0:
        f[j] = limit[j]
        left = force(net, limit, x, f, p, len(net.limit), j, short, NONE, j, total)
        loss = to_float(total) if left == 0 else np.nan
    return loss, limit, x, f, p
