"""Provenance of a scenario's numbers: which of them say neither where they come from nor for when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from market_abm.scenario import paths
from market_abm.scenario.draw import numbers
from market_abm.scenario.positions import labels_of
from market_abm.scenario.quantity import Quantity

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario

STRUCTURE = ("schema_version", "horizon")
"""Parts whose numbers describe the file, not the world."""
DATED = ("pipeline", "ramp", "deliveries", "power", "price_index", "chips", "regions", "priority")
"""Series and shares: their single numbers stand for the entry around them."""


def unsourced(scenario: Scenario) -> list[str]:
    """Paths of numbers stated in the file without a source and a date.

    A number has both of its own. One with a range or marked as a guess may inherit them from its contract,
    segment, chip supplier, region or dated entry; the numbers of a series or of a set of shares inherit from
    any entry around them. A bare number elsewhere is always found. Defaults that no file states are guesses
    of the model and not counted.
    """
    found = []
    for item in numbers(scenario):
        parts = paths.split(item.path)
        if parts[0] in STRUCTURE or scenario.origin(item.path) is None:
            continue
        source, date = _own(item.value)
        series = any(part in DATED for part in parts[:-1])
        if series or (isinstance(item.value, Quantity) and parts[0] != "firms"):
            for entry in _around(scenario, parts):
                source = source or getattr(entry, "source", None)
                date = date or getattr(entry, "as_of", None)
        if not (source and date):
            found.append(item.path)
    return found


def _own(value: Any) -> tuple[Any, Any]:
    return (value.source, value.as_of) if isinstance(value, Quantity) else (None, None)


def _around(scenario: Scenario, parts: list[str]) -> Iterator[Any]:
    """Entries around a number, the innermost first."""
    chain: list[Any] = [scenario]
    for part in parts[:-1]:
        here = chain[-1]
        if isinstance(here, dict):
            chain.append(here[part])
        elif isinstance(here, tuple):
            chain.append(here[labels_of(here).index(part)])
        else:
            chain.append(getattr(here, part))
    yield from reversed(chain[1:])
