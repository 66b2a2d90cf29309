"""Capacity as a weapon: each seller offers what is best for it, given what the others offer (Cournot 1838).

An efficient allocation never withholds. Here a seller sees how the competitive price of its capacity rises
when it offers less, on the network as it is: rivals that reach its buyers, switching costs, its own lab.
Rivals that choose too are expected to sell what they offer at any price, all others to sell at cost. With
price competition after the choice of capacity the outcome is the same (Kreps and Scheinkman 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation, clear
from market_abm.market.problem import Bools, Floats, TradeProblem

PASSES = ((0.1, 1.0), (0.02, 0.1))
"""Passes of the search: step, and how far from the last pass's answer, as shares of the capacity."""

ROUNDS = 40
"""Most rounds of replies in a pass. In turn they settle where offers are strategic substitutes."""


@dataclass(frozen=True, eq=False)
class CapacityGame:
    """Offers from which nobody gains by offering another step more or less.

    Attributes
    ----------
    offered : array (S,)
        kHQ; the whole capacity of sellers that are not strategic.
    payoff : array (S,)
        What it earns, MUSD, as `capacity_payoffs` counts it; NaN for sellers that are not strategic.
    rounds : int
    settled : bool
        Whether a whole round passed without a change; otherwise replies go round in a circle.
    """

    offered: Floats
    payoff: Floats
    rounds: int
    settled: bool


def cournot(
    problem: TradeProblem,
    strategic: ArrayLike | None = None,
    *,
    own: ArrayLike | None = None,
    tie_key: ArrayLike | None = None,
) -> CapacityGame:
    """Equilibrium of capacity offers, by replies in turn, the largest seller first.

    Parameters
    ----------
    problem : TradeProblem
        What everybody could offer, and what buyers bid.
    strategic : bool array (S,), optional
        Who chooses; all when left out. The others offer all that they have.
    own : bool array (S, B), optional
        Buyers that belong to the seller: it counts what they gain, and pays itself no price.
    tie_key : array (S,), optional
        Order of turns among sellers of the same size, the lower first.

    Notes
    -----
    Replies start from nothing, and among equally good offers the least is taken: from full capacities the
    sellers can get stuck where the price is cost and none gains by offering a little less. Should there be
    several equilibria, the order of turns selects one. A seller that earns nothing at any level offers all.
    Resolution: 2 % of a seller's capacity.
    """
    chooses = np.ones(problem.sellers, bool) if strategic is None else np.asarray(strategic, bool)
    mine = np.zeros(problem.linked.shape, bool) if own is None else np.asarray(own, bool)
    key = np.zeros(problem.sellers) if tie_key is None else np.asarray(tie_key, float)
    capacity = problem.capacity
    turns = [j for j in np.lexsort((key, -capacity)) if chooses[j] and capacity[j] > 0.0]
    offered, payoff = np.where(chooses, 0.0, capacity), np.full(problem.sellers, np.nan)
    allocation = clear(problem)
    rounds, settled = 0, True
    for step, reach in PASSES:
        centre, settled = offered / np.where(capacity > 0.0, capacity, 1.0), False
        for _ in range(ROUNDS):
            rounds, settled = rounds + 1, True
            for j in turns:
                levels = _levels(float(centre[j]), step, reach)
                gains = capacity_payoffs(
                    problem, offered, j, levels, mine[j], chooses, 0.5 * step, allocation
                )
                best = _first_best(gains)
                settled &= bool(abs(levels[best] * capacity[j] - offered[j]) < 1e-9 * capacity[j])
                offered[j], payoff[j] = levels[best] * capacity[j], gains[best]
            if settled:
                break
    return CapacityGame(np.where(chooses & ~(payoff > 0.0), capacity, offered), payoff, rounds, settled)


