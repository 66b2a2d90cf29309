"""The report of a robustness run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.choice import CRITERIA, choice_sentence, choice_table, scores
from market_abm.analysis.compare_tables import EFFECT_COLUMNS, effect_row
from market_abm.analysis.outcomes import OUTCOMES
from market_abm.analysis.pairing import RULE as SURE
from market_abm.analysis.register import Bench, register_table
from market_abm.analysis.robustness.discovery import DiscoveryError, box_sentence, discover
from market_abm.analysis.robustness.findings import RULE, findings, findings_sentence, findings_table
from market_abm.analysis.robustness.tornado import main_effect, turns_sentence, turns_table
from market_abm.analysis.table import Column, Table
from market_abm.report.compare_figures import front_forest_of
from market_abm.report.grid import grid_of
from market_abm.report.page import Report, Section, Spoken, licences, render
from market_abm.report.robustness_figures import level_table, signs, tornado
from market_abm.report.run_report import grades_sentence, kept, reproduce_settings
from market_abm.results.setting import setting_of

if TYPE_CHECKING:
    from market_abm.analysis.choice import Scores
    from market_abm.analysis.robustness.findings import Finding
    from market_abm.analysis.robustness.runs import Robustness


@dataclass(frozen=True)
class Survey:
    """Everything that is worked out of a robustness run before anything is written or drawn.

    Attributes
    ----------
    made : Robustness
    found : by other scenario
        Findings.
    scores : tuple of Scores
        Options over the seeds as set.
    boxes : tuple of str
        Where the main difference of each scenario fails, in words.
    """

    made: Robustness
    found: tuple[tuple[Finding, ...], ...]
    scores: tuple[Scores, ...]
    boxes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json`` and ``summary.json``."""
        made, tables = self.made, [findings_table(part, len(self.made.few)) for part in self.found]
        moved = turns_table(made.turns)
        tables += [table for table in (moved, choice_table(self.scores) if self.scores else None) if table]
        return {
            "baseline": made.names[0],
            "scenarios": list(made.names[1:]),
            "answer": [findings_sentence(part) for part in self.found],
            "assumptions": turns_sentence(made.turns),
            "discovery": list(self.boxes),
            "options": choice_sentence(self.scores),
            "rule": RULE,
            "tables": {table.name: table.as_dict() for table in tables},
            "failures": list(made.failures),
        }


def survey(made: Robustness, discovery: bool = False) -> Survey:
    """Work out a robustness run.

    Parameters
    ----------
    discovery : bool
        Whether a missing library of scenario discovery is an error; else the page says how to install it.

    Raises
    ------
    DiscoveryError
        Where it is missing and wanted.
    """
    count = range(1, len(made.scenarios))
    found = tuple(findings(made, place) for place in count)
    return Survey(made, found, option_scores(made), tuple(_box(made, place, discovery) for place in count))


def option_scores(made: Robustness) -> tuple[Scores, ...]:
    """The scenarios as options over the seeds as set."""
    found = []
    for key in CRITERIA:
        outcome = next(item for item in OUTCOMES if item.key == key)
        payoffs = np.array([values[key] for values in made.base.values])
        if np.isfinite(payoffs).all(axis=0).any():
            found.append(scores(outcome, made.names, payoffs))
    return tuple(found)


def _box(made: Robustness, place: int, wanted: bool) -> str:
    """In which corner of the guesses the main difference has the other sign."""
    main = main_effect(made.effects(place))
    bench = Bench(made.scenarios[place], made.seeds)
    if main is None or not bench.usable or len(main.differences) != len(made.seeds):
        return f"{made.names[place]}: too few finished seeds with drawn guesses to look for a corner."
    gains = np.asarray(main.differences)
    cases = np.sign(gains) != np.sign(main.difference)
    label = main.outcome.label if main.outcome.label.startswith("HHI") else main.outcome.label.lower()
    try:
        box = discover(bench.drawn, cases, [entry.key for entry in bench.entries])
    except DiscoveryError as error:
        if wanted:
            raise
        return str(error)
    return f"{made.names[place]}: {box_sentence(box, f'the difference in {label} has the other sign')}"


def robustness_page(found: Survey, command: str = "") -> str:
    """The page of a robustness run; see :func:`robustness_report`."""
    return render(robustness_report(found, command))


