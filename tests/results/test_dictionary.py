"""Every column has a type, a known unit and a meaning, and stands once."""

from __future__ import annotations

import pytest

from market_abm.results.dictionary import HEAD, ORDER, TABLES, columns, dictionary, names, unit

UNITS = {"", "1", "fraction", "points", "log units", "quarters", "kHQ", "kH100e", "MW", "MUSD", "USD/GPU-h"}


def test_every_column_is_complete():
    for column in dictionary():
        assert column.dtype in ("str", "int", "float", "bool"), column
        assert column.unit in UNITS, column
        assert len(column.meaning) > 3, column


def test_units_stand_in_the_names_of_columns_that_leave_the_package():
    suffixes = {
        "MUSD": "_musd",
        "USD/GPU-h": "_usd_per_gpu_hour",
        "kHQ": "_khq",
        "kH100e": "_kh100e",
        "MW": "_mw",
    }
    for column in dictionary():
        if column.unit in suffixes:
            assert column.name.endswith(suffixes[column.unit]), column.name


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_headed_and_no_name_stands_twice(table):
    found = names(table)
    assert found[:3] == HEAD
    assert len(set(found)) == len(found)
    assert set(ORDER[table]) <= set(found)


def test_unit_of_a_column():
    assert unit("steps", "hhi_fleet") == "points"
    assert unit("firms", "seed") == ""


def test_an_unknown_table_is_refused_by_name():
    with pytest.raises(KeyError, match="no table 'stages'; tables: steps"):
        columns("stages")
