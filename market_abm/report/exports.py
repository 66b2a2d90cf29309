"""Tables for other programs: CSV, an Excel workbook, and the form of the Integrated Assessment community (IAMC).

A cell that begins with a sign that spreadsheets take for a formula stays text: in CSV behind an apostrophe, in the
workbook as a string. Numbers stay numbers.
"""

from __future__ import annotations

import base64
import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.panel import panel
from market_abm.analysis.table import Band, Cell, Table
from market_abm.report.page import Download
from market_abm.results.dictionary import columns

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.results.result import Result

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a text that a spreadsheet may run."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

PERCENTILES = (("5th Percentile", 5.0), ("Median", 50.0), ("95th Percentile", 95.0))


def safe(value: Any) -> Any:
    """A text that no spreadsheet runs; numbers as they are, missing ones empty."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


def plain_rows(table: Table) -> tuple[list[str], list[dict[str, Any]]]:
    """Heads and rows of plain values: hidden columns too, bands as three columns."""
    heads: list[str] = []
    rows: list[dict[str, Any]] = []
    for row in table.rows:
        line: dict[str, Any] = {}
        for column, cell in zip(table.columns, row):
            value = cell.value if isinstance(cell, Cell) else cell
            if isinstance(value, Band):
                ends = {"": value.middle, "_low": value.low, "_high": value.high}
                line |= {f"{column.key}{end}": number for end, number in ends.items()}
            else:
                line[column.key] = value
        heads = [*heads, *(key for key in line if key not in heads)]
        rows.append(line)
    return heads or [column.key for column in table.columns], rows


def csv_text(table: Table) -> str:
    """The table as CSV."""
    heads, rows = plain_rows(table)
    return _csv(heads, ([row.get(head, "") for head in heads] for row in rows))


def frame_csv(frame: pd.DataFrame) -> str:
    """A data frame as CSV."""
    return _csv(list(frame.columns), frame.itertuples(index=False, name=None))


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([safe(head) for head in heads])
    writer.writerows([safe(value) for value in row] for row in rows)
    return buffer.getvalue()


def workbook(sheets: Sequence[tuple[str, Table]]) -> bytes:
    """An Excel workbook, a sheet a table.

    Parameters
    ----------
    sheets : sequence of (str, Table)
        Name of the sheet (cut to what Excel takes, made unlike the others) and table.
    """
    from datetime import datetime

    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": "market_abm", "created": datetime(2026, 1, 1)})  # the same bytes each time
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    note = book.add_format({"italic": True})
    taken: set[str] = set()
    for name, table in sheets:
        sheet = book.add_worksheet(_sheet_name(name, taken))
        sheet.write_string(0, 0, table.title, bold)
        sheet.write_string(1, 0, table.note, note)
        heads, rows = plain_rows(table)
        labels = {column.key: column.label for column in table.columns}
        units = {column.key: column.shown_unit for column in table.columns}
        for place, head in enumerate(heads):
            base = re.sub(r"_(low|high)$", "", head) if head not in labels else head
            end = head[len(base) :].replace("_", " ")
            unit = "fraction" if units.get(base, "").startswith("%") else units.get(base, "")
            label = f"{labels.get(base, base)}{end}{f' ({unit})' if unit else ''}"
            sheet.write_string(3, place, label, bold)
            widest = max([len(str(row.get(head, ""))) for row in rows[:200]] or [0])
            sheet.set_column(place, place, min(max(10, widest + 1), 44))
        for step, row in enumerate(rows, start=4):
            for place, head in enumerate(heads):
                _write(sheet, step, place, row.get(head))
        sheet.freeze_panes(4, 1)
    book.close()
    return buffer.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | np.number):
        number = float(value)
        if math.isfinite(number):
            sheet.write_number(row, column, number)
    elif value is not None and str(value):
        sheet.write_string(row, column, str(value))


def _sheet_name(name: str, taken: set[str]) -> str:
    clean = re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:28] or "Sheet"
    unique, step = clean, 2
    while unique.casefold() in taken:
        unique, step = f"{clean[:26]} {step}", step + 1
    taken.add(unique.casefold())
    return unique


def iamc(results: Sequence[Result]) -> str:
    """Every column of the steps table in the IAMC form, a row a variable and quarter of the year.

    Model, Scenario, Region, Variable, Unit and Subannual, then a column a year. With several seeds each variable
    comes as median and 5th and 95th percentile over seeds.
    """
    finished = [result for result in results if result.seeds]
    years = sorted({quarter[:4] for result in finished for quarter in result.quarters})
    rows = []
    for result in finished:
        block = panel(result, "steps")
        for column in columns("steps"):
            if column.dtype == "str":
                continue
            values = block.values(column.name)[0]
            variable = f"AI Compute|{column.name.replace('_', ' ').title()}"
            if len(result.seeds) == 1:
                levels = [(variable, values[:, 0])]
            else:
                levels = [
                    (f"{variable}|{label}", part)
                    for (label, _), part in zip(PERCENTILES, _percentiles(values))
                ]
            for name, numbers in levels:
                by_quarter = dict(zip(result.quarters, numbers.tolist()))
                for part in ("Q1", "Q2", "Q3", "Q4"):
                    cells = [by_quarter.get(f"{year}{part}", math.nan) for year in years]
                    if not all(math.isnan(cell) for cell in cells):
                        rows.append(
                            [
                                "market_abm",
                                result.setting.name,
                                "World",
                                name,
                                column.unit or "1",
                                part,
                                *cells,
                            ]
                        )
    return _csv(["Model", "Scenario", "Region", "Variable", "Unit", "Subannual", *years], rows)


def _percentiles(values: np.ndarray) -> np.ndarray:
    """Percentiles over seeds by quarter (P, Q); missing values are left out."""
    at = [share for _, share in PERCENTILES]
    if np.isfinite(values).all():
        return np.percentile(values, at, axis=1)
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([np.percentile(row, at) if len(row) else [np.nan] * len(at) for row in rows]).T


def download(label: str, name: str, data: bytes | str, mime: str = "text/csv") -> Download:
    """A file that the page carries."""
    content = data.encode("utf-8") if isinstance(data, str) else data
    return Download(label, name, mime, base64.b64encode(content).decode("ascii"))


def slug(name: str) -> str:
    """A name as part of a file's name: letters, digits, dashes, dots; never empty, never hidden or a path."""
    clean = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60]
    return clean or "scenario"
