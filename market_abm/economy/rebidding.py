"""Price effect of a withdrawal within the quarter: contracts of others stand, one's own customers bid again."""

from __future__ import annotations

import numpy as np

from market_abm.economy.span import Span
from market_abm.economy.world import Floats
from market_abm.market.problem import replace_each
from market_abm.market.variants import clear_variants
from market_abm.measures.price_effect import index_price, index_prices
from market_abm.units import ordered_sum


def rebidding_effects(span: Span, least: float) -> Floats:
    """Rise of the index when j's merchant capacity goes and its customers rebid in the free pool, (T, S).

    NaN where the free pool is too thin for a price, and for sellers with less than the share ``least`` of what is
    sold under contract.
    """
    from market_abm.market.kernel.curve import stretch

    world = span.world
    effect = np.full((len(span), world.shape[0]), np.nan)
    known = [k for k, q in enumerate(span) if q.index_known]
    if not known:
        return effect
    quarters = [span.quarters[k] for k in known]
    committed = np.maximum(np.array([q.position.by_link - q.signed for q in quarters]), 0.0)
    merchant = np.where(world.links.internal, 0.0, committed)
    sold = ordered_sum(merchant, axis=2)
    noticeable = (sold > 0.0) & (sold >= least * ordered_sum(sold, axis=1)[:, None])
    quarter, gone = noticeable.nonzero()
    capacity = np.array([q.problem.capacity for q in quarters])[quarter]
    capacity[np.arange(len(gone)), gone] = 0.0
    # Whoever bought of the seller that goes bids again for the last units that contracts had covered.
    removal, buyer = merchant[quarter, gone].nonzero()
    place = quarter[removal]
    high = ordered_sum(committed, axis=1)[place, buyer]
    low = high - merchant[place, gone[removal], buyer]
    wanted, value = (blocks[known] for blocks in span.curves)
    bids = stretch(wanted.reshape(-1, wanted.shape[2]), place * world.shape[1] + buyer, low, high)
    bids += np.array([q.problem.block_quantity for q in quarters])[place, buyer]
    problems = replace_each([q.problem for q in quarters], block_value=value)
    removals = quarter.searchsorted(np.arange(len(quarters) + 1))
    rows = removal.searchsorted(removals)
    for k, q in enumerate(quarters):
        mine, bidders = slice(removals[k], removals[k + 1]), slice(rows[k], rows[k + 1])
        solved = clear_variants(
            q.allocation,
            capacity[mine],
            problem=problems[k],
            variant=removal[bidders] - removals[k],
            buyer=buyer[bidders],
            quantity=bids[bidders],
        )
        index = world.buyers.index
        after = index_prices(q.problem, capacity[mine], solved.seller_price, solved.served, index)
        effect[known[k], gone[mine]] = after / index_price(q.problem, q.allocation, index) - 1.0
    return effect
