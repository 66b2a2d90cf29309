"""Strategies by verb and name: register one with a decorator, name it in a scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market_abm import plugins
from market_abm.strategies.view import VERBS

_STRATEGIES: dict[str, dict[str, Callable[..., Any]]] = {verb: {} for verb in VERBS}


def strategy(verb: str, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register ``function(view, rows) -> result`` for a verb.

    Examples
    --------
    >>> @strategy("sell", "hoard-in-docs")
    ... def hoard(view, rows):
    ...     offer = get("sell", "default")(view, rows)
    ...     return replace(offer, capacity=0.5 * offer.capacity)
    """
    if verb not in VERBS:
        raise ValueError(f"verb {verb!r} is not known; verbs: {', '.join(VERBS)}")

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        known = _STRATEGIES[verb].get(name)
        if known is not None and known.__module__ != function.__module__:
            raise ValueError(f"{verb} strategy {name!r} is already registered by {known.__module__}")
        _STRATEGIES[verb][name] = function
        plugins.note("strategy", f"{verb} {name}", function, lambda: _STRATEGIES[verb].pop(name, None))
        return function

    return register


def get(verb: str, name: str) -> Callable[..., Any]:
    """The strategy of that name; where it is not known, plugins are loaded first.

    Raises
    ------
    ValueError
        Lists the names that are known.
    """
    if name not in _STRATEGIES[verb]:
        plugins.load()
    if name not in _STRATEGIES[verb]:
        there = ", ".join(sorted(_STRATEGIES[verb]))
        told = f"{verb} strategy {name!r} is not known; registered: {there}. {plugins.trouble()}"
        raise ValueError(told.strip())
    return _STRATEGIES[verb][name]


def names(verb: str) -> tuple[str, ...]:
    """All registered strategies of a verb."""
    return tuple(sorted(_STRATEGIES[verb]))
