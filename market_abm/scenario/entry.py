"""A dated entry of the timeline: when it holds, and what it is called in paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from market_abm.scenario.fields import Documented, Name, Quarter, WholeQuarters

TARGETS = ("supplier", "buyer", "chip", "region", "firm", "contract", "acquirer", "target_firm", "to")
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


class Fading(Entry):
    """An entry whose effect ends at once after its last quarter, or fades."""

    recovery: WholeQuarters = Field(
        default=0, description="quarters after `until` over which the effect fades, in equal steps"
    )
