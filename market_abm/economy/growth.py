"""Stages 8 and 9: compute is used and capability grows; the product market and its revenue."""

from __future__ import annotations

from itertools import compress
from typing import NamedTuple

import numpy as np

from market_abm import rng
from market_abm.economy.capability import capability, trained
from market_abm.economy.product import shares_after
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Bools, Floats, World, of_world
from market_abm.elementary import exp


class Shocks(NamedTuple):
    """What a seed draws for each of the first T quarters; 0 for buyers that do not feel it."""

    demand: Floats
    """Factor on each buyer's need, (T, B)."""
    quality: Floats
    """Innovations of the quality of products, (T, B)."""
    segment: Floats
    """Innovations of the market of open segments, (T, B)."""
    market: list[float]
    """Innovations of the product market as a whole, (T,)."""


def _shocks(world: World, t: int) -> Shocks:
    """A draw belongs to its quarter, so those of all quarters are made at once: of the run's, as a rule."""
    return _of_the_run(world) if t < world.quarters else _to_the_horizon(world)


@of_world
def _of_the_run(world: World) -> Shocks:
    return _drawn(world, world.quarters)


@of_world
def _to_the_horizon(world: World) -> Shocks:
    """For who steps beyond the end."""
    return _drawn(world, world.horizon)


def _drawn(world: World, T: int) -> Shocks:
    sd, captive = world.scenario.behaviour.shocks, world.buyers.captive

    def felt_by(purpose: str, felt: Bools) -> Floats:
        draws = np.zeros((T, len(felt)))
        keys = compress(world.buyers.key, felt.tolist())
        draws[:, felt] = rng.normal_paths(world.seed, purpose, keys, T)
        return draws

    need = float(sd.demand)
    return Shocks(
        demand=np.where(captive, 1.0, exp(need * felt_by("demand", ~captive) - 0.5 * need * need)),
        quality=float(sd.quality) * felt_by("quality", world.buyers.product),
        segment=float(sd.segment) * felt_by("segment", world.buyers.open_segment),
        market=(float(sd.market) * rng.normal_paths(world.seed, "market", ["M"], T)[:, 0]).tolist(),
    )


def demand_shock(world: World, t: int) -> Floats:
    """Factor on each buyer's need that becomes known after contracts are signed, (B,)."""
    return _shocks(world, t).demand[t]


def use_compute(q: Quarter) -> None:
    """Stage 8: customers are served first, the rest trains."""
    buyers = q.world.buyers
    used = q.delivery.used
    q.need = np.where(buyers.lab, q.shocked.need, q.shocked.at(np.array([[q.price]]))[:, 0])
    q.inference = np.where(buyers.lab, np.minimum(used, q.shocked.need), 0.0)
    q.rnd = np.where(buyers.trains, used - q.inference, 0.0)
    before = capability(q.world, q.state.stock)
    stock = trained(q.world, q.state.stock, q.rnd, q.state.t)
    q.capability = capability(q.world, stock)
    q.velocity = np.where(buyers.trains, q.capability - before, np.nan)
    q.state = q.state.change(stock=stock)


def product_quarter(q: Quarter) -> None:
    """Stage 9: revenue is earned on this quarter's shares, then shares, shocks and the market move on."""
    world, state = q.world, q.state
    b, p, buyers = world.scenario.behaviour, world.scenario.product, world.buyers
    need = q.shocked.need
    sells = buyers.product & (need > 0)
    served = np.minimum(np.divide(q.inference, need, out=np.ones(len(need)), where=sells), 1.0)
    shock = np.where(buyers.product, need / np.maximum(q.demand.need, 1e-12), 1.0)
    q.revenue = np.where(
        buyers.product, state.market * state.share * buyers.monetisation * served * shock, 0.0
    )
    users, vendors = q.ledger.account("users"), q.ledger.account("vendors")
    q.ledger.pay("product revenue", users, buyers.row, q.revenue)
    q.ledger.pay("product cost", buyers.row, vendors, q.revenue * (1.0 - buyers.margin))
    _other_money(q)
    t, keep = state.t, float(b.shocks.persistence)
    shocks = _shocks(world, t)
    quality = keep * state.quality + shocks.quality[t]
    segment = keep * state.segment_shock + shocks.segment[t]
    market_shock = keep * state.market_shock + shocks.market[t]
    share = shares_after(world, state.share, quality, q.capability, served)
    q.state = state.change(
        share=np.where(buyers.product, share, 0.0),
        quality=np.where(buyers.product, quality, 0.0),
        segment_shock=np.where(buyers.open_segment, segment, 0.0),
        market_shock=market_shock,
        market=world.market_revenue * float(world.market_trend[t]) * float(exp(market_shock)),
        efficiency=state.efficiency * (1.0 - float(p.efficiency_gain)),
    )


def _other_money(q: Quarter) -> None:
    """Interest, dated equity, and the firms' other businesses."""
    world, state, b = q.world, q.state, q.world.scenario.behaviour
    lenders, everyone = q.ledger.account("lenders"), np.arange(q.ledger.rows)
    rate = world.rows.wacc + ((1.0 + float(b.borrowing_spread)) ** 0.25 - 1.0) + q.conditions.spread
    q.ledger.pay("interest", everyone, lenders, state.debt * rate)
    inflow = world.rows.inflow[:, state.t]
    if np.count_nonzero(inflow):
        q.ledger.pay("equity", lenders, everyone, inflow)
    q.ledger.pay("other business", q.ledger.account("elsewhere"), everyone, world.rows.other_cash_flow)
