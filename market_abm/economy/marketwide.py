"""The whole market of a quarter, as if all of it were contestable: what market-level measures are made of.

All capacity that can be sold, all demand before finance caps, links as they are; no wedge, tax or taste.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from market_abm.economy.blocks import blocks_by_quarter
from market_abm.economy.quarter import Quarter
from market_abm.economy.rebidding import rebidding_effects
from market_abm.economy.span import Span
from market_abm.economy.world import Bools, Floats, World, of_world
from market_abm.market.clearing import Allocation, clear
from market_abm.market.problem import TradeProblem, replace_each
from market_abm.measures._owners import owners
from market_abm.measures.pivotality import pivotality_and_rsi
from market_abm.measures.price_effect import Removals, merchant_removals
from market_abm.measures.resilience import WelfareLoss, losses_of, outlook, welfare_losses
from market_abm.measures.user_cost import is_tight, long_run_user_cost
from market_abm.units import ordered_sum

JOINT_BLOCKS = 400
"""Fewest blocks of the open segments together: near the price their joint curve then steps by 0.5 % or less."""


NOTICEABLE = 0.02
"""Share of merchant capacity from which the band and the one-quarter effect of a removal are measured."""


@dataclass(frozen=True)
class WholeMarket:
    """Market-level measures; (S,) by seller node unless said otherwise."""

    allocation: Allocation | None
    linked: np.ndarray
    long_run_price: float
    demand: Floats
    """Demand at the long-run user cost, (B,)."""
    demand_going: float
    tightness: float
    tight: bool
    pivotality: Any
    network_rsi: Floats
    """Largest share of demand served without the owner, on the supplier network."""
    served_loss: Floats
    welfare: WelfareLoss | None
    removals: Removals | None
    effect_low: Floats
    effect_high: Floats
    effect_one_quarter: Floats

    def loss_in_a_year(self, q: Quarter) -> Floats:
        """Loss of others with the pipeline of four quarters online and demand four quarters on, (S,)."""
        world, t = q.world, q.state.t
        ahead = min(t + 4, world.horizon)
        pipeline = (
            ordered_sum(q.state.pipeline[:, t:ahead], axis=1) + q.state.power_queue
        ) * world.sellers.sellable
        assert self.allocation is not None  # grades are asked for in measured quarters only
        year = outlook(self.allocation.problem, pipeline, growth_ahead(world, t, 4))
        owner = q.conditions.owner_of_sellers(world)
        return merchant_removals(
            year, world.buyers.index, world.links.internal, owner, world.sellers.aggregate_of
        ).loss_of_others


def growth_ahead(world: World, t: int, quarters: int) -> Floats:
    """Forecast growth of each buyer's demand at constant prices, a fraction, (B,)."""
    last = min(t + quarters, world.horizon - 1)
    rates = world.market_growth[t + 1 : last + 1] - float(world.scenario.product.efficiency_gain)
    labs = float(np.cumprod(1.0 + rates)[-1]) if len(rates) else 1.0
    segments = world.buyers.growth[:, last] / world.buyers.growth[:, t]
    return np.where(world.buyers.lab, labs, segments) - 1.0


def long_run_prices(span: Span) -> Floats:
    """p_LR: rental price at which a new merchant unit pays, MUSD per kHQ, at capacity-weighted cost, (T,)."""
    world, b = span.world, span.world.scenario.behaviour
    online = np.where(world.sellers.sells & span.active, span.stacked(lambda q: q.state.online), 0.0)
    total = ordered_sum(online, axis=1)[:, None]
    weight = np.divide(
        online, total, out=np.full(online.shape, 1.0 / max(online.shape[1], 1)), where=total > 0
    )
    factor = span.stacked(lambda q: q.conditions.capex)
    return long_run_user_cost(
        ordered_sum(weight * world.sellers.capex * factor, axis=1) * world.upstream.capex_level[span.t],
        ordered_sum(weight * world.sellers.unit_cost, axis=1),
        float(b.utilisation),
        ordered_sum(weight * world.sellers.wacc, axis=1),
        round(float(b.life)),
        float(b.price_decline),
    )


