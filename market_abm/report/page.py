"""The page: one HTML file that holds everything it shows and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from market_abm.analysis.answer import DISCLAIMER, answer, attribution
from market_abm.report.style import FONT
from market_abm.report.tables import html_heads, html_rows

if TYPE_CHECKING:
    from jinja2 import Environment

    from market_abm.analysis.answer import Answer
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.table import Table
    from market_abm.report.charts import Figure
    from market_abm.results.result import Result
    from market_abm.results.setting import Setting


def run_page(result: Result, found: Answer | None = None) -> str:
    """The report of one or more runs of a scenario."""
    from market_abm.report.figures import figures

    found = found or answer(result)
    return page(
        title=found.title,
        question=found.question,
        sentences=[sentence.text for sentence in found.sentences],
        figures=figures(result),
        tables=found.tables,
        notes=found.notes,
        facts=_facts(result),
        settings=[result.setting],
    )


def compare_page(comparison: Comparison) -> str:
    """The report of a comparison: paths of both scenarios, paired differences."""
    from market_abm.report.compare_figures import figures

    names = [comparison.baseline.setting.name, *comparison.names]
    notes = [
        f"Baseline: {names[0]}. Every scenario ran under the same seeds; guesses and shocks that both have "
        "are the same draws, so the differences are due to what differs in the scenarios.",
    ]
    for result in (comparison.baseline, *comparison.others):
        seeds = ", ".join(str(failure["seed"]) for failure in result.failures)
        notes += [f"{result.setting.name}: seed {seeds} did not finish."] if seeds else []
    return page(
        title=f"{', '.join(names[1:])} against {names[0]}",
        question=comparison.others[0].setting.question,
        sentences=[],
        figures=figures(comparison),
        tables=[table for other in range(len(comparison.others)) for table in comparison.tables(other)],
        notes=notes,
        facts=_facts(comparison.baseline),
        settings=[result.setting for result in (comparison.baseline, *comparison.others)],
    )


def page(
    *,
    title: str,
    question: str,
    sentences: Sequence[str],
    figures: Sequence[Figure],
    tables: Sequence[Table],
    notes: Sequence[str],
    facts: Sequence[tuple[str, str]],
    settings: Sequence[Setting],
) -> str:
    """An HTML page; every text is escaped, plotly.js is embedded once."""
    environment = _environment()
    return environment.get_template("report.html").render(
        title=title,
        question=question,
        sentences=sentences,
        figures=[_plain(figure) for figure in figures],
        tables=tables,
        notes=notes,
        facts=facts,
        sources=_sources(settings),
        disclaimer=DISCLAIMER,
        attribution=" ".join(dict.fromkeys(filter(None, (attribution(setting) for setting in settings)))),
        font=FONT,
        plotly=_plotly() if figures else "",
        table=_table,
    )


def _table(table: Table) -> Any:
    from markupsafe import Markup

    text = _environment().get_template("table.html").render(heads=html_heads(table), rows=html_rows(table))
    return Markup(text)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("market_abm.report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@cache
def _plotly() -> str:
    """plotly.js as it comes with plotly; its one closing tag inside a text is broken up."""
    script = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return script.replace("</script", "<\\/script")


def _plain(figure: Figure) -> dict[str, Any]:
    """A figure for the template: its JSON cannot close the script that it stands in."""
    text = figure.plot.to_json() or "{}"
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return {
        "name": figure.name,
        "title": figure.title,
        "caption": figure.caption,
        "table": figure.table,
        "json": text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
    }


def _facts(result: Result) -> list[tuple[str, str]]:
    from market_abm.results.manifest import versions

    setting, made = result.setting, versions()
    seeds = ", ".join(str(seed) for seed in result.seeds[:10])
    more = f" and {len(result.seeds) - 10} more" if len(result.seeds) > 10 else ""
    found = [
        ("Scenario", setting.name),
        ("Quarters", f"{result.quarters[0]} to {result.quarters[-1]}"),
        ("Seeds", seeds + more),
        ("Protocol", setting.protocol),
        ("Program", f"market_abm {made['market-abm']}, Python {made['python']}"),
    ]
    return found + ([("Scenario digest", setting.hash)] if setting.hash else [])


def _sources(settings: Iterable[Setting]) -> list[dict[str, str]]:
    """Sources of all scenarios once each; only web addresses become links."""
    found: dict[str, dict[str, str]] = {}
    for setting in settings:
        for source in setting.sources:
            link = source["url"] if source["url"].startswith(("https://", "http://")) else ""
            found[source["id"]] = {**source, "link": link}
    return [found[key] for key in sorted(found)]
