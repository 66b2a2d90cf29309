"""A control of the page: a number with its span, a choice, a switch, or a dated entry made of these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.scenario.quantity import Number

Kind = Literal["number", "choice", "switch", "entry"]

FULL_SPAN = 2.0
"""A slider shows everything that is allowed where that is at most so wide, and no guess is far narrower."""

NARROW = 6.0
"""A guess whose range fits so often into what is allowed gets a slider of its own neighbourhood."""

REACH = {"quarters": 8.0}
"""Least reach of a slider on both sides of a value, by unit."""


@dataclass(frozen=True)
class Lever:
    """A control.

    Attributes
    ----------
    key : str
        Dotted key that it sets; of a field inside a dated entry its own name.
    label, meaning : str
        For people.
    start : float, str or bool
        Where it stands unless it is changed: for a guess what the seed drew.
    unit, allowed : str
        Unit, and the allowed values in words.
    low, high, step : float
        Span and grain of the slider; the box beside it takes everything that is allowed.
    drawn_from : str
        Of a guess: its central value and the range that a seed draws from.
    source : str
        Where the number comes from.
    choices : tuple of str
        Words on offer.
    kind_of_entry : str
        Of a dated entry: its kind in the timeline.
    fields : tuple of Lever
        Of a dated entry: its parts.
    """

    key: str
    group: str
    kind: Kind
    label: str
    meaning: str = ""
    start: Any = None
    unit: str = ""
    allowed: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    drawn_from: str = ""
    source: str = ""
    choices: tuple[str, ...] = ()
    kind_of_entry: str = ""
    fields: tuple[Lever, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the page."""
        return asdict(self)


def number_lever(key: str, group: str, label: str, kind: Number, value: float, start: float) -> Lever:
    """Control of a number of the scenario; ``value`` may carry its range and source."""
    band = None
    if isinstance(value, Quantity) and value.low is not None and value.high is not None and value.ranged:
        band = value.low, value.high
    low, high, step = span(kind, float(value), band)
    return Lever(
        key,
        group,
        "number",
        sentence(label),
        start=start,
        unit="" if kind.unit == "1" else kind.unit,
        allowed=kind.allowed,
        low=min(low, start),
        high=max(high, start),
        step=step,
        drawn_from="" if band is None else f"{float(value):g}, drawn from {band[0]:g} to {band[1]:g}",
        source=_source(value),
    )


def choice_lever(key: str, group: str, label: str, start: str, choices: Sequence[str]) -> Lever:
    """Control of a word."""
    return Lever(key, group, "choice", sentence(label), start=start, choices=tuple(choices))


def span(kind: Number, value: float, band: tuple[float, float] | None) -> tuple[float, float, float]:
    """Ends and grain of a slider around a value.

    Everything that is allowed where that is a narrow range; else a guess's range and as much again on both
    sides; else from nothing to twice the value.
    """
    whole = kind.most - kind.least
    if whole <= FULL_SPAN and (band is None or NARROW * (band[1] - band[0]) >= whole):
        low, high = kind.least, kind.most
    elif band is not None:
        width = band[1] - band[0]
        low, high = band[0] - width, band[1] + width
    else:
        reach = max(abs(value), REACH.get(kind.unit, 1.0))
        low, high = value - reach, value + reach
    low, high = max(low, kind.least), min(high, kind.most)
    step = 1.0 if kind.whole else 10.0 ** (math.floor(math.log10(max(high - low, 1e-9))) - 2)
    low, high = (math.floor(low / step) * step, math.ceil(high / step) * step)
    return _round(max(low, kind.least), step), _round(min(high, kind.most), step), step


def _round(value: float, step: float) -> float:
    return round(value, max(0, -math.floor(math.log10(step))))


def sentence(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _source(value: float) -> str:
    if not isinstance(value, Quantity):
        return "rule of the model"
    named = [item for item in value.source if item != "assumption"]
    words = ", ".join(named) if named else "assumption"
    return words + (f", {value.as_of}" if value.as_of else "") + (" (guess)" if value.guess else "")
