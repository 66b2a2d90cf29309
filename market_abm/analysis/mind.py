"""What would change a firm's mind: the smallest move of price, lead time or notice that flips a decision.

The run is repeated to the quarter, its decisions are compared with those on record, and each decision is asked again with
one thing moved. A move concerns what the firm sees and nothing else; a run of the quarter with the move
(:meth:`market_abm.ComputeMarket.fork` with ``nudged``) shows the flip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from market_abm.analysis.explain import Explanation
    from market_abm.model import ComputeMarket
    from market_abm.results.result import Result
    from market_abm.strategies.nudge import Nudge

LEVERS: dict[str, tuple[str, ...]] = {
    "renew": ("price", "notice"),
    "buy": ("price",),
    "sell": ("price",),
    "build": ("price", "lead time"),
}
"""What can be moved in each decision."""

STEP = 0.001
"""Resolution of a move of the price, USD/GPU-h."""

REACH = 2.0
"""Largest move of the price, as a share of the price that the firm sees; down to nothing below."""

POINTS = 40
"""Moves tried in each direction, denser near none; between the last that does nothing and the first that flips the move
is then halved."""

QUARTERS = 8
"""Largest move of lead time and notice."""


@dataclass(frozen=True)
class Flip:
    """The smallest move that flips a decision.

    Attributes
    ----------
    verb, option : str
        The decision as it was taken.
    lever : str
        price, lead time or notice.
    move : float
        USD/GPU-h or quarters; NaN where none within reach flips it.
    becomes : str
        The option that is taken instead; empty where nothing flips.
    nudge : Nudge or None
        The move as the model takes it.
    """

    verb: str
    option: str
    lever: str
    move: float
    becomes: str
    nudge: Nudge | None


class CannotRepeat(ValueError):
    """The run cannot be repeated from its results; the message says why."""


def repeated(
    result: Result, seed: int, quarter: str, progress: Callable[[int, int], None] | None = None
) -> ComputeMarket:
    """A run of the results again, up to the quarter before ``quarter``.

    Raises
    ------
    CannotRepeat
        Anonymised results hold no scenario.
    """
    from market_abm.economy.world import NEVER
    from market_abm.model import ComputeMarket
    from market_abm.scenario.load import scenario_from_text

    if result.setting.anonymised or not result.setting.text:
        raise CannotRepeat(
            "these results are anonymised: they do not hold the scenario that would have to be run again"
        )
    scenario = scenario_from_text(result.setting.text, f"{result.setting.name} (results)")
    model = ComputeMarket(scenario, rng=seed, pin=result.setting.pin, measure_every=NEVER)
    count = list(scenario.quarters).index(quarter)
    for step in range(count):
        model.step()
        if progress is not None:
            progress(step + 1, count)
    return model


def minds(
    result: Result, firm: str, quarter: str | None = None, seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Flip, ...]:  # fmt: skip
    """The smallest flips of every decision of a firm in a quarter.

    Raises
    ------
    CannotRepeat
        When the run cannot be repeated, or comes out otherwise than on record.
    """
    seed = result.seeds[0] if seed is None else seed
    quarter = result.quarters[-1] if quarter is None else quarter
    model = repeated(result, seed, quarter, progress)
    taken = result.of(seed).tables["decisions"] if len(result.seeds) > 1 else result.tables["decisions"]
    taken = taken[(taken["quarter"] == quarter) & (taken["firm"] == firm)]
    return flips(model, firm, dict(zip(taken["verb"], taken["option"])))


def with_minds(
    found: Explanation, result: Result, firm: str, quarter: str | None = None, seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:  # fmt: skip
    """An explanation with what would change the firm's mind, or with the reason why that is not known."""
    from market_abm.analysis.mind_words import sentence, table

    if firm in _segments(result):
        return found
    try:
        moves = minds(result, firm, quarter, seed, progress)
    except CannotRepeat as error:
        told = f"What would change the mind of {firm} is not known: {error}."
        return replace(found, sentences=(*found.sentences, told))
    return replace(
        found, sentences=(*found.sentences, sentence(firm, moves)), tables=(*found.tables, table(moves))
    )


def _segments(result: Result) -> set[str]:
    """Those who take no decisions."""
    firms = result.tables["firms"]
    return set(firms.loc[firms["kind"] == "segment", "firm"])


