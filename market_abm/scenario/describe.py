"""A scenario in plain words, with its numbers and their sources: what `show` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.scenario.dictionary import keys
from market_abm.scenario.draw import numbers
from market_abm.scenario.errors import listed
from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.scenario.contracts import Contract
    from market_abm.scenario.schema import Scenario
    from market_abm.scenario.timeline import Entry


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Description:
    """Sentences first, then tables."""

    sentences: list[str]
    tables: list[Table]


@dataclass(frozen=True)
class Provenance:
    """How many numbers of a scenario are what."""

    sourced: int
    guessed: int
    bare: int


def provenance(scenario: Scenario) -> Provenance:
    """Count sourced, guessed and bare numbers, defaults included."""
    sourced = guessed = bare = 0
    for item in numbers(scenario):
        if isinstance(item.value, Quantity) and item.value.estimated:
            guessed += 1
        elif isinstance(item.value, Quantity) and item.value.source:
            sourced += 1
        else:
            bare += 1
    return Provenance(sourced, guessed, bare)


def estimated_volume_share(contracts: Iterable[Contract]) -> float:
    """Share of contracted volume (at its largest) whose volume is an estimate."""
    rows = list(contracts)
    total = sum(item.peak_volume for item in rows)
    guessed = sum(
        item.peak_volume
        for item in rows
        if "volume" in item.estimated or (isinstance(item.volume, Quantity) and item.volume.estimated)
    )
    return guessed / total if total > 0 else 0.0


def said(value: Any, unit: str = "") -> str:
    """A value as a person reads it: 541 kH100e (276 to 541, guess) [s1]."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float | int):
        return str(value)
    text = f"{float(value):,.4g}" if abs(value) < 1000 else f"{float(value):,.0f}"
    if unit == "quarters" and value == 1:
        unit = "quarter"
    text = f"{text} {unit}".strip()
    if isinstance(value, Quantity):
        band = f"{value.low:g} to {value.high:g}" if value.ranged else ""
        more = ", ".join(word for word in (band, "guess" if value.guess else "", value.as_of or "") if word)
        cited = listed(value.source, 4) if value.source and value.source != ("assumption",) else ""
        text += (f" ({more})" if more else "") + (f" [{cited}]" if cited else "")
    return text


