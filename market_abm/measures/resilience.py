"""N-1 resilience: what is lost when one supplier goes.

Served demand (maximum flow) and welfare (surplus of the whole market), by ultimate owner. Removing an owner
removes its sellers and keeps its demand; the variant ``exit`` removes both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation, clear, cleared
from market_abm.market.problem import TradeProblem
from market_abm.market.variants import without_merchant
from market_abm.measures._owners import Bools, Floats, Owners, matrix, owners, vector
from market_abm.measures.pivotality import Pivotality, _network
from market_abm.units import GRID, ordered_sum, to_grid


@dataclass(frozen=True, eq=False)
class ServedLoss:
    """Served demand with and without each supplier, or each common cause.

    Attributes
    ----------
    served : float
        F(N), kHQ.
    served_without : array (S,) or (C,)
        kHQ.
    loss_share : array (S,) or (C,)
        [F(N) - F(N without it)] / F(N); 0 where nothing is served.
    """

    served: float
    served_without: Floats
    loss_share: Floats


def n_minus_one(
    capacity: ArrayLike,
    demand: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
    buyer_owner: ArrayLike | None = None,
) -> ServedLoss:
    """Loss of served demand without each supplier, with rerouting over the links given.

    Parameters
    ----------
    capacity : array (S,)
    demand : array (B,)
        kHQ. Pass the capacity that stands in four quarters and the links that can be qualified by then for
        the variant with outlook.
    linked, link_cap, owner, aggregate_of
        As in :func:`market_abm.measures.pivotality.pivotality`.
    buyer_owner : int array (B,), optional
        Codes as in ``owner``. When given, an owner's demand leaves with it (variant ``exit``), unless the row
        stands for many owners.
    """
    from market_abm.measures import _flow

    net, held, wanted = _network(capacity, demand, linked, link_cap)
    grouped = owners(len(held), owner, aggregate_of)
    leaves = np.zeros((len(grouped), len(wanted)), dtype=np.bool_)
    if buyer_owner is not None:
        leaves = _own_buyers(grouped, owner, buyer_owner, len(wanted))
    gone = np.rint(grouped.removed(held))
    total, without = _flow.served_without(net, held, wanted, gone, leaves, 0.5)
    return _served_loss(total, without[grouped.group])


def n_minus_cause(
    capacity: ArrayLike,
    demand: ArrayLike,
    causes: ArrayLike,
    linked: ArrayLike | None = None,
    link_cap: ArrayLike | None = None,
) -> ServedLoss:
    """Loss of served demand when a common cause takes capacity of several suppliers (N-2 and beyond).

    Parameters
    ----------
    causes : array (C, S)
        Fraction of each supplier's capacity that each cause takes, from 0 to 1: pairs of suppliers, a chip
        supplier's share of each fleet, a region's share of each fleet.
    """
    from market_abm.measures import _flow

    net, held, wanted = _network(capacity, demand, linked, link_cap)
    taken = np.asarray(causes, dtype=np.float64)
    if taken.ndim != 2 or taken.shape[1] != len(held) or not ((taken >= 0.0) & (taken <= 1.0)).all():
        raise ValueError(
            f"causes has shape {taken.shape} and range {taken.min()} to {taken.max()}; give fractions "
            f"from 0 to 1, one row a cause, one column a seller ({len(held)})."
        )
    stays = np.zeros((len(taken), len(wanted)), dtype=np.bool_)
    total, without = _flow.served_without(net, held, wanted, np.rint(taken * held), stays, 0.5)
    return _served_loss(total, without)


def no_rerouting(
    flow: ArrayLike, owner: ArrayLike | None = None, aggregate_of: ArrayLike | None = None
) -> Floats:
    """Share of all deliveries that comes from each supplier: what is lost if nobody reroutes, (S,)."""
    delivered = np.asarray(flow, dtype=np.float64)
    grouped = owners(len(delivered), owner, aggregate_of)
    by_group = grouped.total(ordered_sum(delivered, axis=1)) / grouped.members
    total = ordered_sum(ordered_sum(delivered, axis=1))
    return (by_group / total if total > 0.0 else np.zeros(len(grouped)))[grouped.group]


@dataclass(frozen=True, eq=False)
class WelfareLoss:
    """Surplus of the whole market with and without each supplier.

    Attributes
    ----------
    surplus : float
        S(N), MUSD.
    marginal_contribution : array (S,)
        M = S(N) - S(N without the owner), MUSD. An upper bound of its core payoff, not the payoff.
    loss_share : array (S,)
        M / S(N); 0 where there is no surplus.
    """

    surplus: float
    marginal_contribution: Floats
    loss_share: Floats


def welfare_losses(
    problem_or_allocation: TradeProblem | Allocation,
    owner: ArrayLike | None = None,
    aggregate_of: ArrayLike | None = None,
    buyer_owner: ArrayLike | None = None,
    known: ArrayLike | None = None,
) -> WelfareLoss:
    """Surplus lost without each supplier, by ultimate owner or (without codes) by node.

    Give the problem without wedge, tax and taste (:func:`market_abm.measures.welfare.resource_problem`):
    spite is not welfare.

    Parameters
    ----------
    problem_or_allocation : TradeProblem or Allocation
        The whole market. An allocation is not solved again.
    owner, aggregate_of : arrays (S,), optional
        As elsewhere; of an aggregate, one owner is removed.
    buyer_owner : int array (B,), optional
        When given, an owner's demand leaves with it (variant ``exit``).
    known : array (S,), optional
        Marginal contributions that are at hand already, MUSD; NaN where they are not.
    """
    allocation = cleared(problem_or_allocation)
    problem = allocation.problem
    grouped = owners(problem.sellers, owner, aggregate_of)
    lost = np.full(len(grouped), np.nan)
    if known is not None:
        lost[grouped.group] = np.asarray(known, dtype=np.float64)
    alone, leaves = grouped.single & np.isnan(lost), None
    if buyer_owner is not None:
        leaves = _own_buyers(grouped, owner, buyer_owner, problem.buyers)
        alone &= ~leaves.any(axis=1)
    gone = grouped.removed(problem.capacity)[alone]
    lost[alone] = without_merchant(allocation, gone, priced=False).loss
    for g in np.isnan(lost).nonzero()[0].tolist():
        lost[g] = _loss_of_group(allocation, grouped, g, None if leaves is None else leaves[g])
    share = lost / allocation.surplus if allocation.surplus > 0.0 else np.zeros(len(lost))
    return WelfareLoss(allocation.surplus, lost[grouped.group], share[grouped.group])


def outlook(problem: TradeProblem, pipeline: ArrayLike, growth: ArrayLike) -> TradeProblem:
    """The market of the coming year: the pipeline online and demand grown, links and values as they are.

    Parameters
    ----------
    pipeline : array (S,)
        kHQ that arrives within four quarters.
    growth : array (B,)
        Forecast growth of each buyer's demand over four quarters, a fraction.
    """
    arriving = vector("pipeline", pipeline)
    factor = 1.0 + np.asarray(growth, dtype=np.float64)
    if factor.shape != (problem.buyers,) or not (factor >= 0.0).all():
        raise ValueError(f"growth has shape {factor.shape}; give one fraction of at least -1 a buyer.")
    return problem.replace(
        capacity=problem.capacity + arriving, block_quantity=problem.block_quantity * factor[:, None]
    )


def losses_of(found: Pivotality) -> ServedLoss:
    """:func:`n_minus_one` where all buyers stay, from the flows that pivotality has found already."""
    return _served_loss(float(to_grid(found.served)), to_grid(found.served_without).astype(np.float64))


def _served_loss(total: float, without: Floats) -> ServedLoss:
    share = (total - without) / total if total > 0.0 else np.zeros(len(without))
    return ServedLoss(total / GRID, without / GRID, share)


def _own_buyers(grouped: Owners, owner: ArrayLike | None, buyer_owner: ArrayLike, buyers: int) -> Bools:
    """Which buyers belong to each group of sellers, (G, B); those of an aggregate stay."""
    sellers = len(grouped.group)
    codes = np.arange(sellers) if owner is None else np.asarray(owner)
    theirs = np.asarray(buyer_owner)
    if theirs.shape != (buyers,):
        raise ValueError(
            f"buyer_owner has shape {theirs.shape}; give one owner code a buyer, shape ({buyers},)."
        )
    own = np.zeros((len(grouped), buyers), dtype=np.bool_)
    own[grouped.group] = codes[:, None] == theirs[None, :]
    return own & (grouped.members == 1.0)[:, None]


def _loss_of_group(allocation: Allocation, grouped: Owners, group: int, leaves: Bools | None) -> float:
    problem, rows = allocation.problem, grouped.rows(group)
    gone = problem.capacity[rows] / grouped.members[group]
    capacity = problem.capacity.copy()
    capacity[rows] -= gone
    quantity = (
        problem.block_quantity if leaves is None else np.where(leaves[:, None], 0.0, problem.block_quantity)
    )
    rest = clear(problem.replace(capacity=capacity, block_quantity=quantity), start=allocation)
    return allocation.surplus - rest.surplus


def own_links(seller_owner: ArrayLike, buyer_owner: ArrayLike) -> Bools:
    """Links inside one owner, (S, B): its own lab and captive use."""
    sold, bought = np.asarray(seller_owner), np.asarray(buyer_owner)
    return matrix("own", sold[:, None] == bought[None, :], (len(sold), len(bought)), False).astype(np.bool_)
