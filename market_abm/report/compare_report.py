"""The report of a comparison: page one answers, the sections below say how and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.analysis.choice import choice_sentence, choice_table, robust_options
from market_abm.analysis.compare_sentences import sentences
from market_abm.analysis.compare_tables import labs as labs_table
from market_abm.analysis.compare_tables import market as market_table
from market_abm.analysis.divergence import changed_decisions, parting_sentence, parting_table, partings
from market_abm.analysis.pairing import RULE, Effect
from market_abm.analysis.quality import pairing_sentence
from market_abm.analysis.register import Bench, Entry, register_table, reversal_sentence
from market_abm.analysis.screens import hhi_flags
from market_abm.analysis.table import Column, Table
from market_abm.report import compare_figures as draw
from market_abm.report.grid import grid
from market_abm.report.page import Report, Section, Spoken, licences, render
from market_abm.report.run_report import (
    grades_sentence,
    kept,
    provenance,
    quality_section,
    reproduce_section,
    scenario_of,
    screens,
)
from market_abm.report.supply import network, sankey

if TYPE_CHECKING:
    from market_abm.analysis.choice import Scores
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.writer import Sentence
    from market_abm.report.page import Download
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

DIFFERENCES = 40
"""Most differences between two scenarios that are listed."""

ABOUT = ("name", "question", "theme", "read_against", "sources")
"""Parts of a scenario that say something about it and change nothing in a run."""


@dataclass(frozen=True)
class Findings:
    """Everything that is worked out of a comparison before anything is written or drawn.

    Attributes
    ----------
    comparison : Comparison
    effects, labs : by other scenario
        Effects on the market and on every lab.
    sentences : tuple
        The three sentences, each with its word of confidence.
    scores : tuple of Scores
        Options under the rules of choice.
    registers : tuple
        Clear effects, each with the register measured on it.
    """

    comparison: Comparison
    effects: tuple[tuple[Effect, ...], ...]
    labs: tuple[tuple[Effect, ...], ...]
    sentences: tuple[tuple[Sentence, str], ...]
    scores: tuple[Scores, ...]
    registers: tuple[tuple[Effect, tuple[Entry, ...]], ...]
    benches: Mapping[int, Bench]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json`` and ``summary.json``."""
        tables = [
            table
            for step in range(len(self.comparison.others))
            for table in (
                market_table(self.comparison, step, self.effects[step]),
                labs_table(self.comparison, step, self.labs[step]),
            )
        ]
        return {
            "baseline": self.comparison.baseline.setting.name,
            "answer": [sentence.text for sentence, _ in self.sentences],
            "confidence": {sentence.topic: word for sentence, word in self.sentences},
            "facts": {sentence.topic: sentence.facts for sentence, _ in self.sentences},
            "asked": [{"question": ask, "answer": reply} for ask, reply in asked(self)],
            "tables": {table.name: table.as_dict() for table in tables},
            "failures": [
                {"scenario": result.setting.name, **failure}
                for result in (self.comparison.baseline, *self.comparison.others)
                for failure in result.failures
            ],
        }


def findings(comparison: Comparison) -> Findings:
    """Work out a comparison."""
    count = range(len(comparison.others))
    effects = tuple(comparison.effects(step) for step in count)
    labs = tuple(comparison.lab_effects(step) for step in count)
    benches, registers = {}, []
    for step in count:
        scenario = scenario_of(comparison.others[step])
        if scenario is None or not effects[step]:
            continue
        benches[step] = Bench(scenario, comparison.seeds(step))
        clear = [item for item in effects[step] if item.verdict in ("rises", "falls")]
        registers += [(item, benches[step].measured(item)) for item in clear]
    return Findings(
        comparison, effects, labs, sentences(comparison, effects, labs), robust_options(comparison), tuple(registers),
        benches,
    )  # fmt: skip


def compare_page(
    comparison: Comparison,
    found: Findings | None = None,
    command: str = "",
    vetting: Sequence[Table] = (),
    downloads: Sequence[Download] = (),
) -> str:
    """The page of a comparison; see :func:`compare_report`."""
    return render(compare_report(found or findings(comparison), command, vetting, downloads))


