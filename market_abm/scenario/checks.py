"""Checks across the parts of a scenario: names that must exist, shares, links, upstream, rules, sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from market_abm.scenario.calendar import is_quarter
from market_abm.scenario.deals import contract_checks, opening_book, timeline_checks
from market_abm.scenario.errors import clipped, listed, nearest
from market_abm.scenario.fields import FrozenMap, Part
from market_abm.scenario.findings import TOLERANCE, Finding, Place, buyers, known, labs, sellers
from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.scenario.firms import Firm
    from market_abm.scenario.schema import Scenario


def cross_checks(scenario: Scenario) -> Iterator[Finding]:
    """Everything that one field alone cannot tell."""
    if not scenario.firms:
        yield Finding(("firms",), "there is no firm", remedy="Add at least one")
    for name, firm in scenario.firms.items():
        yield from _firm(scenario, name, firm)
    yield from _shares(scenario)
    yield from _segments(scenario)
    yield from _links(scenario)
    for key, contract in scenario.contracts.items():
        yield from contract_checks(scenario, ("contracts", key), contract)
    yield from opening_book(scenario)
    yield from _upstream(scenario)
    yield from _rules(scenario)
    yield from timeline_checks(scenario)
    yield from _sources(scenario, scenario, ())


def _firm(scenario: Scenario, name: str, firm: Firm) -> Iterator[Finding]:
    loc: Place = ("firms", name)
    kind: Place = (*loc, "kind")
    if firm.fleet is None and firm.lab is None:
        yield Finding(loc, "the firm has neither fleet nor lab", remedy="Add fleet, lab or both", at_key=True)
    elif firm.kind == "lab" and firm.lab is None:
        yield Finding(kind, "a firm of kind lab needs a lab", remedy="Add lab, or change the kind")
    elif firm.kind != "lab" and firm.fleet is None:
        remedy = "Add fleet, or change the kind"
        yield Finding(kind, f"a firm of kind {firm.kind} needs a fleet", remedy=remedy)
    elif firm.kind == "provider" and firm.lab is not None:
        yield Finding(kind, "a provider has no lab", remedy="Use kind: hyperscaler, or remove the lab")
    for part in ("stakes", "rival_harm"):
        for other in getattr(firm, part):
            if other == name:
                yield Finding(
                    (*loc, part, other), "a firm cannot name itself", remedy="Remove it", at_key=True
                )
            else:
                yield from known((*loc, part, other), other, labs(scenario), "a firm with a lab", at_key=True)
    if firm.fleet is None:
        return
    for quarter in firm.fleet.pipeline:
        if quarter < scenario.horizon.start:
            place = (*loc, "fleet", "pipeline", quarter)
            allowed = f"{scenario.horizon.start} or later"
            yield Finding(
                place, f"{quarter} lies before the start", allowed, "Count it in online", at_key=True
            )
    enters = firm.fleet.enters
    if enters is not None and enters != "npv" and not is_quarter(enters):
        allowed = "null, npv, or a quarter such as 2027Q1"
        yield Finding((*loc, "fleet", "enters"), f'"{clipped(enters)}" is not a date of entry', allowed)


def _shares(scenario: Scenario) -> Iterator[Finding]:
    total = 0.0
    for name, firm in scenario.firms.items():
        if firm.lab is None or firm.lab.product_share is None:
            continue
        total += float(firm.lab.product_share)
        if total > 1.0 + TOLERANCE:
            place = ("firms", name, "lab", "product_share")
            message = f"with it the product shares sum to {total:g}"
            yield Finding(place, message, "a sum of at most 1", "Scale them down")
    held: dict[str, float] = {}
    for name, firm in scenario.firms.items():
        for other, share in firm.stakes.items():
            held[other] = held.get(other, 0.0) + float(share)
            if held[other] > 1.0 + TOLERANCE:
                message = f"with it the stakes held in {other} sum to {held[other]:g}"
                yield Finding(("firms", name, "stakes", other), message, "a sum of at most 1")


def _segments(scenario: Scenario) -> Iterator[Finding]:
    for name, segment in scenario.segments.items():
        loc: Place = ("segments", name)
        if name in scenario.firms:
            yield Finding(loc, "a firm has the same name", remedy="Rename the segment", at_key=True)
        if segment.kind == "captive" and segment.owner is None:
            allowed = listed(sellers(scenario))
            yield Finding(loc, "a captive segment needs an owner", allowed, "Add owner", at_key=True)
        if segment.kind == "captive" and segment.reach == "all":
            message = "a captive segment runs on its owner's fleet"
            yield Finding((*loc, "reach"), message, "links", "Remove reach")
        if segment.owner is not None:
            yield from known((*loc, "owner"), segment.owner, sellers(scenario), "a firm with a fleet")


def _links(scenario: Scenario) -> Iterator[Finding]:
    seen: set[str] = set()
    sell, buy = sellers(scenario), buyers(scenario)
    signed = {(item.supplier, item.buyer) for item in scenario.contracts.values()}
    for step, link in enumerate(scenario.links):
        loc: Place = ("links", step)
        yield from known((*loc, "supplier"), link.supplier, sell, "a firm with a fleet", star=True)
        yield from known((*loc, "buyer"), link.buyer, buy, "a firm with a lab or a segment", star=True)
        if link.key in seen:
            message = f"two entries for supplier {link.supplier} and buyer {link.buyer} are equally specific"
            yield Finding(loc, message, remedy="Merge them into one")
        seen.add(link.key)
        if link.qualified is False and (link.supplier, link.buyer) in signed:
            message = "the pair has a contract, so the supplier is qualified"
            yield Finding((*loc, "qualified"), message, "true", "Remove the contract or this entry")


def _upstream(scenario: Scenario) -> Iterator[Finding]:
    upstream, firms = scenario.upstream, list(scenario.firms)
    whats = {"chips": "a chip supplier of upstream.chips", "regions": "a region of upstream.regions"}
    for name, firm in scenario.firms.items():
        for part, what in whats.items() if firm.fleet is not None else ():
            for key in getattr(firm.fleet, part):
                there = list(getattr(upstream, part))
                yield from known(("firms", name, "fleet", part, key), key, there, what, at_key=True)
    for name, chip in upstream.chips.items():
        loc: Place = ("upstream", "chips", name)
        if not chip.deliveries:
            yield Finding((*loc, "deliveries"), "no delivery is dated", remedy="Add at least one quarter")
        for step, firm_name in enumerate(chip.serves if chip.serves != "all" else ()):
            yield from known((*loc, "serves", step), firm_name, firms, "a firm")
        for firm_name in chip.priority:
            yield from known((*loc, "priority", firm_name), firm_name, firms, "a firm", at_key=True)
    for name, region in upstream.regions.items():
        if not region.power:
            place = ("upstream", "regions", name, "power")
            yield Finding(place, "no power is dated", remedy="Add at least one quarter")


def _top(value: float) -> float:
    return value.high if isinstance(value, Quantity) and value.high is not None else float(value)


def _rules(scenario: Scenario) -> Iterator[Finding]:
    rules, product = scenario.behaviour, scenario.product
    stickiness = _top(product.zeta)
    pull = _top(product.xi) * _top(rules.alpha)
    if stickiness >= 1.0 or pull > (1.0 - stickiness) * (1.0 + TOLERANCE):
        yield Finding(
            ("product", "zeta"),
            "at the upper ends xi * alpha / (1 - zeta) exceeds 1: the market would tip by assumption",
            "xi * alpha <= 1 - zeta",
            "Lower product.xi, product.zeta or behaviour.alpha",
        )
    marks = rules.thresholds
    pairs = (
        ("watch", "price_effect"),
        ("quarters_in", "quarters_of"),
        ("elasticity_low", "elasticity_high"),
        ("relation_after", "relation_before"),
    )
    for low, high in pairs:
        top = getattr(marks, high)
        if getattr(marks, low) > top:
            yield Finding(("behaviour", "thresholds", low), f"{low} exceeds {high}", f"at most {top:g}")


def _sources(scenario: Scenario, value: Any, loc: Place) -> Iterator[Finding]:
    """Every cited source exists."""
    if isinstance(value, Quantity):
        yield from _cited(scenario, (*loc, "source"), value.source)
    elif isinstance(value, Part):
        for name in type(value).model_fields:
            item = getattr(value, name)
            if name == "source" and item is not None:
                cited = [item] if isinstance(item, str) else item
                names = [part.strip() for text in cited for part in text.split(";") if part.strip()]
                yield from _cited(scenario, (*loc, "source"), names)
            elif name != "sources" and not isinstance(item, str | bool | None):
                yield from _sources(scenario, item, (*loc, name))
    elif isinstance(value, FrozenMap):
        for key, item in value.items():
            yield from _sources(scenario, item, (*loc, key))
    elif isinstance(value, tuple):
        for step, item in enumerate(value):
            yield from _sources(scenario, item, (*loc, step))


def _cited(scenario: Scenario, loc: Place, cited: Iterable[str]) -> Iterator[Finding]:
    for name in cited:
        if name != "assumption" and name not in scenario.sources:
            message = f'source "{clipped(name)}" is not in sources'
            near = nearest(name, scenario.sources) or ""
            yield Finding(loc, message, listed([*scenario.sources, "assumption"]), "Add it to sources", near)
