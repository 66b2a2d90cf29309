"""Guesses drawn per seed: every number with a range becomes one plain float."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
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
    from market_abm.rng import triangular, uniform

    held = () if isinstance(pin, bool) else tuple(pin)

    def number(value: float, parts: tuple[str, ...], kind: Number | None) -> float:
        if not isinstance(value, Quantity):
            return value
        result = float(value)
        if value.ranged and pin is not True and not scenario.pin:
            at = paths.join(parts)
            if not any(at == path or at.startswith(f"{path}.") for path in held):
                result = triangular(uniform(seed, "input", at), value.low, result, value.high)  # type: ignore[arg-type]
        return round(result) if kind is not None and kind.whole else result

    world = _mapped(scenario, (), None, number)
    world._tree = None  # what was drawn stands in no file
    return world


def numbers(scenario: Scenario) -> Iterator[Input]:
    """Every number of a scenario with its dotted path, in order."""
    found: list[Input] = []

    def note(value: float, parts: tuple[str, ...], kind: Number | None) -> float:
        found.append(Input(paths.join(parts), value, kind))
        return value

    _mapped(scenario, (), None, note)
    yield from found


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


Change = Callable[[float, tuple[str, ...], Number | None], float]
"""(number, parts of its path, its type) -> what it becomes."""


def _mapped(value: Any, path: tuple[str, ...], kind: Number | None, change: Change) -> Any:
    """The same structure with every number replaced."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return change(value, path, kind)
    if isinstance(value, Part):
        types = _types(type(value))
        update = {
            name: _mapped(item, (*path, name), types[name], change)
            for name in types
            if not isinstance(item := getattr(value, name), str | bool | None)
        }
        return value.model_copy(update=update)
    if isinstance(value, FrozenMap):
        return type(value)({key: _mapped(item, (*path, key), kind, change) for key, item in value.items()})
    if isinstance(value, tuple):
        labels = labels_of(value)
        return tuple(_mapped(item, (*path, label), kind, change) for item, label in zip(value, labels))
    return value
