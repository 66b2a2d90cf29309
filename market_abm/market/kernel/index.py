"""The price index of many variants of a problem: what the next unit costs the index buyers, at given weights."""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled

SAME_PRICE = 1e-7
"""A tenth of a grid step, MUSD/kHQ: sums of prices that differ by less are equal."""


@compiled
def index_prices(sells, seller_price, served, buyers, switching, tax, linked, link_cap):
    """Price index (G,), MUSD/kHQ, of variants in which the sellers ``sells`` (G, S) have capacity.

    ``served`` (G, B), or (1, B) for all variants, weighs the buyers ``buyers`` (n,); none of them served: equally.
    """
    index = np.empty(len(sells))
    for g in range(len(sells)):
        got = served[min(g, len(served) - 1)]
        total = got[buyers[0]]
        for n in range(1, len(buyers)):
            total += got[buyers[n]]
        level = 0.0
        for i in buyers:
            weight = got[i] / total if total > 0.0 else 1.0 / len(buyers)
            if weight > 0.0:
                level += weight * next_price(sells[g], seller_price[g], i, switching, tax, linked, link_cap)
        index[g] = level
    return index


@borrowing
def next_price(sells, seller_price, i, switching, tax, linked, link_cap):
    """Unit price of the seller that would deliver buyer i's next unit most cheaply; infinite without any.

    Among sellers that deliver equally cheaply the lowest price counts, not the first row.
    """
    cheapest = lowest = np.inf
    for j in range(len(sells)):
        if sells[j] and linked[j, i] and (link_cap.shape[0] == 0 or link_cap[j, i] > 0.0):
            cheapest = min(cheapest, seller_price[j] + (switching[j, i] + tax[j, i]))
    for j in range(len(sells)):
        if sells[j] and linked[j, i] and (link_cap.shape[0] == 0 or link_cap[j, i] > 0.0):
            if seller_price[j] + (switching[j, i] + tax[j, i]) <= cheapest + SAME_PRICE:
                lowest = min(lowest, seller_price[j])
    return lowest