def compare_report(
    found: Findings, command: str = "", vetting: Sequence[Table] = (), downloads: Sequence[Download] = ()
) -> Report:
    """The report of a comparison.

    Parameters
    ----------
    found : Findings
    command : str
        The command that made it; empty from Python.
    vetting : sequence of Table
        Comparisons of the baseline with facts, shown under quality.
    downloads : sequence of Download
        Files that the page carries.
    """
    comparison = found.comparison
    results = [comparison.baseline, *comparison.others]
    questions = dict.fromkeys(
        result.setting.question for result in comparison.others if result.setting.question
    )
    spoken = [Spoken(sentence.text, word) for sentence, word in found.sentences]
    if not spoken:
        spoken = [
            Spoken("Nothing can be compared: no seed finished both in the baseline and in another scenario.")
        ]
    return Report(
        title=f"{_listed(comparison.names)} against {comparison.baseline.setting.name}",
        question=next(iter(questions), "") if len(questions) == 1 else "",
        compared=compared(comparison),
        sentences=tuple(spoken),
        rule=RULE if found.sentences else "",
        asked=asked(found),
        front_title="What changes",
        front=kept(draw.front_forest(comparison, found.effects)),
        grid=grid(comparison, found.effects),
        licence=licences([result.setting for result in results]),
        provenance=provenance(results),
        sections=(
            _scenarios(comparison),
            _concentration(comparison),
            _chokepoints(comparison),
            _leverage(comparison),
            _network(results),
            _race(found),
            _why(comparison),
            _robustness(found),
            _assumptions(found),
            _quality(found, vetting),
            reproduce_section(results, command),
        ),
        downloads=tuple(downloads),
    )


def compared(comparison: Comparison) -> str:
    """What was compared, with the number of runs that failed."""
    parts = []
    for step, name in enumerate(comparison.names):
        seeds, failed = len(comparison.seeds(step)), len(comparison.others[step].failures)
        lost = f", {failed} of its runs failed" if failed else ""
        parts.append(f"{name} ({seeds} common seed{'s' * (seeds != 1)}{lost})")
    base = comparison.baseline
    lost = f" ({len(base.failures)} of its runs failed)" if base.failures else ""
    span = f", from {base.quarters[0]} to {base.quarters[-1]}" if base.quarters else ""
    return (
        f"Compared with {base.setting.name}{lost}: {', '.join(parts)}{span}. Every scenario ran under the same "
        "seeds: guesses "
        "and shocks that two scenarios share are the same draws in both, so what differs is due to what differs in them."
    )


def asked(found: Findings) -> tuple[tuple[str, str], ...]:
    """Questions that page one answers besides the three sentences."""
    return (
        ("What was compared?", differences_sentence(found.comparison)),
        ("How sure are we?", _how_sure(found)),
        ("Which assumption reverses it?", reversal_sentence(found.registers)),
        ("Which option is robust?", choice_sentence(found.scores)),
        ("Does it hang on the rules?", _rules(found.comparison)),
    )


def differences_sentence(comparison: Comparison) -> str:
    """How each scenario differs from the baseline, in numbers of inputs."""
    base, parts = scenario_of(comparison.baseline), []
    for result in comparison.others:
        other = scenario_of(result)
        if base is None or other is None:
            parts.append(f"{result.setting.name} (names withheld)")
            continue
        found = _diff(base, other)
        tops = dict.fromkeys(item.path.split(".")[0] for item in found)
        where = f" (in {', '.join(tops)})" if tops else ""
        parts.append(f"{result.setting.name} in {len(found)} input{'s' * (len(found) != 1)}{where}")
    return f"From {comparison.baseline.setting.name} differs {'; '.join(parts)}. Everything else is the same."


def _rules(comparison: Comparison) -> str:
    protocols = ", ".join(
        dict.fromkeys(r.setting.protocol for r in (comparison.baseline, *comparison.others))
    )
    names = " ".join([comparison.baseline.setting.name, *comparison.names])
    return (
        f"One bargaining protocol was used ({protocols}). Capacity, RSI and losses without a supplier do not "
        "depend on it, "
        f"prices and realised shares do: `market-abm robustness {names}` runs four protocols and three bargaining "
        "weights."
    )


