"""A problem at a place of the schema, before it has a place in a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from market_abm.scenario.errors import clipped, listed, nearest

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario

TOLERANCE = 1e-6
"""Relative; rounded shares and volumes of a file may miss a total by that much."""

Place = tuple[object, ...]


@dataclass(frozen=True)
class Finding:
    """What is wrong and where; ``at_key`` points at the key rather than at its value."""

    loc: Place
    message: str
    allowed: str = ""
    remedy: str = ""
    nearest: str = ""
    at_key: bool = False


def sellers(scenario: Scenario) -> list[str]:
    """Firms with a fleet."""
    return [name for name, firm in scenario.firms.items() if firm.fleet is not None]


def labs(scenario: Scenario) -> list[str]:
    """Firms with a lab."""
    return [name for name, firm in scenario.firms.items() if firm.lab is not None]


def buyers(scenario: Scenario) -> list[str]:
    """Firms with a lab, and segments."""
    return list(dict.fromkeys([*labs(scenario), *scenario.segments]))


def known(
    loc: Place, name: str, names: list[str], what: str, *, star: bool = False, at_key: bool = False
) -> Iterator[Finding]:
    """A finding where ``name`` is none of ``names``."""
    if name in names or (star and name == "*"):
        return
    allowed = listed([*names, "*"] if star else names)
    near = nearest(name, names) or ""
    yield Finding(loc, f'"{clipped(name)}" is not {what}', allowed, "", near, at_key)
