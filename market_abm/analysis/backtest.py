"""The backtest: forecasts from 2023Q1 against what happened, and the verdict in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from market_abm.experiments.forecast import Draw, Forecast, forecasts
from market_abm.experiments.history import FIT_END, Fact, quarters_to, shipped_facts
from market_abm.experiments.naive import NAIVE
from market_abm.experiments.observed import SERIES
from market_abm.experiments.pool import Progress
from market_abm.experiments.scores import BEATEN, EQUAL, LOST, UNSCORED, Score, count, points, pooled

EARLY = "2023Q2"
"""Origin of the naive forecasts that are compared over the whole run: they need two values, one more than the
model knew."""

WINDOWS = {"held out": (FIT_END, FIT_END), "whole run": (EARLY, EARLY)}
"""Windows of the scores: origin of the naive forecasts, and the quarter after which facts are scored."""


@dataclass(frozen=True)
class Backtest:
    """Forecasts, facts and scores.

    Attributes
    ----------
    forecasts : tuple of Forecast
        Unconditional and conditional.
    facts : tuple of Fact
        What is scored.
    scores : mapping
        Scores by forecast and window.
    uncovered : tuple of str
        Series of the facts that the model does not have.
    pooled : mapping
        Scores over all firms of a series, by forecast and window; the verdict does not count them.
    """

    forecasts: tuple[Forecast, ...]
    facts: tuple[Fact, ...]
    scores: dict[tuple[str, str], list[Score]] = field(repr=False)
    uncovered: tuple[str, ...] = ()
    pooled: dict[tuple[str, str], list[Score]] = field(default_factory=dict, repr=False)

    @property
    def replications(self) -> int:
        """Replications that finished, of the forecast that has fewest."""
        return min(len(item.paths) for item in self.forecasts)

    @property
    def failures(self) -> tuple[str, ...]:
        """Replications that did not finish."""
        return tuple(failure for item in self.forecasts for failure in item.failures)

    def counts(self, forecast: str, window: str = "held out", anchored: bool = False) -> dict[str, int]:
        """Series beaten, matched and lost against the best naive forecast."""
        return count(self.scores[forecast, window], anchored)

    def sentences(self) -> list[str]:
        """The verdict in plain words."""
        first, last = quarters_to(FIT_END, 1)[0], self.forecasts[0].quarters[-1]
        out = []
        for item in self.forecasts:
            out.append(_verdict(item.name, self.counts(item.name), f"facts after {first}, to {last}"))
        level = self.scores[self.forecasts[-1].name, "held out"]
        out.append(_coverage(self.forecasts[-1].name, level))
        anchored = [self.counts(item.name, anchored=True) for item in self.forecasts]
        parts = [
            f"{counts[BEATEN]} beaten, {counts[EQUAL]} matched, {counts[LOST]} lost ({item.name})"
            for item, counts in zip(self.forecasts, anchored)
        ]
        out.append(
            f"With its level corrected to the last fact of {first}, so that only growth is forecast: "
            f"{'; '.join(parts)}."
        )
        whole = [self.counts(item.name, "whole run") for item in self.forecasts]
        parts = [
            f"{counts[BEATEN]} beaten, {counts[EQUAL]} matched, {counts[LOST]} lost ({item.name})"
            for item, counts in zip(self.forecasts, whole)
        ]
        out.append(
            f"Over the whole run, part of which was fitted, against naive forecasts made in {EARLY}: "
            f"{'; '.join(parts)}."
        )
        if self.uncovered:
            out.append(f"Not in the model and not scored: {', '.join(self.uncovered)}.")
        return out


def _verdict(name: str, counts: dict[str, int], window: str) -> str:
    scored = sum(counts[word] for word in (BEATEN, EQUAL, LOST))
    rest = f"; {counts[UNSCORED]} have no naive forecast" if counts[UNSCORED] else ""
    return (
        f"Of {scored} series ({window}) the {name} forecast of 2023Q1 beats the best of {len(NAIVE)} naive "
        f"forecasts made in {FIT_END} in {counts[BEATEN]}, matches it in {counts[EQUAL]} and loses to it in "
        f"{counts[LOST]}{rest}."
    )


def _coverage(name: str, found: Sequence[Score]) -> str:
    points = sum(score.n for score in found)
    inside = sum(score.coverage * score.n for score in found)
    share = inside / points if points else float("nan")
    return (
        f"The 5-95 % band of the {name} forecast holds {inside:.0f} of {points} held-out facts "
        f"({100 * share:.0f} %; 90 % would be right)."
    )


def backtest(
    replications: int = 100,
    seed: int = 1,
    *,
    facts: Iterable[Fact] | None = None,
    workers: int | None = 1,
    calibrated: Sequence[Draw] | None = None,
    made: Sequence[Forecast] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Run the worlds of 2023 and score what they say.

    Parameters
    ----------
    replications : int
        Seeds of each world.
    facts : iterable of Fact, optional
        What is scored; default the shipped facts. Naive forecasts always know the shipped facts only.
    calibrated : sequence of Draw, optional
        Draws of the fitted parameters; default the committed ones.
    made : sequence of Forecast, optional
        Forecasts that were made already: then nothing is run.
    """
    known = shipped_facts()
    wanted = known if facts is None else tuple(facts)
    found = made or forecasts(replications, seed, workers=workers, calibrated=calibrated, progress=progress)
    parts = {
        (item.name, window): points(item, wanted, known, origin, after)
        for item in found
        for window, (origin, after) in WINDOWS.items()
    }
    scored = {place: [item.score(key) for key, item in part.items()] for place, part in parts.items()}
    have = {key for item in found for paths in item.paths for key in paths}
    missing = dict.fromkeys(
        fact.series if fact.series not in SERIES else f"{fact.series} of {fact.firm}"
        for fact in wanted
        if fact.key not in have
    )
    over_firms = {place: pooled(part) for place, part in parts.items()}
    return Backtest(tuple(found), wanted, scored, tuple(missing), over_firms)
