"""Firms: who they are, the fleet they own (seller node), the lab they run (buyer node)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.fields import (
    Annual,
    Balance,
    Blocks,
    Capacity,
    CapacitySeries,
    Compute,
    Count,
    Density,
    Documented,
    Flag,
    FractionMap,
    FrozenMap,
    Growth,
    Income,
    Level,
    Money,
    MoneyFlow,
    MoneySeries,
    Name,
    Part,
    Power,
    Price,
    Series,
    Share,
    ShareMap,
    Shares,
    UnitCapex,
    WholeQuarters,
)
from market_abm.scenario.quantity import guess
from market_abm.scenario.registered import BuildStrategy, BuyStrategy, RenewStrategy, SellStrategy


class Fleet(Part):
    """A seller node: capacity, its cost, what it offers and how it grows."""

    online: Capacity = Field(description="capacity online at the start")
    pipeline: CapacitySeries = Field(
        default=Series(), description="capacity that comes online in each quarter (announced)"
    )
    unit_cost: Price = Field(
        default=guess(0.35, 0.25, 0.5), description="short-run cash cost of running a GPU for an hour"
    )
    power_kw_per_h100e: Density = Field(
        default=guess(1.25, 1.0, 1.5), description="all-in power of the fleet online"
    )
    power_cap: Power | None = Field(
        default=None, description="most power the firm can have energised; null = no cap of its own"
    )
    capex: UnitCapex = Field(default=guess(36, 33, 40), description="cost of a new unit of capacity, all in")
    sells: Flag = Field(default=True, description="false: the fleet is for own use only")
    offer_term: WholeQuarters = Field(
        default=4, description="firm term that the seller offers on new contracts"
    )
    offer_notice: WholeQuarters = Field(
        default=1, description="notice that the seller offers on new contracts"
    )
    chips: ShareMap = Field(
        default=Shares(), description="shares of new orders by chip supplier; empty = by supply"
    )
    regions: ShareMap = Field(
        default=Shares(), description="shares of new power by region; empty = by supply"
    )
    growth_cap: Growth = Field(
        default=guess(0.35, 0.25, 0.5), description="most that the fleet can grow in a quarter"
    )
    lead_time: WholeQuarters = Field(default=guess(3, 2, 4), description="quarters from order to online")
    enters: str | None = Field(
        default=None, description='quarter of entry, "npv" when it pays, null = there from the start'
    )


class Lab(Part):
    """A buyer node: what the lab uses, earns and knows."""

    label: str | None = Field(default=None, description="the lab's own name where it differs from the firm's")
    inference: Compute = Field(
        default=0.0, description="compute used to serve customers at the start, a quarter"
    )
    rnd: Compute = Field(
        default=0.0, description="compute used for research and development at the start, a quarter"
    )
    unmet: Compute = Field(
        default=0.0, description="need known at the start beyond the use; enters as growth"
    )
    revenue: Income | None = Field(default=None, description="product revenue a quarter; null = none")
    margin: Share = Field(default=guess(0.9, 0.8, 0.95), description="margin of the product before compute")
    product_share: Share | None = Field(
        default=None, description="share of the product market; null = not in it"
    )
    capability: Level | None = Field(
        default=None, description="capability at the start, relative; null = from its R&D compute"
    )
    growth_cap: Growth = Field(
        default=guess(0.3, 0.2, 0.4), description="most that the lab's compute can grow in a quarter"
    )
    blocks: Blocks | None = Field(
        default=None, description="explicit value blocks (value USD/GPU-h, kHQ) in place of the curves"
    )


class PlayedStrategies(Part):
    """Strategies of one firm where they differ from the scenario's."""

    renew: RenewStrategy | None = Field(default=None, description="strategy for renewing contracts")
    buy: BuyStrategy | None = Field(default=None, description="strategy for buying")
    sell: SellStrategy | None = Field(default=None, description="strategy for selling")
    build: BuildStrategy | None = Field(default=None, description="strategy for building")


class Firm(Documented):
    """A firm: money, stakes, and a fleet, a lab or both."""

    kind: Literal["lab", "provider", "hyperscaler"] = Field(
        description="lab buys, provider sells, hyperscaler does both"
    )
    owner: Name | None = Field(default=None, description="ultimate owner; default the firm itself")
    aggregate_of: Count = Field(default=1, description="number of equal owners behind this row")
    cash: Balance = Field(default=0.0, description="cash at the start")
    debt: Money = Field(default=0.0, description="debt at the start")
    wacc: Annual = Field(default=guess(0.11, 0.09, 0.13), description="weighted average cost of capital")
    equity_inflow: MoneySeries = Field(default=Series(), description="dated money from outside")
    other_cash_flow: MoneyFlow = Field(
        default=0.0, description="net cash a quarter of the rest of the business, before AI capex"
    )
    stakes: FractionMap = Field(default=FrozenMap(), description="shares held in other firms that run labs")
    rival_harm: FractionMap = Field(
        default=FrozenMap(), description="weight on a rival's loss; 0 unless a scenario is about it"
    )
    fleet: Fleet | None = Field(default=None, description="the seller node; absent = none")
    lab: Lab | None = Field(default=None, description="the buyer node; absent = none")
    strategies: PlayedStrategies = Field(
        default=PlayedStrategies(), description="strategies that this firm plays instead"
    )
