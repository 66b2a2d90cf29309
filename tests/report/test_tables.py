"""Tables on a terminal of any width: no number is cut, no line runs over, and what is left out is said."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from market_abm.analysis.answer import answer
from market_abm.analysis.table import Band, Column, Table, shown
from market_abm.experiments.replicate import replicate, run
from market_abm.report.exports import csv_text
from market_abm.report.tables import html_heads, html_rows, rich_table
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def one():
    return answer(run(world(), 7, model=FakeModel))


@pytest.fixture(scope="module")
def many():
    return answer(replicate(world(), range(1, 6), model=FakeModel))


def printed(table: Table, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(rich_table(table, width))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("which", ["one", "many"])
def test_tables_fit_the_width(which, width, request):
    for table in request.getfixturevalue(which).tables:
        text = printed(table, width)
        assert max(len(line) for line in text.splitlines()) <= width
        assert "…" not in text


@pytest.mark.parametrize("width", [80, 120])
def test_shown_numbers_are_whole(one, width):
    table = next(table for table in one.tables if table.name == "suppliers")
    text = printed(table, width)
    for row in table.rows:
        for column, value in zip(table.columns, row):
            if column.kind != "text" and not column.extra:
                assert re.search(rf"(?<![\d.]){re.escape(shown(value, column.kind))}(?![\d.])", text)


def test_what_does_not_fit_is_said(many):
    table = next(table for table in many.tables if table.name == "relations")
    assert "Left out for the width of the screen" in " ".join(printed(table, 80).split())
    assert "Left out" not in printed(table, 200)
    assert "Contested" in printed(table, 200)


def test_even_a_narrow_screen_gets_the_names(one):
    table = next(table for table in one.tables if table.name == "relations")
    text = printed(table, 30)
    assert "Oracle" in text
    assert "bands" not in text


def test_names_with_brackets_are_no_markup():
    table = Table("t", "[bold]T[/bold]", (Column("a", "[red]A"),), (("[link=x]Firm[/link]",),))
    text = printed(table, 80)
    assert "[link=x]Firm[/link]" in text
    assert "[red]A" in text


def test_missing_values_are_said():
    table = Table("t", "T", (Column("a", "A", "share"),), ((float("nan"),), (0.0,)))
    lines = [line.strip() for line in printed(table, 80).splitlines()]
    assert "n/a" in lines
    assert "0.0" in lines


def test_csv_has_plain_values_hidden_columns_and_bands():
    columns = (Column("h", "H", hidden=True), Column("b", "B", "share"), Column("m", "M", "usd"))
    table = Table("t", "T", columns, (("x", Band(0.5, 0.25, 0.75), float("nan")),))
    assert csv_text(table) == "h,b,b_low,b_high,m\nx,0.5,0.25,0.75,\n"


def test_html_cells():
    columns = (Column("h", "H", hidden=True), Column("b", "B", "share"))
    table = Table("t", "T", columns, (("x", Band(0.5, 0.25, 0.75)),))
    assert html_heads(table) == [{"text": "B", "unit": "%", "number": True}]
    assert html_rows(table) == [[{"text": "50.0", "band": "25.0 to 75.0", "number": True}]]
