"""Figures that more than one results table needs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Bools, Floats, Ints
from market_abm.measures import concentration, pivotality
from market_abm.measures.chokepoint import Thresholds
from market_abm.units import ordered_sum

NAN = float("nan")

BOUNDS = ("growth", "finance", "chips", "power")
"""What can hold building back."""


@dataclass(frozen=True)
class Figures:
    """What several tables show, worked out once; (S,) by seller node unless said otherwise."""

    own_use: Floats
    sold: Floats
    """Delivered to others than the owner, kHQ, (S, B)."""
    bases: dict[str, Floats]
    levels: Floats
    """Capability of each lab that trains, (B,)."""
    ranking: tuple[int, ...]
    """Buyer nodes of the labs that train, the most capable first."""
    rsi: Floats
    network_rsi: Floats
    held_back: Bools
    """Sellers whose building each of :data:`BOUNDS` held back, (bounds, S)."""

    @classmethod
    def of(cls, q: Quarter, market: WholeMarket) -> Figures:
        """The figures of a quarter."""
        flow, internal = q.delivery.flow, q.world.links.internal
        own_use = ordered_sum(np.where(internal, flow, 0.0), axis=1)
        sold = np.where(internal, 0.0, flow)
        return cls(
            own_use,
            sold,
            bases(q, own_use, ordered_sum(sold, axis=1)),
            *leadership(q),
            rsi(q, market),
            network_rsi(q, market),
            held_back(q),
        )


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


def bases(q: Quarter, own_use: Floats, sales: Floats) -> dict[str, Floats]:
    """Capacity by seller node on the four bases of concentration, kH100e or kHQ, (S,)."""
    for_sale = np.where(q.world.sellers.sells, q.position.online - own_use, 0.0)
    return {
        "fleet": q.position.online,
        "merchant": np.maximum(np.maximum(for_sale, sales), 0.0),
        "free": np.where(q.world.sellers.sells, q.problem.capacity, 0.0),
        "sales": sales,
    }


def owner_shares(q: Quarter, bases: dict[str, Floats]) -> Floats:
    """Shares by ultimate owner on each base, aggregates split into equal owners, (bases, owners)."""
    owner = q.conditions.owner_of_sellers(q.world)
    held = np.array(list(bases.values()))
    return concentration.owner_shares(held, owner, q.world.sellers.aggregate_of)


def leadership(q: Quarter) -> tuple[Floats, tuple[int, ...]]:
    """Capability of each lab that trains (B,), and their nodes, the most capable first."""
    buyers = q.world.buyers
    levels = np.where(buyers.trains, q.capability, np.nan)
    # Equal levels go to the first name: a reordered file changes nothing.
    (known,) = np.isfinite(levels).nonzero()
    ranked = sorted([(-levels[b], buyers.key[b], b) for b in known.tolist()])
    return levels, tuple([b for _, _, b in ranked])


def rsi(q: Quarter, market: WholeMarket) -> Floats:
    """Residual supplier index of each seller's owner on the whole market, (S,)."""
    return pivotality.rsi(
        q.position.sellable,
        market.demand,
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


def averages(columns: list[Floats], weight: Floats) -> list[float]:
    """Weighted average of what is known of each column; NaN where nothing is."""
    values = np.array(columns)
    known = np.isfinite(values) & (weight > 0)
    totals = ordered_sum(np.where(known, weight, 0.0), axis=1).tolist()
    weighted = ordered_sum(np.where(known, values * weight, 0.0), axis=1).tolist()
    return [part / total if total > 0 else NAN for part, total in zip(weighted, totals)]


def averages_by(
    columns: tuple[Floats, ...], weight: Floats, group: tuple[Ints, ...], groups: tuple[int, ...]
) -> list[Floats]:
    """Weighted average of what is known of each column in each group of its rows; NaN where nothing is."""
    values = np.array(columns)
    column, row = (np.isfinite(values) & (weight > 0)).nonzero()
    ends = list(accumulate(groups, initial=0))  # the groups of a column come after those of the last one
    at, weight = np.array(group)[column, row] + np.array(ends)[column], weight[row]
    total = np.bincount(at, weight, ends[-1])
    average = np.bincount(at, values[column, row] * weight, ends[-1]) / np.where(total > 0, total, NAN)
    return [average[first:end] for first, end in pairwise(ends)]


def held_back(q: Quarter) -> Bools:
    """Sellers whose building each bound held back, (bounds, S): in their new orders, or in what was due."""
    held = np.array([[bound == name for bound in q.build_binding] for name in BOUNDS], dtype=bool)
    held[1] |= q.held_by_finance
    held[2] = q.held_by_chips | q.rationed
    held[3] |= q.held_by_power
    return held
