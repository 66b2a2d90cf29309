"""Dated entries of a scenario: shocks, deals and policies, each kind with its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from market_abm.scenario.contracts import Contract
from market_abm.scenario.fields import (
    Annual,
    Capacity,
    Change,
    Documented,
    Name,
    Price,
    Quarter,
    WholeQuarters,
)

TARGETS = ("supplier", "buyer", "chip", "region", "firm", "contract", "acquirer", "target_firm")
"""Fields that say what an entry is about."""


def label_of(entry: Mapping[str, Any]) -> str:
    """Name in paths of an entry given by its fields: its id, else what it is about."""
    if entry.get("id"):
        return str(entry["id"])
    kind = "null" if entry.get("kind") is None else entry["kind"]
    contract = entry.get("contract")
    if kind == "lease" and contract is not None:
        ends = contract if isinstance(contract, dict) else getattr(contract, "__dict__", {})
        return f"L-{ends.get('supplier')}-{ends.get('buyer')}"
    target = ":".join(str(entry[name]) for name in TARGETS if entry.get(name) not in (None, "*"))
    label = f"{kind}@{entry.get('quarter')}"
    return f"{label}:{target}" if target else label


def row_label(row: Any) -> str:
    """Name in paths of a row of `links` or `timeline` as it stands in a file; empty where it has none."""
    if not isinstance(row, dict):
        return ""
    if "kind" in row or "quarter" in row:
        return label_of({name: item for name, item in row.items() if isinstance(item, str | dict | None)})
    return f"{row.get('supplier')}>{row.get('buyer')}"


class Entry(Documented):
    """Something that happens in a quarter, and until when it holds."""

    quarter: Quarter = Field(description="first quarter in which it holds")
    until: Quarter | None = Field(default=None, description="last quarter in which it holds; null = for good")
    id: Name | None = Field(
        default=None, description="name of the entry; default made from its kind, quarter and target"
    )

    @property
    def key(self) -> str:
        """Name of the entry in paths: its id, or kind, quarter and target."""
        return label_of(vars(self))


class Null(Entry):
    """Changes nothing."""

    kind: Literal["null"] = "null"


class CapacityShock(Entry):
    """Capacity of a supplier is out of service, or comes back larger."""

    kind: Literal["capacity_shock"] = "capacity_shock"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of capacity while it holds; -1 = all of it is out")


class DemandShock(Entry):
    """A buyer's need changes."""

    kind: Literal["demand_shock"] = "demand_shock"
    buyer: str = Field(default="*", description='firm with a lab or segment, or "*"')
    change: Change = Field(description="change of the need while it holds")


class ChipShock(Entry):
    """Deliveries of a chip supplier change."""

    kind: Literal["chip_shock"] = "chip_shock"
    chip: str = Field(default="*", description='chip supplier, or "*"')
    change: Change = Field(description="change of deliveries while it holds")


class PowerShock(Entry):
    """Power additions of a region change."""

    kind: Literal["power_shock"] = "power_shock"
    region: str = Field(default="*", description='power region, or "*"')
    change: Change = Field(description="change of additions while it holds")


class CapexShock(Entry):
    """The cost of new capacity changes."""

    kind: Literal["capex_shock"] = "capex_shock"
    firm: str = Field(default="*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of the cost while it holds")


class Recall(Entry):
    """One side ends a contract on notice."""

    kind: Literal["recall"] = "recall"
    contract: str = Field(description="contract that is ended")
    notice: WholeQuarters | None = Field(
        default=None, description="quarters of notice; null = the contract's own"
    )
    by: Literal["supplier", "buyer"] = Field(default="supplier", description="who gives notice")


class Lease(Entry):
    """A contract that is signed and starts in this quarter (or at its own start)."""

    kind: Literal["lease"] = "lease"
    id: Name | None = Field(default=None, description="key of the new contract; default L-supplier-buyer")
    contract: Contract = Field(description="the contract")


class Terminate(Entry):
    """A contract ends at once."""

    kind: Literal["terminate"] = "terminate"
    contract: str = Field(description="contract that ends")


class AccessObligation(Entry):
    """A supplier must serve on equal terms: the link opens and the strategic wedge is off."""

    kind: Literal["access_obligation"] = "access_obligation"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    buyer: str = Field(default="*", description='firm with a lab or segment, or "*"')


class PriceCap(Entry):
    """No new contract or spot sale above a price."""

    kind: Literal["price_cap"] = "price_cap"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    price: Price = Field(description="highest price of a GPU-hour")


class MinimumNotice(Entry):
    """Contracts carry at least this notice."""

    kind: Literal["minimum_notice"] = "minimum_notice"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    notice: WholeQuarters = Field(description="least notice")


class SwitchingCap(Entry):
    """Switching costs (egress fees) are capped."""

    kind: Literal["switching_cap"] = "switching_cap"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    switching_cost: Price = Field(description="highest switching cost of a GPU-hour")


class ExclusivityBan(Entry):
    """Exclusive links, sole suppliers and exclusive contracts do not keep others out."""

    kind: Literal["exclusivity_ban"] = "exclusivity_ban"
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')


class CreditCrunch(Entry):
    """Lenders lend less and ask more."""

    kind: Literal["credit_crunch"] = "credit_crunch"
    firm: str = Field(default="*", description='firm, or "*"')
    change: Change = Field(description="change of the debt limit while it holds")
    spread: Annual = Field(default=0.0, description="added to the cost of capital")


class Merger(Entry):
    """One owner takes over another's firms."""

    kind: Literal["merger"] = "merger"
    acquirer: str = Field(description="firm or owner that takes over")
    target_firm: str = Field(description="firm that is taken over")


class EntryOfFirm(Entry):
    """An inactive firm enters."""

    kind: Literal["entry"] = "entry"
    firm: str = Field(description="firm with a fleet whose `enters` is set")
    online: Capacity | None = Field(default=None, description="capacity it enters with; null = its fleet's")


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
