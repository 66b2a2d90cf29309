"""How values are written: missing is n/a and never zero, what rounds to nothing has no sign."""

from __future__ import annotations

import math

import pytest

from market_abm.analysis.table import FORMATS, Band, Cell, Column, Table, band_shown, shown


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (math.nan, "share", "n/a"),
        (None, "usd", "n/a"),
        (0.0, "share", "0.0"),
        (0.247, "share", "24.7"),
        (-0.00001, "points_of_share", "0.0"),
        (0.123, "points_of_share", "+12.3"),
        (-0.123, "points_of_share", "-12.3"),
        (1403.6, "index", "1,404"),
        (7, "count", "7"),
        (7.5, "count", "7.5"),
        (2.345, "usd", "2.35"),
        (True, "text", "yes"),
        ("a", "usd", "a"),
        (Band(1.0, 0.5, 2.0), "usd", "1.00"),
        (Cell(0.5, "share"), "text", "50.0"),
        (Cell(Band(math.nan, 0, 0), "share"), "text", "n/a"),
    ],
)
def test_values_as_people_read_them(value, kind, text):
    assert shown(value, kind) == text


def test_bands():
    assert band_shown(Band(1.0, 0.5, 2.0), "usd") == "0.50 to 2.00"
    assert band_shown(Cell(Band(0.1, 0.05, 0.2), "share"), "text") == "5.0 to 20.0"
    assert band_shown(1.0, "usd") == ""
    assert band_shown(Band(math.nan, math.nan, math.nan), "usd") == ""


def test_plain_values_are_fractions_with_their_unit():
    columns = (Column("a", "A", "share"), Column("b", "B", "usd"), Column("c", "C", "number", "of 5"))
    found = Table("t", "T", columns, ((0.5, Band(1, 0, 2), Cell(3.0, "index")),), "note").as_dict()
    assert [column["unit"] for column in found["columns"]] == ["fraction", "USD/GPU-h", "of 5"]
    assert found["rows"] == [{"a": 0.5, "b": {"median": 1, "low": 0, "high": 2}, "c": 3.0}]


def test_every_kind_writes_zero_and_nothing():
    for kind in FORMATS:
        assert shown(math.nan, kind) == "n/a"
        assert float(shown(0.0, kind)) == 0.0
