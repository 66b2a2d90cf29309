"""What other packages bring: protocols, strategies, measures, kinds of timeline entries; loaded when they are needed.

A package names a module under the entry point group ``market_abm.plugins``; importing it runs the decorators
(`market_abm.market.protocol`, `market_abm.strategies.strategy`, `market_abm.measures.measure`,
`market_abm.timeline.kind`) that register what it brings. A module that cannot be imported is reported and leaves
nothing behind.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

GROUP = "market_abm.plugins"
"""Entry point group."""

SWITCH = "MARKET_ABM_NO_PLUGINS"
"""Environment variable: set to anything but 0, no plugin is looked for; worker processes inherit it."""

Kind = Literal["protocol", "strategy", "measure", "timeline"]


@dataclass(frozen=True)
class Plugin:
    """One entry point.

    Attributes
    ----------
    name, module : str
        Of the entry point.
    distribution, version : str
        The installed package that has it.
    registered : tuple of (kind, name)
        What its import registered; strategies are named "verb name".
    error : str
        Why it could not be loaded; empty where it could.
    """

    name: str
    module: str
    distribution: str
    version: str
    registered: tuple[tuple[str, str], ...] = ()
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain fields, for ``--json``."""
        fields = asdict(self)
        fields["registered"] = [{"kind": kind, "name": name} for kind, name in self.registered]
        return fields


@dataclass(frozen=True)
class _Entry:
    kind: Kind
    name: str
    module: str
    withdraw: Callable[[], Any]


_entries: list[_Entry] = []
_loaded: tuple[Plugin, ...] | None = None


def note(kind: Kind, name: str, function: Callable[..., Any], withdraw: Callable[[], Any]) -> None:
    """Registries tell what they were given; ``withdraw`` takes it out again if its plugin fails later."""
    _entries[:] = [item for item in _entries if (item.kind, item.name) != (kind, name)]
    _entries.append(_Entry(kind, name, getattr(function, "__module__", ""), withdraw))


def known(kind: Kind) -> list[str]:
    """Names registered so far, sorted; nothing is loaded."""
    return sorted(item.name for item in _entries if item.kind == kind)


def switched_off() -> bool:
    """Whether plugins are switched off by the environment."""
    return os.environ.get(SWITCH, "0") not in ("", "0")


@contextmanager
def without(wanted: bool = True) -> Iterator[None]:
    """Switch plugins off for this process and the workers that it starts meanwhile."""
    before = os.environ.get(SWITCH)
    if wanted:
        os.environ[SWITCH] = "1"
    try:
        yield
    finally:
        if wanted and before is None:
            del os.environ[SWITCH]
        elif wanted and before is not None:
            os.environ[SWITCH] = before


def load() -> tuple[Plugin, ...]:
    """Import every plugin once; does nothing when they are switched off or were loaded before."""
    global _loaded
    if switched_off():
        return ()
    if _loaded is None:
        _loaded = ()  # a plugin whose import asks for an unknown name must not start this again
        _loaded = tuple(_imported(point) for point in _points())
    return _loaded


listed = load
"""The installed plugins with what they registered, or why they could not be loaded; by name."""


def versions() -> dict[str, str]:
    """Version of every distribution that brings a plugin, without importing any."""
    if switched_off():
        return {}
    return {point.dist.name: point.dist.version for point in _points() if point.dist is not None}


def trouble() -> str:
    """Why a name may be missing: plugins are switched off, or some could not be loaded; else empty."""
    if switched_off():
        return f"Plugins are switched off (--no-plugins or {SWITCH})."
    broken = [f'Plugin "{item.name}" could not be loaded: {item.error}.' for item in load() if item.error]
    return " ".join(broken)


def _points() -> tuple[Any, ...]:
    return _points_on(tuple(sys.path))


@cache
def _points_on(path: tuple[str, ...]) -> tuple[Any, ...]:
    """Entry points of a search path: looking through every installed package takes its time, so it is done once."""
    from importlib.metadata import entry_points

    found = {(point.name, point.value): point for point in reversed(list(entry_points(group=GROUP)))}
    return tuple(found[key] for key in sorted(found))


def _imported(point: Any) -> Plugin:
    from importlib import import_module

    distribution, version = ("", "") if point.dist is None else (point.dist.name, point.dist.version)
    error, before = "", list(_entries)
    module = str(point.value)
    try:
        module = point.module
        import_module(module)
    except (Exception, SystemExit) as caught:  # whatever a stranger's module does on import
        error = f"{type(caught).__name__}: {' '.join(str(caught).split())}".rstrip(": .")
    brought = [item for item in _entries if _theirs(item) and (item not in before or item.module == module)]
    if error:
        for item in brought:
            item.withdraw()
            _entries.remove(item)
    registered = () if error else tuple(sorted((item.kind, item.name) for item in brought))
    return Plugin(point.name, module, distribution, version, registered, error)


def _theirs(item: _Entry) -> bool:
    """Not of this package, whose own registrations a plugin's import may set off."""
    return item.module.partition(".")[0] != __name__.partition(".")[0]