def counted_in_words(number: int, word: str, plural: str | None = None) -> str:
    """A number and its noun: 1 lab, 3 labs."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def describe(scenario: Scenario) -> Description:
    """The scenario in words and tables."""
    tables = [
        _timeline(scenario),
        _firms(scenario),
        _segments(scenario),
        _contracts(scenario),
        _rules(scenario),
    ]
    sources = [
        (key, item.title, item.date or "-", item.grade or "-", item.url or "-")
        for key, item in scenario.sources.items()
    ]
    tables.append(Table("Sources", ("key", "title", "date", "grade", "address"), sources))
    return Description(_sentences(scenario), [table for table in tables if table.rows])


def _sentences(scenario: Scenario) -> list[str]:
    kinds = {"hyperscaler": "integrated firm", "provider": "provider", "lab": "lab"}
    counted = {word: [n for n, f in scenario.firms.items() if f.kind == kind] for kind, word in kinds.items()}
    firms = "; ".join(
        f"{counted_in_words(len(names), word)} ({listed(names, 6)})"
        for word, names in counted.items()
        if names
    )
    online = sum(float(firm.fleet.online) for firm in scenario.firms.values() if firm.fleet is not None)
    quarters = scenario.quarters
    found = provenance(scenario)
    sentences = [
        f"{scenario.name}: {scenario.question}" if scenario.question else f"{scenario.name}.",
        f"It runs {len(quarters)} quarters, from {quarters[0]} to {quarters[-1]}, with {firms}.",
        f"{online:,.0f} kH100e are online at the start; on file are "
        f"{counted_in_words(len(scenario.segments), 'segment')}, "
        f"{counted_in_words(len(scenario.contracts), 'contract')} and "
        f"{counted_in_words(len(scenario.timeline), 'dated entry', 'dated entries')}.",
        f"Prices follow the protocol {scenario.behaviour.protocol} with seller's weight "
        f"{said(scenario.behaviour.beta)}.",
        f"Of its numbers {found.sourced} have a source, {found.guessed} are guesses with a range and "
        f"{found.bare} are rules or bare; {estimated_volume_share(scenario.contracts.values()):.0%} of the "
        "contracted volume is estimated.",
    ]
    if len(scenario.lineage) > 1:
        sentences.insert(1, f"It builds on {listed(scenario.lineage[1:])}.")
    return sentences


def in_words(entry: Entry) -> str:
    """One dated entry as a sentence."""
    hidden = {"kind", "quarter", "until", "id", "source", "as_of", "note", "contract"}
    parts = [
        f"{name} {said(value)}"
        for name, value in vars(entry).items()
        if name not in hidden and value not in (None, "*")
    ]
    contract = getattr(entry, "contract", None)
    if isinstance(contract, str):
        parts.insert(0, f"contract {contract}")
    elif contract is not None:
        price = said(contract.unit_price, "USD/GPU-h")
        parts.insert(
            0, f"{contract.supplier} to {contract.buyer}, {said(contract.volume, 'kH100e')} at {price}"
        )
    meaning = (type(entry).__doc__ or "").strip().splitlines()[0]
    return f"{meaning} " + ", ".join(parts) if parts else meaning


def _timeline(scenario: Scenario) -> Table:
    rows = [
        (entry.quarter, entry.until or "-", entry.kind, in_words(entry), entry.note or "-")
        for entry in scenario.timeline
    ]
    return Table("What happens", ("quarter", "until", "kind", "what", "note"), rows)


def _firms(scenario: Scenario) -> Table:
    rows = []
    for name, firm in scenario.firms.items():
        fleet, lab = firm.fleet, firm.lab
        rows.append(
            (
                name,
                firm.kind,
                firm.owner or name,
                said(fleet.online if fleet else None, "kH100e"),
                f"{said(sum(map(float, fleet.pipeline.values())), 'kH100e')}" if fleet else "-",
                said(lab.inference if lab else None, "kHQ"),
                said(lab.rnd if lab else None, "kHQ"),
                said(lab.revenue if lab else None, "MUSD/quarter"),
                said(firm.cash, "MUSD"),
            )
        )
    columns = ("firm", "kind", "owner", "online", "announced", "inference", "R&D", "revenue", "cash")
    return Table("Firms", columns, rows)


def _segments(scenario: Scenario) -> Table:
    rows = [
        (name, item.kind, item.owner or "-", said(item.use, "kHQ"), said(item.elasticity), said(item.growth))
        for name, item in scenario.segments.items()
    ]
    return Table("Segments", ("segment", "kind", "owner", "use", "elasticity", "growth a quarter"), rows)


def _contracts(scenario: Scenario) -> Table:
    rows = []
    for key, item in scenario.contracts.items():
        paid = said(item.price, "USD/GPU-h") if item.fee is None else said(item.fee, "MUSD/quarter")
        term = f"{item.start} to {item.end or 'open'}, firm until {item.firm_until or 'unknown'}"
        rows.append(
            (
                key,
                item.supplier,
                item.buyer,
                said(item.volume, "kH100e"),
                said(item.peak_volume, "kH100e"),
                paid,
                term,
                said(item.notice, "quarters"),
                listed(item.estimated) if item.estimated else "-",
            )
        )
    columns = (
        "contract",
        "supplier",
        "buyer",
        "now",
        "at most",
        "price or fee",
        "term",
        "notice",
        "estimated",
    )
    return Table("Contracts", columns, rows)


def _rules(scenario: Scenario) -> Table:
    known = {item.path: item for item in keys()}
    rows = []
    for item in numbers(scenario):
        if item.path.split(".")[0] in ("behaviour", "product") and item.path in known:
            key = known[item.path]
            rows.append((item.path, said(item.value, key.unit if key.unit != "1" else ""), key.meaning))
    return Table("Behaviour", ("key", "value", "meaning"), rows)
