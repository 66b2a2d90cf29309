"""What a comparison finds: worked out once, before anything is written or drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.analysis.choice import choice_sentence, robust_options
from market_abm.analysis.compare_sentences import sentences
from market_abm.analysis.compare_tables import labs as labs_table
from market_abm.analysis.compare_tables import market as market_table
from market_abm.analysis.pairing import Effect
from market_abm.analysis.quality import pairing_sentence
from market_abm.analysis.register import Bench, Entry, reversal_sentence
from market_abm.report.run_report import (
    scenario_of,
)

if TYPE_CHECKING:
    from market_abm.analysis.choice import Scores
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.writer import Sentence
    from market_abm.scenario import Scenario

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


def asked(found: Findings) -> tuple[tuple[str, str], ...]:
    """Questions that page one answers besides the three sentences."""
    return (
        ("What was compared?", differences_sentence(found.comparison)),
        ("How sure are we?", _how_sure(found)),
        ("Which assumption reverses it?", reversal_sentence(found.registers)),
        ("Which option is robust?", choice_sentence(found.scores)),
        ("Does it hang on the rules?", rules_sentence(found.comparison)),
    )


def differences_sentence(comparison: Comparison) -> str:
    """How each scenario differs from the baseline, in numbers of inputs."""
    base, parts = scenario_of(comparison.baseline), []
    for result in comparison.others:
        other = scenario_of(result)
        if base is None or other is None:
            parts.append(f"{result.setting.name} (names withheld)")
            continue
        found = differing(base, other)
        tops = dict.fromkeys(item.path.split(".")[0] for item in found)
        where = f" (in {', '.join(tops)})" if tops else ""
        parts.append(f"{result.setting.name} in {len(found)} input{'s' * (len(found) != 1)}{where}")
    return f"From {comparison.baseline.setting.name} differs {'; '.join(parts)}. Everything else is the same."


def rules_sentence(comparison: Comparison) -> str:
    """That one protocol was used, and how to run others."""
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


def differing(base: Scenario, other: Scenario) -> list[Any]:
    """Inputs that differ and act in a run."""
    from market_abm.scenario.diff import diff

    return [item for item in diff(base, other) if item.path.split(".")[0] not in ABOUT]
