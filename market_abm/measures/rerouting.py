"""One quarter without a supplier: contracts of others stand, its customers rebid in the free pool.

The same re-clearing gives the one-quarter price effect and, for every customer, what it loses after
rerouting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation, clear
from market_abm.market.problem import TradeProblem
from market_abm.measures._owners import Bools, Floats, matrix, owners, vector
from market_abm.measures.price_effect import index_price
from market_abm.measures.welfare import gross_value, without_first
from market_abm.units import ordered_sum

MINIMUM_FREE_SHARE = 0.002
"""Below this share of all capacity the free pool is too thin to make a price."""


@dataclass(frozen=True, eq=False)
class Rebids:
    """The free pool with everybody, and without each owner; rows of one owner hold the same.

    Attributes
    ----------
    price : float
        Price index of the free pool, MUSD/kHQ; NaN where the pool is too thin or nobody is asked about.
    price_without : array (S,)
        The same without the row's owner.
    value : array (B,)
        Gross value of all that a buyer gets, contracts and free pool, MUSD.
    value_before_rerouting : array (S, B)
        The same less what the owner delivers, nothing replaced.
    value_after_rerouting : array (S, B)
        The same when the owner's customers have rebid; NaN for rows that were not asked about.
    """

    price: float
    price_without: Floats
    value: Floats
    value_before_rerouting: Floats
    value_after_rerouting: Floats

    @property
    def price_effect(self) -> Floats:
        """One-quarter rise of the price, a fraction, (S,); NaN where the pool is too thin."""
        known = 0.0 < self.price < np.inf
        return self.price_without / self.price - 1.0 if known else np.full(len(self.price_without), np.nan)


def rebid(
    problem: TradeProblem,
    committed: ArrayLike,
    free: ArrayLike,
    index: ArrayLike | None = None,
    own: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
    asked: ArrayLike | None = None,
    minimum_free_share: float = MINIMUM_FREE_SHARE,
) -> Rebids:
    """Take each owner out for a quarter: its free capacity and its contracts with others vanish (outage).

    Parameters
    ----------
    problem : TradeProblem
        The whole market: all blocks, links and costs without wedge, tax and taste. Its capacity is what "the
        whole" means for ``minimum_free_share``.
    committed : array (S, B)
        What contracts in force and own use deliver, kHQ. It serves a buyer's best blocks.
    free : array (S,)
        Capacity that is re-allocated, kHQ.
    index : int or bool array (B,), optional
        Index buyers; without them no price is formed.
    own : bool array (S, B), optional
        Links inside one owner: that use stays with its fleet.
    owner, aggregate_of : arrays (S,), optional
        Ultimate owners and aggregates.
    asked : bool array (S,), optional
        Rows whose owners are taken out; all of them when left out.
    """
    shape = (problem.sellers, problem.buyers)
    tied = matrix("committed", committed, shape, 0.0).astype(np.float64)
    pool = vector("free", free)
    inside = matrix("own", own, shape, False).astype(np.bool_)
    grouped = owners(problem.sellers, owner, aggregate_of)
    wanted = np.ones(shape[0], dtype=np.bool_) if asked is None else np.asarray(asked, dtype=np.bool_)
    thin = not ordered_sum(pool) >= minimum_free_share * ordered_sum(problem.capacity)
    held = ordered_sum(tied, axis=0)
    base = _pool(problem, pool, held, None)
    asked_for = None if thin else index
    price = float("nan") if asked_for is None else index_price(base.problem, base, asked_for)
    value = gross_value(problem.block_quantity, problem.block_value, held + base.served)
    delivered = tied + base.flow
    before, after = np.full(shape, np.nan), np.full(shape, np.nan)
    price_without = np.full(shape[0], np.nan)
    for g in range(len(grouped)):
        rows = grouped.rows(g)
        if not wanted[rows].any():
            continue
        part = 1.0 / grouped.members[g]
        others = ~inside[rows]
        lost = ordered_sum(np.where(others, delivered[rows], 0.0), axis=0) * part
        total = np.maximum(held + base.served - lost, 0.0)
        before[rows] = gross_value(problem.block_quantity, problem.block_value, total)
        left = pool.copy()
        left[rows] = pool[rows] * (1.0 - part)
        still = held - ordered_sum(np.where(others, tied[rows], 0.0), axis=0) * part
        rest = _pool(problem, left, np.maximum(still, 0.0), base)
        after[rows] = gross_value(problem.block_quantity, problem.block_value, still + rest.served)
        if asked_for is not None:
            price_without[rows] = index_price(rest.problem, rest, asked_for)
    return Rebids(price, price_without, value, before, after)


@dataclass(frozen=True, eq=False)
class RelationLosses:
    """What a buyer loses without a supplier, fractions of its compute value, (S, B), NaN without a relation.

    Attributes
    ----------
    before : array (S, B)
        Before rerouting: nothing replaced.
    after : array (S, B)
        After rerouting to the capacity that is free within the notice.
    """

    before: Floats
    after: Floats


def relation_losses(
    problem: TradeProblem,
    committed: ArrayLike,
    free: ArrayLike,
    notice: ArrayLike | None = None,
    own: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
) -> RelationLosses:
    """Losses of every buyer in every relation with a supplier of another owner, for the relation-level grade.

    Both are differences of two clearings of the same quarter that differ only in the supplier, never against
    current use; the supplier's capacity vanishes (outage).

    Parameters
    ----------
    problem, committed, own, owner, aggregate_of
        As in :func:`rebid`.
    free : array (S,) or (H, S)
        Free capacity; with several rows, what has come free within 0, 1, ... H-1 quarters (cumulative).
    notice : int array (S, B), optional
        Quarters of notice of each relation; 0 when left out. Longer than H-1 counts as H-1.
    """
    shape = (problem.sellers, problem.buyers)
    tied = matrix("committed", committed, shape, 0.0).astype(np.float64)
    inside = matrix("own", own, shape, False).astype(np.bool_)
    pools = np.atleast_2d(np.asarray(free, dtype=np.float64))
    given = matrix("notice", notice, shape, 0)
    horizon = np.clip(np.rint(given), 0, len(pools) - 1).astype(np.int64)
    relation = (tied > 0.0) & ~inside
    before, after = np.full(shape, np.nan), np.full(shape, np.nan)
    for quarters in np.unique(horizon[relation]):
        here = relation & (horizon == quarters)
        outcome = rebid(
            problem,
            tied,
            pools[quarters],
            own=inside,
            owner=owner,
            aggregate_of=aggregate_of,
            asked=here.any(axis=1),
        )
        worth = np.where(outcome.value > 0.0, outcome.value, np.nan)
        before[here] = (1.0 - outcome.value_before_rerouting / worth)[here]
        after[here] = (1.0 - outcome.value_after_rerouting / worth)[here]
    return RelationLosses(before, after)


def recall_loss(
    problem: TradeProblem, committed: ArrayLike, free: ArrayLike, supplier: int, buyer: int
) -> tuple[float, float]:
    """Losses before and after rerouting when one relation is recalled and its capacity resold to others.

    Parameters
    ----------
    problem, committed, free
        As in :func:`rebid`.
    supplier, buyer : int
        The relation.
    """
    shape = (problem.sellers, problem.buyers)
    tied = matrix("committed", committed, shape, 0.0).astype(np.float64).copy()
    pool = vector("free", free).copy()
    held = ordered_sum(tied, axis=0)
    base = _pool(problem, pool, held, None)
    worth = gross_value(problem.block_quantity, problem.block_value, held + base.served)[buyer]
    if not worth > 0.0:
        return float("nan"), float("nan")
    got = held + base.served
    got[buyer] -= tied[supplier, buyer] + base.flow[supplier, buyer]
    idle = gross_value(problem.block_quantity, problem.block_value, np.maximum(got, 0.0))[buyer]
    pool[supplier] += tied[supplier, buyer]
    tied[supplier, buyer] = 0.0
    closed = np.array(problem.linked)
    closed[supplier, buyer] = False
    held = ordered_sum(tied, axis=0)
    rest = _pool(problem.replace(linked=closed), pool, held, None)
    again = gross_value(problem.block_quantity, problem.block_value, held + rest.served)[buyer]
    return float(1.0 - idle / worth), float(1.0 - again / worth)


def _pool(problem: TradeProblem, free: Floats, held: Floats, start: Allocation | None) -> Allocation:
    """Clear the free capacity among what contracts leave unserved."""
    quantity = without_first(problem.block_quantity, held)
    return clear(problem.replace(capacity=free, block_quantity=quantity), start=start)


def relations(committed: ArrayLike, own: ArrayLike | None = None) -> Bools:
    """Pairs of different owners that have a contract in force, (S, B)."""
    tied = np.asarray(committed, dtype=np.float64)
    return (tied > 0.0) & ~matrix("own", own, tied.shape, False).astype(np.bool_)
