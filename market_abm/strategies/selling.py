"""Selling: offer what is free, at cost, with the strategic wedge on top."""

from __future__ import annotations

import numpy as np

from market_abm.economy.motives import forgone_own_use, wedge
from market_abm.economy.world import Ints
from market_abm.strategies.buying import node_of
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Menu, Offer, View

LEVELS = (1.0, 0.5, 0.0)


@strategy("sell", "default")
def default(view: View, rows: Ints) -> Offer:
    """Offer all free capacity at unit cost; the market prices it.

    The options are shares of it, scored by the margin expected at the last price. A fleet that is not for
    sale serves its owner only. An efficient allocation never withholds; strategies that do are another
    choice.
    """
    world = view.world
    node = node_of(world.sellers.row, rows)
    cost = world.sellers.unit_cost[node]
    margin = (view.price - cost) * view.free[node]
    scores = np.stack([level * margin for level in LEVELS], axis=1)
    scores[view.free[node] <= 0, 1:] = np.nan  # nothing is free: there is no choice
    binding = ["" if world.sellers.sells[s] else "own use only" for s in node]
    menu = Menu.choose(view, "sell", rows, ("all", "half", "nothing"), scores, "MUSD", binding)
    allowed = world.links.internal[node] | world.sellers.sells[node][:, None]
    return Offer(
        capacity=view.free[node] * np.array(LEVELS)[menu.chosen],
        reserve_price=cost,
        wedge=(wedge(view) + forgone_own_use(view))[node],
        allowed=allowed,
        term=world.sellers.term[node],
        notice=np.maximum(world.sellers.notice[node], view.conditions.minimum_notice[node]),
        alternatives=menu,
    )