def _how_sure(found: Findings) -> str:
    verdicts = [item.verdict for part in found.effects for item in part]
    if not verdicts:
        return "Not at all: there is no pair of finished runs."
    words = {
        "rises": "rise", "falls": "fall", "no effect": "show no effect of interest", "open": "cannot be told",
        "identical": "are exactly the same", "one seed": "come from one seed",
    }  # fmt: skip
    counts = [f"{verdicts.count(key)} {text}" for key, text in words.items() if key in verdicts]
    failed = sum(len(result.failures) for result in (found.comparison.baseline, *found.comparison.others))
    lost = f" {failed} runs failed and are in no mean." if failed else " No run failed."
    effects = [item for part in found.effects for item in part]
    return f"Of {len(verdicts)} differences {', '.join(counts)}.{lost} {pairing_sentence(effects)}"


# ---- sections


def _scenarios(comparison: Comparison) -> Section:
    """Only what differs."""
    base, tables, notes = scenario_of(comparison.baseline), [], []
    for result in comparison.others:
        other = scenario_of(result)
        if base is None or other is None:
            notes.append(f"{result.setting.name}: inputs are withheld with the names.")
            continue
        found = _diff(base, other)
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


def _diff(base: Scenario, other: Scenario) -> list[Any]:
    from market_abm.scenario.diff import diff

    return [item for item in diff(base, other) if item.path.split(".")[0] not in ABOUT]


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


def _concentration(comparison: Comparison) -> Section:
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


def _chokepoints(comparison: Comparison) -> Section:
    from market_abm.report.figures import chokepoints, relations

    figures = kept(draw.chokepoint_paths(comparison), draw.onsets(comparison))
    last = next((result for result in reversed(comparison.others) if result.seeds), None)
    if last is not None:
        figures += kept(*(_named(figure, last) for figure in (chokepoints(last), relations(last))))
    return Section("chokepoints", "Chokepoints", figures=figures)


def _named(figure: Any, result: Result) -> Any:
    from dataclasses import replace

    return None if figure is None else replace(figure, title=f"{figure.title}: {result.setting.name}")


def _leverage(comparison: Comparison) -> Section:
    figures = [draw.relation_forest(comparison, step) for step in range(len(comparison.others))]
    return Section("leverage", "Who gains and who loses leverage", figures=kept(*figures))


def _network(results: Sequence[Result]) -> Section:
    finished = [result for result in results if result.seeds]
    shown = [*finished[:1], *finished[1:][-1:]]
    figures = [_named(network(result), result) for result in shown]
    figures += [_named(sankey(result), result) for result in shown[-1:]]
    return Section("network", "Supplier network", figures=kept(*figures))


def _race(found: Findings) -> Section:
    comparison, figures, tables = found.comparison, [], []
    for step, name in enumerate(comparison.names):
        figures.append(draw.lab_forest(comparison, step, found.labs[step]))
        figures.append(draw.lab_paths(comparison, step, "capability", f"Capability of the labs: {name}"))
        if found.labs[step]:
            tables.append(labs_table(comparison, step, found.labs[step]))
    return Section("labs", "Race of the labs", figures=kept(*figures), tables=tuple(tables))


def _why(comparison: Comparison) -> Section:
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


def _robustness(found: Findings) -> Section:
    tables = [market_table(found.comparison, step, part) for step, part in enumerate(found.effects) if part]
    options = [choice_table(found.scores)] if found.scores else []
    return Section(
        "robustness", "Robustness", lead=(choice_sentence(found.scores), _rules(found.comparison)),
        tables=(*options, *tables),
    )  # fmt: skip


def _assumptions(found: Findings) -> Section:
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


def _quality(found: Findings, vetting: Sequence[Table]) -> Section:
    results = [found.comparison.baseline, *found.comparison.others]
    lead = [pairing_sentence([item for part in found.effects for item in part])] if any(found.effects) else []
    return quality_section(results, vetting, lead)


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
