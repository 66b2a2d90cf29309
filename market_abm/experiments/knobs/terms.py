"""Knobs of the terms of trade: contestability, notice, switching cost, rival harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from market_abm.experiments.knobs.base import Changes, knob
from market_abm.scenario import paths
from market_abm.scenario.dump import plain

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Point = Mapping[str, Any]


@knob(
    "contestability", 0, 1, "fraction",
    "share of own use, of uncontracted cloud use and of arriving capacity that is up for sale each quarter",
)  # fmt: skip
def contestability(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Rollover and forward sale together: 0 is a market with nothing fluid, 1 one with everything fluid."""
    return rollover(scenario, 1.0 - value, point, seed) | {"behaviour.forward_sale": 1.0 - value}


@knob("rollover", 0, 1, "fraction", "share of own and of uncontracted cloud use that stays put each quarter")
def rollover(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """One rollover for own use, cloud use and every segment."""
    changes: Changes = {"behaviour.own_rollover": value, "behaviour.cloud_rollover": value}
    return changes | {paths.join(["segments", name, "rollover"]): value for name in scenario.segments}


@knob("notice", 0, 40, "quarters", "notice on every contract, on file or on offer", whole=True)
def notice(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """The notice of all contracts on file and of all that sellers offer."""
    changes: Changes = {paths.join(["contracts", key, "notice"]): value for key in scenario.contracts}
    for key, firm in scenario.firms.items():
        if firm.fleet is not None:
            changes[paths.join(["firms", key, "fleet", "offer_notice"])] = value
    return changes


@knob("switching_cost", 0, 50, "USD/GPU-h", "cost of moving to any supplier, for one GPU-hour")
def switching_cost(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """One switching cost on every link."""
    entries = [plain(item) for item in scenario.links]
    if not any((item["supplier"], item["buyer"]) == ("*", "*") for item in entries):
        entries.append({"supplier": "*", "buyer": "*"})
    return {"links": [entry | {"switching_cost": value} for entry in entries]}


@knob(
    "rival_harm", 0, 1, "1",
    "weight that every seller with a lab in the product market puts on the losses of each other lab in it",
)  # fmt: skip
def rival_harm(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """The same weight for all: a sweep over a motive, not a statement about any firm."""
    inside = {
        key: firm.owner
        for key, firm in scenario.firms.items()
        if firm.lab is not None and firm.lab.product_share is not None
    }
    return {
        paths.join(["firms", key, "rival_harm"]): {
            k: value for k in sorted(inside) if inside[k] != inside[key]
        }
        for key in inside
        if (fleet := scenario.firms[key].fleet) is not None and fleet.sells
    }


@knob("build_cost", 0.1, 10, "1", "multiple of what a new unit of capacity costs, for every builder")
def build_cost(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Scale capital expenditure of fleets and of chips; central values, which then are held."""
    changes: Changes = {}
    for key, firm in scenario.firms.items():
        if firm.fleet is not None:
            changes[paths.join(["firms", key, "fleet", "capex"])] = float(firm.fleet.capex) * value
    for key, chip in scenario.upstream.chips.items():
        if chip.capex is not None:
            changes[paths.join(["upstream", "chips", key, "capex"])] = float(chip.capex) * value
    return changes


@knob(
    "lead_time", 0, 40, "quarters", "quarters from an order to capacity online, for every builder", whole=True
)
def lead_time(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """One lead time for all: how long building takes against leasing at once."""
    return {
        paths.join(["firms", key, "fleet", "lead_time"]): value
        for key, firm in scenario.firms.items()
        if firm.fleet is not None
    }
