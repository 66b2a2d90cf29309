"""The report of a comparison: page one answers, the sections below say how and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.pairing import RULE
from market_abm.analysis.table import Table
from market_abm.report import compare_figures as draw
from market_abm.report import compare_sections as sections
from market_abm.report.compare_findings import Findings, asked, findings
from market_abm.report.grid import grid
from market_abm.report.page import Report, Spoken, licences, render
from market_abm.report.run_report import (
    kept,
    provenance,
    reproduce_section,
)

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.report.page import Download


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
            sections.scenarios(comparison),
            sections.concentration(comparison),
            sections.chokepoints(comparison),
            sections.leverage(comparison),
            sections.networks(results),
            sections.race(found),
            sections.why(comparison),
            sections.robustness(found),
            sections.assumptions(found),
            sections.quality(found, vetting),
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


def _listed(names: Sequence[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
