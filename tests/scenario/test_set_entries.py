"""`--set timeline.NAME={...}`: a dated entry is added, replaced and taken away as a whole."""

from __future__ import annotations

import pytest

from market_abm.scenario import ScenarioError, load_scenario

CAP = "timeline.cap={kind: price_cap, quarter: 2026Q4, price: 2}"


def entries(*changes: str, name: str = "colossus-lease") -> dict[str, object]:
    return {entry.key: entry for entry in load_scenario(name, list(changes)).timeline}


def test_an_entry_is_added_beside_those_of_the_scenario() -> None:
    before, after = entries(), entries(CAP)
    assert set(after) == {*before, "cap"}
    assert after["cap"].price == 2.0


def test_a_scenario_without_timeline_gets_one() -> None:
    assert list(entries(CAP, name="two-clouds-three-labs")) == ["cap"]


def test_the_same_name_replaces_the_entry() -> None:
    later = entries(CAP, "timeline.cap={kind: minimum_notice, quarter: 2027Q1, notice: 4}")
    assert later["cap"].kind == "minimum_notice"
    assert len(later) == len(entries(CAP))


def test_a_key_of_an_added_entry_can_be_set() -> None:
    assert entries(CAP, "timeline.cap.price=1.5")["cap"].price == 1.5


def test_nothing_takes_an_entry_away() -> None:
    assert set(entries(CAP, "timeline.cap=")) == set(entries())
    assert set(entries("timeline.K03=")) == set(entries()) - {"K03"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("timeline.cap={kind: price_cap, quarter: 2026Q4}", "price"),
        ("timeline.cap={kind: price_kap, quarter: 2026Q4}", "price_cap"),
        ("timeline.cap=3", "no entry 'cap'"),
        ("timeline.cap=", "no entry 'cap'"),
    ],
)
def test_what_is_no_entry_is_refused(change: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        load_scenario("colossus-lease", [change])
