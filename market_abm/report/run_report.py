"""The report of one scenario: the answer first, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.answer import answer
from market_abm.analysis.quality import failures_table, invariants_table, runs_table
from market_abm.analysis.register import grade_shares, register, register_table
from market_abm.analysis.screens import merger_table, refusal_table
from market_abm.report import figures as draw
from market_abm.report.page import LIMITS, Report, Section, Spoken, licences, render, sources
from market_abm.report.supply import network, sankey

if TYPE_CHECKING:
    from market_abm.analysis.answer import Answer
    from market_abm.analysis.table import Table
    from market_abm.report.charts import Figure
    from market_abm.report.page import Download
    from market_abm.results.result import Result
    from market_abm.results.setting import Setting
    from market_abm.scenario import Scenario


def run_page(
    result: Result, found: Answer | None = None, command: str = "", vetting: Sequence[Table] = ()
) -> str:
    """The page of one or more runs of a scenario; see :func:`run_report`."""
    return render(run_report(result, found, command, vetting))


def run_report(
    result: Result,
    found: Answer | None = None,
    command: str = "",
    vetting: Sequence[Table] = (),
    downloads: Sequence[Download] = (),
) -> Report:
    """The report of one or more runs of a scenario.

    Parameters
    ----------
    result : Result
    found : Answer, optional
        Its answer, where it is known already.
    command : str
        The command that made it; empty from Python.
    vetting : sequence of Table
        Comparisons of the model with facts, shown under quality.
    """
    found = found or answer(result)
    scenario = scenario_of(result)
    by_name = {table.name: table for table in found.tables}
    several = len(result.seeds) > 1
    sections = (
        Section("chokepoints", "Chokepoints", figures=kept(draw.chokepoints(result), draw.relations(result)),
                tables=(by_name["suppliers"], by_name["relations"])),
        Section("leverage", "Leverage", figures=kept(draw.leverage(result))),
        Section("prices", "Prices and concentration", figures=kept(draw.prices(result), draw.concentration(result)),
                tables=(by_name["market"], *screens(result, scenario))),
        Section("network", "Supplier network", figures=kept(network(result), sankey(result), draw.fleet(result)),
                tables=(by_name["bounds"],)),
        Section("labs", "Race of the labs", figures=kept(draw.capability(result)), tables=(by_name["labs"],)),
        assumptions_section(scenario),
        quality_section([result], vetting),
        reproduce_section([result], command),
    )  # fmt: skip
    return Report(
        title=found.title,
        question=found.question,
        sentences=tuple(Spoken(sentence.text) for sentence in found.sentences),
        rule="" if several else "One seed is one draw of every guess: these sentences carry no confidence.",
        asked=tuple(("What it rests on" if step == 0 else "", note) for step, note in enumerate(found.notes)),
        limits=LIMITS,
        licence=licences([result.setting]),
        provenance=provenance([result]),
        sections=sections,
        downloads=tuple(downloads),
    )


def kept(*figures: Figure | None) -> tuple[Figure, ...]:
    """Figures that there are data for."""
    return tuple(figure for figure in figures if figure is not None)


def scenario_of(result: Result) -> Scenario | None:
    """The scenario of a result; None where the results are anonymised."""
    return result.scenario if result.setting.text else None


def screens(result: Result, scenario: Scenario | None) -> tuple[Table, ...]:
    """Screens of competition policy that there are data for."""
    found = [merger_table(result, scenario)]
    if scenario is not None:
        found.append(refusal_table(result, scenario))
    return tuple(table for table in found if table is not None)


def assumptions_section(scenario: Scenario | None) -> Section:
    """The register of a single scenario, without effects."""
    if scenario is None:
        return Section("assumptions", "Assumptions")
    entries = register(scenario)
    if not entries:
        return Section("assumptions", "Assumptions", lead=("No number of this scenario has a range.",))
    return Section(
        "assumptions",
        "Assumptions",
        lead=(grades_sentence(entries),),
        tables=(register_table(entries, None),),
    )


def grades_sentence(entries: Sequence) -> str:
    """Share of the numbers with a range by the grade of their source."""
    names = {
        "A": "official (A)",
        "B": "good reporting (B)",
        "C": "estimates with a source (C)",
        "D": "guesses (D)",
    }
    shares = [
        f"{share:.0%} {names.get(grade, 'without a grade')}" for grade, share in grade_shares(entries).items()
    ]
    total = sum(entry.count for entry in entries)
    return f"Of {total:,} numbers with a range, in {len(entries)} groups, {', '.join(shares)}."


def quality_section(
    results: Sequence[Result],
    vetting: Sequence[Table] = (),
    lead: Sequence[str] = (),
    tables: Sequence[Table] = (),
) -> Section:
    """Finished and failed runs, conservation, vetting against facts."""
    found = [runs_table(results), failures_table(results), invariants_table(results), *tables, *vetting]
    note = () if vetting else ("Not vetted against facts here: `market-abm validate SCENARIO --facts` does.",)
    return Section(
        "quality", "Quality of the runs", lead=tuple(lead), tables=tuple(table for table in found if table is not None),
        notes=note,
    )  # fmt: skip


def reproduce_section(results: Sequence[Result], command: str) -> Section:
    """How to get the same numbers again."""
    return reproduce_settings([result.setting for result in results], command)


def reproduce_settings(settings: Sequence[Setting], command: str) -> Section:
    """How to get the same numbers again, given what was run."""
    from market_abm.results.manifest import processor, versions

    made = versions()
    lines = [command] if command else []
    install = f"pip install market-abm=={made['market-abm']}  # with the versions of constraints.txt"
    texts = (
        "The same seeds give the same bits with these versions on the same kind of processor, and equal to 1e-12 "
        "elsewhere; "
        "the number of workers does not matter. Parquet tables, manifest and the scenario's full text are in the folder "
        "beside this page.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in made.items()) + ".",
        f"Processor: {processor()['model']}, {processor()['machine']}.",
    )
    return Section("reproduce", "Reproduce it", lead=texts, code=(install, *lines), sources=sources(settings))


def provenance(results: Sequence[Result]) -> tuple[tuple[str, str], ...]:
    """What the numbers on page one come from."""
    from market_abm.results.manifest import versions

    first, made = results[0], versions()
    seeds = first.seeds
    finished = [result for result in results if result.seeds]
    quarters = finished[0].quarters if finished else first.setting.quarters
    listed = ", ".join(str(seed) for seed in seeds[:6]) + (f" ... {seeds[-1]}" if len(seeds) > 6 else "")
    found = [
        (
            "Scenarios" if len(results) > 1 else "Scenario",
            ", ".join(result.setting.name for result in results),
        ),
        ("Quarters", f"{quarters[0]} to {quarters[-1]}" if quarters else "none"),
        (
            "Seeds",
            f"{listed or 'none finished'} ({len(seeds)})" if len(seeds) > 1 else listed or "none finished",
        ),
        ("Failed runs", str(sum(len(result.failures) for result in results))),
        ("Protocol", ", ".join(dict.fromkeys(result.setting.protocol for result in results))),
        ("Guesses", "held at central values" if first.setting.pin else "drawn anew for each seed"),
        ("Program", f"market_abm {made['market-abm']}, Python {made['python']}"),
    ]
    digests = [
        f"{result.setting.name} {result.setting.hash[:12]}" for result in results if result.setting.hash
    ]
    return tuple(found) + ((("Digests", ", ".join(digests)),) if digests else ())
