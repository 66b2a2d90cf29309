"""What each seller, buyer and link adds to the market, and what their withdrawal does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.market.clearing import Allocation, cleared, has_tree, price_arguments
from market_abm.market.problem import Floats, TradeProblem
from market_abm.units import GRID


@dataclass(frozen=True, eq=False)
class Contributions:
    """Marginal contributions M = S(N) - S(N without it), MUSD.

    Attributes
    ----------
    seller : array (S,)
    buyer : array (B,)
    link : array (S, B)
        NaN where the link does not trade; what was not asked for is NaN throughout.
    """

    seller: Floats
    buyer: Floats
    link: Floats


@dataclass(frozen=True, eq=False)
class Withdrawal:
    """The market after some of a seller's capacity has gone.

    Attributes
    ----------
    loss : float
        Surplus lost, MUSD.
    seller_price : array (S,)
        Unit cost plus the lowest capacity dual after re-clearing, MUSD/kHQ.
    served : array (B,)
        What each buyer gets after re-clearing, kHQ; in one of the optimal allocations where there are several.
    """

    loss: float
    seller_price: Floats
    served: Floats


def marginal_contributions(
    problem_or_allocation: TradeProblem | Allocation,
    *,
    sellers: bool = True,
    buyers: bool = True,
    links: bool = True,
) -> Contributions:
    """Surplus lost without each seller, each buyer and each trading link, exactly.

    Parameters
    ----------
    problem_or_allocation : TradeProblem or Allocation
        An allocation is not solved again.
    sellers, buyers, links : bool
        What to remove in turn.

    Notes
    -----
    M is an upper bound of a player's core payoff, not the payoff itself (Shapley & Shubik 1971 for unit
    demands; strict for firms with many units).
    """
    return Contributions(*_losses(cleared(problem_or_allocation), sellers, buyers, links, False))


def competitive_interval(problem_or_allocation: TradeProblem | Allocation) -> tuple[Floats, Floats]:
    """Lowest and highest competitive unit price of each seller, MUSD/kHQ.

    unit_cost plus the smallest and largest capacity dual over the face of optimal duals: the one-sided
    derivatives of the surplus in capacity (Shapley & Shubik 1971). Never one solver's dual.

    Returns
    -------
    low, high : arrays (S,)
        ``high`` is infinite for a seller without capacity: nothing bounds what its first unit could cost.
    """
    from market_abm.market.kernel import entry

    allocation = cleared(problem_or_allocation)
    high = entry.prices(*allocation._state, False, *price_arguments(allocation.problem))
    return allocation.seller_price, high


def withdraw(allocation: Allocation, seller: int, quantity: float | None = None) -> Withdrawal:
    """Take capacity of one seller away and let the whole market clear again.

    Parameters
    ----------
    allocation : Allocation
    seller : int
        Row of the seller.
    quantity : float, optional
        kHQ to take away; all of its capacity when left out.

    Raises
    ------
    ValueError
        If there is no such seller, or it has less than ``quantity``.
    """
    from market_abm.market.kernel import entry
    from market_abm.market.kernel.network import unpacked

    problem = allocation.problem
    if not 0 <= seller < problem.sellers:
        raise ValueError(f"seller is {seller}; it must be a row from 0 to {problem.sellers - 1}.")
    owned = problem.capacity[seller]
    taken = owned if quantity is None else quantity
    if not 0.0 <= taken <= owned:
        raise ValueError(f"quantity is {taken} kHQ; seller {seller} has {owned}: take from 0 to all of it.")
    steps = round(taken * GRID)
    arguments = (*allocation._state, seller, steps, problem.buyers)
    loss = np.nan
    if has_tree(allocation._state):
        loss, served, lowest = entry.withdrawal(*arguments)
    if np.isnan(loss):
        from market_abm.market.kernel import fallback

        loss, served, lowest = fallback.withdrawal(*arguments)
    price = entry.unit_prices(unpacked(allocation._state[0]), lowest, *price_arguments(problem))
    return Withdrawal(loss, price, served)


def replacement_loss(allocation: Allocation) -> Floats:
    """What it costs the market to serve a link's volume from others, (S, B), MUSD.

    S(N) - S(N; u_ij = 0, K_j - x_ij) for links that trade, NaN elsewhere: the buyer must outbid the
    lowest-value users of its other qualified suppliers. Divided by the volume, plus cost and wedge, it is
    rho, the most that the buyer would pay.
    """
    return _losses(allocation, False, False, True, True)[2]


def _losses(
    allocation: Allocation, sellers: bool, buyers: bool, links: bool, capacity_too: bool
) -> tuple[Floats, Floats, Floats]:
    """Losses from the tree; along shortest paths where there is none or it ran out of steps."""
    from market_abm.market.kernel import entry

    asked = (allocation.flow.shape, sellers, buyers, links, capacity_too)
    if has_tree(allocation._state):
        seller, buyer, link, done = entry.losses(*allocation._state, *asked)
        if done:
            return seller, buyer, link
    from market_abm.market.kernel import fallback

    return fallback.losses(*allocation._state, *asked)
