"""The folder of a robustness run: tables for other programs, values of every run, the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.analysis.choice import choice_table
from market_abm.analysis.robustness.findings import findings_table
from market_abm.analysis.robustness.tornado import turns_table
from market_abm.report.exports import csv_text, frame_csv, slug, workbook
from market_abm.report.robustness_figures import level_table
from market_abm.report.robustness_report import robustness_page
from market_abm.results import store

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.analysis.robustness.runs import Robustness
    from market_abm.analysis.table import Table
    from market_abm.report.robustness_report import Survey


def write_robustness(found: Survey, folder: Path, command: str = "") -> None:
    """Write everything; the page last."""
    made = found.made
    store.prepare(folder)
    sheets: list[tuple[str, Table]] = []
    for part in found.found:
        if not part:
            continue
        name = part[0].scenario
        sheets.append((f"Findings {name}", findings_table(part, len(made.few))))
        levels = level_table(part)
        sheets += [(f"Levels {name}", levels)] if levels is not None else []
    moved = turns_table(made.turns)
    sheets += [("Assumptions", moved)] if moved is not None else []
    sheets += [("Options", choice_table(found.scores))] if found.scores else []
    for step, (name, table) in enumerate(sheets, start=1):
        store.write_text(folder / f"{step}-{slug(name).casefold()}.csv", csv_text(table))
    store.write_text(folder / "values.csv", frame_csv(values_frame(made)))
    store.write_bytes(folder / "robustness.xlsx", workbook(sheets))
    store.write_json(folder / "summary.json", found.as_dict())
    store.write_text(folder / "report.html", robustness_page(found, command))


def values_frame(made: Robustness) -> pd.DataFrame:
    """Every outcome of every run as set and in the grid: a row a scenario, seed and cell."""
    import pandas as pd

    parts = []
    samples = [("as set", "", made.base, made.seeds)]
    samples += [(protocol, f"{beta:g}", sample, made.few) for (protocol, beta), sample in made.grid.items()]
    for protocol, beta, sample, seeds in samples:
        for name, values in zip(made.names, sample.values):
            head = {"scenario": name, "protocol": protocol, "beta": beta, "seed": list(seeds)}
            parts.append(pd.DataFrame(head | values))
    return pd.concat(parts, ignore_index=True)
