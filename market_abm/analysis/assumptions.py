"""What the headline rests on: each guess from one end of its range to the other, and where it turns.

One assumption at a time is held at the low end, the centre and the high end of its range; every other guess is
drawn as ever, under the same seeds, so that a difference is due to the assumption. Where a headline measure
changes sides between centre and end, the range is halved until the value at which it turns is bracketed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.headline import MEASURES, Headline, Values, headline_of
from market_abm.experiments.pool import Progress, count_of, each
from market_abm.experiments.replicate import as_scenario, replicate
from market_abm.scenario.assumptions import Assumption, assumptions, named
from market_abm.scenario.errors import ScenarioError

if TYPE_CHECKING:
    import os

    import pandas as pd

    from market_abm.scenario import Scenario

ENDS = (-1.0, 0.0, 1.0)
"""Positions in a range: low, centre, high."""

Place = tuple[int, float]
"""An assumption by its number, and a position in its range."""


@dataclass(frozen=True)
class Effects:
    """What each assumption does to each headline measure.

    Attributes
    ----------
    headline : Headline
        What the measures are about.
    table : DataFrame
        A row an assumption and measure: key, meaning, numbers (how many move together), measure, unit,
        low_value, value, high_value (means over the group), at_low, at_value, at_high (means over seeds),
        effect (high less low, mean of paired differences), effect_low, effect_high (95 % Student t), flips
        (whether the statement turns inside the range), flips_at (value, NaN where it does not), seeds.
    failures : tuple of str
        Runs that did not finish.
    """

    headline: Headline
    table: pd.DataFrame
    failures: tuple[str, ...] = ()

    def flips(self) -> pd.DataFrame:
        """Rows in which the headline turns inside the range."""
        return self.table[self.table["flips"]].reset_index(drop=True)


def assumption_effects(
    baseline: Scenario | str | os.PathLike[str],
    other: Scenario | str | os.PathLike[str],
    keys: Iterable[Assumption | str] | None = None,
    seeds: Sequence[int] = (1, 2, 3, 4),
    *,
    headline: Headline | None = None,
    halvings: int = 3,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Effects:
    """The effect of assumptions on the three headline measures of a pair of worlds.

    Parameters
    ----------
    baseline, other : Scenario, name of a shipped one, or file
        The world without the lease and the world with it.
    keys : iterable of Assumption or str, optional
        Groups of numbers (``firms.*.wacc``); default all that have a range in either world.
    seeds : sequence of int
        Common seeds: guesses that are not held, and shocks, are the same in every variant.
    headline : Headline, optional
        What the measures are about; default what the runs of ``other`` say.
    halvings : int
        Times that a range in which the headline turns is halved; the rest is a straight line.
    workers : int or None
        Processes; None takes one a core.
    progress : callable, optional
        Told runs done and runs known so far.

    Raises
    ------
    KeyError
        A key without a number that has a range.
    ValueError
        No lease that tells the worlds apart.
    """
    pair = as_scenario(baseline), as_scenario(other)
    groups = assumptions(*pair) if keys is None else named(keys, *pair)
    subject = headline
    if subject is None:
        subject = headline_of(*pair, replicate(pair[1], seeds, workers, progress=progress))
    bench = _Bench(pair, groups, tuple(seeds), subject, count_of(workers), progress)
    bench.measure([(group, end) for group in range(len(groups)) for end in ENDS])
    brackets = bench.brackets()
    for _ in range(halvings):
        bench.measure([(group, sum(ends) / 2) for (group, _, _), ends in brackets.items()])
        brackets = {key: bench.halved(key, ends) for key, ends in brackets.items()}
    return Effects(subject, bench.table(brackets), tuple(bench.failures))


def headline_assumptions(baseline: Scenario, other: Scenario) -> list[Assumption]:
    """Every group of numbers with a range, and the lessor's weight on the harm of the leading lab that is no lessee.

    That weight is zero in every baseline; it runs to one, where harm to the rival counts like a gain of one's own.
    """
    from market_abm.analysis.headline import lessee, lessor

    buyer, seller = lessee(baseline, other), lessor(baseline, other)
    shares = {
        name: float(firm.lab.product_share or 0.0)
        for name, firm in other.firms.items()
        if firm.lab is not None and name not in (buyer, seller)
    }
    rival = min(shares, key=lambda name: (-shares[name], name))
    weight = Assumption(
        f"firms.{seller}.rival_harm.{rival}", f"weight of {seller} on harm to {rival}", 0.0, 0.0, 1.0
    )
    return [weight, *assumptions(baseline, other)]


def headline_values(baseline: Scenario, other: Scenario, seed: int, headline: Headline) -> Values | str:
    """The headline measures of one seed, or what went wrong."""
    try:
        return headline.measured(baseline, other, seed)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


Turn = tuple[int, str, float]
"""An assumption by its number, a measure, and the end (-1 or 1) at which the headline has turned."""


class _Bench:
    """Measured values by assumption and position, (seeds,) each; fills itself as positions are asked for."""

    def __init__(
        self,
        pair: tuple[Scenario, Scenario],
        groups: list[Assumption],
        seeds: tuple[int, ...],
        headline: Headline,
        workers: int,
        progress: Progress | None,
    ) -> None:
        self.pair, self.groups, self.seeds, self.headline = pair, groups, seeds, headline
        self.workers, self.progress = workers, progress
        self.values: dict[Place, dict[str, np.ndarray]] = {}
        self.failures: list[str] = []

    def measure(self, places: Iterable[Place]) -> None:
        """Run what is not known yet, all in one pool."""
        runs: list[Place] = []
        jobs: list[tuple[Scenario, Scenario, int, Headline]] = []
        for place in dict.fromkeys(places):
            if place in self.values:
                continue
            group, position = place
            try:
                held = [self.groups[group].held(scenario, position) for scenario in self.pair]
            except ScenarioError as error:  # the end of one range need not go with the centre of another
                self._keep(place, [str(error.problems[0])])
            else:
                runs.append(place)
                jobs += [(held[0], held[1], seed, self.headline) for seed in self.seeds]
        done = each(headline_values, jobs, self.workers, self.progress)
        for step, place in enumerate(runs):
            self._keep(place, done[step * len(self.seeds) : (step + 1) * len(self.seeds)])

    def _keep(self, place: Place, measured: Sequence[Values | str]) -> None:
        """Values at a position, (seeds,) each; where there are none, NaN and the reason."""
        self.failures += [
            f"{self.groups[place[0]].key} at {place[1]:+g}: {item}"
            for item in measured
            if isinstance(item, str)
        ]
        found = [item if isinstance(item, dict) else {} for item in measured]
        found += [{}] * (len(self.seeds) - len(found))
        self.values[place] = {
            measure: np.array([item.get(measure, float("nan")) for item in found]) for measure in MEASURES
        }

    def mean(self, group: int, position: float, measure: str) -> float:
        """Mean over the seeds that have a value; NaN where none has."""
        values = self.values[group, position][measure]
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else float("nan")

    def turned(self, group: int, position: float, measure: str) -> bool:
        """Whether the statement at a position is the opposite of the one at the centre."""
        return self._side(group, position, measure) * self._side(group, 0.0, measure) < 0

    def _side(self, group: int, position: float, measure: str) -> float:
        level, turn = self.mean(group, position, measure), MEASURES[measure][2]
        if np.isnan(level):
            return 0.0
        return 1.0 if level >= turn and (turn > 0 or level > 0) else -1.0

    def brackets(self) -> dict[Turn, tuple[float, float]]:
        """Positions on both sides of each turn, the one on the centre's side first."""
        return {
            (group, measure, end): (0.0, end)
            for group in range(len(self.groups))
            for measure in MEASURES
            for end in (-1.0, 1.0)
            if self.turned(group, end, measure)
        }

    def halved(self, key: Turn, ends: tuple[float, float]) -> tuple[float, float]:
        """The half of a bracket in which the headline turns."""
        middle = sum(ends) / 2
        return (ends[0], middle) if self.turned(key[0], middle, key[1]) else (middle, ends[1])

    def table(self, brackets: dict[Turn, tuple[float, float]]) -> pd.DataFrame:
        """The rows of :class:`Effects`."""
        import pandas as pd

        rows = []
        for group, assumption in enumerate(self.groups):
            owner = max(self.pair, key=lambda scenario: len(assumption.inputs(scenario)))
            points = [assumption.mean_at(owner, position) for position in ENDS]
            for measure, (_, unit, turn) in MEASURES.items():
                found = [
                    self._crossing(key, ends, turn)
                    for key, ends in brackets.items()
                    if key[:2] == (group, measure)
                ]
                nearest = min(found, key=abs, default=float("nan"))
                at = float("nan") if not found else assumption.mean_at(owner, nearest)
                rows.append(
                    {"key": assumption.key, "meaning": assumption.meaning}
                    | {"numbers": len(assumption.inputs(owner)), "measure": measure, "unit": unit}
                    | dict(zip(("low_value", "value", "high_value"), points))
                    | {
                        name: self.mean(group, end, measure)
                        for name, end in zip(("at_low", "at_value", "at_high"), ENDS)
                    }
                    | self._effect(group, measure)
                    | {"flips": bool(found), "flips_at": at, "seeds": len(self.seeds)}
                )
        return pd.DataFrame(rows)

    def _crossing(self, key: Turn, ends: tuple[float, float], turn: float) -> float:
        """Position at which a straight line through the bracket's ends crosses the turning value."""
        near, far = (self.mean(key[0], position, key[1]) for position in ends)
        share = (turn - near) / (far - near) if far != near else 0.5
        return ends[0] + min(max(share, 0.0), 1.0) * (ends[1] - ends[0])

    def _effect(self, group: int, measure: str) -> dict[str, float]:
        from market_abm.analysis.compare import student_t

        difference = self.values[group, 1.0][measure] - self.values[group, -1.0][measure]
        known = difference[np.isfinite(difference)]
        nan = float("nan")
        if not len(known):
            return {"effect": nan, "effect_low": nan, "effect_high": nan}
        mean, half = float(known.mean()), nan
        if len(known) > 1:
            half = student_t(len(known) - 1) * float(known.std(ddof=1)) / len(known) ** 0.5
        return {"effect": mean, "effect_low": mean - half, "effect_high": mean + half}
