"""What happens to price, and to others, when a supplier's merchant capacity is withdrawn.

The whole market re-clears; contracts of others do not bind; the supplier's own use leaves with the part of
its fleet that serves it. One re-clearing answers both questions of the market-level grade: the rise of the
price index and the loss of others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation, clear, cleared
from market_abm.market.contribution import withdraw
from market_abm.market.problem import TradeProblem
from market_abm.measures._owners import Floats, matrix, owners
from market_abm.measures.welfare import gross_value, without_first
from market_abm.units import on_grid, ordered_sum

_SAME_PRICE = 1e-7
"""A tenth of a grid step, MUSD/kHQ: sums of prices that differ by less are equal."""


@dataclass(frozen=True, eq=False)
class Removals:
    """The market without each supplier's merchant capacity, one value a seller row: that of its owner.

    Attributes
    ----------
    price : float
        Price index with everybody, MUSD/kHQ.
    price_without : array (S,)
        Price index after the withdrawal; infinite where no seller reaches the index buyers any more.
    withdrawn : array (S,)
        Merchant capacity of (one of) the row's owner(s), kHQ.
    loss : array (S,)
        Loss of others, MUSD.
    surplus : float
        S(N), MUSD.
    """

    price: float
    price_without: Floats
    withdrawn: Floats
    loss: Floats
    surplus: float

    @property
    def price_effect(self) -> Floats:
        """Rise of the price index, a fraction, (S,)."""
        if not 0.0 < self.price < np.inf:
            return np.full(len(self.price_without), np.nan)
        return self.price_without / self.price - 1.0

    @property
    def loss_of_others(self) -> Floats:
        """Loss of others as a share of the surplus of the whole market, (S,)."""
        return self.loss / self.surplus if self.surplus > 0.0 else np.zeros(len(self.loss))


def merchant_removals(
    problem_or_allocation: TradeProblem | Allocation,
    index: ArrayLike,
    own: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
    least: float = 0.0,
) -> Removals:
    """Withdraw each owner's merchant capacity in turn and let the whole market re-clear.

    Definition of the loss of others. In the optimum, owner j's own lab and captive use take x_jj from its own
    fleet (:func:`own_use`). That use (its most valuable blocks) and the fleet serving it are taken out of
    the market; the loss of others is the surplus of what is left, with and without the rest of j's capacity.
    Own users keep what their fleet gave them and do not bid for anybody else's; what j's labs buy elsewhere
    stays in the market. A firm that only serves itself has no effect on others, whatever its size.

    Parameters
    ----------
    problem_or_allocation : TradeProblem or Allocation
        Whole market without wedge, tax and taste. An allocation is not solved again.
    index : int or bool array (B,)
        The buyers whose marginal price is the index.
    own : bool array (S, B), optional
        Links inside one owner; none when left out.
    owner, aggregate_of : arrays (S,), optional
        Ultimate owners and aggregates; of an aggregate, one of its equal owners is withdrawn.
    least : float
        Owners with a smaller share of all merchant capacity are left out: NaN.
    """
    allocation = cleared(problem_or_allocation)
    problem = allocation.problem
    basket = _basket(allocation, index)
    grouped = owners(problem.sellers, owner, aggregate_of)
    kept = own_use(allocation, own)
    merchant = problem.capacity - ordered_sum(kept, axis=1)
    gone = np.maximum(grouped.removed(merchant), 0.0)
    price = _index_price(problem, problem.capacity, allocation.seller_price, basket)
    after, loss = np.full(len(grouped), price), np.zeros(len(grouped))
    small = least * float(ordered_sum(np.maximum(merchant, 0.0)))
    for g in range(len(grouped)):
        rows = grouped.rows(g)
        if ordered_sum(gone[g]) < small:
            after[g], loss[g] = np.nan, np.nan
        elif ordered_sum(gone[g]) > 0.0:
            after[g], loss[g] = _without(allocation, rows, on_grid(gone[g]), kept, basket)
    spread = grouped.group
    return Removals(price, after[spread], ordered_sum(gone, axis=1)[spread], loss[spread], allocation.surplus)


def merchant_capacity(allocation: Allocation, own: ArrayLike | None = None) -> Floats:
    """Capacity less what serves the owner's own use, kHQ, (S,)."""
    return allocation.problem.capacity - ordered_sum(own_use(allocation, own), axis=1)


def own_use(allocation: Allocation, own: ArrayLike | None = None) -> Floats:
    """What owners' fleets deliver to their own labs and captive use, kHQ, (S, B).

    Among optimal allocations the one with most of it counts: compute is alike, and without contracts and
    tastes an optimum may as well serve every lab from somebody else's fleet.
    """
    inside = matrix("own", own, allocation.flow.shape, False).astype(np.bool_)
    if not inside.any():
        return np.zeros(inside.shape)
    first = clear(allocation.problem.replace(incumbent=inside.astype(np.float64)), start=allocation)
    return np.where(inside, first.flow, 0.0)


