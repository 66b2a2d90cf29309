"""Placebo twins: what changes nothing must change no bit."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from market_abm.model import ComputeMarket
from market_abm.scenario import Scenario, load_scenario, scenario_from
from tests.model.shuffled import content, with_entries, with_idle_firm
from tests.model.tables import differences, ran

WORLDS = ("two-clouds-three-labs", "world-2026", "colossus-lease")
NOTHING: tuple[dict[str, Any], ...] = (
    {"kind": "capacity_shock", "change": 0, "until": "2026Q4", "recovery": 2},
    {"kind": "demand_shock", "change": 0},
    {"kind": "chip_shock", "change": 0},
    {"kind": "power_shock", "change": 0},
    {"kind": "capex_shock", "change": 0},
    {"kind": "credit_crunch", "change": 0, "spread": 0},
    {"kind": "price_cap", "price": 1000},
    {"kind": "minimum_notice", "notice": 0},
    {"kind": "switching_cap", "switching_cost": 1000},
    {"kind": "share_cap", "share": 1},
    {"kind": "chip_allocation", "rule": "pro_rata"},
    {"kind": "merger_control"},
)
"""Entries that touch everybody and ask for nothing."""

IDLE = "Idle"
OF_NOBODY: tuple[dict[str, Any], ...] = (
    {"kind": "export_control", "buyer": IDLE},
    {"kind": "functional_separation", "supplier": IDLE},
    {"kind": "transparency", "supplier": IDLE},
    {"kind": "exclusivity_ban", "supplier": IDLE},
    {"kind": "public_provider", "firm": IDLE, "online": 0, "price": 1},
    {"kind": "divestiture", "supplier": IDLE, "to": "Other", "share": 0},
)
"""Entries about a firm that has nothing and does nothing."""


@cache
def once(name: str) -> ComputeMarket:
    """One run of each world, to compare with."""
    return ran(name, quarters=8)


def not_announced(table: str, row: dict[str, Any]) -> bool:
    """All rows but the events that say that an entry of the timeline has started."""
    return not (table == "events" and row["stage"] == 0)


@pytest.mark.parametrize(("name", "first"), list(zip(WORLDS, (True, False, True))))
def test_a_null_policy_changes_no_bit(name: str, first: bool) -> None:
    null = {"kind": "null", "quarter": "2027Q1", "until": "2027Q4"}
    assert differences(once(name), ran(with_entries(name, null, first=first), quarters=8)) == []


@pytest.mark.parametrize("name", WORLDS[:2])
@pytest.mark.parametrize("entry", NOTHING, ids=lambda entry: entry["kind"])
def test_a_shock_or_policy_of_size_zero_changes_no_bit(name: str, entry: dict[str, Any]) -> None:
    twin = ran(with_entries(name, {**entry, "quarter": "2026Q4"}), quarters=4)
    assert len([event for event in twin.records[1]["events"] if event["kind"] == entry["kind"]]) >= 1
    base = once(name)
    assert differences(_cut(base, 4), twin, keep=not_announced) == []


@cache
def idle(name: str) -> Scenario:
    """A world with one more firm, idle and waiting to enter."""
    world = with_idle_firm(name, IDLE, kind="hyperscaler")
    return world.with_set({f"firms.{IDLE}.fleet.enters": "2040Q1"})


@pytest.mark.parametrize("name", WORLDS[:2])
@pytest.mark.parametrize("entry", OF_NOBODY, ids=lambda entry: entry["kind"])
def test_a_policy_on_a_firm_that_is_idle_changes_no_bit(name: str, entry: dict[str, Any]) -> None:
    world = idle(name)
    if entry.get("to"):
        entry = {**entry, "to": next(key for key, firm in world.firms.items() if firm.fleet and key != IDLE)}
    twin = ran(with_entries(world, {**entry, "quarter": "2026Q4"}), quarters=4)
    assert [event for event in twin.records[1]["events"] if event["kind"] == entry["kind"]]

    def others(table: str, row: dict[str, Any]) -> bool:
        return not_announced(table, row) and IDLE not in (
            row.get("firm"),
            row.get("supplier"),
            row.get("buyer"),
        )

    assert differences(_cut(calm(name), 4), twin, keep=others) == []


@cache
def calm(name: str) -> ComputeMarket:
    """The world with the idle firm, and no entry about it."""
    return ran(idle(name), quarters=4)


@pytest.mark.parametrize("name", WORLDS)
def test_a_lease_of_no_volume_changes_no_bit_of_any_other_row(name: str) -> None:
    contract = next(c for c in load_scenario(name).contracts.values() if c.kind == "term" and not c.exclusive)
    lease = {"supplier": contract.supplier, "buyer": contract.buyer, "volume": 0, "price": 2, "end": "2029Q4"}
    entry = {"kind": "lease", "quarter": "2026Q4", "id": "null-lease", "contract": lease}
    twin = ran(with_entries(name, entry), quarters=8)
    assert "null-lease" in twin.records[1]["contracts"]["contract"]

    def others(table: str, row: dict[str, Any]) -> bool:
        return not_announced(table, row) and row.get("contract") != "null-lease"

    assert differences(once(name), twin, keep=others) == []


def test_a_contract_at_the_index_replaced_by_its_equal_changes_no_bit_of_any_other_row() -> None:
    data = content("two-clouds-three-labs")
    terms = {
        "supplier": "Cloud South", "buyer": "Lab East", "volume": 200, "price": 2.2, "start": "2026Q3",
        "end": "2029Q4", "firm_until": "2028Q4", "notice": 2,
    }  # fmt: skip
    data["contracts"]["C4"] = terms
    base = scenario_from(data)
    ended = {"kind": "terminate", "quarter": "2026Q4", "contract": "C4"}
    renewed = {"kind": "lease", "quarter": "2026Q4", "id": "C4-again", "contract": terms}
    one, other = ran(base, pin=True), ran(with_entries(base, ended, renewed), pin=True)
    assert "C4-again" in other.records[2]["contracts"]["contract"]

    def others(table: str, row: dict[str, Any]) -> bool:
        return not_announced(table, row) and not str(row.get("contract", row.get("detail"))).startswith("C4")

    assert differences(one, other, keep=others) == []


def _cut(model: ComputeMarket, quarters: int) -> Any:
    class Cut:
        records = model.records[:quarters]

    return Cut
