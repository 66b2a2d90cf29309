"""The report of a backtest: the verdict first, then every series beside its forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.backtest import WINDOWS as SCORED
from market_abm.analysis.backtest_tables import label, path_table, score_table
from market_abm.analysis.table import Band
from market_abm.experiments.forecast import WORLDS
from market_abm.experiments.history import FIT_END, by_key
from market_abm.experiments.observed import SERIES
from market_abm.report.charts import Figure, Panel, Series, lines, series_table, series_words, swatches
from market_abm.report.page import LIMITS, Report, Section, Spoken, render

if TYPE_CHECKING:
    from market_abm.analysis.backtest import Backtest
    from market_abm.analysis.table import Table

OWN_LICENCE = (
    "Facts that ship with market_abm are under the licence in LICENSE-DATA; counts of chips and of users of compute "
    "by Epoch AI under CC BY 4.0. The program is under Apache-2.0."
)


def backtest_page(found: Backtest, vetting: Sequence[Table] = (), command: str = "") -> str:
    """The page of a backtest.

    Parameters
    ----------
    vetting : sequence of Table
        Stylised facts beside what the model says.
    command : str
        The command that made it.
    """
    names = [item.name for item in found.forecasts]
    scored = tuple(score_table(found, name, window) for window in SCORED for name in names)
    sections = [
        Section("scores", "Scores", tables=scored),
        Section("series", "Series by series", figures=figures(found)),
        Section("vetting", "Stylised facts", tables=tuple(vetting)),
        Section("facts", "Every fact", tables=(path_table(found.forecasts, found.facts),)),
    ]
    if command:
        sections.append(Section("reproduce", "Reproduce", code=(command,)))
    return render(
        Report(
            title="Tested against history: 2023Q1 to " + found.forecasts[0].quarters[-1],
            question="How far can the model be trusted on what has happened already?",
            sentences=tuple(Spoken(text) for text in found.sentences()),
            rule=f"{found.replications} replications, each with one of the equally good draws of the calibration.",
            asked=(("What it rests on", _rests()),),
            limits=LIMITS,
            licence=(OWN_LICENCE,),
            provenance=_provenance(found),
            sections=tuple(sections),
        )
    )


def _provenance(found: Backtest) -> tuple[tuple[str, str], ...]:
    from market_abm import __version__

    worlds = ", ".join(f"{name} ({world})" for name, world in WORLDS.items())
    facts = f"{len(found.facts)}, {sum(fact.last > FIT_END for fact in found.facts)} of them after {FIT_END}"
    return (
        ("market_abm", __version__),
        ("Worlds", worlds),
        ("Replications", str(found.replications)),
        ("Facts", facts),
    )


def _rests() -> str:
    return (
        "The opening state is what was known in 2023Q1. Growth rates, elasticity, caps and adjustment costs were "
        f"fitted to facts up to {FIT_END}; nothing later entered the fit. The unconditional forecast knows no later "
        "event; the conditional one is told export controls, the first large neocloud contract, one entrant's "
        "fleet, the end of an exclusive supply, a new data-centre venture and a lease to a rival."
    )


def figures(found: Backtest) -> tuple[Figure, ...]:
    """A figure a series: a panel a firm, both forecasts with their bands and the facts."""
    quarters = found.forecasts[0].quarters
    out = []
    for name, definition in SERIES.items():
        keys = [key for key in by_key(found.facts) if key[0] == name and _has(found, key)]
        if not keys:
            continue
        panels, columns, words = [], [], []
        for key in keys:
            drawn = _lines(found, key)
            panels.append(Panel(lines(quarters, drawn, definition.label, height=280), _firm(key)))
            columns += [Series(f"{_firm(key)}: {item.name}".strip(": "), item.values) for item in drawn]
            words.append(f"{_firm(key)} {series_words(quarters, drawn, 'number')}".strip())
        out.append(
            Figure(
                name=name,
                title=definition.label,
                caption=f"Median and 5-95 % band of the replications; facts after {FIT_END} were held out.",
                panels=tuple(panels),
                table=series_table(name, definition.label, quarters, columns, "number"),
                alt=" ".join(words),
                legend=swatches(_lines(found, keys[0])),
            )
        )
    return tuple(out)


def _has(found: Backtest, key: tuple[str, str]) -> bool:
    return any(key in paths for item in found.forecasts for paths in item.paths)


def _firm(key: tuple[str, str]) -> str:
    return "" if label(key) == SERIES[key[0]].label else key[1]


def _lines(found: Backtest, key: tuple[str, str]) -> list[Series]:
    quarters = found.forecasts[0].quarters
    drawn = [
        Series(item.name.capitalize(), tuple(Band(*item.band(key, quarter)) for quarter in quarters))
        for item in found.forecasts
    ]
    facts = {fact.last: fact.value for fact in found.facts if fact.key == key}
    return [*drawn, Series("Fact", tuple(facts.get(quarter, float("nan")) for quarter in quarters))]
