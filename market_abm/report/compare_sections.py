"""The sections of a comparison's report, below page one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from market_abm.analysis.choice import choice_sentence, choice_table
from market_abm.analysis.compare_tables import labs as labs_table
from market_abm.analysis.compare_tables import market as market_table
from market_abm.analysis.divergence import changed_decisions, parting_sentence, parting_table, partings
from market_abm.analysis.quality import pairing_sentence
from market_abm.analysis.register import register_table, reversal_sentence
from market_abm.analysis.screens import hhi_flags
from market_abm.analysis.table import Column, Table
from market_abm.report import compare_figures as draw
from market_abm.report.compare_findings import differing, rules_sentence
from market_abm.report.page import Section
from market_abm.report.run_report import (
    grades_sentence,
    kept,
    quality_section,
    scenario_of,
    screens,
)
from market_abm.report.supply import network, sankey

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.report.compare_findings import Findings
    from market_abm.results.result import Result

DIFFERENCES = 40
"""Most differences between two scenarios that are listed."""


def scenarios(comparison: Comparison) -> Section:
    """Only what differs."""
    base, tables, notes = scenario_of(comparison.baseline), [], []
    for result in comparison.others:
        other = scenario_of(result)
        if base is None or other is None:
            notes.append(f"{result.setting.name}: inputs are withheld with the names.")
            continue
        found = differing(base, other)
        if not found:
            notes.append(f"{result.setting.name} does not differ from {base.name} in any input.")
            continue
        rows = tuple((item.path, _value(item.a), _value(item.b)) for item in found[:DIFFERENCES])
        columns = (Column("path", "Input"), Column("a", base.name), Column("b", other.name))
        more = (
            f"{len(found) - DIFFERENCES} more are in `market-abm diff`." if len(found) > DIFFERENCES else ""
        )
        tables.append(Table("differences", f"{other.name}: what differs", columns, rows, more))
    return Section("scenarios", "Scenarios", tables=tuple(tables), notes=tuple(notes))


def _value(value: Any) -> str:
    """An input in a cell: numbers with their range, entries in one line, nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        if isinstance(value.get("value"), int | float):
            low, high = value.get("low"), value.get("high")
            return f"{value['value']:g}" + (
                f" ({low:g} to {high:g})" if low is not None and high is not None else ""
            )
        inside = ", ".join(
            f"{key} {_value(item)}"
            for key, item in value.items()
            if key not in ("source", "as_of", "note", "estimated")
        )
        return inside or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value) or "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def concentration(comparison: Comparison) -> Section:
    """HHI of every base, the price, and the screens of merger control."""
    figures = kept(
        draw.concentration(comparison),
        draw.paths(comparison, "price_index_usd_per_gpu_hour", "Price index", "usd", "USD per GPU-hour",
                   "USD per GPU-hour"),
    )  # fmt: skip
    if not figures:
        return Section("concentration", "Concentration and prices")
    last = next(result for result in (comparison.baseline, *comparison.others) if result.seeds)
    tables = (hhi_flags(comparison), *screens(last, scenario_of(last)))
    return Section("concentration", "Concentration and prices", figures=figures, tables=tables)


def chokepoints(comparison: Comparison) -> Section:
    """How often and when there is one, and where."""
    from market_abm.report.figures import chokepoints, relations

    figures = kept(draw.chokepoint_paths(comparison), draw.onsets(comparison))
    last = next((result for result in reversed(comparison.others) if result.seeds), None)
    if last is not None:
        figures += kept(*(_named(figure, last) for figure in (chokepoints(last), relations(last))))
    return Section("chokepoints", "Chokepoints", figures=figures)


def _named(figure: Any, result: Result) -> Any:
    from dataclasses import replace

    return None if figure is None else replace(figure, title=f"{figure.title}: {result.setting.name}")


def leverage(comparison: Comparison) -> Section:
    """Who gains and who loses leverage."""
    figures = [draw.relation_forest(comparison, step) for step in range(len(comparison.others))]
    return Section("leverage", "Who gains and who loses leverage", figures=kept(*figures))


def networks(results: Sequence[Result]) -> Section:
    """The supplier network of the baseline and the last scenario."""
    finished = [result for result in results if result.seeds]
    shown = [*finished[:1], *finished[1:][-1:]]
    figures = [_named(network(result), result) for result in shown]
    figures += [_named(sankey(result), result) for result in shown[-1:]]
    return Section("network", "Supplier network", figures=kept(*figures))


def race(found: Findings) -> Section:
    """What happens to the labs."""
    comparison, figures, tables = found.comparison, [], []
    for step, name in enumerate(comparison.names):
        figures.append(draw.lab_forest(comparison, step, found.labs[step]))
        figures.append(draw.lab_paths(comparison, step, "capability", f"Capability of the labs: {name}"))
        if found.labs[step]:
            tables.append(labs_table(comparison, step, found.labs[step]))
    return Section("labs", "Race of the labs", figures=kept(*figures), tables=tuple(tables))


def why(comparison: Comparison) -> Section:
    """Where the runs part, and which decisions differ."""
    lead, tables = [], []
    for step in range(len(comparison.others)):
        parted = partings(comparison, step)
        lead.append(parting_sentence(comparison, step, parted))
        if any(item.quarter for item in parted):
            tables.append(parting_table(comparison, step, parted))
        changed = changed_decisions(comparison, step)
        tables += [changed] if changed is not None else []
    note = "`market-abm explain RESULTS --firm F` takes any of these decisions apart."
    return Section("why", "Why: where the runs part", lead=tuple(lead), tables=tuple(tables), notes=(note,))


def robustness(found: Findings) -> Section:
    """Options under the rules of choice, and every difference."""
    tables = [market_table(found.comparison, step, part) for step, part in enumerate(found.effects) if part]
    options = [choice_table(found.scores)] if found.scores else []
    return Section(
        "robustness", "Robustness", lead=(choice_sentence(found.scores), rules_sentence(found.comparison)),
        tables=(*options, *tables),
    )  # fmt: skip


def assumptions(found: Findings) -> Section:
    """The register with what the seeds say of it."""
    if not found.benches:
        return Section("assumptions", "Assumptions")
    step, bench = next(iter(found.benches.items()))
    if not bench.entries:
        return Section("assumptions", "Assumptions", lead=("No number of these scenarios has a range.",))
    effect = next(
        (item for item, _ in found.registers if item.scenario == found.comparison.names[step]), None
    )
    effect = effect or next(iter(found.effects[step]), None)
    entries = bench.measured(effect) if effect is not None else bench.entries
    shown = effect if bench.usable else None
    lead = (grades_sentence(bench.entries), reversal_sentence(found.registers))
    return Section("assumptions", "Assumptions", lead=lead, tables=(register_table(entries, shown),))


def quality(found: Findings, vetting: Sequence[Table]) -> Section:
    """Pairing, runs, conservation, vetting."""
    results = [found.comparison.baseline, *found.comparison.others]
    lead = [pairing_sentence([item for part in found.effects for item in part])] if any(found.effects) else []
    return quality_section(results, vetting, lead)