def flips(model: ComputeMarket, firm: str, taken: dict[str, str] | None = None) -> tuple[Flip, ...]:
    """The smallest flips of a firm's decisions in the quarter that a model would do next.

    Parameters
    ----------
    model : ComputeMarket
        Left as it is.
    taken : mapping of verb to option, optional
        Decisions on record, which must be those taken again.
    """
    asked = _listened(model, firm)
    different = [
        verb for verb, option in (taken or {}).items() if verb in asked and asked[verb].option != option
    ]
    if different:
        was, now = (taken or {})[different[0]], asked[different[0]].option
        raise CannotRepeat(
            f"run again, {firm} decides otherwise ({different[0]}: {now}, on record {was}): the results were made with "
            "other code, plugins or agents"
        )
    return tuple(_smallest(asked[verb], verb, lever) for verb in asked for lever in LEVERS[verb])


@dataclass(frozen=True)
class _Asked:
    """A decision of one firm, as its desk was asked for it."""

    desk: Any
    view: Any
    row: int
    option: str

    def option_with(self, verb: str, nudge: Nudge) -> str:
        """What is chosen with a move."""
        firm = self.view.world.rows.key[self.row]
        return str(self.desk.alone(verb, self.view.with_(nudged={(firm, verb): nudge}), self.row))


def _listened(model: ComputeMarket, firm: str) -> dict[str, _Asked]:
    """What a firm decides in the coming quarter, and on which view."""
    forked = model.fork(len(model.states) - 1)
    row = forked.world.rows.row(firm)
    asked: dict[str, _Asked] = {}
    desk, ask = forked.desk, forked.desk.ask

    def listening(verb: str, view: Any, rows: np.ndarray) -> Any:
        answer, decisions = ask(verb, view, rows)
        for decision in decisions:
            if firm in decision.firms:
                asked[verb] = _Asked(desk, view, row, decision.option_of(firm))
        return answer, decisions

    desk.ask = listening  # type: ignore[method-assign]
    forked.step()
    desk.ask = ask  # type: ignore[method-assign]
    return asked


def _smallest(asked: _Asked, verb: str, lever: str) -> Flip:
    """The smallest move of one lever, either way, that makes another option best."""
    from market_abm.strategies.nudge import Nudge
    from market_abm.units import musd_per_khq

    def nudged(steps: int) -> Nudge:
        if lever == "price":
            return Nudge(price=float(musd_per_khq(steps * STEP)))
        return Nudge(lead_time=steps) if lever == "lead time" else Nudge(notice=steps)

    def option(steps: int) -> str:
        return asked.option_with(verb, nudged(steps))

    best: tuple[int, str] | None = None
    for sign in (1, -1):
        found = _first(option, asked.option, _tried(asked, verb, lever, sign))
        if found is not None and (best is None or abs(found[0]) < abs(best[0])):
            best = found
    if best is None:
        return Flip(verb, asked.option, lever, math.nan, "", None)
    steps, becomes = best
    return Flip(
        verb,
        asked.option,
        lever,
        round(steps * STEP, 9) if lever == "price" else float(steps),
        becomes,
        nudged(steps),
    )


def _tried(asked: _Asked, verb: str, lever: str, sign: int) -> Iterator[int]:
    """Whole numbers of steps in one direction, denser near none."""
    from market_abm.units import usd_per_gpu_hour

    if lever != "price":
        yield from (sign * step for step in range(1, QUARTERS + 1))
        return
    price = asked.view.price
    if verb == "build":
        price = float(asked.view.outlook.price[np.flatnonzero(asked.view.world.sellers.row == asked.row)[0]])
    most = float(usd_per_gpu_hour(price)) * (REACH if sign > 0 else 1.0) / STEP
    last = 0
    for point in range(1, POINTS + 1):
        steps = round(most ** (point / POINTS)) if most > 1 else 0
        if steps > last:
            last = steps
            yield sign * steps


def _first(option: Callable[[int], str], now: str, tried: Iterator[int]) -> tuple[int, str] | None:
    """The smallest of the moves tried that flips, narrowed down to one step; None where none does."""
    before = 0
    for steps in tried:
        becomes = option(steps)
        if becomes != now:
            while abs(steps - before) > 1:
                middle = (steps + before) // 2
                found = option(middle)
                if found != now:
                    steps, becomes = middle, found
                else:
                    before = middle
            return steps, becomes
        before = steps
    return None
