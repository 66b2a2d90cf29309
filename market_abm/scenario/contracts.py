"""The supplier graph: links between sellers and buyers, and the contracts in force at the start."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.fields import (
    Capacity,
    CapacitySeries,
    Compute,
    Documented,
    Flag,
    Income,
    Price,
    Quarter,
    Series,
    Share,
    WholeQuarters,
)
from market_abm.scenario.quantity import guess

Estimable = Literal[
    "volume",
    "ramp",
    "price",
    "fee",
    "start",
    "end",
    "firm_until",
    "notice",
    "take_or_pay",
    "exclusive",
    "recall",
    "prepaid",
]


class Link(Documented):
    """Terms between a seller and a buyer; "*" stands for all.

    For each field the most specific entry that states it rules: the pair, then the supplier, then the buyer.
    """

    supplier: str = Field(description='firm with a fleet, or "*"')
    buyer: str = Field(description='firm with a lab or segment, or "*"')
    qualified: Flag | None = Field(
        default=None, description="whether the buyer can use this supplier at once"
    )
    switching_cost: Price | None = Field(
        default=None, description="cost of moving to this supplier, for one GPU-hour"
    )
    cap: Compute | None = Field(default=None, description="most that the link carries a quarter")
    exclusive: Flag | None = Field(default=None, description="the supplier serves this buyer alone")
    sole: Flag | None = Field(
        default=None, description="the buyer signs with this supplier alone (exclusive dealing)"
    )

    @property
    def key(self) -> str:
        """Name of the entry in paths: ``supplier>buyer``."""
        return f"{self.supplier}>{self.buyer}"


class Contract(Documented):
    """A contract: who, how much, at what price, until when, and how it ends."""

    supplier: str = Field(description="firm with a fleet")
    buyer: str = Field(description="firm with a lab, or segment")
    kind: Literal["term", "rolling", "internal"] = Field(
        default="term", description="fixed term, renewed each quarter, or own use"
    )
    product: str | None = Field(default=None, description="chips or service, in words")
    volume: Capacity = Field(description="capacity delivered now (at its start where that is later)")
    ramp: CapacitySeries = Field(default=Series(), description="later volumes: from each quarter on")
    price: Price | None = Field(default=None, description="price of a GPU-hour")
    fee: Income | None = Field(
        default=None, description="fixed fee instead of a price: price = fee / largest volume"
    )
    start: Quarter | None = Field(default=None, description="first quarter; default the scenario's start")
    end: Quarter | None = Field(default=None, description="last quarter of the headline term; null = open")
    firm_until: Quarter | None = Field(
        default=None, description="last quarter before which nobody can leave; null = unknown"
    )
    notice: WholeQuarters = Field(
        default=guess(1, 1, 2), description="quarters of notice after the firm term"
    )
    take_or_pay: Share = Field(default=1.0, description="share of the volume paid for whether used or not")
    exclusive: Flag = Field(default=False, description="the capacity can serve nobody else")
    recall: Flag = Field(
        default=False, description="the supplier may take the capacity back on notice within the firm term"
    )
    prepaid: Share = Field(default=0.0, description="share of the price paid in advance")
    estimated: tuple[Estimable, ...] = Field(
        default=(), description="fields that are estimates, not disclosed"
    )

    @property
    def peak_volume(self) -> float:
        """Largest volume that the contract reaches, kH100e."""
        return max([float(self.volume), *(float(volume) for volume in self.ramp.values())])

    @property
    def unit_price(self) -> float:
        """Price in USD/GPU-h: as stated, or the fee over the largest volume; 0 for own use."""
        if self.price is not None:
            return float(self.price)
        if self.fee is None or self.peak_volume == 0.0:
            return 0.0
        from market_abm.units import HOURS_PER_QUARTER  # here: validating a file must not load numpy

        return float(self.fee) * 1000.0 / (self.peak_volume * HOURS_PER_QUARTER)

    def volume_at(self, quarter: str) -> float:
        """Volume in a quarter, kH100e; 0 before the start and after the end."""
        if (self.start is not None and quarter < self.start) or (self.end is not None and quarter > self.end):
            return 0.0
        return float(self.ramp.at(quarter, before=self.volume))
