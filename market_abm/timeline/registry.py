"""Kinds of dated timeline entries: each is one function, found here by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.scenario.calendar import quarter_index

Handler = Callable[[Any, World, State, Conditions, bool], State]
"""(entry, world, state, conditions, onset) -> state; conditions are changed in place."""

_KINDS: dict[str, Handler] = {}


def kind(name: str) -> Callable[[Handler], Handler]:
    """Register a kind of timeline entry.

    The function is called in every quarter in which the entry holds; ``onset`` is true in the first of them.
    It changes the quarter's conditions in place and returns the state.
    """

    def register(handler: Handler) -> Handler:
        if name in _KINDS:
            raise ValueError(f"timeline kind {name!r} is registered twice")
        _KINDS[name] = handler
        return handler

    return register


def kinds() -> tuple[str, ...]:
    """Names of all registered kinds."""
    return tuple(sorted(_KINDS))


def take_effect(world: World, state: State) -> tuple[State, Conditions, list[dict]]:
    """Stage 0: shocks and policy of the quarter take effect."""
    conditions = Conditions.neutral(world)
    events = []
    for entry in world.scenario.timeline:
        first = quarter_index(entry.quarter) - world.start
        last = quarter_index(entry.until) - world.start if entry.until else world.horizon
        if not first <= state.t <= last:
            continue
        if entry.kind not in _KINDS:
            raise ValueError(f"timeline kind {entry.kind!r} has no effect; known kinds: {', '.join(kinds())}")
        state = _KINDS[entry.kind](entry, world, state, conditions, state.t == first)
        if state.t == first and entry.kind != "null":
            parties = _parties(entry, world, state)
            events.append({"stage": 0, "kind": entry.kind, **parties, "detail": entry.id or entry.quarter})
    _keep_to_sole_suppliers(world, conditions)
    return state, conditions, events


def _keep_to_sole_suppliers(world: World, conditions: Conditions) -> None:
    """Who deals with one supplier alone signs with no other, until that supplier's exclusivity is lifted."""
    sole = world.links.sole & ~conditions.exclusivity_banned[:, None]
    conditions.blocked |= sole.any(axis=0)[None, :] & ~sole & ~world.links.internal


def _parties(entry: Any, world: World, state: State) -> dict[str, str]:
    """Who recalls capacity from whom, for the record of events; empty for other kinds."""
    if entry.kind != "recall" or entry.contract not in state.book.id:
        return {}
    row = state.book.id.index(entry.contract)
    pair = world.sellers.key[state.book.supplier[row]], world.buyers.key[state.book.buyer[row]]
    firm, other = pair if entry.by == "supplier" else pair[::-1]
    return {"firm": firm, "counterparty": other}
