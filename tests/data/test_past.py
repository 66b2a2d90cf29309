"""The worlds of 2023: built from their tables, sourced, closed, and without later knowledge in the opening."""

from __future__ import annotations

import pytest

from market_abm.analysis.provenance import unsourced
from market_abm.data.assemble.past import FILES
from market_abm.data.assemble.tables import FOLDER, keyed, number, table
from market_abm.scenario import load_scenario
from market_abm.scenario.calendar import is_quarter

TABLES = ("owners", "users", "flows", "settings", "links", "shocks", "series")


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_file_is_what_the_tables_build(name: str) -> None:
    shipped = FOLDER.parent.parent / "scenarios" / f"{name}.yaml"
    assert shipped.read_text(encoding="utf-8") == FILES[name]()


@pytest.mark.parametrize("name", FILES)
def test_every_number_has_source_and_date(name: str) -> None:
    assert unsourced(load_scenario(name)) == []


@pytest.mark.parametrize("name", TABLES)
def test_every_source_is_known(name: str) -> None:
    known = {*keyed("history/sources", "source_id"), "assumption"}
    for row in table(f"history/{name}"):
        cited = (row.get("sources") or row.get("source_id") or "").split(";")
        assert set(cited) <= known and cited != [""], (name, row)


def test_no_source_is_idle() -> None:
    cited = {
        part
        for name in TABLES
        for row in table(f"history/{name}")
        for part in (row.get("sources") or row.get("source_id") or "").split(";")
    }
    assert set(keyed("history/sources", "source_id")) <= cited


def test_flows_fit_into_the_fleets() -> None:
    for name, owner in keyed("history/owners", "owner").items():
        sold = sum(number(row["flow_khq"]) for row in table("history/flows") if row["supplier"] == name)
        online = number(owner["online_kh100e"])
        assert 0.0 <= online - sold <= 0.07 * online, name


def test_fleets_are_the_facts_of_the_opening_quarter() -> None:
    facts = {
        row["firm"]: 1000.0 * number(row["value"])
        for row in table("history/series")
        if row["series"] == "h100e_owned_q" and row["period"] == "2023Q1"
    }
    fleets = {name: number(row["online_kh100e"]) for name, row in keyed("history/owners", "owner").items()}
    others = facts.pop("Other (ex CoreWeave, xAI)")
    assert fleets["Other neoclouds"] + fleets["Other owners"] == pytest.approx(others, abs=0.05)
    for name, value in facts.items():
        assert fleets[name] == pytest.approx(value, abs=0.05), name


def test_the_unconditional_world_knows_no_later_date() -> None:
    """No event, no announced capacity beyond the order book; outside money alone is a path, of guesses."""
    world = load_scenario("world-2023")
    assert world.timeline == ()
    for firm in world.firms.values():
        if firm.fleet is not None:
            assert set(firm.fleet.pipeline) <= {"2023Q1", "2023Q2"}
        assert all(value.guess for value in firm.equity_inflow.values())
    for chip in world.upstream.chips.values():
        assert set(chip.deliveries) == {"2023Q1"}
    assert all(not contract.ramp for contract in world.contracts.values())


def test_the_conditional_world_adds_dated_events_alone() -> None:
    plain, told = load_scenario("world-2023"), load_scenario("world-2023-conditional")
    assert {entry.key for entry in told.timeline} == {row["id"] for row in table("history/shocks")}
    assert all(is_quarter(entry.quarter) and entry.source for entry in told.timeline)
    changed = told.content() | {
        key: plain.content()[key] for key in ("name", "question", "timeline", "sources")
    }
    assert changed == plain.content()