def capacity_payoffs(
    problem: TradeProblem,
    offered: ArrayLike,
    seller: int,
    levels: ArrayLike,
    own: ArrayLike | None = None,
    given: ArrayLike | None = None,
    width: float = 0.01,
    start: Allocation | None = None,
) -> Floats:
    """What a seller earns at each share of its capacity, the others' offers given, MUSD.

    Parameters
    ----------
    problem : TradeProblem
        With the capacity that each seller has.
    offered : array (S,)
        What the others offer, kHQ.
    seller : int
    levels : array (M,)
        Shares of its capacity that the seller might offer.
    own : bool array (B,), optional
        Its own buyers.
    given : bool array (S,), optional
        Rivals that sell their offer at any price; the others sell at cost.
    width : float
        The price is the mean over this share of the capacity on either side, so that it does not feel the
        blocks of demand.
    start : Allocation, optional
        An optimum of a similar problem, to start from.

    Returns
    -------
    payoff : array (M,)
        Outside sales at the competitive price of its capacity less unit cost, plus what its own buyers gain.
    """
    shares, most = np.asarray(levels, float), float(problem.capacity[seller])
    mine = np.zeros(problem.buyers, bool) if own is None else np.asarray(own, bool)
    dumps = np.zeros(problem.sellers, bool) if given is None else np.array(given, bool)
    dumps[seller] = False
    cost = np.where(dumps, problem.unit_cost - _beyond_all_values(problem), problem.unit_cost)
    cleared: dict[float, Allocation] = {}

    def at(quantity: float) -> Allocation:
        if quantity not in cleared:
            capacity = np.array(offered, float)
            capacity[seller] = quantity
            cleared[quantity] = clear(problem.replace(capacity=capacity, unit_cost=cost), start)
        return cleared[quantity]

    payoff = np.zeros(len(shares))
    for m, share in enumerate(shares):
        here, below, above = (
            round(most * min(max(share + side * width, 0.0), 1.0), 6) for side in (0.0, -1.0, 1.0)
        )
        margin = (at(above).surplus - at(below).surplus) / (above - below) if above > below else 0.0
        found = at(here)
        payoff[m] = margin * float(found.flow[seller, ~mine].sum())
        if mine.any():
            payoff[m] += _own_gain(found, seller, mine)
    return payoff


def _first_best(gains: Floats) -> int:
    """The first of the best, where gains that differ by rounding only are equal."""
    top = float(gains.max())
    return int(np.argmax(gains >= top - 1e-9 * max(abs(top), float(np.abs(gains).max()))))


def _levels(centre: float, step: float, reach: float) -> Floats:
    """Shares from 0 to 1 around the last answer, the smallest first."""
    count = round(reach / step)
    around = np.round(centre + step * np.arange(-count, count + 1), 6)
    return around[(around >= 0.0) & (around <= 1.0)]


def _beyond_all_values(problem: TradeProblem) -> float:
    """More than any unit of compute is worth to anybody, MUSD/kHQ."""
    extra = (np.abs(part).max(initial=0.0) for part in (problem.switching, problem.wedge, problem.tax))
    worth = np.abs(problem.block_value).max(initial=0.0) + np.abs(problem.unit_cost).max(initial=0.0)
    return float(worth + sum(extra) + 1.0)


def _own_gain(allocation: Allocation, seller: int, mine: Bools) -> float:
    """What the seller's own buyers gain: at cost from its fleet, at competitive prices from others, MUSD."""
    problem, flow = allocation.problem, allocation.flow
    until = np.cumsum(problem.block_quantity, axis=1)
    begun = until - problem.block_quantity
    taken = np.clip(allocation.served[:, None] - begun, 0.0, problem.block_quantity)
    worth = (taken * problem.block_value).sum(axis=1)
    price = np.where(flow.any(axis=1), allocation.seller_price, 0.0)
    price[seller] = problem.unit_cost[seller]
    paid = (flow * (price[:, None] + problem.switching + problem.tax + problem.wedge)).sum(axis=0)
    return float((worth - paid)[mine].sum())
