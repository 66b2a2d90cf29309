"""What happens to price, and to others, when a supplier's merchant capacity is withdrawn.

The whole market re-clears; contracts of others do not bind; the supplier's own use leaves with the part of
its fleet that serves it. One re-clearing answers both questions of the market-level grade: the rise of the
price index and the loss of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation, clear, cleared, has_tree, price_arguments
from market_abm.market.problem import TradeProblem
from market_abm.market.variants import taken
from market_abm.measures._owners import Bools, Floats, Owners, matrix, owners
from market_abm.units import ordered_sum


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

    @cached_property
    def price_effect(self) -> Floats:
        """Rise of the price index, a fraction, (S,)."""
        if not 0.0 < self.price < np.inf:
            return np.full(len(self.price_without), np.nan)
        return self.price_without / self.price - 1.0

    @cached_property
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
    buyers = _index_buyers(index, problem.buyers)
    grouped = owners(problem.sellers, owner, aggregate_of)
    inside = matrix("own", own, allocation.flow.shape, False).astype(np.bool_, copy=False)
    with_own = _with_own_use(allocation, inside)
    removal, amount, lost, price = _effects(with_own, inside, grouped, least, allocation.served, buyers)
    # The first removal takes nothing: the price index with everybody.
    after, loss = price[removal], np.maximum(lost, 0.0)[removal]
    if least > 0.0:
        small = removal < 0
        after[small], loss[small] = np.nan, np.nan
    return Removals(float(price[0]), after, amount, loss, allocation.surplus)


def _effects(
    allocation: Allocation, own: Bools, grouped: Owners, least: float, served: Floats, buyers: np.ndarray
) -> tuple[np.ndarray, Floats, Floats, Floats]:
    """The removal of each seller's owner and what it withdraws, (S,); loss and price index of each removal, (R,)."""
    from market_abm.market.kernel.merchant import merchant_effects, merchant_rows

    problem = allocation.problem
    groups = allocation.flow, own, grouped.group, grouped.members, least
    if has_tree(allocation._state):
        switching, tax = problem.switching, problem.tax
        removal, amount, loss, price = merchant_effects(
            *allocation._state, *groups, served, buyers, switching, tax, *price_arguments(problem)
        )
        if not np.count_nonzero(np.isnan(loss)):
            return removal, amount, loss, price
    # Several sellers of one owner go, or the tree has no answer: removals are cleared afresh.
    removal, amount, *rows, sells = merchant_rows(problem.capacity, *groups)
    rest = taken(allocation, *rows)
    price = _index_prices(problem, sells, rest.seller_price, served[None, :], buyers)
    return removal, amount, rest.loss, price


def merchant_capacity(allocation: Allocation, own: ArrayLike | None = None) -> Floats:
    """Capacity less what serves the owner's own use, kHQ, (S,)."""
    return allocation.problem.capacity - ordered_sum(own_use(allocation, own), axis=1)


def own_use(allocation: Allocation, own: ArrayLike | None = None) -> Floats:
    """What owners' fleets deliver to their own labs and captive use, kHQ, (S, B).

    Among optimal allocations the one with most of it counts: compute is alike, and without contracts and
    tastes an optimum may as well serve every lab from somebody else's fleet.
    """
    inside = matrix("own", own, allocation.flow.shape, False).astype(np.bool_, copy=False)
    return np.where(inside, _with_own_use(allocation, inside).flow, 0.0)


def _with_own_use(allocation: Allocation, inside: Bools) -> Allocation:
    """The optimum with most own use, where there is any."""
    given = allocation.problem.incumbent
    if not np.count_nonzero(inside if given is None else given != inside) or not inside.any():
        return allocation
    return clear(allocation.problem.replace(incumbent=inside.astype(np.float64)), start=allocation)


def index_price(problem: TradeProblem, allocation: Allocation, index: ArrayLike) -> float:
    """Marginal price of the sellers that reach the index buyers, MUSD/kHQ.

    For each index buyer the unit price of the seller that would deliver the next unit most cheaply (price
    plus switching and tax); several index buyers are weighted by what they are served. Infinite where no
    seller with capacity reaches one that is served.
    """
    sells, price = problem.capacity[None, :] > 0.0, allocation.seller_price[None, :]
    buyers = _index_buyers(index, problem.buyers)
    return float(_index_prices(problem, sells, price, allocation.served[None, :], buyers)[0])


def index_prices(
    problem: TradeProblem, capacity: Floats, seller_price: Floats, served: Floats, index: ArrayLike
) -> Floats:
    """Price index of variants of a problem, each at its own weights, MUSD/kHQ, (G,).

    Parameters
    ----------
    capacity, seller_price : arrays (G, S)
    served : array (G, B)
        As in :func:`market_abm.market.variants.clear_variants`.
    """
    return _index_prices(problem, capacity > 0.0, seller_price, served, _index_buyers(index, problem.buyers))


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


def _index_buyers(index: ArrayLike, buyers: int) -> np.ndarray:
    """Rows of the index buyers, (n,)."""
    chosen = np.asarray(index)
    flags = chosen.dtype == np.bool_
    rows = chosen.nonzero()[0] if flags else np.atleast_1d(chosen)
    if len(rows) == 0 or rows[-1] >= buyers or not (flags or ((rows >= 0) & (rows < buyers)).all()):
        raise ValueError(
            f"index is {chosen}; name at least one buyer, by flag or by row from 0 to {buyers - 1}."
        )
    return rows


def _index_prices(
    problem: TradeProblem, sells: Bools, seller_price: Floats, served: Floats, buyers: np.ndarray
) -> Floats:
    """Price index (G,) of variants: who has capacity and unit prices (G, S), weights (G, B) or (1, B) for all."""
    from market_abm.market.kernel import index

    return index.index_prices(
        sells, seller_price, served, buyers, problem.switching, problem.tax, problem.linked, problem.caps
    )
