"""A number with its provenance: a float that also knows its range, source and date.

In a file a number stands bare (``5``) or as ``{value, unit, source, as_of, low, high, guess, note}``. Loaded,
the second form is a :class:`Quantity`, which computes like any float; ``Scenario.drawn`` makes it plain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import PydanticCustomError, core_schema

from market_abm.scenario.errors import clipped, listed, nearest

KEYS = ("value", "unit", "source", "as_of", "low", "high", "guess", "note")

SPELLINGS = {
    "": "1",
    "none": "1",
    "ratio": "1",
    "log units": "log units",
    "share": "fraction",
    "usd/gpu-hour": "USD/GPU-h",
    "usd/h100e-h": "USD/GPU-h",
    "usd/h100e-hour": "USD/GPU-h",
    "usd/gpuh": "USD/GPU-h",
    "usd/h": "USD/GPU-h",
    "quarter": "quarters",
    "musd per quarter": "MUSD/quarter",
    "khq/quarter": "kHQ",
    "khq per quarter": "kHQ",
    "fraction per quarter": "fraction/quarter",
    "fraction per year": "fraction/year",
    "per year": "fraction/year",
    "per quarter": "fraction/quarter",
    "musd per kh100e": "MUSD/kH100e",
    "mw per quarter": "MW/quarter",
    "kh100e per quarter": "kH100e/quarter",
}
"""Other spellings of the same unit (never a conversion)."""


def refuse(message: str, *, at: str = "", allowed: str = "", remedy: str = "", nearest: str = "") -> NoReturn:
    """Raise a validation error that carries what the message needs; ``at`` is the key inside the value."""
    raise PydanticCustomError(
        "scenario",
        "{message}",
        {"message": message, "at": at, "allowed": allowed, "remedy": remedy, "nearest": nearest},
    )


class Quantity(float):
    """A number with range and provenance; frozen.

    Attributes
    ----------
    low, high : float or None
        Range from which each seed draws (triangular, mode at the value); None where the value is certain.
    source : tuple of str
        Keys of the scenario's ``sources``, or ``assumption``.
    as_of : str or None
        Date or quarter for which the value holds.
    guess : bool
        No source states it.
    note : str or None
        How it was obtained.
    """

    __slots__ = ("as_of", "guess", "high", "low", "note", "source")
    low: float | None
    high: float | None
    source: tuple[str, ...]
    as_of: str | None
    guess: bool
    note: str | None

    def __new__(cls, value, low=None, high=None, source=(), as_of=None, guess=False, note=None):
        self = super().__new__(cls, value)
        low, high = (None if end is None else float(end) for end in (low, high))
        for name, item in zip(cls.__slots__, (as_of, guess, high, low, note, source)):
            object.__setattr__(self, name, item)
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Quantity is frozen: {name} cannot be set")

    def __reduce__(self):
        return Quantity, (float(self), self.low, self.high, self.source, self.as_of, self.guess, self.note)

    def __repr__(self) -> str:
        band = "" if self.low is None else f", low={self.low:g}, high={self.high:g}"
        return f"Quantity({float(self):g}{band}{', guess=True' if self.guess else ''})"

    @property
    def ranged(self) -> bool:
        """Whether a seed draws it."""
        return self.low is not None and self.high is not None and self.low < self.high

    @property
    def estimated(self) -> bool:
        """Whether nobody states it: a guess or an assumption."""
        return self.guess or self.source == ("assumption",)

    def content(self) -> dict[str, Any] | float:
        """Plain mapping of what is set, or the bare value where nothing else is."""
        named = {
            "value": float(self),
            "low": self.low,
            "high": self.high,
            "as_of": self.as_of,
            "note": self.note,
        }
        found: dict[str, Any] = {key: item for key, item in named.items() if item is not None}
        if self.source:
            found["source"] = self.source[0] if len(self.source) == 1 else list(self.source)
        if self.guess:
            found["guess"] = True
        return found if len(found) > 1 else float(self)


def guess(value: float, low: float, high: float, note: str | None = None) -> Quantity:
    """A default that no source states, with the range that each seed draws from."""
    return Quantity(value, low, high, ("assumption",), None, True, note)


def in_digits(number: float) -> str:
    """A number as people write it: 10,000,000 rather than 1e+07."""
    whole = abs(number) < 1e12 and number == int(number)
    return f"{int(number):,}" if whole else f"{number:g}"


@dataclass(frozen=True)
class Number:
    """Type of a numeric field: unit, allowed range, whether whole. Used inside ``Annotated``."""

    unit: str
    least: float
    most: float
    whole: bool = False

    @property
    def allowed(self) -> str:
        """The allowed range in words."""
        unit = "" if self.unit == "1" else f" ({self.unit})"
        kind = "whole numbers" if self.whole else "numbers"
        return f"{kind} from {in_digits(self.least)} to {in_digits(self.most)}{unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def check(self, value: Any) -> float:
        """The number, bare or as a :class:`Quantity`; refuses anything else."""
        if isinstance(value, Quantity):
            value = value.content()
        if not isinstance(value, Mapping):
            return self._bare(value, "")
        for key in value:
            if key not in KEYS:
                self._unknown(str(key))
        if value.get("value") is None:
            refuse(
                'a number written as a mapping needs "value"', allowed=self.allowed, remedy="Add value: ..."
            )
        number, low, high = (
            None if value.get(key) is None else self._bare(value[key], key)
            for key in ("value", "low", "high")
        )
        assert number is not None  # refused above
        self._check_range(number, low, high)
        self._check_unit(value.get("unit"))
        flag = value.get("guess")
        if flag is not None and not isinstance(flag, bool):
            refuse(f"guess must be true or false, not {clipped(flag)}", at="guess", allowed="true, false")
        words = [self._text(value, key) for key in ("as_of", "note")]
        if set(value) <= {"value", "unit"}:
            return number
        return Quantity(number, low, high, self._sources(value.get("source")), words[0], bool(flag), words[1])

    def _bare(self, value: Any, at: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            words = {type(None): "nothing", list: "a list", tuple: "a list"}
            what = words.get(type(value)) or f"{clipped(value)!r}"
            hint = (
                "Write the number without quotes, spaces or thousands separators"
                if isinstance(value, str)
                else ""
            )
            refuse(f"must be a number, not {what}", at=at, allowed=self.allowed, remedy=hint)
        number = float(value) if abs(value) < 1e300 else math.inf  # a long int overflows float()
        if not math.isfinite(number):
            refuse(
                "must be a finite number",
                at=at,
                allowed=self.allowed,
                remedy="NaN and infinity mean nothing here",
            )
        if not self.least <= number <= self.most:
            refuse(
                f"{in_digits(number)} lies outside the allowed range",
                at=at,
                allowed=self.allowed,
                remedy="Check the unit",
            )
        if not self.whole:
            return number + 0.0  # no negative zero
        if number != int(number):
            refuse(f"{number:g} is not a whole number", at=at, allowed=self.allowed, remedy="Round it")
        return int(number)

    def _check_range(self, number: float, low: float | None, high: float | None) -> None:
        if (low is None) != (high is None):
            at = "high" if low is None else "low"
            refuse(
                f"a range needs both ends and has only {at}", at=at, remedy="Give low and high, or neither"
            )
        if low is not None and high is not None and not low <= number <= high:
            refuse(
                f"low <= value <= high does not hold: {low:g}, {number:g}, {high:g}",
                at="value" if low <= high else "low",
                remedy="Put the value inside its range",
            )

    def _check_unit(self, unit: Any) -> None:
        if unit is None:
            return
        text = str(unit).strip()
        same = SPELLINGS.get(text.casefold(), text)
        if same.casefold() != self.unit.casefold():
            refuse(
                f"the unit is {self.unit}, not {clipped(text)}",
                at="unit",
                allowed=self.unit,
                remedy="Convert the value, then name this unit",
            )

    def _sources(self, source: Any) -> tuple[str, ...]:
        if source is None:
            return ()
        items = source if isinstance(source, list | tuple) else [source]
        if not items or not all(isinstance(item, str) and item.strip() for item in items):
            refuse("source must be a key of sources, or a list of them", at="source")
        return tuple(part.strip() for item in items for part in item.split(";") if part.strip())

    def _text(self, value: Mapping[str, Any], key: str) -> str | None:
        item = value.get(key)
        if item is None or isinstance(item, str):
            return item
        if isinstance(item, bool | float | list | dict):
            refuse(f"{key} must be text, not {clipped(item)}", at=key, remedy=f"Put the {key} in quotes")
        return str(item)  # a bare year is read as a number

    def _unknown(self, key: str) -> NoReturn:
        refuse(
            f'unknown key "{clipped(key)}" in a number',
            at=key,
            allowed=listed(KEYS),
            nearest=nearest(key, KEYS) or "",
        )