def index_price(problem: TradeProblem, allocation: Allocation, index: ArrayLike) -> float:
    """Marginal price of the sellers that reach the index buyers, MUSD/kHQ.

    For each index buyer the unit price of the seller that would deliver the next unit most cheaply (price
    plus switching and tax); several index buyers are weighted by what they are served. Infinite where no
    seller with capacity reaches one that is served.
    """
    return _index_price(problem, problem.capacity, allocation.seller_price, _basket(allocation, index))


def approximate_price_effect(merchant_share: ArrayLike, elasticity: ArrayLike) -> Floats:
    """Rise of price under one elasticity and full reach: (1 - merchant share)^(-1 / elasticity) - 1."""
    share = np.asarray(merchant_share, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.power(1.0 - share, -1.0 / np.asarray(elasticity, dtype=np.float64)) - 1.0


def band(removals: list[Removals]) -> tuple[Floats, Floats]:
    """Lowest and highest price effect over several problems (elasticity 0.5 to 1.3), (S,) and (S,)."""
    effects = np.stack([one.price_effect for one in removals])
    return np.min(effects, axis=0), np.max(effects, axis=0)


def price_resolution(problem: TradeProblem, price: float) -> float:
    """Largest relative step of the joint demand curve next to a price, a fraction.

    The index moves from one block value to the next; where buyers' blocks are staggered the joint curve is
    much finer than any buyer's. A price effect is known no better than this at either end.
    """
    values = np.unique(problem.block_value[problem.block_quantity > 0.0])
    here = int(np.searchsorted(values, price))
    near = values[max(here - 1, 0) : here + 2]
    return float(np.max(np.diff(near)) / price) if len(near) > 1 and price > 0.0 else float("inf")


@dataclass(frozen=True, eq=False)
class _Basket:
    """Index buyers with fixed weights, so that before and after compare like with like."""

    buyers: np.ndarray
    weight: Floats


def _basket(allocation: Allocation, index: ArrayLike) -> _Basket:
    chosen = np.asarray(index)
    buyers = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else np.atleast_1d(chosen)
    if len(buyers) == 0 or buyers.min() < 0 or buyers.max() >= allocation.problem.buyers:
        raise ValueError(
            f"index is {np.asarray(index)}; name at least one buyer, by flag or by row from 0 "
            f"to {allocation.problem.buyers - 1}."
        )
    served = allocation.served[buyers]
    total = ordered_sum(served)
    weight = served / total if total > 0.0 else np.full(len(buyers), 1.0 / len(buyers))
    return _Basket(buyers, weight)


def _index_price(problem: TradeProblem, capacity: Floats, seller_price: Floats, basket: _Basket) -> float:
    linked = np.asarray(problem.linked)
    reach = linked[:, basket.buyers] & (capacity > 0.0)[:, None]
    if problem.link_cap is not None:
        reach = reach & (problem.link_cap[:, basket.buyers] > 0.0)
    extra = problem.switching[:, basket.buyers] + problem.tax[:, basket.buyers]
    delivered = np.where(reach, seller_price[:, None] + extra, np.inf)
    if len(capacity) == 0 or not (reach.any(axis=0) | (basket.weight == 0.0)).all():
        return float("inf")
    # Among sellers that deliver equally cheaply the lowest price counts, not the first row.
    level = delivered <= delivered.min(axis=0) + _SAME_PRICE
    price = np.where(level, seller_price[:, None], np.inf).min(axis=0)
    counts = basket.weight > 0.0
    return float(ordered_sum(np.where(counts, basket.weight * np.where(counts, price, 0.0), 0.0)))


def _without(
    allocation: Allocation, rows: np.ndarray, gone: Floats, kept: Floats, basket: _Basket
) -> tuple[float, float]:
    """Price index and loss of others when one owner's merchant capacity goes and its own use stays apart."""
    problem = allocation.problem
    inside = np.zeros(kept.shape)
    inside[rows] = kept[rows]
    capacity = problem.capacity - gone
    if len(rows) == 1 and not inside.any():
        result = withdraw(allocation, int(rows[0]), float(gone[rows[0]]))
        return _index_price(problem, capacity, result.seller_price, basket), max(result.loss, 0.0)
    taken = ordered_sum(inside, axis=0)
    apart = gross_value(problem.block_quantity, problem.block_value, taken)
    apart_surplus = ordered_sum(apart) - ordered_sum(ordered_sum(inside * problem.link_cost, axis=1))
    left = np.maximum(capacity - ordered_sum(inside, axis=1), 0.0)
    quantity = without_first(problem.block_quantity, taken)
    rest = clear(problem.replace(capacity=left, block_quantity=quantity), start=allocation)
    loss = allocation.surplus - apart_surplus - rest.surplus
    return _index_price(problem, left, rest.seller_price, basket), max(float(loss), 0.0)