def robustness_report(found: Survey, command: str = "") -> Report:
    """The report of a robustness run."""
    made = found.made
    effects = tuple(made.effects(place) for place in range(1, len(made.scenarios)))
    quarters = made.scenarios[0].quarters
    settings = [setting_of(world, [made.seeds[0]]) for world in made.scenarios]
    grid = grid_of(made.names[0], quarters, made.names[1:], effects)
    protocols = list(dict.fromkeys(protocol for protocol, _ in made.grid))
    betas = list(dict.fromkeys(beta for _, beta in made.grid))
    runs = len(made.scenarios) * (len(made.seeds) + len(made.grid) * len(made.few))
    return Report(
        title=f"How robust: {', '.join(made.names[1:])} against {made.names[0]}",
        compared=(
            f"{len(made.seeds)} seeds as set; {len(made.few)} of them under {len(protocols)} protocols "
            f"({', '.join(protocols)}) "
            f"and {len(betas)} weights of the seller ({', '.join(f'{beta:g}' for beta in betas)}); {runs:,} runs "
            "and those of "
            "the assumptions."
        ),
        sentences=tuple(Spoken(text) for text in (*map(findings_sentence, found.found), turns_sentence(made.turns))),
        rule=f"{RULE} {SURE}",
        asked=(
            ("Which option is robust?", choice_sentence(found.scores)),
            ("In which corner does it fail?", " ".join(found.boxes)),
            ("Were there enough seeds?", _power(found)),
        ),
        front_title="What survives",
        front=kept(*(signs(part) for part in found.found)),
        grid=grid,
        licence=licences(settings),
        provenance=(
            ("Scenarios", ", ".join(made.names)), ("Quarters", f"{quarters[0]} to {quarters[-1]}"),
            ("Seeds", f"{made.seeds[0]} to {made.seeds[-1]}"), ("Failed runs", str(len(made.failures))),
            ("Digests", ", ".join(f"{item.name} {item.hash[:12]}" for item in settings)),
        ),
        sections=(
            Section("findings", "Findings over the grid",
                    figures=kept(front_forest_of(made.names[0], effects)),
                    tables=tuple(findings_table(part, len(made.few)) for part in found.found if part)),
            Section("levels", "Thresholds and horizons",
                    tables=tuple(table for part in found.found if (table := level_table(part)) is not None)),
            _assumptions(found),
            Section("options", "Options", lead=(choice_sentence(found.scores),),
                    tables=(choice_table(found.scores),) if found.scores else ()),
            Section("differences", "Differences as set", tables=tuple(_as_set(made, part) for part in effects if part)),
            _quality(made),
            reproduce_settings(settings, command),
        ),
    )  # fmt: skip


def _power(found: Survey) -> str:
    weak = [item for part in found.found for item in part if item.power > item.as_set.smallest > 0]
    total = sum(len(part) for part in found.found)
    if not weak:
        return f"Every cell would find the smallest effect of interest with a power of 80 %, for all {total} outcomes."
    names = ", ".join(dict.fromkeys(item.outcome.label for item in weak))
    return (
        f"Not for {len(weak)} of {total} outcomes: with {len(found.made.few)} seeds a cell they miss true effects "
        "as small as "
        f"the smallest of interest ({names}); their missing signs prove nothing. --grid-seeds gives more."
    )


def _assumptions(found: Survey) -> Section:
    made, figures = found.made, []
    for name in made.names[1:]:
        figures.append(tornado([item for item in made.turns if item.scenario == name]))
    bench = Bench(made.scenarios[1], made.seeds)
    main = main_effect(made.effects(1))
    entries = bench.measured(main) if main is not None else bench.entries
    table = register_table(entries, main if bench.usable else None) if entries else None
    return Section(
        "assumptions", "Assumptions", lead=(turns_sentence(made.turns), *found.boxes, grades_sentence(bench.entries)),
        figures=kept(*figures), tables=(table,) if table is not None else (),
    )  # fmt: skip


def _as_set(made: Robustness, effects: Sequence[Any]) -> Table:
    name = effects[0].scenario
    rows = tuple(effect_row(item) for item in effects)
    return Table(f"as_set_{name}", f"{name} against {made.names[0]}, rules as set", EFFECT_COLUMNS, rows)


def _quality(made: Robustness) -> Section:
    if not made.failures:
        return Section("quality", "Quality of the runs", lead=("No run failed.",))
    columns = (Column("scenario", "Scenario"), Column("seed", "Seed"), Column("variant", "Variant"),
               Column("error", "What went wrong"))  # fmt: skip
    rows = tuple(
        (item["scenario"], "all" if item["seed"] < 0 else item["seed"], item["variant"], item["error"])
        for item in made.failures[:50]
    )
    note = f"The first 50 of {len(made.failures)}." if len(made.failures) > 50 else ""
    return Section("quality", "Quality of the runs", lead=(f"{len(made.failures)} runs failed and are in no mean.",),
                   tables=(Table("failures", "Failed runs", columns, rows, note),))  # fmt: skip
