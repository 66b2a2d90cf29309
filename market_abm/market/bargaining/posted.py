"""Posted prices: every seller names one price to all, buyers choose by logit, nobody haggles."""

from __future__ import annotations

import numpy as np

from market_abm.market.bargaining.base import Talks, protocol
from market_abm.market.problem import Bools, Floats

TASTE = 0.05
"""Scale of buyers' tastes over sellers, as a share of the mean floor price."""

ROUNDS = 3000
TOLERANCE = 1e-7
"""Largest last change of a price, as a share of the scale of tastes."""


@protocol("posted")
def posted(talks: Talks) -> Floats:
    """Prices of the posted-price equilibrium (Anderson, de Palma and Thisse 1992), one a seller.

    Every block of every buyer goes to one of its qualified suppliers, or unserved, by logit on value -
    switching - tax - price. A seller's price is its cost plus the logit markup, and no lower than the one
    at which demand fits its capacity. The bargaining weight plays no part. The prices are the equilibrium's
    while the volumes stay those of the allocation (the selling strategy of that name changes volumes too):
    ``notes["unwilling"]`` counts links whose buyer or seller would refuse, ``notes["rounds"]`` and
    ``notes["last_change"]`` say how the fixed point was reached.
    """
    pair, problem = talks.pair, talks.problem
    if len(pair.seller) == 0:
        return np.zeros(0)
    scale = TASTE * max(float(np.abs(pair.floor * pair.quantity).sum() / pair.quantity.sum()), 1e-6)
    assert problem.linked is not None
    price, rounds, change = posted_prices(
        problem.unit_cost[:, None] + problem.wedge,
        problem.switching + problem.tax,
        problem.capacity,
        problem.block_quantity,
        problem.block_value,
        problem.linked & (problem.capacity > 0.0)[:, None],
        scale,
    )
    talks.notes["rounds"], talks.notes["last_change"] = rounds, change
    named = price[pair.seller]
    refused = (named > pair.value + 1e-9) | (named < pair.unit_cost + pair.wedge - 1e-9)
    talks.notes["unwilling"] = int(refused.sum())
    return named


def posted_prices(
    cost: Floats,
    extra: Floats,
    capacity: Floats,
    block_quantity: Floats,
    block_value: Floats,
    offered: Bools,
    scale: float,
    posts: Bools | None = None,
) -> tuple[Floats, int, float]:
    """Equilibrium posted prices of capacity-bound sellers under logit demand.

    Parameters
    ----------
    cost, extra : array (S, B)
        The seller's cost and what the buyer bears beside the price, MUSD/kHQ.
    capacity : array (S,)
    block_quantity, block_value : array (B, K)
    offered : bool array (S, B)
        Links in use.
    scale : float
        Scale of tastes, MUSD/kHQ, positive.
    posts : bool array (S,), optional
        Who posts; all when left out. The others ask their lowest cost or, when scarce, the price at which
        demand fits their capacity.

    Returns
    -------
    price : array (S,)
        NaN for a seller without links.
    rounds : int
    change : float
        Last change of a price as a share of the scale.

    Notes
    -----
    Prices move towards the larger of markup price and capacity price; a seller's step halves whenever it
    turns round, since the markup is steep where a seller has nearly all of a buyer.
    """
    from market_abm.elementary import log  # loads the compiler, which importing a protocol must not

    active = offered.any(axis=1) & (capacity > 0.0)
    offered = offered & active[:, None]
    least = np.where(offered, cost, np.inf).min(axis=1, initial=np.inf)
    price = np.where(active, least + scale, 0.0)
    pace, before = np.full(len(price), 0.5), np.zeros(len(price))
    change, rounds = np.inf, 0
    while change >= TOLERANCE and rounds < ROUNDS:
        rounds += 1
        share, bought, squared = _demand(price, extra, block_quantity, block_value, offered, scale)
        sold = share * bought
        total = np.maximum(sold.sum(axis=1), 1e-300)
        slope = np.maximum(sold - share**2 * squared, 0.0)  # minus scale times the derivative in the price
        lost = np.maximum(slope.sum(axis=1), 1e-12 * total)
        markup = (slope * cost).sum(axis=1) / lost + scale * total / lost
        if posts is not None:
            markup = np.where(posts, markup, least)
        full = price + scale * log(total / np.maximum(capacity, 1e-300))
        away = np.where(active, np.maximum(markup, full) - price, 0.0)
        pace = np.where(away * before < 0.0, 0.5 * pace, np.minimum(1.1 * pace, 0.9))
        before = away
        step = np.clip(pace * away, -scale, scale)
        price = price + step
        change = float(np.abs(away).max(initial=0.0) / scale)
    return np.where(active, price, np.nan), rounds, change


def posted_volumes(
    price: Floats, extra: Floats, block_quantity: Floats, block_value: Floats, offered: Bools, scale: float
) -> Floats:
    """What buyers would take of each seller at posted prices if it had the capacity, (S,), kHQ."""
    share, bought, _ = _demand(price, extra, block_quantity, block_value, offered, scale)
    return (share * bought).sum(axis=1)


def _demand(price, extra, block_quantity, block_value, offered, scale) -> tuple[Floats, Floats, Floats]:
    """Shares of a buyer's purchases by seller (S, B), what it buys (B,), and sum of Q times its square share.

    The logit factors: which seller does not depend on the block, whether to buy depends on the seller mix
    through one inclusive price.
    """
    from market_abm.elementary import exp, log

    pull = np.where(offered, -(price[:, None] + extra) / scale, -np.inf)
    top = pull.max(axis=0, initial=-np.inf)
    some = np.isfinite(top)
    weight = np.where(
        offered & some, exp(np.where(offered & some, pull - np.where(some, top, 0.0), 0.0)), 0.0
    )
    total = np.where(some, weight.sum(axis=0), 1.0)
    inclusive = np.where(some, top, 0.0) + log(total)
    lean = np.clip(block_value / scale + inclusive[:, None], -700.0, 700.0)
    buys = np.where(some[:, None], 1.0 / (1.0 + exp(-lean)), 0.0)
    volume = block_quantity * buys
    return weight / total, volume.sum(axis=1), (volume * buys).sum(axis=1)
