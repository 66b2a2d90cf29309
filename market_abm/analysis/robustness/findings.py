"""What may be called a finding: a sign that holds in at least 80 % of the grid; the rest say on what they depend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.outcomes import OUTCOMES, Outcome
from market_abm.analysis.pairing import Effect, detectable
from market_abm.analysis.robustness.values import AS_SET, levels
from market_abm.analysis.table import SIGNED, SIZED, UNITS, Cell, Column, Table
from market_abm.analysis.writer import listed

if TYPE_CHECKING:
    from market_abm.analysis.robustness.runs import Robustness

HOLDS = 0.80
"""Share of the grid in which a sign must hold to be called a finding."""

RULE = (
    f"A sign that holds in at least {HOLDS * 100:.0f} % of the grid of bargaining protocols, weights, and thresholds or "
    "horizons is a finding. A cell has a sign where the mean paired difference reaches the smallest effect of interest; "
    "differences that are all exactly zero have none. Where at least as many cells have no sign, the finding is that "
    "there is no effect of interest."
)
"""The printed rule."""

SIGNS = {1: "rises", -1: "falls", 0: "no effect"}


@dataclass(frozen=True)
class Finding:
    """An outcome of a scenario over the whole grid.

    Attributes
    ----------
    outcome : Outcome
    scenario : str
    as_set : Effect
        Over all seeds, rules as set.
    signs : int array (P, B, L)
        Sign by protocol, weight, and threshold or horizon.
    means : array (P, B, L)
        Mean differences.
    factors : tuple
        Name and levels of each axis.
    power : float
        Smallest true difference that a cell of median spread finds with a power of 80 %.
    zeros : bool
        Whether every difference in every cell is exactly zero.
    """

    outcome: Outcome
    scenario: str
    as_set: Effect
    signs: np.ndarray
    means: np.ndarray
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    power: float
    zeros: bool

    @property
    def share(self) -> dict[int, float]:
        """Share of the cells by sign."""
        return {sign: float((self.signs == sign).mean()) for sign in SIGNS}

    @property
    def verdict(self) -> str:
        """rises, falls, no effect, identical, or depends."""
        if self.zeros:
            return "identical"
        best = max(SIGNS, key=lambda sign: self.share[sign])
        return SIGNS[best] if self.share[best] >= HOLDS else "depends"

    @property
    def hangs_on(self) -> str:
        """The factor that says most about the sign, and what the outcome does at its levels."""
        if self.verdict != "depends":
            return ""
        spreads = []
        for axis in range(self.signs.ndim):
            others = tuple(place for place in range(self.signs.ndim) if place != axis)
            spreads.append(float(self.signs.mean(axis=others).var()))
        axis = int(np.argmax(spreads))
        if spreads[axis] == 0.0:
            return "no single factor: the cells differ without a pattern"
        name, names = self.factors[axis]
        by_sign: dict[int, list[str]] = {}
        for place, level in enumerate(names):
            part = np.take(self.signs, place, axis=axis)
            values, counts = np.unique(part, return_counts=True)
            by_sign.setdefault(int(values[np.argmax(counts)]), []).append(level)
        parts = [
            f"{SIGNS[sign]} with {listed(found)}" for sign, found in sorted(by_sign.items(), reverse=True)
        ]
        return f"{name}: {', '.join(parts)}"


def findings(made: Robustness, scenario: int) -> tuple[Finding, ...]:
    """Every outcome of a scenario (from 1) over the grid; those that nobody measures are left out."""
    cells = list(made.grid)
    protocols = tuple(dict.fromkeys(protocol for protocol, _ in cells))
    betas = tuple(dict.fromkeys(beta for _, beta in cells))
    name = made.names[scenario]
    found = []
    for outcome in OUTCOMES:
        as_set = made.base.effect(outcome.key, scenario, name)
        if not as_set.known:
            continue
        others = levels(outcome.key)
        shape = (len(protocols), len(betas), len(others))
        signs, means, spreads, zeros = np.zeros(shape, dtype=int), np.full(shape, np.nan), [], True
        for p, protocol in enumerate(protocols):
            for b, beta in enumerate(betas):
                for place, level in enumerate(others):
                    item = made.grid[protocol, beta].effect(
                        outcome.key, scenario, name, "" if level == AS_SET else level
                    )
                    means[p, b, place], zeros = item.difference, zeros and (item.identical or not item.known)
                    signs[p, b, place] = _sign(item)
                    spreads.append(item.spread)
        kind = "threshold" if outcome.group == "Chokepoints" else "horizon"
        factors = (
            ("the bargaining protocol", protocols),
            ("the bargaining weight", tuple(f"beta {beta:g}" for beta in betas)),
            (f"the {kind}", others),
        )
        known = [spread for spread in spreads if np.isfinite(spread)]
        power = detectable(float(np.median(known)), len(made.few)) if known else float("nan")
        found.append(Finding(outcome, name, as_set, signs, means, factors, power, zeros))
    return tuple(found)


def _sign(item: Effect) -> int:
    return int(np.sign(item.difference)) if item.known and item.sizeable else 0


def findings_table(found: Sequence[Finding], few: int) -> Table:
    """A row an outcome: how often each sign, the verdict, on what it depends, and the power."""
    rows = []
    for item in found:
        kind = item.outcome.kind
        change, size = SIGNED.get(kind, kind), SIZED.get(kind, kind)
        known = item.means[np.isfinite(item.means)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (float("nan"),) * 2
        word = {"depends": "depends", "identical": "exactly the same"}.get(
            item.verdict, f"finding: {item.verdict}"
        )
        rows.append(
            (item.outcome.label, UNITS.get(change, ""), item.share[1], item.share[0], item.share[-1], word,
             item.hangs_on or "-", Cell(low, change), Cell(high, change), Cell(item.as_set.smallest, size),
             Cell(item.power, size))
        )  # fmt: skip
    columns = (
        Column("outcome", "Outcome"), Column("unit", "Unit"), Column("rises", "Rises", "share"),
        Column("flat", "No sign", "share"), Column("falls", "Falls", "share"), Column("verdict", "Verdict"),
        Column("hangs_on", "Depends on"), Column("low", "Least", "number"), Column("high", "Most", "number"),
        Column("smallest", "Smallest of interest", "number"), Column("power", "Detectable", "number"),
    )  # fmt: skip
    scenario = found[0].scenario if found else ""
    note = (
        f"Shares of the cells of the grid, {few} seeds a cell. Least and most: mean differences over the cells. "
        "Detectable: "
        "the smallest true difference that a cell finds with a power of 80 %; where it is larger than the "
        "smallest effect "
        "of interest, a missing sign may be a matter of too few seeds."
    )
    return Table(f"findings_{scenario}", f"Findings over the grid: {scenario}", columns, tuple(rows), note)


def findings_sentence(found: Sequence[Finding]) -> str:
    """How many outcomes have a finding, which, and what depends on what."""
    if not found:
        return "Nothing was measured in every cell."
    scenario = found[0].scenario
    by_verdict = {
        word: [item for item in found if item.verdict == word]
        for word in (*SIGNS.values(), "identical", "depends")
    }
    firm = [
        f"{_label(item)} {item.verdict} "
        f"(in {item.share[1 if item.verdict == 'rises' else -1] * 100:.0f} % of the grid)"
        for item in (*by_verdict["rises"], *by_verdict["falls"])
    ]
    text = f"{scenario}: " + (
        f"findings are that {listed(firm)}; " if firm else "no outcome rises or falls throughout; "
    )
    flat = len(by_verdict["no effect"]) + len(by_verdict["identical"])
    text += f"{flat} of {len(found)} outcomes show no effect of interest"
    if by_verdict["depends"]:
        parts = [f"{_label(item)} depends on {item.hangs_on}" for item in by_verdict["depends"]]
        text += f"; {'; '.join(parts)}"
    return text + "."


def _label(item: Finding) -> str:
    label = item.outcome.label
    return label if label.startswith("HHI") else label[0].lower() + label[1:]
