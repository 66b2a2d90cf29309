"""Measures of third parties: numbers about the whole market, recorded in a table of their own."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm import decorated, plugins

if TYPE_CHECKING:
    from market_abm.market.clearing import Allocation

Function = Callable[["Allocation"], float]


@dataclass(frozen=True)
class Measure:
    """A registered measure: a number about an allocation, with unit and meaning."""

    name: str
    unit: str
    meaning: str
    function: Function


_MEASURES: dict[str, Measure] = {}


def measure(name: str, *, unit: str, meaning: str) -> Callable[[Function], Function]:
    """Register ``function(allocation) -> float`` (decorator).

    The allocation is that of the whole market, as if all of it were contestable: all capacity that can be
    sold, all demand before finance caps, links as they are; wedge, tax and taste left out. Quantities are in
    kHQ, prices in MUSD/kHQ. NaN says that the measure has no value there.

    Parameters
    ----------
    name, unit, meaning : str
        As they stand in the results; ``unit`` is "1" for a pure number.

    Raises
    ------
    ValueError
        If a text is empty or another function holds the name.

    Examples
    --------
    >>> @measure("idle-in-docs", unit="kHQ", meaning="Capacity that serves nobody")
    ... def idle(allocation):
    ...     return allocation.problem.capacity.sum() - allocation.flow.sum()
    """
    for what, text in (("name", name), ("unit", unit), ("meaning", meaning)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"measure {name!r}: {what} is {text!r}; give a text (unit 1 for a pure number)")

    def register(function: Function) -> Function:
        held = _MEASURES.get(name)
        if held is not None and _place(held.function) != _place(function):
            raise ValueError(
                f"measure {name!r} is taken by {'.'.join(_place(held.function))}: choose another"
            )
        _MEASURES[name] = Measure(name, unit, meaning, function)
        plugins.note("measure", name, function, lambda: _MEASURES.pop(name, None))
        return function

    return register


def registered_measures() -> tuple[Measure, ...]:
    """All registered measures by name, those of plugins included."""
    decorated.import_registering("measure")
    plugins.load()
    return tuple(_MEASURES[name] for name in sorted(_MEASURES))


def find_measure(name: str) -> Measure:
    """The measure of a name.

    Raises
    ------
    ValueError
        If there is none, with the names that are known.
    """
    if name not in _MEASURES:
        decorated.import_registering("measure", name)
    if name not in _MEASURES:
        plugins.load()
    if name not in _MEASURES:
        near = difflib.get_close_matches(str(name), _MEASURES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        there = ", ".join(sorted(_MEASURES)) or "none"
        raise ValueError(
            f"measure {name!r} is not known; registered: {there}.{hint} {plugins.trouble()}".strip()
        )
    return _MEASURES[name]


def recorded(allocation: Allocation | None) -> tuple[dict[str, list[Any]], list[str]]:
    """Columns of the measures table for one quarter, and what went wrong.

    A measure that raises, or answers with anything but a finite number or NaN, has no value in that quarter
    (NaN) and says why: somebody else's measure must not end a run. Without an allocation (a quarter that is
    not measured) all are NaN.
    """
    columns: dict[str, list[Any]] = {"measure": [], "value": [], "unit": []}
    failures = []
    for item in registered_measures():
        value = math.nan
        if allocation is not None:
            try:
                value = float(item.function(allocation))
            except Exception as error:
                failures.append(f"{item.name}: {type(error).__name__}: {' '.join(str(error).split())}")
            if math.isinf(value):
                failures.append(f"{item.name}: the value is infinite; answer NaN where there is none")
                value = math.nan
        columns["measure"].append(item.name)
        columns["value"].append(value)
        columns["unit"].append(item.unit)
    return columns, failures


def _place(function: Function) -> tuple[str, str]:
    return function.__module__, getattr(function, "__qualname__", "")
