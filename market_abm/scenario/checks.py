"""Checks across the parts of a scenario: names that must exist, dates, capacities, shares, sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .calendar import is_quarter
from .errors import clipped, listed, nearest
from .fields import FrozenMap, Part
from .quantity import Quantity

if TYPE_CHECKING:
    from .contracts import Contract
    from .schema import Scenario

TOLERANCE = 1e-6
"""Relative; rounded shares and volumes of a file may miss a total by that much."""


@dataclass(frozen=True)
class Finding:
    """A problem at a place of the schema, before it has a place in a file."""

    loc: tuple[object, ...]
    message: str
    allowed: str = ""
    remedy: str = ""
    nearest: str = ""
    at_key: bool = False
    shown: tuple[object, ...] = ()


def cross_checks(scenario: Scenario) -> Iterator[Finding]:
    """Everything that one field alone cannot tell."""
    yield from _firms(scenario)
    yield from _shares(scenario)
    yield from _segments(scenario)
    yield from _links(scenario)
    for key, contract in scenario.contracts.items():
        yield from _contract(scenario, ("contracts", key), contract)
    yield from _opening_book(scenario)
    yield from _upstream(scenario)
    yield from _behaviour(scenario)
    yield from _timeline(scenario)
    yield from _sources(scenario, scenario, ())


def sellers(scenario: Scenario) -> list[str]:
    """Firms with a fleet."""
    return [name for name, firm in scenario.firms.items() if firm.fleet is not None]


def buyers(scenario: Scenario) -> list[str]:
    """Firms with a lab, and segments."""
    labs = [name for name, firm in scenario.firms.items() if firm.lab is not None]
    return labs + [name for name in scenario.segments if name not in labs]


def _known(
    loc: tuple[object, ...], name: str, known: list[str], what: str, star: bool = False
) -> Iterator[Finding]:
    if name in known or (star and name == "*"):
        return
    allowed = listed([*known, "*"] if star else known)
    yield Finding(loc, f'"{clipped(name)}" is not {what}', allowed, nearest=nearest(name, known) or "")


def _firms(scenario: Scenario) -> Iterator[Finding]:
    labs = [name for name, firm in scenario.firms.items() if firm.lab is not None]
    if not scenario.firms:
        yield Finding(("firms",), "there is no firm", remedy="Add at least one")
    for name, firm in scenario.firms.items():
        loc = ("firms", name)
        if firm.fleet is None and firm.lab is None:
            yield Finding(
                loc, "the firm has neither fleet nor lab", remedy="Add fleet, lab or both", at_key=True
            )
        elif firm.kind == "lab" and firm.lab is None:
            yield Finding(
                (*loc, "kind"), "a firm of kind lab needs a lab", remedy="Add lab, or change the kind"
            )
        elif firm.kind != "lab" and firm.fleet is None:
            yield Finding(
                (*loc, "kind"),
                f"a firm of kind {firm.kind} needs a fleet",
                remedy="Add fleet, or change the kind",
            )
        elif firm.kind == "provider" and firm.lab is not None:
            yield Finding(
                (*loc, "kind"), "a provider has no lab", remedy="Use kind: hyperscaler, or remove the lab"
            )
        for part in ("stakes", "rival_harm"):
            for other in getattr(firm, part):
                if other == name:
                    yield Finding(
                        (*loc, part, other), "a firm cannot name itself", at_key=True, remedy="Remove it"
                    )
                else:
                    for item in _known((*loc, part, other), other, labs, "a firm with a lab"):
                        yield Finding(item.loc, item.message, item.allowed, "", item.nearest, True)
        if firm.fleet is None:
            continue
        for quarter in firm.fleet.pipeline:
            if quarter < scenario.horizon.start:
                yield Finding(
                    (*loc, "fleet", "pipeline", quarter),
                    f"{quarter} lies before the start",
                    at_key=True,
                    allowed=f"{scenario.horizon.start} or later",
                    remedy="Count it in online",
                )
        enters = firm.fleet.enters
        if enters is not None and enters != "npv" and not is_quarter(enters):
            yield Finding(
                (*loc, "fleet", "enters"),
                f'"{clipped(enters)}" is not a date of entry',
                "null, npv, or a quarter such as 2027Q1",
            )


def _shares(scenario: Scenario) -> Iterator[Finding]:
    labs = {name: firm.lab.product_share for name, firm in scenario.firms.items() if firm.lab is not None}
    total = sum(float(share) for share in labs.values() if share is not None)
    if total > 1.0 + TOLERANCE:
        last = [name for name, share in labs.items() if share is not None][-1]
        yield Finding(
            ("firms", last, "lab", "product_share"),
            f"the product shares of all labs sum to {total:g}",
            "a sum of at most 1",
            "Scale them down",
        )
    held: dict[str, float] = {}
    for name, firm in scenario.firms.items():
        for other, share in firm.stakes.items():
            held[other] = held.get(other, 0.0) + float(share)
            if held[other] > 1.0 + TOLERANCE:
                yield Finding(
                    ("firms", name, "stakes", other),
                    f"the stakes held in {other} sum to {held[other]:g}",
                    "a sum of at most 1",
                )


def _segments(scenario: Scenario) -> Iterator[Finding]:
    for name, segment in scenario.segments.items():
        loc = ("segments", name)
        if name in scenario.firms:
            yield Finding(loc, "a firm has the same name", remedy="Rename the segment", at_key=True)
        if segment.kind == "captive" and segment.owner is None:
            yield Finding(
                loc, "a captive segment needs an owner", listed(sellers(scenario)), "Add owner", at_key=True
            )
        if segment.owner is not None:
            yield from _known((*loc, "owner"), segment.owner, sellers(scenario), "a firm with a fleet")


def _links(scenario: Scenario) -> Iterator[Finding]:
    seen: set[str] = set()
    sell, buy = sellers(scenario), buyers(scenario)
    signed = {(item.supplier, item.buyer) for item in scenario.contracts.values()}
    for step, link in enumerate(scenario.links):
        loc, shown = ("links", step), ("links", link.key)
        for part, known, what in (
            ("supplier", sell, "a firm with a fleet"),
            ("buyer", buy, "a firm with a lab or a segment"),
        ):
            for item in _known((*loc, part), getattr(link, part), known, what, star=True):
                yield Finding(
                    item.loc, item.message, item.allowed, nearest=item.nearest, shown=(*shown, part)
                )
        if link.key in seen:
            yield Finding(
                loc,
                "two entries are equally specific for this supplier and buyer",
                remedy="Merge them into one",
                shown=shown,
            )
        seen.add(link.key)
        if link.qualified is False and (link.supplier, link.buyer) in signed:
            yield Finding(
                (*loc, "qualified"),
                "the pair has a contract, so the supplier is qualified",
                "true",
                "Remove the contract or this entry",
                shown=(*shown, "qualified"),
            )


def _contract(scenario: Scenario, loc: tuple[object, ...], item: Contract) -> Iterator[Finding]:
    yield from _known((*loc, "supplier"), item.supplier, sellers(scenario), "a firm with a fleet")
    yield from _known((*loc, "buyer"), item.buyer, buyers(scenario), "a firm with a lab or a segment")
    start, opening = item.start or scenario.horizon.start, scenario.horizon.start
    if item.price is not None and item.fee is not None:
        yield Finding(
            (*loc, "fee"), "price and fee are both given", "one of them", "Remove one; price = fee / volume"
        )
    if item.kind == "internal" and (item.price is not None or item.fee is not None):
        yield Finding(
            (*loc, "price" if item.price is not None else "fee"), "own use has no price", remedy="Remove it"
        )
    if item.kind != "internal" and item.price is None and item.fee is None:
        yield Finding(
            loc,
            "neither price nor fee is given",
            "one of them",
            "Add price in USD/GPU-h or fee in MUSD/quarter",
            at_key=True,
        )
    if item.kind == "internal" and not _same_owner(scenario, item):
        yield Finding(
            (*loc, "kind"), "supplier and buyer have different owners", "term, rolling", "Change the kind"
        )
    if item.end is not None and item.end < start:
        yield Finding((*loc, "end"), f"{item.end} lies before its start {start}", f"{start} or later")
    elif item.end is not None and item.end < opening:
        yield Finding(
            (*loc, "end"),
            f"the contract ended before the scenario starts ({opening})",
            f"{opening} or later",
            "Remove the contract",
        )
    if item.end is not None and item.firm_until is not None and item.firm_until > item.end:
        yield Finding(
            (*loc, "firm_until"),
            f"the firm term ends after the contract ({item.end})",
            f"{item.end} or earlier",
        )
    for quarter in item.ramp:
        if quarter <= max(start, opening):
            yield Finding(
                (*loc, "ramp", quarter),
                f"{quarter} is not later than the volume itself",
                at_key=True,
                allowed=f"after {max(start, opening)}",
                remedy="State that volume in volume",
            )
        elif item.end is not None and quarter > item.end:
            yield Finding((*loc, "ramp", quarter), f"{quarter} lies after the end {item.end}", at_key=True)


def _same_owner(scenario: Scenario, item: Contract) -> bool:
    supplier, buyer = scenario.firms.get(item.supplier), scenario.firms.get(item.buyer)
    segment = scenario.segments.get(item.buyer)
    if supplier is None or (buyer is None and segment is None):
        return True  # the unknown name is reported by itself
    if buyer is not None:
        return buyer.owner == supplier.owner
    return segment is not None and segment.owner == item.supplier


def _opening_book(scenario: Scenario) -> Iterator[Finding]:
    sold: dict[str, float] = {}
    for key, item in scenario.contracts.items():
        fleet = scenario.firms[item.supplier].fleet if item.supplier in scenario.firms else None
        if fleet is None or (item.start or "") > scenario.horizon.start:
            continue
        sold[item.supplier] = sold.get(item.supplier, 0.0) + float(item.volume)
        if sold[item.supplier] > float(fleet.online) * (1.0 + TOLERANCE):
            yield Finding(
                ("contracts", key, "volume"),
                f"with it the contracts of {item.supplier} in force at the start take {sold[item.supplier]:g} kH100e",
                f"at most the {float(fleet.online):g} kH100e online",
                "Lower volumes, or state later ones in ramp",
            )


def _upstream(scenario: Scenario) -> Iterator[Finding]:
    upstream, firms = scenario.upstream, list(scenario.firms)
    for name, firm in scenario.firms.items():
        if firm.fleet is None:
            continue
        for part, known, what in (
            ("chips", list(upstream.chips), "a chip supplier of upstream.chips"),
            ("regions", list(upstream.regions), "a region of upstream.regions"),
        ):
            for key in getattr(firm.fleet, part):
                for item in _known(("firms", name, "fleet", part, key), key, known, what):
                    yield Finding(item.loc, item.message, item.allowed, "", item.nearest, True)
    for name, chip in upstream.chips.items():
        for step, firm_name in enumerate(chip.serves if chip.serves != "all" else ()):
            yield from _known(("upstream", "chips", name, "serves", step), firm_name, firms, "a firm")
        for firm_name in chip.priority:
            yield from _known(("upstream", "chips", name, "priority", firm_name), firm_name, firms, "a firm")


def _top(value: float) -> float:
    return value.high if isinstance(value, Quantity) and value.high is not None else float(value)


def _behaviour(scenario: Scenario) -> Iterator[Finding]:
    rules, product = scenario.behaviour, scenario.product
    stickiness = _top(product.zeta)
    pull = _top(product.xi) * _top(rules.alpha)
    if stickiness >= 1.0 or pull > (1.0 - stickiness) * (1.0 + TOLERANCE):
        yield Finding(
            ("product", "zeta"),
            "at the upper ends xi * alpha / (1 - zeta) exceeds 1: the market tips by assumption",
            "xi * alpha <= 1 - zeta",
            "Lower product.xi, product.zeta or behaviour.alpha",
        )
    marks = rules.thresholds
    for low, high in (
        ("watch", "price_effect"),
        ("quarters_in", "quarters_of"),
        ("elasticity_low", "elasticity_high"),
        ("relation_after", "relation_before"),
    ):
        if getattr(marks, low) > getattr(marks, high):
            yield Finding(
                ("behaviour", "thresholds", low), f"{low} exceeds {high}", f"at most {getattr(marks, high):g}"
            )


def _timeline(scenario: Scenario) -> Iterator[Finding]:
    sell, buy = sellers(scenario), buyers(scenario)
    leased = [item.key for item in scenario.timeline if item.kind == "lease"]
    known = {
        "supplier": (sell, "a firm with a fleet"),
        "buyer": (buy, "a firm with a lab or a segment"),
        "chip": (list(scenario.upstream.chips), "a chip supplier"),
        "region": (list(scenario.upstream.regions), "a region"),
        "firm": (list(scenario.firms), "a firm"),
        "target_firm": (list(scenario.firms), "a firm"),
        "acquirer": (list(scenario.firms), "a firm"),
        "contract": ([*scenario.contracts, *leased], "a contract or lease"),
    }
    seen: set[str] = set()
    for step, item in enumerate(scenario.timeline):
        loc: tuple[object, ...] = ("timeline", step)
        if item.quarter < scenario.horizon.start:
            yield Finding(
                (*loc, "quarter"),
                f"{item.quarter} lies before the start",
                f"{scenario.horizon.start} or later",
            )
        if item.until is not None and item.until < item.quarter:
            yield Finding(
                (*loc, "until"), f"{item.until} lies before {item.quarter}", f"{item.quarter} or later"
            )
        for part, (names, what) in known.items():
            name = getattr(item, part, None)
            if isinstance(name, str):
                yield from _known(
                    (*loc, part), name, names, what, star=type(item).model_fields[part].default == "*"
                )
        if item.kind == "lease":
            yield from _contract(scenario, (*loc, "contract"), item.contract)
            if item.key in seen or item.key in scenario.contracts:
                yield Finding(
                    loc, f'a contract "{item.key}" is there already', remedy="Give the lease an id of its own"
                )
            seen.add(item.key)
        if item.kind == "entry" and item.firm in scenario.firms:
            fleet = scenario.firms[item.firm].fleet
            if fleet is None or fleet.enters is None:
                yield Finding(
                    (*loc, "firm"),
                    f"{item.firm} does not wait to enter",
                    "a firm whose fleet has `enters` set",
                    "Set fleet.enters of the firm to npv",
                )


def _sources(scenario: Scenario, value: Any, loc: tuple[object, ...]) -> Iterator[Finding]:
    """Every cited source exists."""
    if isinstance(value, Quantity):
        yield from _cited(scenario, (*loc, "source"), value.source)
    elif isinstance(value, Part):
        for name in type(value).model_fields:
            item = getattr(value, name)
            if name == "source" and item is not None:
                cited = [item] if isinstance(item, str) else item
                yield from _cited(
                    scenario, (*loc, "source"), [part.strip() for text in cited for part in text.split(";")]
                )
            elif name != "sources" and item is not None and not isinstance(item, str | bool):
                yield from _sources(scenario, item, (*loc, name))
    elif isinstance(value, FrozenMap):
        for key, item in value.items():
            yield from _sources(scenario, item, (*loc, key))
    elif isinstance(value, tuple):
        for step, item in enumerate(value):
            yield from _sources(scenario, item, (*loc, step))


def _cited(scenario: Scenario, loc: tuple[object, ...], cited: Any) -> Iterator[Finding]:
    for name in cited:
        if name != "assumption" and name not in scenario.sources:
            yield Finding(
                loc,
                f'source "{clipped(name)}" is not in sources',
                listed([*scenario.sources, "assumption"]),
                "Add it to sources, or write assumption",
                nearest(name, scenario.sources) or "",
            )
