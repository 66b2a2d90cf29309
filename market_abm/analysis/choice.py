"""Which option is robust: regret and its relatives over the seeds, each of which is a state of the world.

Under one seed every scenario meets the same shocks and guesses, so the regret of an option in that state is what
it falls short of the best option there (Savage 1951; Lempert, Popper & Bankes 2003). Several rules are shown
side by side because they need not agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.outcomes import OUTCOMES, Outcome
from market_abm.analysis.panel import Floats
from market_abm.analysis.table import Cell, Column, Table

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison

CRITERIA = ("welfare", "consumer_surplus", "price_last", "choke_quarters")
"""Outcomes by which options are ranked: each says itself which way is good for users and buyers."""

RULES = {
    "mean": "highest mean",
    "worst": "best worst case (maximin)",
    "regret": "smallest largest regret",
    "regret_p90": "smallest regret in nine of ten states (P90)",
    "satisfies": "most often at least as good as the baseline's median",
}
"""Rules of choice."""


@dataclass(frozen=True)
class Scores:
    """What each rule makes of each option, by one criterion.

    Attributes
    ----------
    outcome : Outcome
    options : tuple of str
        The baseline first.
    values : mapping of str to array (O,)
        By rule; in the outcome's unit, satisfying as a share of states. Regret is at least zero.
    states : int
        Seeds that every option finished.
    """

    outcome: Outcome
    options: tuple[str, ...]
    values: Mapping[str, Floats]
    states: int

    def best(self, rule: str) -> tuple[str, ...]:
        """Options that a rule picks; several where they tie."""
        way = {"mean": self.outcome.good, "worst": self.outcome.good, "satisfies": 1}.get(rule, -1)
        values = self.values[rule] * way
        return tuple(name for name, value in zip(self.options, values) if value == values.max())

    @property
    def alike(self) -> bool:
        """Whether no option ever falls short of the best one by the smallest effect of interest."""
        smallest = self.outcome.threshold(float(self.values["mean"][0]))
        return bool(self.values["regret"].max() < smallest) or all(
            len(self.best(rule)) == len(self.options) for rule in RULES
        )

    @property
    def agreed(self) -> str:
        """The only option that is among the picks of every rule; empty where there is none, or several."""
        always = [name for name in self.options if all(name in self.best(rule) for rule in RULES)]
        return always[0] if len(always) == 1 else ""


def scores(outcome: Outcome, options: Sequence[str], payoffs: Floats) -> Scores:
    """Scores of options by a criterion.

    Parameters
    ----------
    outcome : Outcome
        With a direction that is good.
    options : sequence of str
        The baseline first.
    payoffs : array (O, S)
        The outcome by option and state.

    Raises
    ------
    ValueError
        Where the outcome has no good direction, or there is no state that all options share.
    """
    if outcome.good == 0:
        raise ValueError(f"{outcome.key} has no direction that is good; name one of {', '.join(CRITERIA)}")
    known = np.isfinite(payoffs).all(axis=0)
    if not known.any():
        raise ValueError(f"{outcome.key}: no seed has a value in every option; there is nothing to rank")
    worth = outcome.good * payoffs[:, known]
    regret = worth.max(axis=0) - worth
    target = float(np.median(worth[0]))
    values = {
        "mean": worth.mean(axis=1) * outcome.good,
        "worst": worth.min(axis=1) * outcome.good,
        "regret": regret.max(axis=1),
        "regret_p90": np.percentile(regret, 90.0, axis=1),
        "satisfies": (worth >= target).mean(axis=1),
    }
    return Scores(outcome, tuple(options), values, int(known.sum()))


def robust_options(comparison: Comparison) -> tuple[Scores, ...]:
    """Scores of the baseline and the other scenarios by every criterion that all of them have."""
    usable = [step for step in range(len(comparison.others)) if comparison.comparable(step)]
    if not usable:
        return ()
    results = [comparison.baseline, *(comparison.others[step] for step in usable)]
    names = [comparison.baseline.setting.name, *(comparison.names[step] for step in usable)]
    seeds = [seed for seed in results[0].seeds if all(seed in result.seeds for result in results)]
    if not seeds:
        return ()
    found = []
    for key in CRITERIA:
        outcome = next(item for item in OUTCOMES if item.key == key)
        rows = [outcome.values(result)[[result.seeds.index(seed) for seed in seeds]] for result in results]
        payoffs = np.array(rows)
        if np.isfinite(payoffs).all(axis=0).any():
            found.append(scores(outcome, names, payoffs))
    return tuple(found)


def choice_table(found: Sequence[Scores]) -> Table:
    """A row a criterion and option, the picks of each rule marked in words."""
    rows = []
    for item in found:
        kind = item.outcome.kind
        for place, option in enumerate(item.options):
            cells = [Cell(float(item.values[rule][place]), kind) for rule in RULES if rule != "satisfies"]
            picked = [RULES[rule] for rule in RULES if option in item.best(rule)]
            share = float(item.values["satisfies"][place])
            rows.append((item.outcome.label, option, *cells, share, "; ".join(picked) or "-"))
    columns = (
        Column("criterion", "Criterion"), Column("option", "Option"), Column("mean", "Mean", "number"),
        Column("worst", "Worst case", "number"), Column("regret", "Largest regret", "number"),
        Column("regret_p90", "P90 regret", "number"), Column("satisfies", "Satisfies", "share"),
        Column("picked", "Picked by"),
    )  # fmt: skip
    states = found[0].states if found else 0
    note = (
        f"Over {states} states of the world (seeds). Regret: what the option falls short of the best option in the same "
        "state. Satisfies: share of states in which it is at least as good as the baseline's median. For prices and "
        "chokepoints less is better."
    )
    return Table("options", "Options under five rules of choice", columns, tuple(rows), note)


def choice_sentence(found: Sequence[Scores]) -> str:
    """Which option is robust, and where the rules disagree."""
    if not found:
        return "No two options have a seed in common, so none can be called robust."
    if found[0].states == 1:
        return "One state of the world cannot show which option is robust: use --replications."
    parts = []
    for item in found:
        label = item.outcome.label[0].lower() + item.outcome.label[1:]
        if item.alike:
            parts.append(f"by {label}, no option ever falls short of another by an effect of interest")
            continue
        if item.agreed:
            parts.append(f"by {label}, {item.agreed} under all {len(RULES)} rules")
            continue
        picks = {name: sum(name in item.best(rule) for rule in RULES) for name in item.options}
        said = ", ".join(f"{name} by {count}" for name, count in picks.items() if count)
        parts.append(f"by {label}, the {len(RULES)} rules disagree ({said})")
    robust = {item.agreed for item in found if not item.alike}
    head = "No option is picked by every rule and criterion. "
    if len(robust) == 1 and next(iter(robust)):
        head = f"{next(iter(robust))} is picked by every rule and criterion. "
    return f"{head}{'. '.join(part[0].upper() + part[1:] for part in parts)}."
