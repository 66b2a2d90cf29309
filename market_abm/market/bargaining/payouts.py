"""From payoffs of firms to prices on links."""

from __future__ import annotations

import numpy as np

from market_abm.market.bargaining.base import Talks
from market_abm.market.problem import Floats

RIDGE = 1e-6
"""Weight of staying near the middle of a link's surplus: it only decides where payoffs do not."""


def nearest_prices(talks: Talks, payoff: Floats) -> tuple[Floats, float]:
    """Prices whose payoffs come closest to ``payoff`` in least squares, and the surplus that misses its
    target.

    Parameters
    ----------
    talks : Talks
    payoff : array (S + B,)
        Target of every seller, then every buyer, MUSD. They should sum to the surplus.

    Returns
    -------
    price : array (L,)
        MUSD/kHQ, between the seller's cost and the buyer's average value on every link: without these bounds
        a small link between two parts of the market would have to carry all that one part owes the other.
    missed : float
        Half the sum of absolute deviations: the surplus that goes to somebody else than the target says,
        above all what players who do not trade should get.
    """
    from scipy.optimize import lsq_linear

    pair, problem = talks.pair, talks.problem
    links = len(pair.seller)
    if links == 0:
        return np.zeros(0), 0.0
    buyer = problem.sellers + pair.buyer
    cost = pair.unit_cost + pair.wedge
    extra = problem.switching[pair.seller, pair.buyer] + problem.tax[pair.seller, pair.buyer]
    worth = gross_value(talks)
    average = worth[pair.buyer] / talks.allocation.served[pair.buyer] - extra
    room = np.maximum(np.maximum(average, pair.value) - cost, 1e-12) * pair.quantity
    start = 0.5 * np.minimum(pair.gross_surplus * pair.quantity, room)
    reached = np.zeros(problem.sellers + problem.buyers)
    reached[problem.sellers :] = worth
    np.add.at(reached, buyer, -(cost + extra) * pair.quantity)
    moves = np.zeros((len(reached), links))
    moves[pair.seller, np.arange(links)] = 1.0
    moves[buyer, np.arange(links)] = -1.0
    trading = np.abs(moves).sum(axis=1) > 0.0
    gap = payoff - reached
    solved = lsq_linear(
        np.vstack([moves[trading], RIDGE * np.eye(links)]),
        np.concatenate([gap[trading], RIDGE * start]),
        bounds=(np.zeros(links), room),
        method="bvls",
        tol=1e-12,
    )
    missed = 0.5 * float(np.abs(gap - moves @ solved.x).sum())
    return cost + solved.x / pair.quantity, missed


def gross_value(talks: Talks) -> Floats:
    """What each buyer's served units are worth to it before any cost, (B,), MUSD."""
    problem, served = talks.problem, talks.allocation.served
    until = np.cumsum(problem.block_quantity, axis=1)
    taken = np.clip(served[:, None] - (until - problem.block_quantity), 0.0, problem.block_quantity)
    return (taken * problem.block_value).sum(axis=1)
