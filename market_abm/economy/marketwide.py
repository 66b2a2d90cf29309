"""The whole market of a quarter, as if all of it were contestable: what market-level measures are made of.

All capacity that can be sold, all demand before finance caps, links as they are; no wedge, tax or taste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from market_abm.economy.demand import value_blocks
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats, World, of_world
from market_abm.market.clearing import Allocation, clear
from market_abm.market.problem import TradeProblem
from market_abm.market.variants import clear_variants
from market_abm.measures._owners import owners
from market_abm.measures.pivotality import pivotality
from market_abm.measures.price_effect import Removals, index_price, index_prices, merchant_removals
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
        return merchant_removals(year, world.buyers.index, world.links.internal, *_owners(q)).loss_of_others


def growth_ahead(world: World, t: int, quarters: int) -> Floats:
    """Forecast growth of each buyer's demand at constant prices, a fraction, (B,)."""
    last = min(t + quarters, world.horizon - 1)
    rates = world.market_growth[t + 1 : last + 1] - float(world.scenario.product.efficiency_gain)
    labs = float(np.cumprod(1.0 + rates)[-1]) if len(rates) else 1.0
    segments = world.buyers.growth[:, last] / world.buyers.growth[:, t]
    return np.where(world.buyers.lab, labs, segments) - 1.0


def long_run_price(q: Quarter) -> float:
    """p_LR now: rental price at which a new merchant unit pays, MUSD per kHQ, at capacity-weighted cost."""
    world, b = q.world, q.world.scenario.behaviour
    weight = np.where(world.sellers.sells & q.state.active, q.state.online, 0.0)
    total = float(ordered_sum(weight))
    weight = weight / total if total > 0 else np.full(len(weight), 1.0 / max(len(weight), 1))
    level = world.upstream.capex_level[q.state.t]
    capex = float(ordered_sum(weight * world.sellers.capex * q.conditions.capex)) * level
    cost = float(ordered_sum(weight * world.sellers.unit_cost))
    wacc = float(ordered_sum(weight * world.sellers.wacc))
    return float(
        long_run_user_cost(
            capex, cost, float(b.utilisation), wacc, round(float(b.life)), float(b.price_decline)
        )
    )


def whole_market(q: Quarter, measured: bool) -> WholeMarket:
    """Clear the whole market and remove each owner in turn."""
    world = q.world
    p_lr = long_run_price(q)
    prices = np.empty((len(world.buyers.key), 2))
    prices[:] = p_lr, q.new_price
    demand, going = q.demand.at(prices).T
    capacity = q.position.sellable
    total = float(ordered_sum(capacity))
    tau = float(ordered_sum(demand)) / total if total > 0 else float("nan")
    limits = world.scenario.behaviour.thresholds
    tight = bool(is_tight(q.new_price, p_lr, float(limits.tight_price)))
    # Own use of a fleet that is not for sale runs over internal links, which are always there.
    linked = q.reach | (world.links.internal & q.state.active[:, None]) | (q.delivery.contracted > 0)
    nothing = np.full(len(capacity), np.nan)
    common = {
        "linked": linked,
        "long_run_price": p_lr,
        "demand": demand,
        "demand_going": float(ordered_sum(going)),
        "tightness": tau,
        "tight": tight,
    }
    if not measured:
        return WholeMarket(None, **common, pivotality=None, served_loss=nothing, welfare=None, removals=None,
                           effect_low=nothing, effect_high=nothing, effect_one_quarter=nothing)  # fmt: skip
    allocation = clear(_problem(q, q.demand, linked))
    seller_owner, aggregate = _owners(q)
    removals = merchant_removals(
        allocation, world.buyers.index, world.links.internal, seller_owner, aggregate
    )
    low, high = _band(q, allocation, seller_owner, aggregate)
    needed = pivotality(capacity, demand, linked, None, seller_owner, aggregate)
    return WholeMarket(
        allocation,
        **common,
        pivotality=needed,
        served_loss=losses_of(needed).loss_share,
        welfare=welfare_losses(
            allocation,
            seller_owner,
            aggregate,
            known=_without_own_use(removals, allocation.problem.capacity, seller_owner, aggregate),
        ),
        removals=removals,
        effect_low=low,
        effect_high=high,
        effect_one_quarter=_one_quarter(q),
    )


