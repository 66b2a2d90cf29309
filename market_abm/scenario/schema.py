"""The scenario: a world, its firms and contracts, how they behave and what happens to them. Frozen."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field, PrivateAttr

from .behaviour import Behaviour
from .calendar import quarter_index, quarter_name, shifted
from .contracts import Contract, Link
from .errors import Mark
from .fields import Count, FrozenMap, Name, Named, Part, Quarter
from .firms import Firm
from .product import Product
from .segments import Segment
from .timeline import AnyEntry
from .tree import Node
from .upstream import Upstream


class Horizon(Part):
    """When the world starts and for how long it runs."""

    start: Quarter = Field(description="first quarter")
    quarters: Count = Field(20, description="number of quarters")


class Source(Part):
    """Where numbers come from."""

    title: str = Field(description="what it is")
    url: str | None = Field(None, description="where it stands")
    date: str | None = Field(None, description="when it was read, or for when it holds")
    grade: str | None = Field(
        None, description="A filing, B good reporting, C estimate with a source, D assumption"
    )


class Terms(NamedTuple):
    """Terms of a link after the more specific entries have ruled."""

    qualified: bool
    switching_cost: float
    cap: float
    exclusive: bool


class Scenario(Part):
    """A world. Numbers are floats; those with range or source are :class:`Quantity` until :meth:`drawn`."""

    schema_version: Literal[1] = Field(description="version of the file format")
    name: Name = Field(description="name of the scenario")
    question: str | None = Field(None, description="the question that it answers, in one sentence")
    horizon: Horizon = Field(description="when it starts and for how long it runs")
    firms: Named[Firm] = Field(description="firms by name")
    links: tuple[Link, ...] = Field((), description="supplier graph; the more specific entry rules")
    contracts: Named[Contract] = Field(
        FrozenMap(), description="contracts in force or signed at the start, by key"
    )
    segments: Named[Segment] = Field(FrozenMap(), description="aggregate buyers by name")
    upstream: Upstream = Field(Upstream(), description="chips and power")
    product: Product = Field(Product(), description="product market and use of compute")
    behaviour: Behaviour = Field(Behaviour(), description="how firms trade, build and borrow")
    timeline: tuple[AnyEntry, ...] = Field((), description="dated shocks, deals and policies")
    sources: Named[Source] = Field(FrozenMap(), description="sources by key")

    _tree: Node | None = PrivateAttr(None)
    _lineage: tuple[str, ...] = PrivateAttr(())

    # ---- the calendar

    @property
    def quarters(self) -> tuple[str, ...]:
        """Every quarter of the run, in order."""
        first = quarter_index(self.horizon.start)
        return tuple(quarter_name(first + step) for step in range(int(self.horizon.quarters)))

    # ---- the supplier graph

    def link(self, supplier: str, buyer: str) -> Terms:
        """Terms between a firm with a fleet and a buyer (firm with a lab, or segment).

        An entry for the pair rules over one for the supplier, that over one for the buyer, that over ``*``; each
        field separately. A firm's own lab and captive segments, and pairs with a contract, are qualified; captive
        segments reach nobody else. Where no entry says otherwise a link is qualified, free to use and uncapped.
        """
        segment = self.segments.get(buyer)
        own = supplier == buyer or (segment is not None and segment.owner == supplier)
        if own:
            return Terms(True, 0.0, math.inf, False)
        if segment is not None and segment.kind == "captive":
            return Terms(False, 0.0, 0.0, False)
        entries = {entry.key: entry for entry in self.links}
        keys = (f"{supplier}>{buyer}", f"{supplier}>*", f"*>{buyer}", "*>*")
        found = [entries[key] for key in keys if key in entries]

        def first(field: str, missing: Any) -> Any:
            said = (getattr(entry, field) for entry in found)
            return next((value for value in said if value is not None), missing)

        qualified = first("qualified", True)
        if (
            segment is not None
            and segment.reach == "all"
            and not any(entry.buyer == buyer for entry in found)
        ):
            qualified = True
        if any(item.supplier == supplier and item.buyer == buyer for item in self.contracts.values()):
            qualified = True
        return Terms(
            qualified, first("switching_cost", 0.0), first("cap", math.inf), first("exclusive", False)
        )

    def firm_until(self, contract: Contract) -> str:
        """Last firm quarter of a contract; a stated guess (`behaviour.firm_term_unknown`) where it is unknown."""
        start = max(contract.start or self.horizon.start, self.horizon.start)
        if contract.kind == "rolling":
            return shifted(start, -1)
        if contract.firm_until is not None:
            return contract.firm_until
        guessed = shifted(start, int(self.behaviour.firm_term_unknown) - 1)
        return min(guessed, contract.end) if contract.end else guessed

    # ---- variants

    def drawn(self, seed: int, pin: bool | Iterable[str] = False) -> Scenario:
        """The same world with every number a plain float; see :func:`market_abm.scenario.draw.drawn`."""
        from .draw import drawn

        return drawn(self, seed, pin)

    def with_set(self, changes: Mapping[str, Any] | Iterable[str]) -> Scenario:
        """A copy with dotted keys set: ``{"behaviour.beta": 0.3}`` or ``["behaviour.beta=0.3"]``."""
        from .override import with_set

        return with_set(self, changes)

    # ---- provenance and identity

    @property
    def lineage(self) -> tuple[str, ...]:
        """Files that the scenario was made of, itself first, then what it extends."""
        return self._lineage

    def origin(self, path: str) -> Mark | None:
        """File, line and column of a dotted path; None where the value is a default."""
        from .positions import find

        return find(self, path)

    def content(self) -> dict[str, Any]:
        """Plain nested values, defaults included, in canonical order."""
        from .dump import plain

        return plain(self)

    def hash(self) -> str:
        """SHA-256 of the canonical JSON of :meth:`content`: the same for any order of the file."""
        text = json.dumps(
            self.content(), sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.content() == other.content()

    def __hash__(self) -> int:
        return hash(self.hash())
