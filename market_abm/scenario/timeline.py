"""Dated entries of a scenario: shocks, deals and policies, each kind with its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from market_abm import decorated, plugins
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
    "KINDS", "TARGETS", "AnyEntry", "Entry", "Fading", "Lease", "add_kind", "label_of", "remove_kind", "row_label",
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

SCHEMA = frozenset(KINDS)
"""Those whose fields are part of the schema; the others come with what they do, in a file of `timeline` or a plugin."""


def add_kind(name: str, entry: type[Entry]) -> None:
    """Make a kind known whose fields stand beside what it does.

    Raises
    ------
    ValueError
        If the class is of another kind, or the kind is one of the schema.
    """
    said = entry.model_fields["kind"].default if "kind" in entry.model_fields else None
    if said != name:
        raise ValueError(
            f"{entry.__name__} is of kind {said!r}; give it the field kind: Literal[{name!r}] = {name!r}"
        )
    if name in SCHEMA:
        raise ValueError(f"timeline kind {name!r} is one of the schema: choose another name")
    KINDS[name] = entry


def remove_kind(name: str) -> None:
    """Forget a kind that was added."""
    if name not in SCHEMA:
        KINDS.pop(name, None)


def _added(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Check an entry of an added kind by its own class; what brings it is loaded before a kind is refused."""
    if isinstance(value, Entry):
        return value if type(value) is KINDS.get(getattr(value, "kind", "")) else handler(value)
    said = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(said, str) or said in SCHEMA:
        return handler(value)
    if said not in KINDS:
        decorated.import_registering("kind", said)
    if said not in KINDS:
        plugins.load()
    return KINDS[said].model_validate(value) if said in KINDS else handler(value)


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
    WrapValidator(_added),
]
