"""Competitive prices: the face of optimal duals, never one solver's dual."""

from __future__ import annotations

import numpy as np

from market_abm.market.bargaining.base import Talks, protocol
from market_abm.market.clearing import Allocation, cleared
from market_abm.market.contribution import competitive_interval
from market_abm.market.problem import Floats, TradeProblem
from market_abm.units import ordered_sum


@protocol("competitive")
def competitive(talks: Talks) -> Floats:
    """p = kappa + p_min + beta (p_max - p_min), both ends from one-sided derivatives of S in capacity.

    Shapley and Shubik (1971). With fine blocks the interval is nearly a point and beta has no effect:
    ``notes["widest_interval"]`` reports its largest width over the links, MUSD/kHQ. A capped link's rent
    stays with the buyer.
    """
    allocation = talks.allocation
    if not isinstance(allocation, Allocation):
        raise ValueError("competitive prices need an optimal allocation: pass clear(problem), not a held one")
    low, high = (end[talks.pair.seller] for end in competitive_interval(allocation))
    talks.notes["widest_interval"] = float((high - low).max(initial=0.0))
    return talks.pair.wedge + low + talks.beta * (high - low)


def payoffs_at(problem: TradeProblem, seller_price: Floats) -> tuple[Floats, Floats]:
    """Payoffs of sellers (S,) and buyers (B,) that take unit prices as given, MUSD.

    A seller earns its margin on its whole capacity; a buyer takes from its cheapest link all blocks that
    are worth it. At competitive prices the two sum to the surplus (Owen 1975).

    Raises
    ------
    ValueError
        If the problem has link caps: their rent belongs to links, not to prices.
    """
    assert problem.linked is not None
    if problem.link_cap is not None and np.any(
        problem.linked & (problem.link_cap < problem.capacity[:, None])
    ):
        raise ValueError(
            "link_cap binds somewhere: prices alone do not decide who earns the rent of a capped link"
        )
    price = np.where(problem.capacity > 0.0, seller_price, np.inf)
    delivered = price[:, None] + problem.switching + problem.wedge + problem.tax
    cheapest = np.where(problem.linked, delivered, np.inf).min(axis=0, initial=np.inf)
    gain = np.maximum(problem.block_value - cheapest[:, None], 0.0)
    rent = np.where(problem.capacity > 0.0, seller_price - problem.unit_cost, 0.0)
    buyer = np.asarray(ordered_sum(gain * problem.block_quantity, axis=1))
    return np.maximum(rent, 0.0) * problem.capacity, buyer


def competitive_payoffs(
    problem_or_allocation: TradeProblem | Allocation,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Smallest and largest competitive payoffs: seller low, seller high (S,), buyer low, buyer high (B,).

    Without link caps the dual face is a lattice: all sellers do best, and all buyers worst, at one and the
    same price vector.
    """
    allocation = cleared(problem_or_allocation)
    low, high = competitive_interval(allocation)
    problem = allocation.problem
    seller_low, buyer_high = payoffs_at(problem, low)
    seller_high, buyer_low = payoffs_at(problem, high)
    return seller_low, seller_high, buyer_low, buyer_high
