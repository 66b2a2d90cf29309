"""What differs between two scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from market_abm.scenario import paths
from market_abm.scenario.dump import plain
from market_abm.scenario.fields import Part
from market_abm.scenario.positions import labels_of

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario


class Difference(NamedTuple):
    """A dotted path and what stands there; None where one scenario has nothing.

    Values are plain: numbers with provenance as mappings, entries that only one scenario has in one piece.
    """

    path: str
    a: Any
    b: Any


def diff(a: Scenario, b: Scenario) -> list[Difference]:
    """Every difference, defaults included, by path."""
    return list(_differ((), _tree(a), _tree(b)))


def _tree(value: Any) -> Any:
    """Nested dicts: rows of lists by their name, so that no difference hangs on an order."""
    if isinstance(value, Part):
        named = ((name, getattr(value, name)) for name in type(value).model_fields)
        return {name: _tree(item) for name, item in named if item is not None}
    if isinstance(value, dict):
        return {key: _tree(item) for key, item in value.items()}
    if isinstance(value, tuple) and value and isinstance(value[0], Part):
        return {label: _tree(item) for label, item in zip(labels_of(value), value)}
    return plain(value) if value != () else {}


def _differ(path: tuple[str, ...], a: Any, b: Any) -> Iterator[Difference]:
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict) and not _number(a) and not _number(b):
        for key in dict.fromkeys([*a, *b]):
            yield from _differ((*path, key), a.get(key), b.get(key))
    else:
        yield Difference(paths.join(path), a, b)


def _number(item: dict[str, Any]) -> bool:
    return isinstance(item.get("value"), float | int)
