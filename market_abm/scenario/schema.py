"""The scenario: a world, its firms and contracts, how they behave and what happens to them. Frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from market_abm.scenario.behaviour import Behaviour
from market_abm.scenario.calendar import quarter_index, quarter_name
from market_abm.scenario.contracts import Contract, Link
from market_abm.scenario.errors import Mark
from market_abm.scenario.fields import Date, Flag, FrozenMap, Name, Named, Part, Quarter, RunLength
from market_abm.scenario.firms import Firm
from market_abm.scenario.product import Product
from market_abm.scenario.segments import Segment
from market_abm.scenario.timeline import AnyEntry
from market_abm.scenario.tree import Node
from market_abm.scenario.upstream import Upstream


class Horizon(Part):
    """When the world starts and for how long it runs."""

    start: Quarter = Field(description="first quarter")
    quarters: RunLength = Field(default=20, description="number of quarters")


class Source(Part):
    """Where numbers come from."""

    title: str = Field(description="what it is")
    url: str | None = Field(default=None, description="where it stands")
    date: Date | None = Field(default=None, description="when it was read, or for when it holds")
    grade: str | None = Field(
        default=None, description="A filing, B good reporting, C estimate with a source, D assumption"
    )


class Scenario(Part):
    """A world. Numbers are floats; those with range or source are :class:`Quantity` until :meth:`drawn`."""

    schema_version: Literal[1] = Field(description="version of the file format")
    name: Name = Field(description="name of the scenario")
    question: str | None = Field(default=None, description="the question that it answers, in one sentence")
    theme: str | None = Field(default=None, description="heading under which it is listed")
    read_against: Name | None = Field(
        default=None, description="shipped scenario with which it is best compared"
    )
    pin: Flag = Field(default=False, description="hold every number at its central value, as --pin does")
    horizon: Horizon = Field(description="when it starts and for how long it runs")
    firms: Named[Firm] = Field(description="firms by name")
    links: tuple[Link, ...] = Field(default=(), description="supplier graph; the more specific entry rules")
    contracts: Named[Contract] = Field(
        default=FrozenMap(), description="contracts in force or signed at the start, by key"
    )
    segments: Named[Segment] = Field(default=FrozenMap(), description="aggregate buyers by name")
    upstream: Upstream = Field(default=Upstream(), description="chips and power")
    product: Product = Field(default=Product(), description="product market and use of compute")
    behaviour: Behaviour = Field(default=Behaviour(), description="how firms trade, build and borrow")
    timeline: tuple[AnyEntry, ...] = Field(default=(), description="dated shocks, deals and policies")
    sources: Named[Source] = Field(default=FrozenMap(), description="sources by key")

    _tree: Node | None = PrivateAttr(None)
    _lineage: tuple[str, ...] = PrivateAttr(())

    # ---- the calendar

    @property
    def quarters(self) -> tuple[str, ...]:
        """Every quarter of the run, in order."""
        first = quarter_index(self.horizon.start)
        return tuple(quarter_name(first + step) for step in range(int(self.horizon.quarters)))

    # ---- variants

    def drawn(self, seed: int, pin: bool | Iterable[str] = False) -> Scenario:
        """The same world with every number a plain float; see :func:`market_abm.scenario.draw.drawn`."""
        from market_abm.scenario.draw import drawn

        return drawn(self, seed, pin)

    def with_set(self, changes: Mapping[str, Any] | Iterable[str]) -> Scenario:
        """A copy with dotted keys set: ``{"behaviour.beta": 0.3}`` or ``["behaviour.beta=0.3"]``."""
        from market_abm.scenario.override import with_set

        return with_set(self, changes)

    # ---- provenance and identity

    @property
    def lineage(self) -> tuple[str, ...]:
        """Files that the scenario was made of, itself first, then what it extends."""
        return self._lineage

    def origin(self, path: str) -> Mark | None:
        """File, line and column of a dotted path; None where the value is a default."""
        from market_abm.scenario.positions import find

        return find(self, path)

    def content(self) -> dict[str, Any]:
        """Plain nested values, defaults included, in canonical order."""
        from market_abm.scenario.dump import plain

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
