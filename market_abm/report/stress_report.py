"""The report of a stress test: its folder and its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.analysis.statistics import summary
from market_abm.analysis.stress.plan import CHIP, PAIR, REGION, SUPPLIER
from market_abm.analysis.stress.simulate import OPEN
from market_abm.analysis.stress.tables import ranked
from market_abm.analysis.table import Band, Column, Table
from market_abm.report.charts import Figure, Panel, Series, lines, series_words, swatches
from market_abm.report.exports import csv_text, frame_csv, workbook
from market_abm.report.page import Report, Section, Spoken, licences, render
from market_abm.report.run_report import reproduce_settings
from market_abm.results import store

if TYPE_CHECKING:
    from market_abm.analysis.stress import StressTest

DRAWN = 6
"""Targets of a kind that a figure shows: the gravest."""

WORDS = {
    SUPPLIER: "a supplier", CHIP: "a chip supplier", REGION: "power additions of a region", PAIR: "two suppliers",
}  # fmt: skip

RULE = (
    "Every knock-out is a run of the whole market from one of the baseline's own states, under the same draws. Nobody "
    "reroutes: what came from the supplier is missing. Rerouting: firms trade over the baseline's links and build what "
    "they built there. Rerouting and entry: they qualify suppliers, enter and build as they see fit."
)


def write_stress(test: StressTest, folder: Path, command: str = "") -> None:
    """Write plain tables, tables for readers, the workbook, the summary and the page."""
    store.prepare(folder)
    tables = test.tables()
    for name, frame in test.frames().items():
        store.write_text(folder / f"{name}.csv", frame_csv(frame))
    for table in tables:
        store.write_text(folder / f"table-{table.name}.csv", csv_text(table))
    store.write_bytes(folder / "stress.xlsx", workbook([(table.title, table) for table in tables]))
    store.write_json(folder / "summary.json", test.as_dict())
    store.write_text(folder / "report.html", render(stress_report(test, command)))


def parts(test: StressTest) -> list[tuple[str, Table, Figure | None]]:
    """Title, table and figure (where there is one) of every part of a stress test, for any page."""
    drawn = {f"without_{kind.replace(' ', '_')}": served(test, kind) for kind in WORDS}
    return [(table.title, table, drawn.get(table.name)) for table in test.tables()]


def stress_report(test: StressTest, command: str = "") -> Report:
    """The report of a stress test."""
    setting, plan = test.setting, test.plan
    seeds = sorted(setting.beta)
    front = served(test, SUPPLIER)
    sections = tuple(
        Section(
            table.name.replace("_", "-"), title, figures=() if figure is None else (figure,), tables=(table,)
        )
        for title, table, figure in parts(test)
    )
    return Report(
        title=f"Stress test: {setting.name}",
        question="What is lost without a supplier, chip supplier or power region, how long, and who could refuse?",
        compared=(
            f"Each is out for {plan.duration} quarters from {test.window[0]}"
            + (f" and comes back over {plan.recovery}" if plan.recovery else "")
            + f"; looked at until {test.window[-1]}; {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}."
        ),
        sentences=tuple(Spoken(text) for text in test.sentences),
        rule=RULE,
        front_title="Served demand without each of the gravest",
        front=() if front is None else (front,),
        licence=licences([setting]),
        provenance=(
            ("Scenario", setting.name), ("Quarters", f"{test.window[0]} to {test.window[-1]}"),
            ("Seeds", ", ".join(str(seed) for seed in seeds)), ("Failed seeds", str(len(test.failures))),
            ("Protocol", setting.protocol), ("Digest", setting.hash[:12]),
        ),
        sections=(*sections, _quality(test), reproduce_settings([setting], command)),
    )  # fmt: skip


def served(test: StressTest, kind: str) -> Figure | None:
    """Served demand over the window relative to the baseline, for the gravest of a kind; None where there is none."""
    names = ranked(test, kind)[:DRAWN]
    if not names:
        return None
    rows = test.paths
    rows = rows[(rows["kind"] == kind) & (rows["variant"] == OPEN)]
    series = []
    for name in names:
        grouped = rows[rows["target"] == name].groupby("quarter")["served"]
        values: list[float | Band] = [summary(grouped.get_group(quarter)) for quarter in test.window]
        series.append(Series(name, tuple(values)))
    title = f"Served demand without {WORDS[kind]}"
    columns = (Column("quarter", "Quarter"), *(Column(name, name, "share") for name in names))
    cells = tuple((quarter, *(item.values[at] for item in series)) for at, quarter in enumerate(test.window))
    key = kind.replace(" ", "_")
    return Figure(
        f"served_{key}",
        title,
        "Share of the baseline's served demand, with rerouting and entry; bands over seeds.",
        (Panel(lines(test.window, series, "% of the baseline", scale=100.0, zero=False)),),
        Table(f"served_{key}", title, columns, cells),
        series_words(test.window, series, "share"),
        swatches(series),
    )


def _quality(test: StressTest) -> Section:
    if not test.failures:
        return Section("quality", "Quality of the runs", lead=("No seed failed.",))
    columns = (Column("seed", "Seed"), Column("error", "What went wrong"))
    rows = tuple((str(item["seed"]), item["error"]) for item in test.failures)
    lead = (f"{len(rows)} seeds did not finish and are in no number.",)
    return Section(
        "quality",
        "Quality of the runs",
        lead=lead,
        tables=(Table("failures", "Failed seeds", columns, rows),),
    )
