"""Stage 5: bargained prices on the allocation, and the price index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats
from market_abm.market.bargaining import Terms, bargain
from market_abm.market.contribution import competitive_interval
from market_abm.units import ordered_sum


def terms_of(q: Quarter) -> Terms:
    """Quarters to reroute, notice and term of every link, for the buyer's ceiling."""
    world = q.world
    return Terms.from_links(
        q.reach,
        notice=q.offer.notice[:, None],
        term=np.maximum(q.offer.term, 1)[:, None],
        discount=world.discount,
        qualification_lag=float(world.scenario.behaviour.qualification_lag),
        owner=q.conditions.owner_of_sellers(world),
    )


def bargained(q: Quarter):
    """Bargain over every link that trades; who posts a price takes it from every outsider.

    A price cap binds what is signed, not what was agreed before.
    """
    b = q.world.scenario.behaviour
    q.terms = terms_of(q)
    deal = bargain(q.problem, q.allocation, protocol=b.protocol, beta=float(b.beta), terms=q.terms)
    if not np.count_nonzero(q.offer.posted):
        return deal
    named = q.offer.posted[:, None] & ~q.world.links.internal & (q.allocation.flow > 0.0)
    return replace(deal, price=np.where(named, q.problem.unit_cost[:, None], deal.price))


def signed_price(q: Quarter) -> Floats:
    """Prices at which traded volumes are signed, MUSD per kHQ, (S, B): never NaN where something flows."""
    price = np.where(np.isfinite(q.deal.price), q.deal.price, q.price)
    return np.minimum(price, q.conditions.price_cap[:, None])


def price_index(q: Quarter) -> float:
    """Marginal price of the sellers that reach the open segments, MUSD per kHQ.

    The middle of each seller's competitive interval (both one-sided derivatives of surplus in its capacity),
    as delivered: with the cost of moving to the seller and net of taste for it, so that a popular supplier's
    premium is not inflation. Weighted by what is sold to the open segments. With less than ``free_floor`` of
    capacity free there is no new price and the last one is carried.
    """
    world, state = q.world, q.state
    sellable = float(ordered_sum(q.position.sellable))
    free = float(ordered_sum(q.problem.capacity))
    q.index_known = free > float(world.scenario.behaviour.thresholds.free_floor) * max(sellable, 1e-12)
    weight = np.where(world.buyers.index[None, :], q.allocation.flow, 0.0)
    if not q.index_known or not np.count_nonzero(weight):
        q.index_known = False
        return state.index_price
    low, high = competitive_interval(q.allocation)
    middle = np.where(np.isfinite(high), 0.5 * (low + high), low)
    delivered = np.where(weight > 0, middle[:, None] + q.problem.switching, 0.0)
    total = ordered_sum(ordered_sum(weight, axis=1))
    return float(ordered_sum(ordered_sum(weight * delivered, axis=1)) / total)
