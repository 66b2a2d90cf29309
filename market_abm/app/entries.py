"""Controls that add a dated entry to the timeline: policies, shocks, the end of a deal."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from market_abm.app.lever import Lever, choice_lever, sentence
from market_abm.scenario.positions import field_type
from market_abm.scenario.quantity import Number
from market_abm.scenario.timeline import KINDS, Entry

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

LEFT_OUT = ("null", "lease")
"""Kinds without a control: one changes nothing, the other has the many fields of a contract."""

ENTRANTS = ("entry", "public_provider")
"""Kinds that are about a firm which waits to enter."""

ALL = "*"

BEGIN = {"change": -0.25, "notice": 4.0, "price": 2.0, "switching_cost": 0.1, "share": 0.3, "online": 200.0}
"""Where a field without a default stands when its entry is switched on; then the user moves it."""

REACH = {"USD/GPU-h": 4.0, "quarters": 8.0, "fraction": 1.0, "fraction/year": 0.5, "kH100e": 5000.0}
"""End of a slider by unit; the box beside it takes everything that the schema allows."""


def entry_levers(scenario: Scenario) -> Iterator[Lever]:
    """A control for every kind of entry whose fields have something to choose from."""
    for kind, entry in KINDS.items():
        fields = None if kind in LEFT_OUT else _fields(scenario, kind, entry)
        if fields is None:
            continue
        # What an authority decides has a module of its own in the schema; the rest happens to the market.
        group = "policy" if entry.__module__.endswith(".policies") else "events"
        yield Lever(
            f"timeline.{kind.replace('_', '-')}",
            group,
            "entry",
            sentence(kind.replace("_", " ")),
            meaning=(entry.__doc__ or "").strip().splitlines()[0],
            kind_of_entry=kind,
            fields=fields,
        )


def _fields(scenario: Scenario, kind: str, entry: type[Entry]) -> tuple[Lever, ...] | None:
    """Controls of the fields of an entry; None where a required one has nothing to choose from."""
    quarters = scenario.quarters
    found = [choice_lever("quarter", "", "from", quarters[0], quarters)]
    found.append(choice_lever("until", "", "until", "", ("", *quarters)))
    for name, info in entry.model_fields.items():
        if name in Entry.model_fields or name == "kind":
            continue
        lever = _field(scenario, kind, entry, name)
        if lever is not None:
            found.append(lever)
        elif info.is_required():
            return None
    return tuple(found)


def _field(scenario: Scenario, kind: str, entry: type[Entry], name: str) -> Lever | None:
    """Control of a field; None where it has nothing to choose from, or stays as the entry has it."""
    info, types = entry.model_fields[name], field_type(entry, name)
    number = next((item for item in types if isinstance(item, Number)), None)
    literal = next((item for item in types if typing.get_origin(item) is typing.Literal), None)
    label = info.description or name
    if number is not None:
        known = info.is_required() or info.default is not None
        return _number(name, number, label, info.get_default()) if known else None
    if literal is not None:
        words = typing.get_args(literal)
        return choice_lever(name, "", label, words[0] if info.is_required() else info.default, words)
    if str not in types:
        return None
    words = _targets(scenario, kind, name)
    if not info.is_required():
        words = (ALL, *words)
    return choice_lever(name, "", name.replace("_", " "), words[0], words) if words else None


def _number(name: str, kind: Number, label: str, default: Any) -> Lever:
    reach = min(REACH.get(kind.unit, kind.most), kind.most)
    start = float(default) if isinstance(default, float | int) else BEGIN.get(name, reach / 4.0)
    return Lever(
        name,
        "",
        "number",
        sentence(label),
        start=start,
        unit="" if kind.unit == "1" else kind.unit,
        allowed=kind.allowed,
        low=max(-reach, kind.least),
        high=max(reach, start),
        step=1.0 if kind.whole or reach > 100 else 0.05,
    )


def _targets(scenario: Scenario, kind: str, name: str) -> tuple[str, ...]:
    """Names that a field may hold."""
    firms = scenario.firms
    fleets = [key for key, firm in firms.items() if firm.fleet is not None]
    if name == "contract":
        own = [key for key, item in scenario.contracts.items() if item.kind != "internal"]
        return (*(entry.key for entry in scenario.timeline if entry.kind == "lease"), *own)
    if name == "buyer":
        return (*(key for key, firm in firms.items() if firm.lab is not None), *scenario.segments)
    if name == "firm" and kind in ENTRANTS:
        return tuple(key for key in fleets if firms[key].fleet.enters is not None)  # type: ignore[union-attr]
    found = {
        "supplier": fleets,
        "chip": list(scenario.upstream.chips),
        "region": list(scenario.upstream.regions),
        "acquirer": fleets,
        "target_firm": fleets[1:],
        "to": fleets[1:],
        "firm": list(firms) if kind == "credit_crunch" else fleets,
    }
    return tuple(found.get(name, ()))
