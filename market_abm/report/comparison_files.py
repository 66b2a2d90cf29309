"""The folder of a comparison: results of every scenario, tables for other programs, the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.analysis.choice import choice_table
from market_abm.analysis.compare_tables import labs, market, per_seed
from market_abm.analysis.quality import runs_table
from market_abm.report.compare_report import compare_page
from market_abm.report.exports import XLSX, csv_text, download, frame_csv, iamc, slug, workbook
from market_abm.results import store

if TYPE_CHECKING:
    from market_abm.analysis.table import Table
    from market_abm.report.compare_findings import Findings


def write_comparison(
    found: Findings, folder: Path, command: str, started: str, vetting: Sequence[Table] = ()
) -> None:
    """Write everything; the page last, so that a page always has its tables beside it.

    Parameters
    ----------
    found : Findings
    folder : Path
    command : str
        The command line; empty where it must not be told.
    started : str
        Time of the start, ISO 8601.
    vetting : sequence of Table
        Comparisons with facts, for the page.
    """
    comparison = found.comparison
    store.prepare(folder)
    results = (comparison.baseline, *comparison.others)
    for step, result in enumerate(results):
        store.write(result, folder / f"{step}-{slug(result.setting.name)}", command, started)
    sheets: list[tuple[str, Table]] = []
    for other, name in enumerate(comparison.names):
        mark = "" if len(comparison.names) == 1 else f"-{other + 1}-{slug(name)}"
        tables = {
            "differences": market(comparison, other, found.effects[other]),
            "labs": labs(comparison, other, found.labs[other]),
        }
        for kind, table in tables.items():
            store.write_text(folder / f"{kind}{mark}.csv", csv_text(table))
            sheets.append((f"{kind.capitalize()} {other + 1} {name}", table))
        store.write_text(folder / f"per-seed{mark}.csv", frame_csv(per_seed(comparison, other)))
    if found.scores:
        sheets.append(("Options", choice_table(found.scores)))
    sheets.append(("Runs", runs_table(results)))
    book, series = workbook(sheets), iamc(results)
    store.write_bytes(folder / "comparison.xlsx", book)
    store.write_text(folder / "iamc.csv", series)
    store.write_json(folder / "summary.json", found.as_dict())
    differences = "\n".join(csv_text(table) for name, table in sheets if name.startswith("Differences"))
    downloads = (
        download("Differences (CSV)", "differences.csv", differences),
        download("All tables (Excel)", "comparison.xlsx", book, XLSX),
        download("Paths (IAMC CSV)", "iamc.csv", series),
    )
    page = compare_page(comparison, found, command, vetting, downloads)
    store.write_text(folder / "report.html", page)
