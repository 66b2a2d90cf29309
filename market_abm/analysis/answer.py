"""The answer of a run: three sentences to be read aloud, then tables, then what it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.analysis.answer_tables import tables
from market_abm.analysis.sentences import sentences
from market_abm.analysis.statistics import middle, summary
from market_abm.analysis.table import Table, shown
from market_abm.analysis.writer import Sentence

if TYPE_CHECKING:
    from market_abm.results.result import Result
    from market_abm.results.setting import Setting

DISCLAIMER = (
    "Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation with any "
    "firm named."
)
EPOCH = (
    "Data: chip counts and users of compute by Epoch AI (epoch.ai), CC BY, with changes; other sources as "
    "listed in the scenario."
)


@dataclass(frozen=True)
class Answer:
    """Sentences, tables and notes of a result.

    Attributes
    ----------
    title : str
        Scenario, seeds, protocol.
    sentences : tuple of Sentence
        Chokepoints, leverage, concentration and leadership.
    tables : tuple of Table
        Market, suppliers, relations, labs, bounds on building.
    notes : tuple of str
        What is estimated, how to read bands, failures.
    attribution : str
        Whom the data are owed to; empty where the scenario uses nobody's.
    """

    title: str
    question: str
    sentences: tuple[Sentence, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    attribution: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json`` and ``summary.json``."""
        return {
            "title": self.title,
            "question": self.question,
            "answer": [sentence.text for sentence in self.sentences],
            "facts": {sentence.topic: sentence.facts for sentence in self.sentences},
            "tables": {table.name: table.as_dict() for table in self.tables},
            "notes": list(self.notes),
            "disclaimer": DISCLAIMER,
            "attribution": self.attribution,
        }


def answer(result: Result) -> Answer:
    """Who is a chokepoint, whose leverage shifted, how concentrated which base is, who leads."""
    return Answer(
        title=title(result),
        question=result.setting.question,
        sentences=sentences(result),
        tables=tables(result),
        notes=notes(result),
        attribution=attribution(result.setting),
    )


def attribution(setting: Setting) -> str:
    """Attribution that the data's licence asks for, where the scenario uses them, or hides its sources."""
    words = " ".join(f"{source['id']} {source['title']} {source['url']}" for source in setting.sources)
    return EPOCH if setting.anonymised or "epoch" in words.casefold() else ""


def title(result: Result) -> str:
    """One line: what was run."""
    setting = result.setting
    seeds = f"seed {result.seeds[0]}" if len(result.seeds) == 1 else f"{len(result.seeds)} seeds"
    held = ", central values held" if setting.pin else ""
    when = f"{result.quarters[0]} to {result.quarters[-1]}"
    return f"{setting.name}: {when}, {seeds}, protocol {setting.protocol}{held}"


def notes(result: Result) -> tuple[str, ...]:
    """What the answer rests on."""
    by_seed = result.steps.groupby("seed", sort=False)
    volume = summary(by_seed["estimated_volume_share"].mean().to_numpy())
    setting = result.setting
    found = [
        f"Estimated: {_percent(middle(volume))} of the contracted volume and "
        f"{_percent(setting.estimated_share)} of the inputs ({setting.estimated:,} of "
        f"{setting.estimated + setting.sourced:,} numbers that say where they come from)."
    ]
    if len(result.seeds) > 1:
        found.append(
            f"Over {len(result.seeds)} seeds: medians; brackets and second lines hold the 5-95 % band. "
            "Guesses are drawn anew for each seed."
        )
    else:
        found.append("One seed is one draw of the guesses: use --replications for the band.")
    if result.failures:
        seeds = ", ".join(str(failure["seed"]) for failure in result.failures)
        found.append(f"Did not finish: seed {seeds} (reasons in manifest.json).")
    found.append(
        f"Prices and realised shares depend on the protocol ({setting.protocol}); capacity shares, RSI, "
        "losses and secured shares do not, except through what firms then build and buy."
    )
    return tuple(found)


def _percent(share: float) -> str:
    return shown(share, "share") + ("" if math.isnan(share) else " %")
