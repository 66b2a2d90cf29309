"""The tables close, name their sources, and name nobody."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import pytest

from market_abm.data.assemble import book
from market_abm.data.assemble.tables import FOLDER, keyed, number, table

TABLES = (
    "owners",
    "users",
    "flows",
    "contracts",
    "upstream",
    "prices",
    "finance",
    "inflows",
    "stakes",
    "growth",
)
BACKWARDS = """
ksum namtla gnauh nesnej rekab yrrub rairf yssaj grebrekcuz haehc
alledan iahcip iedoma nosille itarum revekstus
"""
PERSONS = [word[::-1] for word in BACKWARDS.split()]
"""Names in the public record of this market: none of them belongs into a file, this one included."""
SHIPPED = ("world-2026", "colossus-lease", "no-colossus-lease", "colossus-recall")


def internal_use(supplier: str) -> float:
    return sum(
        number(r["flow_khq"]) for r in table("flows") if r["supplier"] == supplier and r["internal"] == "1"
    )


def hhi(capacity: dict[str, float]) -> float:
    """Concentration with aggregates split into their equal owners."""
    split = {
        "Other neoclouds and telco clouds": 30,
        "Sovereign and public compute": 15,
        "Enterprise on-prem (incl. Tesla)": 300,
    }
    total = sum(capacity.values())
    return sum(1e4 * (v / total) ** 2 / split.get(k, 1) for k, v in capacity.items())


def test_flows_and_an_idle_rest_are_the_fleet() -> None:
    for name, owner in keyed("owners", "owner").items():
        sold = sum(number(row["flow_khq"]) for row in table("flows") if row["supplier"] == name)
        assert 0.0 <= number(owner["online_kh100e"]) - sold <= 0.15 * number(owner["online_kh100e"]), name


def test_flows_to_a_user_are_its_use() -> None:
    for name, user in keyed("users", "user").items():
        got = sum(number(row["flow_khq"]) for row in table("flows") if row["user"] == name)
        assert got == number(user["use_khq"]), name


def test_totals() -> None:
    assert sum(number(row["online_kh100e"]) for row in table("owners")) == 24_344
    assert sum(number(row["flow_khq"]) for row in table("flows")) == 23_425


def test_ranges_hold_their_values() -> None:
    columns = [
        ("owners", "online_kh100e", "low", "high"), ("users", "use_khq", "low", "high"),
        ("users", "revenue_musd", "revenue_low", "revenue_high"), ("inflows", "value_musd", "low", "high"),
        ("users", "product_share", "share_low", "share_high"),
        ("flows", "flow_khq", "low", "high"), ("prices", "value", "low", "high"),
        ("stakes", "share", "low", "high"), ("contracts", "peak_khq", "peak_low", "peak_high"),
        ("upstream", "value", "low", "high"), ("facts_2026Q3", "value", "low", "high"),
    ]  # fmt: skip
    for name, value, low, high in columns:
        for row in table(name):
            if row[low] and row[high]:
                assert number(row[low]) <= number(row[value]) <= number(row[high]), (name, row)


def test_contracts_and_flows_agree_on_volumes() -> None:
    contracts = keyed("contracts", "contract")
    for row in table("flows"):
        if row["contract"]:
            contract = contracts[row["contract"]]
            assert (contract["supplier"], contract["buyer"]) == (row["supplier"], row["user"])
            assert number(contract["now_khq"]) == number(row["flow_khq"]), row["contract"]


@pytest.mark.parametrize("name", [*TABLES, "facts_2026Q3"])
def test_every_source_is_known_and_every_row_has_one(name: str) -> None:
    known = {*keyed("sources", "source_id"), "assumption"}
    columns = [key for key in table(name)[0] if key.endswith("sources")]
    assert columns
    for row in table(name):
        for column in columns:
            cited = [part for part in row[column].split(";") if part]
            assert set(cited) <= known, (name, row)
        if name != "finance":  # there a blank belongs to a blank figure
            assert row["sources"], (name, row)


def test_finance_cites_what_it_states() -> None:
    for row in table("finance"):
        for figure, sources in (("cash_musd", "cash_sources"), ("debt_musd", "debt_sources")):
            assert bool(row[figure]) == bool(row[sources]), row["owner"]


def test_no_source_is_idle() -> None:
    cited = {
        part
        for name in (*TABLES, "facts_2026Q3")
        for row in table(name)
        for key in row
        if key.endswith("sources")
        for part in row[key].split(";")
    }
    scenarios = "".join(path.read_text(encoding="utf-8") for path in scenario_files())
    idle = [
        s for s in keyed("sources", "source_id") if s not in cited and not re.search(rf"\b{s}\b", scenarios)
    ]
    assert not idle


def scenario_files() -> list[Path]:
    return [FOLDER.parent.parent / "scenarios" / f"{name}.yaml" for name in SHIPPED]


def test_nobody_is_named() -> None:
    files = [
        path
        for path in FOLDER.rglob("*")
        if path.suffix in (".csv", ".md", ".py") or path.name == "LICENSE-DATA"
    ]
    for path in [*files, *scenario_files()]:
        text = path.read_text(encoding="utf-8").casefold()
        named = [name for name in PERSONS if re.search(rf"(?<![a-z]){name}(?![a-z])", text)]
        assert not named, (path.name, named)


def test_epoch_is_attributed() -> None:
    text = (FOLDER / "LICENSE-DATA").read_text(encoding="utf-8")
    assert "Epoch AI" in text and "CC BY 4.0" in text
    for source in ("epoch_chipcounts", "epoch_users", "epoch_labdoc"):
        assert source in text


def test_every_table_is_in_the_readme() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.csv"):
        assert f"`{path.name}`" in text


def test_tables_are_plain_csv() -> None:
    for path in FOLDER.glob("*.csv"):
        with open(path, newline="", encoding="utf-8") as stream:
            widths = {len(row) for row in csv.reader(stream)}
        assert len(widths) == 1, path.name


# ---- the facts restate the tables


def facts() -> dict[tuple[str, str, str], float]:
    return {(r["group"], r["item"], r["scope"]): number(r["value"]) for r in table("facts_2026Q3")}


def test_facts_of_concentration_follow_from_fleets_and_flows() -> None:
    fleet = {name: number(row["online_kh100e"]) for name, row in keyed("owners", "owner").items()}
    keep = ("Meta", "Mistral", "Sovereign and public compute", "Enterprise on-prem (incl. Tesla)")
    merchant = {k: v - internal_use(k) for k, v in fleet.items() if k not in keep and v > 0}
    leased = sum(number(r["flow_khq"]) for r in table("flows") if r["contract"] in book.LEASED)
    # The buyer of K04 joined its supplier in August only: at the start its 60 were sold.
    with_buyer = merchant | {"SpaceX/xAI": merchant["SpaceX/xAI"] + 60}
    without = merchant | {"SpaceX/xAI": merchant["SpaceX/xAI"] - leased}
    found = facts()
    assert math.isclose(hhi(fleet), found["concentration", "fleet", "both"], abs_tol=1)
    assert math.isclose(hhi(with_buyer), found["concentration", "merchant", "leased"], abs_tol=1)
    assert math.isclose(hhi(without), found["concentration", "merchant", "not leased"], abs_tol=1)


def test_facts_of_fleets_and_uses_are_those_of_the_tables() -> None:
    found = facts()
    for name, row in keyed("owners", "owner").items():
        if number(row["online_kh100e"]):
            assert found["fleet online", name, "both"] == number(row["online_kh100e"])
    users = keyed("users", "user")
    for (group, item, scope), value in found.items():
        if group == "in use by lab" and scope in ("both", "leased"):
            assert value == number(users[item]["use_khq"])
