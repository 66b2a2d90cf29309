"""Upstream: chip suppliers and power regions that bound building."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.fields import (
    DeliverySeries,
    DensitySeries,
    Documented,
    Elasticity,
    Factor,
    FrozenMap,
    Growth,
    Name,
    Named,
    Part,
    PowerSeries,
    Quarters,
    Rate,
    Series,
    Share,
    ShareMap,
    Shares,
    UnitCapex,
)
from market_abm.scenario.quantity import guess


class Chip(Documented):
    """A chip supplier."""

    owner: Name | None = Field(default=None, description="ultimate owner; default the supplier itself")
    deliveries: DeliverySeries = Field(description="chips delivered a quarter; holds until the next date")
    growth_after: Growth = Field(
        default=guess(0.04, 0.02, 0.06), description="growth of deliveries after the last date"
    )
    growth_floor: Growth | None = Field(
        default=None, description="growth that it decays to; null = it stays as it is"
    )
    growth_half_life: Quarters = Field(
        default=guess(6, 4, 9), description="quarters in which that growth halves its distance to the floor"
    )
    capex: UnitCapex | None = Field(
        default=None, description="all-in cost of capacity on its chips; null = the builder's own"
    )
    serves: Literal["all"] | tuple[Name, ...] = Field(
        default="all", description="firms that it serves, or all"
    )
    priority: ShareMap = Field(
        default=Shares(), description="shares of its deliveries promised to firms; the rest goes pro rata"
    )


class Region(Documented):
    """A power region."""

    power: PowerSeries = Field(description="power energised for AI a quarter; holds until the next date")
    growth_after: Growth = Field(
        default=guess(0.03, 0.01, 0.05), description="growth of additions after the last date"
    )


class Upstream(Part):
    """What building runs into."""

    chips: Named[Chip] = Field(
        default=FrozenMap(), description="chip suppliers by name; empty = chips never bind"
    )
    regions: Named[Region] = Field(
        default=FrozenMap(), description="power regions by name; empty = power never binds"
    )
    allocation: Literal["pro_rata", "priority"] = Field(
        default="pro_rata", description="rule of chip rationing: by orders, or promised shares first"
    )
    capex_decline: Rate = Field(
        default=guess(0.04, 0.03, 0.05), description="fall of the cost of new capacity, a quarter"
    )
    kw_per_h100e: DensitySeries = Field(
        default=Series(), description="all-in power of new capacity; empty = the fleet's own"
    )
    chip_elasticity: Elasticity = Field(
        default=guess(0.75, 0.5, 1.0), description="response of chip supply to unfilled orders"
    )
    chip_response_lag: Quarters = Field(
        default=guess(5, 4, 6), description="quarters until chip supply responds"
    )
    ration_price: Factor = Field(
        default=guess(0.3, 0.0, 0.6), description="rise of the chip price per unit of log ration"
    )
    slip_probability: Share = Field(
        default=guess(0.25, 0.1, 0.4), description="probability that an order is a quarter late"
    )
