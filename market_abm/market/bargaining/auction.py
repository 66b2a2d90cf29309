"""Uniform-price auction: one price for a connected market, make-whole payments where there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market_abm.market.bargaining.base import Talks, protocol
from market_abm.market.problem import Bools, Floats
from market_abm.units import GRID

HALF_STEP = 0.5 / GRID


@protocol("auction")
def auction(talks: Talks) -> Floats:
    """p = (1 - beta) low + beta high, one price for each connected part of the market (Wilson 1985).

    Low is the highest of the accepted asks c + kappa and of the first rejected bids, high the lowest of the
    accepted bids and of the first rejected asks, bids net of switching and tax. Costs that differ by link
    can leave no such price (low > high): the middle is then taken, and a link whose own seller or buyer
    would lose by it is paid its own ask or bid, as make-whole payments do in electricity markets.
    ``notes["no_uniform_price"]`` counts the parts, ``notes["made_whole"]`` the links.
    """
    pair, problem, flow = talks.pair, talks.problem, talks.allocation.flow
    assert problem.linked is not None
    part = _parts(problem.linked)
    ask = pair.unit_cost + pair.wedge
    last, first_unserved = _marginal_values(talks)
    own_cost = problem.switching + problem.tax
    bid = last[pair.buyer] - own_cost[pair.seller, pair.buyer]
    usable = problem.linked & (problem.capacity > 0.0)[:, None]
    if problem.link_cap is not None:
        usable = usable & (problem.link_cap > flow + HALF_STEP)
    asks = problem.unit_cost[:, None] + problem.wedge
    # only a pair that gains by trading has a rejected bid or ask: the others say nothing about the price
    bids = first_unserved[None, :] - own_cost
    rejected_bid = np.where(usable & (bids >= asks), bids, -np.inf).max(axis=1, initial=-np.inf)
    idle = problem.capacity > flow.sum(axis=1) + HALF_STEP
    wanted = usable & idle[:, None] & (np.where(np.isfinite(last), last, -np.inf)[None, :] - own_cost >= asks)
    rejected_ask = np.where(wanted, asks, np.inf).min(axis=1, initial=np.inf)
    price = np.empty(len(ask))
    talks.notes["no_uniform_price"] = talks.notes["made_whole"] = 0
    for label in np.unique(part[pair.seller]):
        here, sellers = part[pair.seller] == label, part == label
        low = max(ask[here].max(), rejected_bid[sellers].max(initial=-np.inf))
        high = min(bid[here].min(), rejected_ask[sellers].min(initial=np.inf))
        if low <= high + 1e-9:
            price[here] = low + talks.beta[here] * (high - low)
            continue
        talks.notes["no_uniform_price"] += 1
        middle = np.full(int(here.sum()), 0.5 * (low + high))
        whole = np.minimum(np.maximum(middle, ask[here]), bid[here])
        talks.notes["made_whole"] += int((whole != middle).sum())
        price[here] = whole
    return price


def _parts(linked: Bools) -> NDArray[np.int64]:
    """Label of each seller's connected part of the market, (S,)."""
    reach = linked.astype(float) @ linked.T.astype(float) > 0.0
    label = np.arange(len(linked))
    while True:
        spread = np.where(reach, label[None, :], len(linked)).min(axis=1, initial=len(linked))
        spread = np.minimum(spread, label)
        if np.array_equal(spread, label):
            return label
        label = spread


def _marginal_values(talks: Talks) -> tuple[Floats, Floats]:
    """Value of each buyer's last served and first unserved unit, (B,); +inf and -inf where there is none."""
    problem, served = talks.problem, talks.allocation.served
    until = np.cumsum(problem.block_quantity, axis=1)
    real = problem.block_quantity > 0.0
    begun = real & (until - problem.block_quantity < served[:, None] - HALF_STEP)
    short = real & (until > served[:, None] + HALF_STEP)
    last = np.where(begun, problem.block_value, np.inf).min(axis=1, initial=np.inf)
    first = np.where(short, problem.block_value, -np.inf).max(axis=1, initial=-np.inf)
    return last, first
