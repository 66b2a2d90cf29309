"""Dated entries of a scenario: shocks, deals and policies, each kind with its own fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from market_abm.scenario.entry import TARGETS, Entry, Fading, label_of, row_label
from market_abm.scenario.policies import (
    AccessObligation,
    ChipAllocation,
    Divestiture,
    ExclusivityBan,
    ExportControl,
    FunctionalSeparation,
    Merger,
    MergerControl,
    MinimumNotice,
    PriceCap,
    PublicProvider,
    ShareCap,
    SwitchingCap,
    Transparency,
)
from market_abm.scenario.shocks import (
    CapacityShock,
    CapexShock,
    ChipShock,
    CreditCrunch,
    DemandShock,
    EntryOfFirm,
    Lease,
    Null,
    PowerShock,
    Recall,
    Terminate,
)

__all__ = [
    "KINDS", "TARGETS", "AnyEntry", "Entry", "Fading", "Lease", "label_of", "row_label",
]  # fmt: skip

KINDS: dict[str, type[Entry]] = {
    cls.model_fields["kind"].default: cls
    for cls in (
        Null,
        CapacityShock,
        DemandShock,
        ChipShock,
        PowerShock,
        CapexShock,
        CreditCrunch,
        Recall,
        Lease,
        Terminate,
        EntryOfFirm,
        AccessObligation,
        FunctionalSeparation,
        PriceCap,
        MinimumNotice,
        SwitchingCap,
        ExclusivityBan,
        Transparency,
        ShareCap,
        Divestiture,
        Merger,
        MergerControl,
        PublicProvider,
        ChipAllocation,
        ExportControl,
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
    | CreditCrunch
    | Recall
    | Lease
    | Terminate
    | EntryOfFirm
    | AccessObligation
    | FunctionalSeparation
    | PriceCap
    | MinimumNotice
    | SwitchingCap
    | ExclusivityBan
    | Transparency
    | ShareCap
    | Divestiture
    | Merger
    | MergerControl
    | PublicProvider
    | ChipAllocation
    | ExportControl,
    Field(discriminator="kind"),
]
