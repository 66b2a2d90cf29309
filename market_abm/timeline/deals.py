"""Deals: single contracts and firms change on a date, under the conditions of the quarter."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy import book as books
from market_abm.economy.book import INTERNAL, Book
from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.timeline.registry import kind
from market_abm.units import ordered_sum


@kind("recall", deal=True)
def recall(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A party gives notice on a contract, firm term or not: the capacity is back that many quarters later."""
    if not onset or entry.contract not in state.book.id:
        return state
    book = state.book
    row = np.array([i == entry.contract for i in book.id])
    notice = book.notice if entry.notice is None else np.full(len(book), int(entry.notice))
    notice = np.maximum(notice, conditions.minimum_notice[book.supplier])
    ends = np.where(row, np.minimum(book.ends, state.t + notice - 1), book.ends)
    return state.change(book=book.change(ends=ends, noticed=np.where(row, state.t, book.noticed)))


@kind("terminate", deal=True)
def terminate(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A contract ends at once."""
    if not onset or entry.contract not in state.book.id:
        return state
    book = state.book
    return state.change(book=book.keep(np.array([i != entry.contract for i in book.id])))


@kind("lease", deal=True)
def lease(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A new contract enters the book on its date; not where an export control has deleted the link."""
    from market_abm.economy.compile import contract_record

    if not onset:
        return state
    contract = entry.contract
    s, b = world.sellers.key.index(contract.supplier), world.buyers.key.index(contract.buyer)
    if conditions.blocked[s, b]:
        return state
    name = entry.id or f"L-{contract.supplier}-{contract.buyer}"
    record = contract_record(
        name, contract, world.sellers, world.buyers, world.start, world.horizon, world.scenario
    )
    record["start"] = max(record["start"], state.t)
    record["notice"] = max(record["notice"], int(conditions.minimum_notice[s]))
    qualified = state.qualified_at.copy()
    qualified[s, b] = min(qualified[s, b], state.t)
    return state.change(book=state.book.append(books.rows([record])), qualified_at=qualified)


@kind("entry", deal=True)
def entry_of_firm(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A waiting entrant starts with the capacity stated."""
    if not onset:
        return state
    return started(world, state, entry.firm, 0.0 if entry.online is None else float(entry.online))


def started(world: World, state: State, firm: str, online: float) -> State:
    """The firm's fleet is active, ``online`` kH100e larger, and within reach of those whom its links name."""
    s = world.sellers.key.index(firm)
    active, fleet = state.active.copy(), state.fleet.copy()
    active[s] = True
    fleet[s, min(state.t, fleet.shape[1] - 1)] += online
    qualified = state.qualified_at.copy()
    qualified[s] = np.where(world.links.linked[s], np.minimum(qualified[s], state.t), qualified[s])
    return state.change(active=active, fleet=fleet, qualified_at=qualified)


@kind("divestiture", deal=True)
def divestiture(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Part of what a fleet sells passes to another firm, with its contracts and its links."""
    share = float(entry.share)
    if not onset or share == 0.0:
        return state
    state = started(world, state, entry.to, 0.0)
    s, new = world.sellers.key.index(entry.supplier), world.sellers.key.index(entry.to)
    online = float(state.online[s])
    own = float(ordered_sum(np.where(world.links.internal[s], state.incumbent[s], 0.0)))
    merchant = max(1.0 - own / (online * float(world.sellers.sellable[s])), 0.0) if online > 0 else 1.0
    part = share * merchant
    columns = {}
    for name in ("fleet", "pipeline", "power_queue", "chip_backlog"):
        column = getattr(state, name).copy()
        moved = part * column[s]
        column[s] -= moved
        column[new] += moved
        columns[name] = column
    outside = ~world.links.internal[s]
    incumbent, last_used = state.incumbent.copy(), state.last_used.copy()
    moved = np.where(outside, share * incumbent[s], 0.0)
    incumbent[s] -= moved
    incumbent[new] += moved
    last_used[new] = np.where(moved > 0, np.maximum(last_used[new], last_used[s]), last_used[new])
    qualified = state.qualified_at.copy()
    qualified[new] = np.where(outside, np.minimum(qualified[new], qualified[s]), qualified[new])
    return state.change(
        book=_split(state.book, s, new, entry.to, share), incumbent=incumbent, last_used=last_used,
        qualified_at=qualified, **columns,
    )  # fmt: skip


def _split(book: Book, seller: int, new: int, name: str, share: float) -> Book:
    """The book in which ``share`` of the seller's outside contracts is the new firm's."""
    mine = (book.supplier == seller) & (book.kind != INTERNAL)
    passed = book.keep(mine)
    if not len(passed):
        return book
    passed = passed.scaled(np.full(len(passed), share)).change(
        id=tuple(f"{key}/{name}" for key in passed.id),
        supplier=np.full(len(passed), new, dtype=np.int64),
    )
    return book.scaled(np.where(mine, 1.0 - share, 1.0)).append(passed)