def whole_markets(span: Span, measured: Sequence[bool]) -> list[WholeMarket]:
    """Clear the whole market of each quarter and, where it is measured, remove each owner in turn."""
    world = span.world
    long_run, new_price = long_run_prices(span), span.stacked(lambda q: q.new_price)
    prices = np.array([long_run, new_price]).T.repeat(world.shape[1], axis=0)
    wanted = span.demand.at(prices).reshape(len(span), -1, 2)
    demand = np.ascontiguousarray(wanted[:, :, 0])
    total = ordered_sum(span.sellable, axis=1)
    # Own use of a fleet that is not for sale runs over internal links, which are always there.
    own = world.links.internal & span.active[:, :, None]
    linked = span.stacked(lambda q: q.reach) | own | (span.contracted > 0)
    tight = is_tight(new_price, long_run, float(world.scenario.behaviour.thresholds.tight_price))
    columns = {
        "linked": linked,
        "long_run_price": long_run.tolist(),
        "demand": demand,
        "demand_going": ordered_sum(wanted[:, :, 1], axis=1).tolist(),
        "tightness": (ordered_sum(demand, axis=1) / np.where(total > 0, total, np.nan)).tolist(),
        "tight": tight.tolist(),
    }
    chosen = np.array(measured, dtype=bool).nonzero()[0]
    solved = [_unsolved(world)] * len(span)
    if len(chosen):
        for k, answers in zip(chosen.tolist(), _solved(span.only(measured), linked[chosen], demand[chosen])):
            solved[k] = answers
    return [
        WholeMarket(**{name: column[k] for name, column in columns.items()}, **answers)
        for k, answers in enumerate(solved)
    ]


def _unsolved(world: World) -> dict[str, Any]:
    """What there is of a whole market that is not cleared."""
    nothing = np.full(world.shape[0], np.nan)
    return {
        "allocation": None,
        "pivotality": None,
        "network_rsi": nothing,
        "served_loss": nothing,
        "welfare": None,
        "removals": None,
        "effect_low": nothing,
        "effect_high": nothing,
        "effect_one_quarter": nothing,
    }


def _solved(span: Span, linked: Bools, demand: Floats) -> Iterator[dict[str, Any]]:
    """The whole market of each quarter, cleared with everybody and without each owner."""
    world, aggregate = span.world, span.world.sellers.aggregate_of
    problems, *ends = _problems(span, linked)
    one_quarter = rebidding_effects(span, NOTICEABLE)
    allocation = None
    for k, owner in enumerate(span.owner):
        allocation = clear(problems[k], start=allocation)
        removals = merchant_removals(allocation, world.buyers.index, world.links.internal, owner, aggregate)
        low, high = _band(world, allocation, [end[k] for end in ends], owner, aggregate)
        needed, rsi = pivotality_and_rsi(span.sellable[k], demand[k], linked[k], owner, aggregate)
        known = _without_own_use(removals, problems[k].capacity, owner, aggregate)
        yield {
            "allocation": allocation,
            "pivotality": needed,
            "network_rsi": rsi,
            "served_loss": losses_of(needed).loss_share,
            "welfare": welfare_losses(allocation, owner, aggregate, known=known),
            "removals": removals,
            "effect_low": low,
            "effect_high": high,
            "effect_one_quarter": one_quarter[k],
        }


def _without_own_use(removals: Removals, capacity: Floats, owner: np.ndarray, aggregate: Floats) -> Floats:
    """Loss of others where all capacity is merchant: it is the marginal contribution, (S,), else NaN."""
    grouped = owners(len(capacity), owner, aggregate)
    whole = grouped.total(capacity / grouped.members[grouped.group])[grouped.group]
    return np.where(removals.withdrawn == whole, removals.loss, np.nan)


@of_world
def _standing(world: World) -> TradeProblem:
    """What the whole market has in every quarter, without capacity and demand."""
    sellers, buyers = world.shape
    return TradeProblem(
        capacity=np.zeros(sellers),
        unit_cost=world.sellers.unit_cost,
        block_quantity=np.zeros((buyers, 1)),
        block_value=np.zeros((buyers, 1)),
        incumbent=world.links.internal.astype(np.float64),  # of alike optima, the one with most own use
        tie_key=world.links.key,
    )


def _problems(span: Span, linked: Bools) -> list[list[TradeProblem]]:
    """The whole market of each quarter: as it is, and at the two ends of the segments' elasticity."""
    world, b = span.world, span.world.scenario.behaviour
    blocks = max(int(b.lab_blocks), int(b.segment_blocks)) * int(world.buyers.index.sum())
    quantity, value, ends = blocks_by_quarter(
        world,
        span.demand,
        span.stacked(lambda q: q.new_price),
        max(1, -(-JOINT_BLOCKS // blocks)),
        (float(b.thresholds.elasticity_high), float(b.thresholds.elasticity_low)),
    )
    problems = replace_each(
        [_standing(world)] * len(span),
        capacity=span.sellable,
        block_quantity=quantity,
        block_value=value,
        linked=linked,
    )
    return [problems, *[replace_each(problems, block_quantity=end) for end in ends]]


def _band(
    world: World, whole: Allocation, ends: list[TradeProblem], owner: np.ndarray, aggregate: Floats
) -> tuple[Floats, Floats]:
    """Price effect at the two ends of the segments' elasticity: the inelastic end is the high one.

    NaN for owners with less than `NOTICEABLE` of merchant capacity, whose effect is small at both.
    """
    effects = [
        merchant_removals(
            clear(end, start=whole), world.buyers.index, world.links.internal, owner, aggregate, NOTICEABLE
        ).price_effect
        for end in ends
    ]
    return np.fmin(*effects), np.fmax(*effects)
