"""Selling: offer what is free, at cost, with the strategic wedge on top; or distort quantity or price.

An efficient allocation never withholds. `withhold` and `posted` do, so that a chokepoint can also raise the
price and cut output.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from market_abm.economy.motives import forgone_own_use, wedge
from market_abm.economy.trading import reach, switching_per_unit, trade_problem
from market_abm.economy.world import Bools, Ints
from market_abm.strategies.buying import node_of
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Bids, Menu, Offer, View

LEVELS = np.array([1.0, 0.5, 0.0])


@strategy("sell", "default")
def default(view: View, rows: Ints) -> Offer:
    """Offer all free capacity at unit cost; the market prices it.

    The options are shares of it, scored by the margin expected at the last price. A fleet that is not for
    sale serves its owner only.
    """
    world = view.world
    node = node_of(world.sellers.row, rows)
    cost, free, for_sale = world.sellers.unit_cost[node], view.free[node], world.sellers.sells[node]
    margin = (view.price - cost) * free
    scores = margin[:, None] * LEVELS
    scores[free <= 0, 1:] = np.nan  # nothing is free: there is no choice
    binding = ["" if sells else "own use only" for sells in for_sale.tolist()]
    menu = Menu.choose(view, "sell", rows, ("all", "half", "nothing"), scores, "MUSD", binding)
    allowed = world.links.internal[node] | for_sale[:, None]
    return Offer(
        capacity=free * LEVELS[menu.chosen],
        reserve_price=cost,
        wedge=(wedge(view) + forgone_own_use(view))[node],
        allowed=allowed,
        term=world.sellers.term[node],
        notice=np.maximum(world.sellers.notice[node], view.conditions.minimum_notice[node]),
        alternatives=menu,
    )


@strategy("sell", "withhold")
def withhold(view: View, rows: Ints) -> Offer:
    """Offer the capacity that pays best, given what the others offer (Cournot 1838).

    Every seller that plays this strategy replies to the others' offers until none moves; all others are
    expected to offer what they have free. Earnings are counted at the competitive price of the free market,
    with what the seller's own lab gains. What is withheld is kept off the spot market too.
    """
    from market_abm.market.withholding import capacity_payoffs, cournot

    world = view.world
    everybody = world.sellers.row
    offer = default(replace(view, forced={}), everybody)
    problem = trade_problem(
        world, view.state, view.conditions, offer, Bids(view.blocks, view.values), view.free
    )
    own, key = world.links.internal, world.links.key.sum(axis=1)
    node = node_of(everybody, rows)
    levels = np.ones((len(rows), 4)) * (1.0, 1.0, 0.5, 0.0)
    scores = np.full(levels.shape, np.nan)
    binding = ["" if world.sellers.sells[s] else "own use only" for s in node]
    for players, mine in _games(view, node, "withhold"):
        game = cournot(problem, players, own=own, tie_key=key)
        for i in mine:
            s = int(node[i])
            if not players[s] or problem.capacity[s] <= 0.0:
                scores[i, 0] = 0.0
                continue
            levels[i, 1] = game.offered[s] / problem.capacity[s]
            scores[i] = capacity_payoffs(problem, game.offered, s, levels[i], own[s], players)
            if not game.settled:
                binding[i] = "replies go round in a circle"
    menu = Menu.choose(view, "sell", rows, ("all", "best reply", "half", "nothing"), scores, "MUSD", binding)
    part = default(replace(view, forced={}), rows)
    return replace(
        part,
        capacity=view.free[node] * levels[np.arange(len(rows)), menu.chosen],
        alternatives=menu,
    )


@strategy("sell", "posted")
def posted(view: View, rows: Ints) -> Offer:
    """Name one price to all outsiders and sell what they take of it (Anderson, de Palma and Thisse 1992).

    Prices of all who play this strategy are in equilibrium: buyers choose by logit, with the spread of
    tastes of the scenario, and no price is below the one at which demand fits capacity. The others are
    expected to ask cost or, when scarce, that price. The seller's own lab and captive workloads pay cost.
    """
    from market_abm.market.bargaining.posted import posted_prices, posted_volumes

    world = view.world
    everybody = world.sellers.row
    node = node_of(everybody, rows)
    offer = default(replace(view, forced={}), everybody)
    outside = reach(world, view.state, view.conditions, offer.allowed) & ~world.links.internal
    outside &= (view.free > 0.0)[:, None]
    extra = switching_per_unit(world, view.state, view.conditions)
    scale = _taste_scale(view)
    cost, price, sold = offer.reserve_price, offer.reserve_price[node].copy(), np.zeros(len(rows))
    for players, mine in _games(view, node, "posted"):
        named, _, _ = posted_prices(
            cost[:, None] + offer.wedge, extra, view.free, view.blocks, view.values, outside, scale, players
        )
        named = np.where(np.isfinite(named), named, cost)
        volume = posted_volumes(named, extra, view.blocks, view.values, outside, scale)
        for i in mine:
            if players[node[i]]:
                price[i] = max(named[node[i]], cost[node[i]])
                sold[i] = min(volume[node[i]], view.free[node[i]])
    part = default(replace(view, forced={}), rows)
    margin = (price - part.reserve_price) * sold
    scores = np.stack([margin, 0.5 * margin, 0.0 * margin], axis=1)
    scores[view.free[node] <= 0, 1:] = np.nan
    assert part.alternatives is not None
    options = ("all at the posted price", "half at the posted price", "nothing")
    menu = Menu.choose(view, "sell", rows, options, scores, "MUSD", part.alternatives.binding)
    markup = price - part.reserve_price
    return replace(
        part,
        capacity=view.free[node] * LEVELS[menu.chosen],
        reserve_price=price,
        wedge=part.wedge - np.where(world.links.internal[node], markup[:, None], 0.0),
        posted=world.sellers.sells[node],
        alternatives=menu,
    )


def _games(view: View, node: Ints, name: str) -> Iterator[tuple[Bools, list[int]]]:
    """Who takes part in the game that each row plays, (S,), and the rows (by place) that play that game.

    The players are those of whom the scenario says so, and the row itself: the answer to a row does not
    depend on which others are asked with it.
    """
    world = view.world
    chosen, common = world.scenario.firms, world.scenario.behaviour.strategies.sell
    named = np.array([(chosen[key].strategies.sell or common) == name for key in world.sellers.key], bool)
    named = named & ~view.conditions.posted if name != "posted" else named | view.conditions.posted
    players = named & world.sellers.sells
    together = [i for i, s in enumerate(node) if named[s]]
    if together:
        yield players, together
    for i in (i for i, s in enumerate(node) if not named[s]):
        joined = players.copy()
        joined[node[i]] = world.sellers.sells[node[i]]
        yield joined, [i]


def _taste_scale(view: View) -> float:
    """Scale of logit tastes whose spread is that of the scenario, MUSD per kHQ.

    At least 1 % of the price: below the width of demand's blocks every block would be an optimum of its own.
    """
    spread = float(view.world.scenario.behaviour.taste_sd)
    return max(spread * math.sqrt(6.0) / math.pi, 0.01) * view.price
