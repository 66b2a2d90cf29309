"""Strategies by verb and name: register one with a decorator, name it in a scenario."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
        return function

    return register


def get(verb: str, name: str) -> Callable[..., Any]:
    """The strategy of that name.

    Raises
    ------
    ValueError
        Lists the names that are known.
    """
    try:
        return _STRATEGIES[verb][name]
    except KeyError:
        raise ValueError(
            f"{verb} strategy {name!r} is not known; registered: {', '.join(sorted(_STRATEGIES[verb]))}"
        ) from None


def names(verb: str) -> tuple[str, ...]:
    """All registered strategies of a verb."""
    return tuple(sorted(_STRATEGIES[verb]))
