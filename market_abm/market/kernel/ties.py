"""Which of many optimal flows: most volume on incumbent links first, then the lower seeded key.

A second pass of the simplex over the face of optimal flows (links and blocks whose reduced cost is zero).
It moves no price, so surplus, contributions and derivatives cannot depend on it.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled
from market_abm.market.kernel.network import BUYER, COST, SELLER
from market_abm.market.kernel.simplex import TIES, optimise
from market_abm.market.kernel.tree import BLOCK, OWN, PARENT, PRED, PRICE, collect

KEY_STEPS = 1 << 32
"""Resolution of tie keys. Incumbency weighs more than all keys on a cycle: 2^32 times the nodes."""


@borrowing
def scramble(number):
    """A 32-bit key from a small number, without linear relations (multiply and shift; fits int64)."""
    mask = np.int64(0xFFFFFFFF)
    word = np.int64(number + 1) & mask
    for factor in (0x7FEB352D, 0x2C1B3C6D, 0x31848BAB):
        word = ((word ^ (word >> 16)) * factor) & mask
    return word ^ (word >> 15)


@compiled
def tie_costs(net, incumbent, tie_key):
    """Cost of a unit on each link in the second pass; arrays of shape (0, 0) are left out.

    Without keys, ties go by a fixed scramble of positions among the sellers and buyers that can trade.
    """
    S, m = len(net.out_first) - 1, net.arc.shape[1]
    weight = np.int64(KEY_STEPS) * (len(net.limit) + 2)
    cost = np.zeros(m, np.int64)
    for a in range(m):
        j, i = net.arc[SELLER, a], net.arc[BUYER, a]
        seller, buyer = net.origin[j], net.origin[i]
        if tie_key.shape[0] > 0:
            cost[a] = np.int64(tie_key[seller, buyer] * KEY_STEPS)
        else:
            cost[a] = scramble(j * 65_537 + i - S)
        if incumbent.shape[0] > 0 and incumbent[seller, buyer] > 0.0:
            cost[a] -= weight
    return cost


@borrowing
def many_optima(net, limit, t, x):
    """Whether an arc outside the tree has a reduced cost of zero: else the optimal flow is unique."""
    S = len(net.out_first) - 1
    for n in range(len(net.limit)):
        if t[PRED, n] == OWN:
            continue
        if n < S:
            if t[PRICE, n] == 0:
                return True
            continue
        k = t[BLOCK, n]
        if k < limit[n] and net.value[n - S, k] == t[PRICE, n]:
            return True
        if k > 0 and net.value[n - S, k - 1] == t[PRICE, n]:
            return True
    for a in range(net.arc.shape[1]):
        j, i = net.arc[SELLER, a], net.arc[BUYER, a]
        if t[PRICE, j] + net.arc[COST, a] == t[PRICE, i] and t[PRED, j] != a and t[PRED, i] != a:
            return True
    return False


@compiled
def settle(net, limit, t, x, incumbent, tie_key, batch, most):
    """Choose among optimal flows; changes tree and flows, no price. Returns pivots, or -1 as ``optimise``."""
    if not many_optima(net, limit, t, x):
        return 0
    root = t.shape[1] - 1
    cost = tie_costs(net, incumbent, tie_key)
    price = np.zeros(root + 1, np.int64)
    nodes = np.empty(root + 1, np.int64)
    size = collect(t, root, nodes)
    S = len(net.out_first) - 1
    for k in range(1, size):
        n = nodes[k]
        a = t[PRED, n]
        if a >= 0:
            price[n] = price[t[PARENT, n]] + (-cost[a] if n < S else cost[a])
    return optimise(net, limit, t, x, price, cost, TIES, batch, most)
