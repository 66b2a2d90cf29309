"""Quarters recorded at once are what they are one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.results.recorder import Recorder, RecordError
from tests.results.feed import FakeModel, world

QUARTERS = ("2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3")

COUNTS = {"measure": ["a", "b"], "value": [1.0, 2.0], "unit": ["", ""]}


def fed(seed, count=5):
    """Records of some quarters; their firms stand in random order."""
    model = FakeModel(world(len(QUARTERS)), seed)
    records = []
    for _ in range(count):
        model.step()
        records.append(model.record)
    return records


def varied(record, rng):
    """The same record with some rows gone, others out of order, and some columns as arrays."""
    varied = dict(record)
    for table in ("firms", "links", "contracts"):
        rows = rng.permutation(len(next(iter(record[table].values()))))
        rows = rows[: rng.integers(0, len(rows) + 1)]
        columns = {name: [values[row] for row in rows] for name, values in record[table].items()}
        varied[table] = {
            name: np.array(values) if values and rng.random() < 0.5 else values
            for name, values in columns.items()
        }
    for table in ("events", "decisions"):
        varied[table] = [record[table][row] for row in rng.permutation(len(record[table]))]
    return varied


def recorded(records, cuts=()):
    """The recorder after the records, given in as many calls as the cuts make of them."""
    kept = Recorder("fake-world", 3, QUARTERS[0])
    ends = [0, *sorted(cuts), len(records)]
    for first, end in pairwise(ends):
        kept.record(QUARTERS[first:end], records[first:end])
    return kept


def assert_same(one, other):
    assert one.quarters == other.quarters
    tables = other.tables()
    assert list(one.tables()) == list(tables)
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, tables[name], check_exact=True)
    for name, columns in one.last.items():
        pd.testing.assert_frame_equal(pd.DataFrame(columns), pd.DataFrame(other.last[name]), check_exact=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), cuts=st.sets(st.integers(1, len(QUARTERS) - 1)))
def test_quarters_are_the_same_in_any_number_of_calls(seed, cuts):
    rng = np.random.default_rng(seed)
    records = [varied(record, rng) for record in fed(seed)]
    one_by_one = recorded(records, range(1, len(QUARTERS)))
    assert_same(recorded(records), one_by_one)
    assert_same(recorded(records, cuts), one_by_one)


def test_rows_are_ordered_by_key_within_each_quarter():
    tables = recorded(fed(5, 3)).tables()
    for name, keys in {
        "firms": ["firm"],
        "links": ["supplier", "buyer"],
        "decisions": ["firm", "verb"],
    }.items():
        table = tables[name][["quarter", *keys]]
        assert table["quarter"].nunique() == 3
        rows = list(table.itertuples(index=False, name=None))
        assert rows == sorted(rows)


def test_values_stay_with_their_row_and_quarter():
    records = fed(5, 3)
    firms = recorded(records).tables()["firms"].set_index(["quarter", "firm"])["price_effect"]
    for quarter, record in zip(QUARTERS, records):
        given = dict(zip(record["firms"]["firm"], record["firms"]["price_effect"]))
        assert firms[quarter].fillna(0.0).to_dict() == pd.Series(given).fillna(0.0).to_dict()


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("steps", {"tightness": math.inf}, "steps.tightness is infinite"),
        ("steps", {"tightnes": 1.0}, "columns of steps: tightnes not in"),
        ("firms", {"rsi": np.array([math.inf] * 11)}, "firms.rsi is infinite"),
        ("firms", {"rsi": [1.0]}, "firms.rsi has 1 rows where firms.firm has 11"),
        (
            "firms",
            {"supplier_count": np.full(11, 2.5)},
            r"firms.supplier_count must be int, not 2.5 \(float\)",
        ),
        ("firms", {"firm": ["Google"] * 11}, "firms: Google stands there twice"),
        ("contracts", {"contract": [None]}, "contracts.contract must be str, not None"),
    ],
)
def test_a_fault_in_a_later_quarter_names_it_and_adds_nothing(table, change, words):
    records = fed(3, 4)
    kept = recorded(records[:1])
    before = recorded(records[:1])
    odd = records[2] | {table: records[2][table] | change}
    with pytest.raises(RecordError, match=f"^2027Q1: {words}"):
        kept.record(QUARTERS[1:4], [records[1], odd, records[3] | {"links": {}}])
    assert_same(kept, before)
    kept.record(QUARTERS[1:4], records[1:])
    assert_same(kept, recorded(records))


def test_a_pair_twice_is_named():
    records = fed(3, 2)
    links = {name: [*values, values[4]] for name, values in records[1]["links"].items()}
    pair = f"{links['supplier'][4]} > {links['buyer'][4]}"
    with pytest.raises(RecordError, match=f"^2026Q4: links: {pair} stands there twice"):
        recorded([records[0], records[1] | {"links": links}])


def test_a_table_missing_in_one_quarter_is_named():
    records = fed(3, 3)
    del records[1]["links"]
    with pytest.raises(RecordError, match=r"^2026Q4: tables: links missing"):
        recorded(records)


def test_measures_are_there_in_every_quarter_or_in_none():
    plain, measured = fed(3, 2), [record | {"measures": COUNTS} for record in fed(3, 2)]
    assert len(recorded(measured).tables()["measures"]) == 4
    for calls in ((), (1,)):
        with pytest.raises(RecordError, match=r"^2026Q4: tables: measures not in"):
            recorded([plain[0], measured[1]], calls)
        with pytest.raises(RecordError, match=r"^2026Q4: tables: measures missing"):
            recorded([measured[0], plain[1]], calls)


def test_quarters_given_at_once_follow_each_other():
    kept = Recorder("fake-world", 3, "2026Q3")
    with pytest.raises(RecordError, match="2027Q1: recorded where 2026Q4 is due"):
        kept.record(["2026Q3", "2027Q1"], fed(3, 2))
    assert kept.quarters == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_quarter_has_its_record(count):
    quarters = QUARTERS[: 2 if count else 0]
    with pytest.raises(RecordError, match=f"{len(quarters)} quarters with {count} records"):
        Recorder("fake-world", 3, "2026Q3").record(quarters, fed(3, count))


def test_tables_can_be_had_between_calls_and_do_not_change_what_is_kept():
    records = fed(3, 3)
    kept = recorded(records[:1])
    firms = kept.tables()["firms"]
    firms.loc[:, "cash_musd"] = -1.0
    kept.record(QUARTERS[1:3], records[1:])
    assert_same(kept, recorded(records))


class Reading(Mapping):
    """A record that counts how often each table is read."""

    def __init__(self, tables):
        self.tables, self.read = tables, Counter()

    def __getitem__(self, name):
        self.read[name] += 1
        return self.tables[name]

    def __contains__(self, name):
        return name in self.tables

    def __iter__(self):
        return iter(self.tables)

    def __len__(self):
        return len(self.tables)


def test_each_table_is_read_once_and_what_is_no_table_never():
    records = [Reading(record | {"history": object()}) for record in fed(3, 2)]
    kept = recorded(records)
    for record in records:
        assert record.read == dict.fromkeys(kept.tables(), 1)


def test_one_record_for_two_quarters_is_refused():
    """A model that writes into one mapping would tell of its last quarter twice."""
    (record,) = fed(5, 1)
    with pytest.raises(
        RecordError, match="the same record in two quarters; make a new mapping in every step"
    ):
        recorded([record, record])
