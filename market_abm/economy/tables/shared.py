"""Figures that more than one results table needs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.span import Span
from market_abm.economy.world import Bools, Floats, Ints, World, of_world
from market_abm.measures import pivotality
from market_abm.measures.chokepoint import Thresholds
from market_abm.units import ordered_sum

NAN = float("nan")

BOUNDS = ("growth", "finance", "chips", "power")
"""What can hold building back."""


@dataclass(frozen=True)
class Figures:
    """What several tables show, worked out once; (T, S) by quarter and seller node unless said otherwise."""

    own_use: Floats
    sold: Floats
    """Delivered to others than the owner, kHQ, (T, S, B)."""
    bases: dict[str, Floats]
    levels: Floats
    """Capability of each lab that trains, (T, B)."""
    rankings: list[list[int]]
    """Of each quarter: buyer nodes of the labs that train, the most capable first."""
    rsi: Floats
    network_rsi: Floats
    held_back: Bools
    """Sellers whose building each of :data:`BOUNDS` held back, (bounds, T, S)."""

    @classmethod
    def of(cls, span: Span, markets: list[WholeMarket]) -> Figures:
        """The figures of some quarters."""
        internal = span.world.links.internal
        own_use = ordered_sum(np.where(internal, span.flow, 0.0), axis=2)
        sold = np.where(internal, 0.0, span.flow)
        return cls(
            own_use,
            sold,
            bases(span, own_use, ordered_sum(sold, axis=2)),
            *leadership(span),
            np.array([rsi(q, market) for q, market in zip(span, markets)]),
            np.array([market.network_rsi for market in markets]),
            held_back(span),
        )


@of_world
def thresholds(world: World) -> Thresholds:
    """The scenario's thresholds, as the grading rule takes them."""
    t = world.scenario.behaviour.thresholds
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


def bases(span: Span, own_use: Floats, sales: Floats) -> dict[str, Floats]:
    """Capacity by quarter and seller node on the four bases of concentration, kH100e or kHQ, (T, S)."""
    sells = span.world.sellers.sells
    for_sale = np.where(sells, span.online - own_use, 0.0)
    return {
        "fleet": span.online,
        "merchant": np.maximum(np.maximum(for_sale, sales), 0.0),
        "free": np.where(sells, span.offered, 0.0),
        "sales": sales,
    }


def leadership(span: Span) -> tuple[Floats, list[list[int]]]:
    """Capability of each lab that trains (T, B), and of each quarter their nodes, the most capable first."""
    buyers = span.world.buyers
    levels = np.where(buyers.trains, span.stacked(lambda q: q.capability), np.nan)
    known = np.isfinite(levels)
    # Equal levels go to the first name, as nodes are in the order of their names: a reordered file changes nothing.
    order = np.where(known, -levels, np.inf).argsort(axis=1, kind="stable").tolist()
    return levels, [nodes[:count] for nodes, count in zip(order, np.add.reduce(known, 1).tolist())]


def rsi(q: Quarter, market: WholeMarket) -> Floats:
    """Residual supplier index of each seller's owner on the whole market, (S,)."""
    return pivotality.rsi(
        q.position.sellable,
        market.demand,
        q.conditions.owner_of_sellers(q.world),
        q.world.sellers.aggregate_of,
    )


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


def held_back(span: Span) -> Bools:
    """Sellers whose building each bound held back, (bounds, T, S): in their new orders, or in what was due."""
    binding = [q.build_binding for q in span]
    held = np.array([[[bound == name for bound in row] for row in binding] for name in BOUNDS], dtype=bool)
    held[1] |= span.stacked(lambda q: q.held_by_finance)
    held[2] = span.stacked(lambda q: q.held_by_chips | q.rationed)
    held[3] |= span.stacked(lambda q: q.held_by_power)
    return held
