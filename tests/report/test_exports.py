"""Files for other programs: what looks like a formula stays text, numbers stay numbers, intervals are there."""

from __future__ import annotations

import base64
import csv
import io

import openpyxl
import pytest

from market_abm.analysis.compare import Comparison
from market_abm.analysis.table import Band, Cell, Column, Table
from market_abm.experiments.replicate import replicate
from market_abm.report.compare_findings import findings
from market_abm.report.comparison_files import write_comparison
from market_abm.report.exports import csv_text, download, iamc, slug, workbook
from market_abm.results import store
from tests.results.feed import FakeModel, ShiftedModel, world

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1", "-2+3"]

TABLE = Table(
    "t",
    "=TITLE()",
    (Column("name", "Name"), Column("value", "Value", "usd"), Column("band", "Band", "share")),
    tuple((text, -1.5, Band(0.5, -0.25, 0.75)) for text in FORMULAS),
    "@note",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pair = Comparison(
        replicate(world(), [1, 2, 3], model=FakeModel),
        (replicate(world(8, "shifted"), [1, 2, 3], model=ShiftedModel),),
    )
    path = tmp_path_factory.mktemp("pair")
    write_comparison(findings(pair), path, "market-abm compare a b", "2026-01-01T00:00:00")
    return path


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_texts_are_no_formulas_and_numbers_stay_numbers(text):
    rows = [row for row in csv.DictReader(io.StringIO(csv_text(TABLE))) if row["name"] == f"'{text}"]
    assert len(rows) == 1
    assert (float(rows[0]["value"]), float(rows[0]["band_low"])) == (-1.5, -0.25)


def test_workbook_cells_are_strings_or_numbers_and_never_formulas():
    book = openpyxl.load_workbook(io.BytesIO(workbook([("=S", TABLE), ("=S", TABLE)])))
    assert len(book.sheetnames) == 2
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s", "n"}
        assert [sheet.cell(5 + step, 1).value for step in range(len(FORMULAS))] == FORMULAS
        assert [sheet.cell(5, column).value for column in (2, 3, 4, 5)] == [-1.5, 0.5, -0.25, 0.75]
        assert sheet.cell(1, 1).value == "=TITLE()"


def test_the_same_tables_make_the_same_workbook():
    assert workbook([("a", TABLE)]) == workbook([("a", TABLE)])


def test_missing_numbers_are_empty_cells():
    table = Table("t", "T", (Column("a", "A", "usd"),), ((float("nan"),), (Cell(2.0, "share"),)))
    sheet = openpyxl.load_workbook(io.BytesIO(workbook([("t", table)])))["t"]
    assert sheet.cell(5, 1).value is None
    assert sheet.cell(6, 1).value == 2.0
    assert csv_text(table).splitlines() == ["a", '""', "2.0"]


def test_a_comparison_writes_its_intervals_for_other_programs(folder):
    rows = {row["key"]: row for row in csv.DictReader((folder / "differences.csv").read_text().splitlines())}
    first = rows["price_last"]
    assert float(first["low"]) <= float(first["difference"]) <= float(first["high"])
    assert float(first["difference"]) == pytest.approx(0.25)
    book = openpyxl.load_workbook(folder / "comparison.xlsx")
    sheet = book[book.sheetnames[0]]
    heads = [cell.value for cell in sheet[4]]
    column = next(step for step, head in enumerate(heads, start=1) if head.startswith("Difference"))
    row = next(r for r in range(5, sheet.max_row + 1) if sheet.cell(r, 2).value == "price_last")
    assert sheet.cell(row, column).value == pytest.approx(float(first["difference"]), rel=1e-12)
    assert {name.split()[0] for name in book.sheetnames} == {"Differences", "Labs", "Options", "Runs"}


def test_the_iamc_file_has_its_columns_and_the_medians_of_the_tables(folder):
    rows = list(csv.DictReader((folder / "iamc.csv").read_text().splitlines()))
    assert list(rows[0])[:6] == ["Model", "Scenario", "Region", "Variable", "Unit", "Subannual"]
    assert list(rows[0])[6:] == ["2026", "2027", "2028"]
    assert {row["Scenario"] for row in rows} == {"fake-world", "shifted"}
    result = store.read(folder / "0-fake-world")
    name = "AI Compute|Price Index Usd Per Gpu Hour|Median"
    row = next(
        r for r in rows if (r["Scenario"], r["Variable"], r["Subannual"]) == ("fake-world", name, "Q1")
    )
    for year in ("2027", "2028"):
        prices = result.steps.loc[result.steps["quarter"] == f"{year}Q1", "price_index_usd_per_gpu_hour"]
        assert float(row[year]) == prices.median()
    assert row["2026"] == ""
    assert row["Unit"] == "USD/GPU-h"


def test_one_seed_has_one_line_a_variable():
    text = iamc([replicate(world(), [1], model=FakeModel)])
    assert "Median" not in text
    assert "AI Compute|Hhi Fleet,points,Q3" in text


def test_the_page_carries_the_files(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    carried = base64.b64encode((folder / "comparison.xlsx").read_bytes()).decode()
    assert f"base64,{carried}" in page
    assert page.count("<a download=") == 3
    assert download("a", "b", "é").content == base64.b64encode("é".encode()).decode()


@pytest.mark.parametrize(
    "name", ["../../etc", "a/b\\c", "..", "", "  ", "=x", "\u202eabc", "CON" * 60, "日本"]
)
def test_names_of_files_are_never_paths(name):
    clean = slug(name)
    assert clean and "/" not in clean and "\\" not in clean
    assert not clean.startswith(".") and len(clean) <= 60
