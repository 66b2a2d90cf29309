"""Names that try to break out of a page, and a report that has them in every field that holds a text."""

from __future__ import annotations

import json
from pathlib import Path

from market_abm.analysis.table import Column, Table
from market_abm.report.charts import Figure, Panel, Series, lines, series_table, series_words, swatches
from market_abm.report.grid import Cell, Grid, Row
from market_abm.report.heat import grid_table, grid_words, heat
from market_abm.report.page import Download, Report, Section, Spoken

RUN = "window.hacked=(window.hacked||0)+1"
"""What a name does when it gets to run."""

NAMES: tuple[str, ...] = tuple(
    text.replace("RUN", RUN)
    for text in json.loads((Path(__file__).parent / "hostile_names.json").read_text(encoding="utf-8"))
)

QUARTERS = ("2026Q3", "2026Q4", "2027Q1", "2027Q2")


def hostile_report() -> Report:
    """A report in which every field that holds a text holds every name."""
    import pandas as pd

    every = " ".join(NAMES)
    series = [Series(name, (1.0, 2.0, 3.0 + step % 7, 4.0)) for step, name in enumerate(NAMES)]
    line = Figure(
        every, every, every, (Panel(lines(QUARTERS, series, every[:80]), every),),
        series_table(every, every, QUARTERS, series, "usd", every), series_words(QUARTERS, series, "usd", every),
        swatches(series),
    )  # fmt: skip
    frame = pd.DataFrame([[0.0, 1.0, 2.0, 3.0]] * len(NAMES), index=list(NAMES), columns=list(QUARTERS))
    marks = Figure(
        every, every, every, (Panel(heat(frame, False), every),), grid_table(every, every, frame, False, every),
        grid_words(frame, False), narrow=600,
    )  # fmt: skip
    columns = (Column("a", every), Column("b", every, "text", every))
    table = Table(every, every, columns, tuple((name, name) for name in NAMES), every)
    cells = tuple(Cell(name, name, name, name, "open") for name in NAMES)
    rows = tuple(Row(name, name, name, cells[:1]) for name in NAMES)
    keys = ("id", "title", "url", "date", "grade")
    sources = tuple({"link": ""} | dict.fromkeys(keys, name) for name in NAMES)
    pairs = tuple((name, name) for name in NAMES)
    whole = Section("all", every, NAMES, (marks,), (table,), NAMES, NAMES, sources)
    return Report(
        title=every, question=every, compared=every, sentences=tuple(Spoken(name, "low") for name in NAMES),
        rule=every, asked=pairs, front_title=every, front=(line,), grid=Grid(every, every, (every,), rows, every),
        limits=NAMES, licence=NAMES, provenance=pairs, sections=(whole,),
        downloads=tuple(Download(name, name, "text/csv", "YQ==") for name in NAMES),
    )  # fmt: skip
