"""Checks of contracts, the opening book and the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from market_abm.scenario.entry import Fading
from market_abm.scenario.findings import TOLERANCE, Finding, Place, buyers, known, sellers

if TYPE_CHECKING:
    from market_abm.scenario.contracts import Contract
    from market_abm.scenario.schema import Scenario


def contract_checks(scenario: Scenario, loc: Place, item: Contract) -> Iterator[Finding]:
    """Names, price, owners and dates of one contract."""
    yield from known((*loc, "supplier"), item.supplier, sellers(scenario), "a firm with a fleet")
    yield from known((*loc, "buyer"), item.buyer, buyers(scenario), "a firm with a lab or a segment")
    yield from _price(scenario, loc, item)
    yield from _dates(scenario, loc, item)


def _price(scenario: Scenario, loc: Place, item: Contract) -> Iterator[Finding]:
    priced = [name for name in ("price", "fee") if getattr(item, name) is not None]
    if len(priced) == 2:
        yield Finding(
            (*loc, "fee"), "price and fee are both given", "one of them", "Remove one; price = fee / volume"
        )
    if item.kind == "internal":
        for name in priced:
            yield Finding((*loc, name), "own use has no price", remedy="Remove it, or change the kind")
        if not _same_owner(scenario, item):
            yield Finding((*loc, "kind"), "supplier and buyer have different owners", "term, rolling")
    elif not priced:
        remedy = "Add price in USD/GPU-h or fee in MUSD/quarter"
        yield Finding(loc, "neither price nor fee is given", "one of them", remedy, at_key=True)


def _same_owner(scenario: Scenario, item: Contract) -> bool:
    supplier, buyer = scenario.firms.get(item.supplier), scenario.firms.get(item.buyer)
    segment = scenario.segments.get(item.buyer)
    if supplier is None or (buyer is None and segment is None):
        return True  # the unknown name is reported by itself
    if buyer is not None:
        return buyer.owner == supplier.owner
    owner = scenario.firms.get(segment.owner or "") if segment is not None else None
    return owner is not None and owner.owner == supplier.owner


def _dates(scenario: Scenario, loc: Place, item: Contract) -> Iterator[Finding]:
    opening = scenario.horizon.start
    start = item.start or opening
    first = max(start, opening)
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
        late = f"the firm term ends after the contract ({item.end})"
        yield Finding((*loc, "firm_until"), late, f"{item.end} or earlier")
    for quarter in item.ramp:
        if quarter <= first:
            early = f"{quarter} is not later than the volume itself"
            remedy = "State that volume in volume"
            yield Finding((*loc, "ramp", quarter), early, f"after {first}", remedy, at_key=True)
        elif item.end is not None and quarter > item.end:
            late = f"{quarter} lies after the end {item.end}"
            yield Finding((*loc, "ramp", quarter), late, f"up to {item.end}", at_key=True)


def opening_book(scenario: Scenario) -> Iterator[Finding]:
    """What a supplier has under contract at the start fits into its fleet."""
    sold: dict[str, float] = {}
    for key, item in scenario.contracts.items():
        fleet = scenario.firms[item.supplier].fleet if item.supplier in scenario.firms else None
        if fleet is None or (item.start or "") > scenario.horizon.start:
            continue
        total = sold[item.supplier] = sold.get(item.supplier, 0.0) + float(item.volume)
        if total > float(fleet.online) * (1.0 + TOLERANCE):
            yield Finding(
                ("contracts", key, "volume"),
                f"with it the contracts of {item.supplier} in force at the start take {total:g} kH100e",
                f"at most the {float(fleet.online):g} kH100e online",
                "Lower volumes, or state later ones in ramp",
            )


def timeline_checks(scenario: Scenario) -> Iterator[Finding]:
    """Dates and names of the timeline, and the contracts that it adds."""
    names = _names(scenario)
    leases: set[str] = set()
    for step, item in enumerate(scenario.timeline):
        loc: Place = ("timeline", step)
        if item.quarter < scenario.horizon.start:
            early = f"{item.quarter} lies before the start"
            yield Finding((*loc, "quarter"), early, f"{scenario.horizon.start} or later")
        if item.until is not None and item.until < item.quarter:
            yield Finding(
                (*loc, "until"), f"{item.until} lies before {item.quarter}", f"{item.quarter} or later"
            )
        for part, (there, what) in names.items():
            name = getattr(item, part, None)
            if isinstance(name, str):
                star = type(item).model_fields[part].default == "*"
                yield from known((*loc, part), name, there, what, star=star)
        if item.kind == "lease":
            yield from contract_checks(scenario, (*loc, "contract"), item.contract)
            if item.key in leases or item.key in scenario.contracts:
                message = f'a contract "{item.key}" is there already'
                yield Finding(loc, message, remedy="Give the lease an id of its own")
            leases.add(item.key)
        yield from _entrant(scenario, loc, item)
        if isinstance(item, Fading) and item.recovery > 0 and item.until is None:
            remedy = "State until, or leave recovery out"
            yield Finding((*loc, "recovery"), "an effect without a last quarter cannot fade", "0", remedy)
        if item.kind == "divestiture" and item.supplier == item.to:
            yield Finding((*loc, "to"), "a firm cannot divest to itself", remedy="Name another firm")
        if item.kind == "chip_allocation":
            for name in item.shares:
                firms = list(scenario.firms)
                yield from known((*loc, "shares", name), name, firms, "a firm", at_key=True)
            if item.rule == "pro_rata" and item.shares:
                message = "under the rule pro_rata nobody is promised anything"
                yield Finding((*loc, "shares"), message, remedy="Remove shares, or use rule: promised")


def _entrant(scenario: Scenario, loc: Place, item: Any) -> Iterator[Finding]:
    """Who enters waits to enter."""
    if item.kind not in ("entry", "public_provider") or item.firm not in scenario.firms:
        return
    fleet = scenario.firms[item.firm].fleet
    if fleet is None or fleet.enters is None:
        yield Finding(
            (*loc, "firm"),
            f"{item.firm} does not wait to enter",
            "a firm whose fleet has `enters`",
            "Set fleet.enters of the firm to npv or to a quarter",
        )


def _names(scenario: Scenario) -> dict[str, tuple[list[str], str]]:
    """For each field that names something: the known names and what they are."""
    firms = list(scenario.firms)
    owners = list(dict.fromkeys([*firms, *(firm.owner or name for name, firm in scenario.firms.items())]))
    leased = [item.key for item in scenario.timeline if item.kind == "lease"]
    return {
        "supplier": (sellers(scenario), "a firm with a fleet"),
        "buyer": (buyers(scenario), "a firm with a lab or a segment"),
        "chip": (list(scenario.upstream.chips), "a chip supplier"),
        "region": (list(scenario.upstream.regions), "a power region"),
        "firm": (firms, "a firm"),
        "acquirer": (owners, "a firm or owner"),
        "target_firm": (owners, "a firm or owner"),
        "to": (sellers(scenario), "a firm with a fleet"),
        "contract": ([*scenario.contracts, *leased], "a contract or lease"),
    }
