"""The recorder takes what fits the dictionary, orders it, and says what does not fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from market_abm.results.dictionary import TABLES, names
from market_abm.results.recorder import Recorder, RecordError
from tests.results.feed import FakeModel, world


@pytest.fixture
def quarter():
    model = FakeModel(world(2), 3)
    model.step()
    return model.record


def recorder():
    return Recorder("fake-world", 3, "2026Q3")


def test_tables_have_the_columns_of_the_dictionary_in_its_order(quarter):
    kept = recorder()
    kept.record(["2026Q3"], [quarter])
    tables = kept.tables()
    assert list(tables) == list(TABLES)
    for name, table in tables.items():
        assert tuple(table.columns) == names(name)
    assert set(tables["firms"]["scenario"]) == {"fake-world"}
    assert set(tables["firms"]["seed"]) == {3}


def test_rows_are_sorted_by_firm_key_whatever_the_order_given(quarter):
    kept = recorder()
    kept.record(["2026Q3"], [quarter])
    firms, links = kept.tables()["firms"], kept.tables()["links"]
    assert list(firms["firm"]) == sorted(quarter["firms"]["firm"])
    assert list(quarter["firms"]["firm"]) != sorted(quarter["firms"]["firm"])
    assert list(zip(links["supplier"], links["buyer"])) == sorted(zip(links["supplier"], links["buyer"]))
    google = firms[firms["firm"] == "Google"].iloc[0]
    at = quarter["firms"]["firm"].index("Google")
    assert google["price_effect"] == quarter["firms"]["price_effect"][at]


def test_the_last_quarter_is_kept(quarter):
    kept = recorder()
    kept.record(["2026Q3"], [quarter])
    assert kept.last["steps"]["tightness"][0] == quarter["steps"]["tightness"]
    kept.record(["2026Q4"], [quarter | {"steps": quarter["steps"] | {"tightness": 7.0}}])
    assert kept.last["steps"]["tightness"][0] == 7.0
    assert kept.quarters == ["2026Q3", "2026Q4"]
    assert list(kept.tables()["steps"]["tightness"]) == [quarter["steps"]["tightness"], 7.0]


def test_missing_values_stay_missing(quarter):
    kept = recorder()
    kept.record(["2026Q3"], [quarter])
    decision = kept.tables()["decisions"].iloc[0]
    assert decision["firm"] == "Anthropic"
    assert math.isnan(decision["next_score"])
    assert decision["next_option"] == ""
    assert math.isnan(kept.tables()["steps"]["hhi_free"].iloc[0])


def test_events_of_no_amount_are_ordered_too(quarter):
    rows = [
        {"stage": 2, "kind": "ended", "firm": "Google", "amount": amount}
        for amount in (math.nan, 3.0, math.nan, 1.0)
    ]
    kept = recorder()
    kept.record(["2026Q3"], [quarter | {"events": rows}])
    amounts = kept.tables()["events"]["amount"].tolist()
    assert [math.isnan(amount) for amount in amounts] == [True, True, False, False]
    assert amounts[2:] == [1.0, 3.0]


def test_tables_without_any_row_keep_their_columns(quarter):
    kept = recorder()
    kept.record(["2026Q3"], [quarter | {"events": [], "decisions": []}])
    assert len(kept.tables()["events"]) == 0
    assert tuple(kept.tables()["decisions"].columns) == names("decisions")
    assert recorder().tables()["links"].empty


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        (
            "events",
            [{"stage": 2, "kinds": "ended"}],
            "columns of events: kinds not in the data dictionary; did",
        ),
        ("steps", {"tightnes": 1.0}, 'tightnes not in the data dictionary; did you mean "tightness"'),
        ("steps", {"pivotal_firms": 2.5}, "steps.pivotal_firms must be int, not 2.5"),
        ("steps", {"pivotal_firms": True}, "must be int, not True"),
        ("steps", {"tight": 1}, "steps.tight must be bool, not 1"),
        ("steps", {"tightness": "tight"}, "steps.tightness must be float, not 'tight'"),
        ("steps", {"leader": None}, "steps.leader must be str, not None"),
        ("steps", {"tightness": math.inf}, "steps.tightness is infinite; write NaN"),
        ("firms", {"rsi": np.array([math.inf] * 11)}, "firms.rsi is infinite"),
        ("firms", {"rsi": [1.0]}, "firms.rsi has 1 rows where firms.firm has 11"),
        ("firms", {"firm": ["Google"] * 11}, "firms: Google stands there twice"),
        ("firms", {"pivotal": np.zeros(11)}, "firms.pivotal must be bool"),
    ],
)
def test_what_does_not_fit_is_named(quarter, table, change, words):
    with pytest.raises(RecordError, match=words.replace("(", r"\(")):
        recorder().record(["2026Q3"], [changed(quarter, table, change)])


def changed(quarter, table, change):
    """The quarter with other columns in a table, or with other rows."""
    return quarter | {table: change if isinstance(change, list) else quarter[table] | change}


def test_a_full_row_with_a_wrong_name_is_named(quarter):
    row = {name: value for name, value in quarter["decisions"][0].items() if name != "verb"} | {
        "verbs": "build"
    }
    assert len(row) == len(quarter["decisions"][0])
    with pytest.raises(RecordError, match='decisions: verbs not in the data dictionary; did you mean "verb"'):
        recorder().record(["2026Q3"], [quarter | {"decisions": [row]}])


def test_missing_columns_and_tables_are_named(quarter):
    less = {name: value for name, value in quarter["steps"].items() if name != "hhi_fleet"}
    with pytest.raises(RecordError, match="columns of steps: hhi_fleet missing"):
        recorder().record(["2026Q3"], [quarter | {"steps": less}])
    with pytest.raises(RecordError, match="tables: links missing"):
        recorder().record(["2026Q3"], [{name: part for name, part in quarter.items() if name != "links"}])


def test_quarters_follow_each_other(quarter):
    kept = recorder()
    with pytest.raises(RecordError, match="2026Q4: recorded where 2026Q3 is due"):
        kept.record(["2026Q4"], [quarter])
    kept.record(["2026Q3"], [quarter])
    kept.record(["2026Q4"], [quarter])
    kept.record(["2027Q1"], [quarter])
    with pytest.raises(RecordError, match="2027Q2 is due"):
        kept.record(["2027Q1"], [quarter])


def test_whole_numbers_and_arrays_of_them_are_floats_where_floats_stand(quarter):
    kept = recorder()
    firms = quarter["firms"] | {"cash_musd": np.arange(11), "debt_musd": [1] * 11}
    kept.record(["2026Q3"], [quarter | {"firms": firms}])
    assert kept.tables()["firms"]["cash_musd"].dtype == np.float64
    assert kept.tables()["firms"]["debt_musd"].dtype == np.float64


@pytest.mark.parametrize("odd", [2.5, math.nan, math.inf])
def test_arrays_of_floats_are_whole_numbers_where_all_of_them_are(quarter, odd):
    counts = np.arange(11.0)
    kept = recorder()
    kept.record(["2026Q3"], [quarter | {"firms": quarter["firms"] | {"supplier_count": counts}}])
    assert kept.tables()["firms"]["supplier_count"].dtype == np.int64
    counts[4] = odd
    with pytest.raises(RecordError, match=r"supplier_count (must be int|is infinite)"):
        recorder().record(["2026Q3"], [quarter | {"firms": quarter["firms"] | {"supplier_count": counts}}])


def test_a_quarter_that_does_not_fit_leaves_the_recorder_as_it_was(quarter):
    kept = recorder()
    assert kept.last == {}
    kept.record(["2026Q3"], [quarter])
    with pytest.raises(RecordError):
        kept.record(["2026Q4"], [quarter | {"events": [{"stage": 2, "kind": None}]}])
    assert kept.quarters == ["2026Q3"] and len(kept.tables()["steps"]) == 1
    for name, part in kept.last.items():
        assert ("scenario", "seed", "quarter", *part) == names(name)
        assert all(isinstance(values, list | np.ndarray) for values in part.values())


def test_what_is_given_is_copied(quarter):
    cash = np.arange(11.0)
    kept = recorder()
    kept.record(["2026Q3"], [quarter | {"firms": quarter["firms"] | {"cash_musd": cash}}])
    cash[:] = -1.0
    assert kept.tables()["firms"]["cash_musd"].min() == 0.0
