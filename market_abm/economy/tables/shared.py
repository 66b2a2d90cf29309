"""Figures that more than one results table needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.economy.capability import capability
from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats
from market_abm.measures import concentration, pivotality
from market_abm.measures.chokepoint import Thresholds
from market_abm.units import ordered_sum

NAN = float("nan")


@dataclass(frozen=True)
class Figures:
    """What several tables show, worked out once; (S,) by seller node unless said otherwise."""

    bases: dict[str, Floats]
    levels: Floats
    """Capability of each lab that trains, (B,)."""
    leader: str
    lead: float
    rsi: Floats
    network_rsi: Floats

    @classmethod
    def of(cls, q: Quarter, market: WholeMarket) -> Figures:
        """The figures of a quarter."""
        return cls(bases(q), *leadership(q), rsi(q, market), network_rsi(q, market))


def thresholds(q: Quarter) -> Thresholds:
    """The scenario's thresholds, as the grading rule takes them."""
    t = q.world.scenario.behaviour.thresholds
    return Thresholds(
        tight=float(t.tight_price),
        loss_of_others=float(t.loss),
        price_effect=float(t.price_effect),
        watch=float(t.watch),
        quarters=int(t.quarters_in),
        window=int(t.quarters_of),
        relation_before=float(t.relation_before),
        relation_after=float(t.relation_after),
    )


def bases(q: Quarter) -> dict[str, Floats]:
    """Capacity by seller node on the four bases of concentration, kH100e or kHQ, (S,)."""
    internal = q.world.links.internal
    own = ordered_sum(np.where(internal, q.delivery.flow, 0.0), axis=1)
    for_sale = np.where(q.world.sellers.sells, q.position.online - own, 0.0)
    sales = ordered_sum(np.where(internal, 0.0, q.delivery.flow), axis=1)
    return {
        "fleet": q.position.online,
        "merchant": np.maximum(np.maximum(for_sale, sales), 0.0),
        "free": np.where(q.world.sellers.sells, q.problem.capacity, 0.0),
        "sales": sales,
    }


def owner_shares(q: Quarter, values: Floats) -> Floats:
    """Shares by ultimate owner, aggregates split into equal owners."""
    return concentration.owner_shares(
        values, q.conditions.owner_of_sellers(q.world), q.world.sellers.aggregate_of
    )


def leadership(q: Quarter) -> tuple[Floats, str, float]:
    """Capability of each lab that trains (B,), the leader's name, its lead over the second in log units."""
    buyers = q.world.buyers
    levels = np.where(buyers.lab & (buyers.rnd > 0), capability(q.world, q.state.stock), np.nan)
    known = np.flatnonzero(np.isfinite(levels))
    if not len(known):
        return levels, "", NAN
    # Equal levels go to the first name: a reordered file changes nothing.
    order = sorted(known, key=lambda b: (-levels[b], buyers.key[b]))
    gap = float(levels[order[0]] - levels[order[1]]) if len(order) > 1 else NAN
    return levels, buyers.key[order[0]], gap


def rsi(q: Quarter, market: WholeMarket) -> Floats:
    """Residual supplier index of each seller's owner on the whole market, (S,)."""
    return pivotality.rsi(
        q.position.sellable,
        float(ordered_sum(market.demand)),
        q.conditions.owner_of_sellers(q.world),
        q.world.sellers.aggregate_of,
    )


def network_rsi(q: Quarter, market: WholeMarket) -> Floats:
    """The same on the supplier network: largest share of demand served without the owner, (S,)."""
    if market.pivotality is None:
        return np.full(len(q.world.sellers.key), NAN)
    return pivotality.network_rsi(
        q.position.sellable,
        market.demand,
        market.linked,
        None,
        q.conditions.owner_of_sellers(q.world),
        q.world.sellers.aggregate_of,
    )


def average(values: Floats, weight: Floats) -> float:
    """Weighted average of what is known; NaN where nothing is."""
    known = np.isfinite(values) & (weight > 0)
    total = float(ordered_sum(np.where(known, weight, 0.0))) if len(values) else 0.0
    if total <= 0:
        return NAN
    return float(ordered_sum(np.where(known, values * weight, 0.0))) / total


def averages(values: Floats, weight: Floats, group: np.ndarray, groups: int) -> Floats:
    """The same in each group of rows, (groups,)."""
    known = np.isfinite(values) & (weight > 0)
    total, weighted = np.zeros(groups), np.zeros(groups)
    np.add.at(total, group[known], weight[known])
    np.add.at(weighted, group[known], (values * weight)[known])
    return np.divide(weighted, total, out=np.full(groups, NAN), where=total > 0)


def building_bound(q: Quarter, name: str) -> np.ndarray:
    """Sellers whose new order the named bound held back, (S,)."""
    return np.array([binding == name for binding in q.build_binding], dtype=bool)
