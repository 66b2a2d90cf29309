"""What a firm may look at, and what it may answer.

A strategy decides for all the rows that play it at once: it gets a `View` and the rows, and answers with
arrays that have a leading axis of rows. A method of an agent gets the same view with one row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_abm.economy.columns import changed
from market_abm.economy.conditions import Conditions
from market_abm.economy.demand import Demand
from market_abm.economy.state import State
from market_abm.economy.world import Floats, Ints, World

VERBS = ("renew", "buy", "sell", "build")


@dataclass(frozen=True)
class View:
    """The read-only state at the start of a stage, kHQ and MUSD.

    ``price`` is the last price index, ``free`` the capacity each seller could offer (S,), ``committed`` what
    contracts already cover of each buyer's demand (B,), ``ceiling`` the most a buyer can use under its
    finance and growth caps (B,), ``blocks`` and ``values`` what is left of each demand curve (B, K).
    """

    world: World
    state: State
    conditions: Conditions
    demand: Demand
    price: float
    liquidity: Floats
    free: Floats = field(default_factory=lambda: np.zeros(0))
    committed: Floats = field(default_factory=lambda: np.zeros(0))
    ceiling: Floats = field(default_factory=lambda: np.zeros(0))
    binding: tuple[str, ...] = ()
    """What bounds each buyer's ceiling: "finance", "growth" or nothing, (B,)."""
    blocks: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    values: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    outlook: Any = None
    """Stage 10: expected margins and bounds on building (`economy.upstream.Outlook`)."""
    forced: dict[tuple[str, str], str] = field(default_factory=dict)
    """Options that a re-run imposes: (firm, verb) to option."""
    nudged: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """Moves of what one firm sees (`strategies.nudge.Nudge`): (firm, verb) to move."""

    def with_(self, **columns: Any) -> View:
        """The same view with more columns."""
        return changed(self, columns)


@dataclass(frozen=True)
class Menu:
    """The options that were weighed, (n rows, M options), and the choice.

    ``scores`` are in ``unit``; an option that is out of reach has score NaN. ``binding`` names the constraint
    that holds the choice back.
    """

    options: tuple[str, ...]
    scores: Floats
    chosen: Ints
    unit: str
    binding: tuple[str, ...]

    @classmethod
    def choose(
        cls, view: View, verb: str, rows: Ints, options: tuple[str, ...], scores: Floats, unit: str, binding
    ) -> Menu:
        """Take the best option of each row (the first among equals), or the one a re-run imposes."""
        chosen = np.fmax(scores, -np.inf).argmax(axis=1)
        for i, row in enumerate(rows if view.forced else ()):
            forced = view.forced.get((view.world.rows.key[row], verb))
            if forced is not None:
                if forced not in options:
                    raise ValueError(
                        f"{verb}: option {forced!r} is not on the menu; options: {', '.join(options)}"
                    )
                chosen[i] = options.index(forced)
        return cls(options, scores, chosen, unit, tuple(binding))

    def copy(self) -> Menu:
        """The same, whatever becomes of the arrays: it is read when the run is over."""
        return Menu(
            self.options, np.array(self.scores), np.array(self.chosen), self.unit, tuple(self.binding)
        )


class Decision(NamedTuple):
    """What rows that were asked together chose from."""

    verb: str
    firms: list[str]
    """Keys of the rows; empty for those that keep no record."""
    menu: Menu

    def option_of(self, firm: str) -> str:
        """What one of the firms chose."""
        return self.menu.options[self.menu.chosen[self.firms.index(firm)]]


def bindings(asked: list[Decision]) -> list[str]:
    """What holds each firm's choice back, firm by firm."""
    named = [
        (key, binding)
        for decision in asked
        for key, binding in zip(decision.firms, chain(decision.menu.binding, repeat("")))
        if key
    ]
    return [binding for _, binding in sorted(named)]


@dataclass(frozen=True)
class Notices:
    """Contracts on which notice is given, (n, C)."""

    give: NDArray[np.bool_]
    alternatives: Menu | None = None


@dataclass(frozen=True)
class Bids:
    """Blocks bid for, (n, K): kHQ and MUSD per kHQ, values falling."""

    quantity: Floats
    value: Floats
    alternatives: Menu | None = None


@dataclass(frozen=True)
class Offer:
    """Capacity offered: kHQ (n,), least price (n,), wedge (n, B), buyers served (n, B), terms (n,).

    Where ``posted`` (n,), the least price is the price: there is no bargaining. Nobody posts when it is left
    out.
    """

    capacity: Floats
    reserve_price: Floats
    wedge: Floats
    allowed: NDArray[np.bool_]
    term: Ints
    notice: Ints
    alternatives: Menu | None = None
    posted: NDArray[np.bool_] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Fill in that nobody posts."""
        if self.posted is None:
            object.__setattr__(self, "posted", np.zeros(np.shape(self.capacity), dtype=bool))


@dataclass(frozen=True)
class Orders:
    """New capacity ordered: kH100e (n,), shares by chip (n, U) and region (n, R), new debt in MUSD (n,)."""

    kh100e: Floats
    chip: Floats
    region: Floats
    debt: Floats
    alternatives: Menu | None = None


RESULTS: dict[str, type] = {"renew": Notices, "buy": Bids, "sell": Offer, "build": Orders}


def single(result: Any) -> Any:
    """Row 0 of a result: what a method of one agent sees."""
    return replace(
        result, **{n: getattr(result, n)[0] for n in result.__dataclass_fields__ if n != "alternatives"}
    )


def stacked(result: Any) -> Any:
    """A method's answer with the leading axis of rows; what is no answer is left for `validated` to refuse."""
    answers: Any = tuple(RESULTS.values())
    if not isinstance(result, answers):
        return result
    return replace(
        result,
        **{
            n: np.asarray(getattr(result, n))[None]
            for n in result.__dataclass_fields__
            if n != "alternatives"
        },
    )


def validated(verb: str, result: Any, keys: Sequence[str], expected: dict[str, tuple[int, ...]]) -> Any:
    """A strategy's answer as arrays, checked: type, shapes, finite and non-negative numbers.

    Raises
    ------
    ValueError
        Names the firm, the field and the value.
    """
    if not isinstance(result, RESULTS[verb]):
        raise ValueError(
            f"{verb} of {', '.join(keys)} returned {type(result).__name__}; expected {RESULTS[verb].__name__}"
        )
    made = {}
    for name, shape in expected.items():
        given = getattr(result, name)
        value = np.asarray(given)
        if value is not given:
            made[name] = value
        if value.shape != shape:
            raise ValueError(f"{verb} of {', '.join(keys)}: {name} has shape {value.shape}; expected {shape}")
        # Two reductions on the usual way; NaN passes into both, and which number is wrong is looked for later.
        if value.dtype.kind == "f" and value.size:
            least = np.minimum.reduce(value, None)
            above = least > -np.inf if name == "wedge" else least >= 0.0
            if not (above and np.maximum.reduce(value, None) < np.inf):
                bad = ~np.isfinite(value) if name == "wedge" else ~(np.isfinite(value) & (value >= 0))
                row = int(np.argwhere(bad)[0][0])
                raise ValueError(
                    f"{verb} of {keys[row]}: {name} is {value[bad][0]}; it must be finite"
                    + ("" if name == "wedge" else " and not negative")
                )
    return changed(result, made) if made else result
