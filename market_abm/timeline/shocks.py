"""Shocks: outages, demand, chips, power, cost of capital, recalls."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.timeline.registry import kind
from market_abm.units import quarterly_rate


def _chosen(name: str, keys: tuple[str, ...]) -> np.ndarray:
    """Mask of the named key, or of all of them for the wildcard."""
    if name != "*" and name not in keys:
        raise ValueError(f"timeline names {name!r}, which is not there; known: {', '.join(keys)}")
    return np.array([name in ("*", key) for key in keys], dtype=bool)


@kind("null")
def null(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Nothing at all: the control that must change no bit."""
    return state


@kind("capacity_shock")
def capacity_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Part of a supplier's fleet is out while the entry holds."""
    conditions.capacity[_chosen(entry.supplier, world.sellers.key)] *= 1.0 + float(entry.change)
    return state


@kind("demand_shock")
def demand_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A buyer needs more or less while the entry holds."""
    conditions.need[_chosen(entry.buyer, world.buyers.key)] *= 1.0 + float(entry.change)
    return state


@kind("chip_shock")
def chip_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A chip supplier delivers more or less while the entry holds."""
    conditions.chips[_chosen(entry.chip, world.upstream.chip)] *= 1.0 + float(entry.change)
    return state


@kind("power_shock")
def power_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A region energises more or less power while the entry holds."""
    conditions.power[_chosen(entry.region, world.upstream.region)] *= 1.0 + float(entry.change)
    return state


@kind("capex_shock")
def capex_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """New capacity costs more or less while the entry holds."""
    conditions.capex[_chosen(entry.firm, world.sellers.key)] *= 1.0 + float(entry.change)
    return state


@kind("credit_crunch")
def credit_crunch(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Lenders cut debt limits and ask a spread while the entry holds."""
    mask = _chosen(entry.firm, world.rows.key)
    conditions.credit[mask] *= 1.0 + float(entry.change)
    conditions.spread[mask] += quarterly_rate(float(entry.spread))
    return state


@kind("recall")
def recall(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A party gives notice on a contract, firm term or not: the capacity is back that many quarters later."""
    if not onset or entry.contract not in state.book.id:
        return state
    book = state.book
    row = np.array([i == entry.contract for i in book.id])
    notice = book.notice if entry.notice is None else np.full(len(book), int(entry.notice))
    ends = np.where(row, np.minimum(book.ends, state.t + notice - 1), book.ends)
    return state.change(book=book.change(ends=ends, noticed=np.where(row, state.t, book.noticed)))


@kind("terminate")
def terminate(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A contract ends at once."""
    if not onset or entry.contract not in state.book.id:
        return state
    book = state.book
    return state.change(book=book.keep(np.array([i != entry.contract for i in book.id])))


@kind("lease")
def lease(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A new contract enters the book on its date."""
    from market_abm.economy import book as books
    from market_abm.economy.compile import contract_record

    if not onset:
        return state
    contract = entry.contract
    record = contract_record(
        entry.id or f"L-{contract.supplier}-{contract.buyer}",
        contract,
        world.sellers,
        world.buyers,
        world.start,
        world.horizon,
        world.scenario,
    )
    record["start"] = max(record["start"], state.t)
    s, b = record["supplier"], record["buyer"]
    qualified = state.qualified_at.copy()
    qualified[s, b] = min(qualified[s, b], state.t)
    return state.change(book=state.book.append(books.rows([record], world.horizon)), qualified_at=qualified)


@kind("entry")
def entry_of_firm(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A waiting entrant starts with the capacity stated."""
    if not onset:
        return state
    s = world.sellers.key.index(entry.firm)
    active, fleet = state.active.copy(), state.fleet.copy()
    active[s] = True
    if entry.online is not None:
        fleet[s, min(state.t, fleet.shape[1] - 1)] += float(entry.online)
    qualified = state.qualified_at.copy()
    qualified[s] = np.where(world.links.linked[s], np.minimum(qualified[s], state.t), qualified[s])
    return state.change(active=active, fleet=fleet, qualified_at=qualified)
