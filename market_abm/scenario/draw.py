"""Guesses drawn per seed: every number with a range becomes one plain float."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from market_abm.scenario import paths
from market_abm.scenario.fields import FrozenMap, MapOf, Part
from market_abm.scenario.positions import field_type, labels_of
from market_abm.scenario.quantity import Number, Quantity

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario


class Input(NamedTuple):
    """A number of a scenario: where it is, what it is, and its type."""

    path: str
    value: float
    type: Number | None


class Guess(NamedTuple):
    """A number with a range, and whether it is whole."""

    path: str
    low: float
    middle: float
    high: float
    whole: bool

    def at(self, number: float) -> float:
        """A draw as it stands in a scenario."""
        return round(number) if self.whole else number


class Place(NamedTuple):
    """A part, map or list in which guesses stand."""

    central: Any
    """As it is with every number at its central value."""
    guessed: list[tuple[Any, int]]
    """Fields, keys or positions that are drawn, and the number of their guess."""
    below: list[tuple[Any, Place]]
    """Fields, keys or positions that hold such places."""

    def drawn(self, numbers: list[float]) -> Any:
        """The same with the numbers drawn, in the order of the guesses."""
        drawn = {at: numbers[guess] for at, guess in self.guessed}
        for at, place in self.below:
            drawn[at] = place.drawn(numbers)
        return _changed(self.central, drawn)


class Plan(NamedTuple):
    """What a seed draws of a scenario."""

    central: Scenario
    """With every number at its central value."""
    guesses: list[Guess]
    columns: tuple[tuple[Any, ...], ...]
    """The guesses by field: paths, ends and middles, whether whole."""
    place: Place | None


def drawn(scenario: Scenario, seed: int, pin: bool | Iterable[str] = False) -> Scenario:
    """The same world with every number a plain float.

    A number with a range is drawn from the triangular distribution (low, value, high). The draw is keyed by
    seed and dotted path, so scenarios compared under one seed share it, and nothing else in the file
    matters. Whole numbers are rounded.

    Parameters
    ----------
    seed : int
        Seed of the run.
    pin : bool or iterable of str
        True holds every central value (as does `pin: true` in the file); paths hold those and what is below.
    """
    from market_abm.rng import triangular, uniforms

    central, guesses, columns, place = _plan(scenario)
    if place is None or pin is True or scenario.pin:
        return central.model_copy()
    names, low, middle, high, whole = columns
    draws = uniforms(seed, "input", names).tolist()
    numbers = list(map(triangular, draws, low, middle, high))
    for step in compress(range(len(numbers)), whole):
        numbers[step] = round(numbers[step])
    for held in () if isinstance(pin, bool) else pin:
        for step, guess in enumerate(guesses):
            if guess.path == held or guess.path.startswith(f"{held}."):
                numbers[step] = guess.at(guess.middle)
    return place.drawn(numbers)


def numbers(scenario: Scenario) -> Iterator[Input]:
    """Every number of a scenario with its dotted path, in order."""
    yield from _numbers(scenario, "", None)


def _numbers(value: Any, path: str, kind: Number | None) -> Iterator[Input]:
    if isinstance(value, float | int) and not isinstance(value, bool):
        yield Input(path, value, kind)
    for _, label, item, its_kind in _within(value, kind):
        yield from _numbers(item, paths.below(path, label), its_kind)


_plans: dict[int, Plan] = {}
"""By identity, as long as the scenario lives: a scenario is frozen, and a changed copy is another one."""


def _plan(scenario: Scenario) -> Plan:
    """What seeds draw of a scenario, which does not depend on the seed."""
    key = id(scenario)
    if key not in _plans:
        guesses: list[Guess] = []
        central, place = _planned(scenario, "", None, guesses)
        assert not isinstance(place, int)  # a scenario is no number
        central._tree = None  # what was drawn stands in no file
        _plans[key] = Plan(central, guesses, tuple(zip(*guesses)), place)
        weakref.finalize(scenario, _plans.pop, key, None).atexit = False
    return _plans[key]


def _planned(
    value: Any, path: str, kind: Number | None, guesses: list[Guess]
) -> tuple[Any, int | Place | None]:
    """A value with every number at its centre, and what of it is drawn; guesses found are added to the list."""
    if isinstance(value, Quantity):
        whole = kind is not None and kind.whole
        guess = Guess(path, value.low, float(value), value.high, whole)  # type: ignore[arg-type]
        if value.ranged:
            guesses.append(guess)
        return guess.at(guess.middle), len(guesses) - 1 if value.ranged else None
    central: dict[Any, Any] = {}
    guessed: list[tuple[Any, int]] = []
    below: list[tuple[Any, Place]] = []
    for at, label, item, its_kind in _within(value, kind):
        central[at], held = _planned(item, paths.below(path, label), its_kind, guesses)
        if isinstance(held, int):
            guessed.append((at, held))
        elif held is not None:
            below.append((at, held))
    middle = _changed(value, central) if central else value
    return middle, Place(middle, guessed, below) if guessed or below else None


def _within(value: Any, kind: Number | None) -> Iterator[tuple[Any, str, Any, Number | None]]:
    """What a part, map or list holds: field, key or position, its name in paths, value, numeric type."""
    if isinstance(value, Part):
        for name, number in _types(type(value)).items():
            if not isinstance(item := getattr(value, name), str | bool | None):
                yield name, name, item, number
    elif isinstance(value, FrozenMap):
        for key, item in value.items():
            yield key, key, item, kind
    elif isinstance(value, tuple):
        for step, label in enumerate(labels_of(value)):
            yield step, label, value[step], kind


def _changed(value: Any, changes: dict[Any, Any]) -> Any:
    """A part, map or list in which some of what it holds is another."""
    if isinstance(value, Part):
        return value.model_copy(update=changes)
    if isinstance(value, FrozenMap):
        return type(value)({**value, **changes})
    return tuple([changes.get(step, item) for step, item in enumerate(value)])


@cache
def _types(model: type[Part]) -> dict[str, Number | None]:
    """The numeric type of each field of a part, also of those that hold maps of numbers."""
    found: dict[str, Number | None] = {}
    for name in model.model_fields:
        kinds = field_type(model, name)
        number = next((kind for kind in kinds if isinstance(kind, Number)), None)
        held = next((kind.number for kind in kinds if isinstance(kind, MapOf)), None)
        found[name] = number or held
    return found
