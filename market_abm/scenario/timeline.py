"""Dated entries of a scenario: shocks, deals and policies, each kind with its own fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .contracts import Contract
from .fields import Annual, Capacity, Change, Documented, Name, Price, Quarter, WholeQuarters


class Entry(Documented):
    """Something that happens in a quarter, and until when it holds."""

    quarter: Quarter = Field(description="first quarter in which it holds")
    until: Quarter | None = Field(None, description="last quarter in which it holds; null = for good")
    id: Name | None = Field(
        None, description="name of the entry; default made from its kind, quarter and target"
    )

    @property
    def target(self) -> str:
        """What the entry is about, as text."""
        names = ("supplier", "buyer", "chip", "region", "firm", "contract", "acquirer", "target_firm")
        found = [getattr(self, name, None) for name in names]
        return ":".join(item for item in found if isinstance(item, str) and item != "*")

    @property
    def key(self) -> str:
        """Name of the entry in paths: its id, or kind, quarter and target."""
        label = f"{self.kind}@{self.quarter}"  # type: ignore[attr-defined]
        return self.id or (f"{label}:{self.target}" if self.target else label)


class Null(Entry):
    """Changes nothing."""

    kind: Literal["null"] = "null"


class CapacityShock(Entry):
    """Capacity of a supplier is out of service, or comes back larger."""

    kind: Literal["capacity_shock"] = "capacity_shock"
    supplier: str = Field("*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of capacity while it holds; -1 = all of it is out")


class DemandShock(Entry):
    """A buyer's need changes."""

    kind: Literal["demand_shock"] = "demand_shock"
    buyer: str = Field("*", description='firm with a lab or segment, or "*"')
    change: Change = Field(description="change of the need while it holds")


class ChipShock(Entry):
    """Deliveries of a chip supplier change."""

    kind: Literal["chip_shock"] = "chip_shock"
    chip: str = Field("*", description='chip supplier, or "*"')
    change: Change = Field(description="change of deliveries while it holds")


class PowerShock(Entry):
    """Power additions of a region change."""

    kind: Literal["power_shock"] = "power_shock"
    region: str = Field("*", description='power region, or "*"')
    change: Change = Field(description="change of additions while it holds")


class CapexShock(Entry):
    """The cost of new capacity changes."""

    kind: Literal["capex_shock"] = "capex_shock"
    firm: str = Field("*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of the cost while it holds")


class Recall(Entry):
    """One side ends a contract on notice."""

    kind: Literal["recall"] = "recall"
    contract: str = Field(description="contract that is ended")
    notice: WholeQuarters | None = Field(None, description="quarters of notice; null = the contract's own")
    by: Literal["supplier", "buyer"] = Field("supplier", description="who gives notice")


class Lease(Entry):
    """A contract that is signed and starts in this quarter (or at its own start)."""

    kind: Literal["lease"] = "lease"
    id: Name | None = Field(None, description="key of the new contract; default made from supplier and buyer")
    contract: Contract = Field(description="the contract")


class Terminate(Entry):
    """A contract ends at once."""

    kind: Literal["terminate"] = "terminate"
    contract: str = Field(description="contract that ends")


class AccessObligation(Entry):
    """A supplier must serve on equal terms: the link opens and the strategic wedge is off."""

    kind: Literal["access_obligation"] = "access_obligation"
    supplier: str = Field("*", description='firm with a fleet, or "*"')
    buyer: str = Field("*", description='firm with a lab or segment, or "*"')


class PriceCap(Entry):
    """No new contract or spot sale above a price."""

    kind: Literal["price_cap"] = "price_cap"
    supplier: str = Field("*", description='firm with a fleet, or "*"')
    price: Price = Field(description="highest price of a GPU-hour")


class MinimumNotice(Entry):
    """Contracts carry at least this notice."""

    kind: Literal["minimum_notice"] = "minimum_notice"
    supplier: str = Field("*", description='firm with a fleet, or "*"')
    notice: WholeQuarters = Field(description="least notice")


class SwitchingCap(Entry):
    """Switching costs (egress fees) are capped."""

    kind: Literal["switching_cap"] = "switching_cap"
    supplier: str = Field("*", description='firm with a fleet, or "*"')
    switching_cost: Price = Field(description="highest switching cost of a GPU-hour")


class ExclusivityBan(Entry):
    """Exclusive links and contracts are open to others."""

    kind: Literal["exclusivity_ban"] = "exclusivity_ban"
    supplier: str = Field("*", description='firm with a fleet, or "*"')


class CreditCrunch(Entry):
    """Lenders lend less and ask more."""

    kind: Literal["credit_crunch"] = "credit_crunch"
    firm: str = Field("*", description='firm, or "*"')
    change: Change = Field(description="change of the debt limit while it holds")
    spread: Annual = Field(0.0, description="added to the cost of capital")


class Merger(Entry):
    """One owner takes over another's firms."""

    kind: Literal["merger"] = "merger"
    acquirer: str = Field(description="firm or owner that takes over")
    target_firm: str = Field(description="firm that is taken over")


class EntryOfFirm(Entry):
    """An inactive firm enters."""

    kind: Literal["entry"] = "entry"
    firm: str = Field(description="firm with a fleet whose `enters` is set")
    online: Capacity | None = Field(None, description="capacity it enters with; null = its fleet's")


KINDS: dict[str, type[Entry]] = {
    cls.model_fields["kind"].default: cls
    for cls in (
        Null,
        CapacityShock,
        DemandShock,
        ChipShock,
        PowerShock,
        CapexShock,
        Recall,
        Lease,
        Terminate,
        AccessObligation,
        PriceCap,
        MinimumNotice,
        SwitchingCap,
        ExclusivityBan,
        CreditCrunch,
        Merger,
        EntryOfFirm,
    )
}
"""Every kind of dated entry by name."""

AnyEntry = Annotated[
    Null
    | CapacityShock
    | DemandShock
    | ChipShock
    | PowerShock
    | CapexShock
    | Recall
    | Lease
    | Terminate
    | AccessObligation
    | PriceCap
    | MinimumNotice
    | SwitchingCap
    | ExclusivityBan
    | CreditCrunch
    | Merger
    | EntryOfFirm,
    Field(discriminator="kind"),
]
