"""Kinds of dated timeline entries: each is one function, found here by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market_abm import plugins
from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World, of_world
from market_abm.scenario.calendar import quarter_index
from market_abm.scenario.timeline import Entry, Fading, add_kind, remove_kind

Handler = Callable[[Any, World, State, Conditions, bool], State]
"""(entry, world, state, conditions, onset) -> state; conditions are changed in place."""

_KINDS: dict[str, Handler] = {}
_DEALS: set[str] = set()

FADES = ("change", "spread")
"""Fields of an entry that fade after its last quarter."""


def kind(name: str, *, deal: bool = False, entry: type[Entry] | None = None) -> Callable[[Handler], Handler]:
    """Register a kind of timeline entry.

    The function is called in every quarter in which the entry holds; ``onset`` is true in the first of them.
    It changes the quarter's conditions in place and returns the state. A ``deal`` acts under the conditions that
    all other entries have set, wherever it stands in the file. ``entry`` is the class of its fields, where it stands
    beside the function and not among those of the schema.

    Raises
    ------
    ValueError
        If another function holds the name, or the class is of another kind.
    """

    def register(handler: Handler) -> Handler:
        held = _KINDS.get(name)
        if held is not None and held.__module__ != handler.__module__:
            raise ValueError(f"timeline kind {name!r} is taken by {held.__module__}: choose another")
        if entry is not None:
            add_kind(name, entry)
            plugins.note("timeline", name, handler, lambda: _withdraw(name))
        _KINDS[name] = handler
        if deal:
            _DEALS.add(name)
        return handler

    return register


def _withdraw(name: str) -> None:
    _KINDS.pop(name, None)
    _DEALS.discard(name)
    remove_kind(name)


def kinds() -> tuple[str, ...]:
    """Names of all registered kinds."""
    return tuple(sorted(_KINDS))


def take_effect(world: World, state: State) -> tuple[State, Conditions, list[dict]]:
    """Stage 0: shocks and policy of the quarter take effect, then deals under them."""
    conditions = Conditions.neutral(world)
    events = []
    for entry, first, last in _dated(world):
        held = in_force(entry, first, last, state.t)
        if held is None:
            continue
        if entry.kind not in _KINDS:
            raise ValueError(f"timeline kind {entry.kind!r} has no effect; known kinds: {', '.join(kinds())}")
        state = _KINDS[entry.kind](held, world, state, conditions, state.t == first)
        if state.t == first and entry.kind != "null":
            events.append({"stage": 0, "kind": entry.kind, "detail": entry.id or entry.quarter}
                          | _told(entry, world, state))  # fmt: skip
    _keep_to_sole_suppliers(world, conditions)
    return state, conditions, events


@of_world
def _dated(world: World) -> list[tuple[Any, int, int]]:
    """Entries in the order in which they take effect, with first and last quarter counted from the run's start."""
    dated = []
    for entry in sorted(world.scenario.timeline, key=lambda entry: entry.kind in _DEALS):
        last = quarter_index(entry.until) - world.start if entry.until else world.horizon
        dated.append((entry, quarter_index(entry.quarter) - world.start, last))
    return dated


def in_force(entry: Any, first: int, last: int, t: int) -> Any | None:
    """An entry of these quarters as it holds in quarter ``t``: whole, faded after its last quarter, or None."""
    if first <= t <= last:
        return entry
    late = t - last
    if not isinstance(entry, Fading) or not 0 < late <= int(entry.recovery):
        return None
    left = 1.0 - late / (int(entry.recovery) + 1.0)
    faded = {name: left * float(getattr(entry, name)) for name in FADES if hasattr(entry, name)}
    return entry.model_copy(update=faded)


def _keep_to_sole_suppliers(world: World, conditions: Conditions) -> None:
    """Who deals with one supplier alone signs with no other, until that supplier's exclusivity is lifted."""
    if world.links.tied:
        sole = world.links.sole & ~conditions.exclusivity_banned[:, None]
        conditions.blocked |= sole.any(axis=0) & ~sole & ~world.links.internal


def _told(entry: Any, world: World, state: State) -> dict[str, str]:
    """What the record of events says beside the kind: who recalls from whom, why a merger was screened out."""
    if entry.kind == "merger" and entry.key in state.prohibited:
        return {"kind": "merger prohibited", "firm": entry.acquirer, "counterparty": entry.target_firm,
                "detail": state.prohibited[entry.key]}  # fmt: skip
    if entry.kind != "recall" or entry.contract not in state.book.id:
        return {}
    row = state.book.id.index(entry.contract)
    pair = world.sellers.key[state.book.supplier[row]], world.buyers.key[state.book.buyer[row]]
    firm, other = pair if entry.by == "supplier" else pair[::-1]
    return {"firm": firm, "counterparty": other}