def _without_own_use(removals: Removals, capacity: Floats, owner: np.ndarray, aggregate: Floats) -> Floats:
    """Loss of others where all capacity is merchant: it is the marginal contribution, (S,), else NaN."""
    grouped = owners(len(capacity), owner, aggregate)
    whole = grouped.total(capacity / grouped.members[grouped.group])[grouped.group]
    return np.where(removals.withdrawn == whole, removals.loss, np.nan)


def _owners(q: Quarter) -> tuple[np.ndarray, Floats]:
    return q.conditions.owner_of_sellers(q.world), q.world.sellers.aggregate_of


def _problem(q: Quarter, demand: Any, linked: np.ndarray) -> TradeProblem:
    quantity, value = _blocks(q, demand)
    return _standing(q.world).replace(
        capacity=q.position.sellable, block_quantity=quantity, block_value=value, linked=linked
    )


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


def _blocks(q: Quarter, demand: Any) -> tuple[Floats, Floats]:
    """Blocks of all demand at the new price, (B, K); their values do not depend on elasticities."""
    b = q.world.scenario.behaviour
    blocks = max(int(b.lab_blocks), int(b.segment_blocks)) * int(q.world.buyers.index.sum())
    refine = max(1, -(-JOINT_BLOCKS // blocks))
    return value_blocks(q.world, demand, None, None, q.new_price, refine)


def _band(
    q: Quarter, whole: Allocation, seller_owner: np.ndarray, aggregate: Floats
) -> tuple[Floats, Floats]:
    """Price effect at the two ends of the segments' elasticity: the inelastic end is the high one.

    NaN for owners with less than `NOTICEABLE` of merchant capacity, whose effect is small at both.
    """
    limits = q.world.scenario.behaviour.thresholds
    ends = []
    for elasticity in (limits.elasticity_high, limits.elasticity_low):
        demand = q.demand.with_elasticity(float(elasticity), q.new_price)
        quantity, _ = _blocks(q, demand)
        removals = merchant_removals(
            clear(whole.problem.replace(block_quantity=quantity), start=whole),
            q.world.buyers.index,
            q.world.links.internal,
            seller_owner,
            aggregate,
            least=NOTICEABLE,
        )
        ends.append(removals.price_effect)
    return np.fmin(*ends), np.fmax(*ends)


def _one_quarter(q: Quarter) -> Floats:
    """Price effect within the quarter: contracts of others stand, j's customers rebid in the free pool, (S,).

    NaN where the free pool is too thin for a price.
    """
    world = q.world
    out = np.full(len(world.sellers.key), np.nan)
    if not q.index_known:
        return out
    free = q.allocation
    before = index_price(q.problem, free, world.buyers.index)
    committed = np.maximum(q.position.by_link - q.signed, 0.0)
    merchant = np.where(world.links.internal, 0.0, committed)
    quantity, value = q.curves()
    until = np.cumsum(quantity, axis=1)
    covered = ordered_sum(committed, axis=0)
    sold = ordered_sum(merchant, axis=1)
    gone = ((sold > 0.0) & (sold >= NOTICEABLE * float(ordered_sum(sold)))).nonzero()[0]
    variant, buyer = merchant[gone].nonzero()
    high = covered[buyer]
    low = high - merchant[gone[variant], buyer]
    end, size = until[buyer], quantity[buyer]
    bid_again = np.minimum(end, high[:, None]) - np.maximum(end - size, low[:, None])
    capacity = np.empty((len(gone), len(out)))
    capacity[:] = q.problem.capacity
    capacity[np.arange(len(gone)), gone] = 0.0
    solved = clear_variants(
        free,
        capacity,
        problem=q.problem.replace(block_value=value),
        variant=variant,
        buyer=buyer,
        quantity=q.problem.block_quantity[buyer] + np.maximum(bid_again, 0.0),
    )
    after = index_prices(q.problem, capacity, solved.seller_price, solved.served, world.buyers.index)
    out[gone] = after / before - 1.0
    return out
