"""Stages 3 to 5: bids, offers, the allocation of what is free, and the contracts that are signed on it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from market_abm.economy import book as books
from market_abm.economy.book import INTERNAL, ROLLING, TERM, Book
from market_abm.economy.conditions import Conditions
from market_abm.economy.contracting import DUST
from market_abm.economy.state import State
from market_abm.economy.world import Floats, Ints, World, of_world
from market_abm.market.problem import TradeProblem
from market_abm.units import GRID, ordered_sum, totals, usd_per_gpu_hour

FIRST_PURCHASE = 20.0
"""kHQ that a lab without compute can start with in one quarter, whatever its growth cap."""


class Position(NamedTuple):
    """Capacity and commitments before trade, kHQ."""

    online: Floats
    """Capacity online and not out, (S,)."""
    sellable: Floats
    """The part that can be allocated, (S,)."""
    delivered: Floats
    """Share of its commitments that a supplier can deliver, (S,)."""
    by_link: Floats
    """Committed and deliverable, (S, B)."""
    by_seller: Floats
    """The same of each seller, (S,)."""
    committed: Floats
    """The same of each buyer, (B,)."""
    free: Floats
    """What a seller has left to allocate, (S,)."""


def position(world: World, state: State, conditions: Conditions) -> Position:
    """What is committed, and what is free: contestability in numbers."""
    online = state.online * conditions.capacity * state.active
    sellable = online * world.sellers.sellable
    by_link = state.book.matrix(state.book.volume, world.shape)
    by_seller = ordered_sum(by_link, axis=1)
    delivered = np.ones(len(sellable))
    short = by_seller > sellable
    if np.count_nonzero(short):
        np.divide(sellable, by_seller, out=delivered, where=short)
        by_link = by_link * delivered[:, None]
        by_seller = ordered_sum(by_link, axis=1)
    return Position(
        online=online,
        sellable=sellable,
        delivered=delivered,
        by_link=by_link,
        by_seller=by_seller,
        committed=ordered_sum(by_link, axis=0),
        # Rounded down to the grid, so that what is sold never exceeds what there is.
        free=np.floor(np.maximum(sellable - by_seller, 0.0) * GRID) / GRID,
    )


def ceilings(
    world: World, state: State, place: Position, liquidity: Floats, price: float
) -> tuple[Floats, tuple]:
    """Most that each buyer can use under its finance and growth caps, and which of them binds, (B,)."""
    buyers, book = world.buyers, state.book
    due = totals(book.buyer, book.price * book.volume * (book.kind != INTERNAL), len(buyers.key))
    income = state.market * state.share * buyers.monetisation * buyers.margin
    budget = np.maximum(liquidity[buyers.row] + income - due, 0.0)
    finance = np.where(buyers.lab, place.committed + budget / max(price, 1e-9), np.inf)
    # Own capacity needs no budget: it is paid for already.
    fleet, owner = _own_links(world)
    finance = finance + totals(owner, place.free[fleet], len(buyers.key))
    growth = np.where(
        buyers.lab & ~buyers.given,
        np.maximum(np.maximum(state.used, place.committed) * (1.0 + buyers.growth_cap), FIRST_PURCHASE),
        np.inf,
    )
    ceiling = np.minimum(finance, growth)
    binding = [
        "" if cap == math.inf else "finance" if cap < most else "growth"
        for cap, most in zip(ceiling.tolist(), growth.tolist())
    ]
    return ceiling, tuple(binding)


@of_world
def _own_links(world: World) -> tuple[Ints, Ints]:
    """Sellers and buyers of the links between an owner's fleet and its own use."""
    fleet, owner = np.nonzero(world.links.internal)
    return fleet, owner


def reach(world: World, state: State, conditions: Conditions, allowed: np.ndarray) -> np.ndarray:
    """Links that can carry trade now, (S, B): qualified, not banned, offered, not exclusive elsewhere."""
    linked = (state.qualified_at <= state.t) & ~conditions.blocked & state.active[:, None]
    linked &= allowed | conditions.opened
    _keep_promises(world, state, conditions, linked)
    if world.links.exclusive.any():
        exclusive = world.links.exclusive & ~conditions.exclusivity_banned[:, None]
        tied = exclusive.any(axis=1)
        linked[tied] &= exclusive[tied] | world.links.internal[tied] | conditions.opened[tied]
    return linked


def _keep_promises(world: World, state: State, conditions: Conditions, linked: np.ndarray) -> None:
    """While an exclusive contract is in force its supplier takes on no other lab; changes ``linked``."""
    book = state.book
    if not book.exclusive.any():
        return
    for i in np.flatnonzero(book.exclusive & book.in_force(state.t)):
        s, b = book.supplier[i], book.buyer[i]
        if conditions.exclusivity_banned[s]:
            continue
        others = world.buyers.lab & ~world.links.internal[s] & ~conditions.opened[s]
        others[b] = False
        linked[s, others] = False


def switching_per_unit(world: World, state: State, conditions: Conditions) -> Floats:
    """Cost of moving to a supplier, spread over its term, MUSD per kHQ (S, B): zero where the buyer is."""
    cost = np.minimum(world.links.switching, conditions.switching_cap[:, None])
    cost = cost / np.maximum(world.sellers.term, 1)[:, None]
    return np.where(state.incumbent > DUST, 0.0, cost)


def forward_sales(
    world: World, conditions: Conditions, place: Position, arrivals: Floats, wanted: Floats
) -> Floats:
    """Arriving capacity that was sold forward to those a supplier serves already, kHQ (S, B).

    Order books hold about 90 % of what arrives. Incumbent users share it in proportion to their volumes, as
    far as they want more at the last price (``wanted``, (B,)) and the link may carry it; the rest falls to the
    free pool.
    """
    share = float(world.scenario.behaviour.forward_sale)
    forward = share * np.minimum(arrivals * world.sellers.sellable, place.free)
    serves = np.where(place.by_seller > 0, place.by_seller, 1.0)
    claim = place.by_link / serves[:, None] * forward[:, None]
    claim[conditions.blocked] = 0.0
    if world.links.capped:
        claim = np.minimum(claim, room(world, place.by_link))
    asked = ordered_sum(claim, axis=0)
    fill = np.minimum(1.0, np.maximum(wanted, 0.0) / np.where(asked > 0, asked, 1.0))
    return claim * fill


def room(world: World, by_link: Floats) -> Floats:
    """What each link can carry beyond what it carries already, kHQ, (S, B)."""
    return np.maximum(world.links.cap - by_link, 0.0)


def trade_problem(
    world: World, state: State, conditions: Conditions, offer: Any, bids: Any, free: Floats
) -> TradeProblem:
    """The allocation problem that firms act on: wedge and taste included."""
    cap = room(world, position(world, state, conditions).by_link) if world.links.capped else None
    return TradeProblem(
        capacity=np.minimum(offer.capacity, free),
        unit_cost=np.maximum(offer.reserve_price, world.sellers.unit_cost),
        block_quantity=bids.quantity,
        block_value=bids.value,
        switching=switching_per_unit(world, state, conditions) - world.links.taste,
        wedge=offer.wedge,
        linked=reach(world, state, conditions, offer.allowed),
        link_cap=cap,
        incumbent=state.incumbent,
        tie_key=world.links.key,
    )


def sign(
    world: World, state: State, flow: Floats, price: Floats, term: np.ndarray, notice: np.ndarray, tag: str
) -> Book:
    """Write traded volumes into the book.

    Open segments and own use add to their rolling row (at the average price); a lab signs a term contract for
    the seller's offered term, take-or-pay in full.
    """
    book, t = state.book, state.t
    s, b = (flow > DUST).nonzero()
    kind, quantity = _kinds(world)[s, b], flow[s, b]
    agreed = np.where(kind == INTERNAL, 0.0, price[s, b])
    row = _rolling_rows(world, book, s, b, kind)
    known = row >= 0
    if known.any():
        at, extra = row[known], quantity[known]
        volume, paid = book.volume.copy(), book.price.copy()
        paid[at] = (paid[at] * volume[at] + agreed[known] * extra) / (volume[at] + extra)
        volume[at] += extra
        book = book.change(volume=volume, price=paid)
    new = (~known).nonzero()[0]
    if not len(new):
        return book
    s, b, kind = s[new], b[new], kind[new]
    firm = kind == TERM
    ends = t + term[s].astype(np.int64) - 1
    sellers, buyers = world.sellers.key, world.buyers.key
    fresh = books.columns(
        tuple([f"{tag}{t:02d}-{sellers[i]}-{buyers[j]}" for i, j in zip(s.tolist(), b.tolist())]),
        supplier=s,
        buyer=b,
        kind=kind,
        volume=quantity[new],
        price=agreed[new],
        start=np.array([t]).repeat(len(new)),
        ends=np.where(firm, ends, books.NEVER),
        firm_until=np.where(firm, ends, -1),
        notice=np.where(firm, notice[s].astype(np.int64), 0),
    )
    return book.append(fresh)


@of_world
def _kinds(world: World) -> Ints:
    """Kind of the contract that is signed on each link, (S, B)."""
    return np.where(world.links.internal, INTERNAL, np.where(world.buyers.lab, TERM, ROLLING))


def _rolling_rows(world: World, book: Book, s: np.ndarray, b: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Rows of the rolling relations or own use on these links, -1 where there is none or a term is signed."""
    row = np.full((*world.shape, len(books.KINDS)), -1)
    known = (book.kind != TERM).nonzero()[0]
    row[book.supplier[known], book.buyer[known], book.kind[known]] = known
    return row[s, b, kind]


def signings(world: World, state: State, before: Book) -> list[dict]:
    """Events of the contracts that were signed since the book was ``before``."""
    book, known = state.book, set(before.id)
    begun = ((book.kind == TERM) & (book.start == state.t)).nonzero()[0].tolist()
    fresh = [i for i in begun if book.id[i] not in known]
    return [
        {
            "stage": 5,
            "kind": "contract signed",
            "firm": world.sellers.key[book.supplier[i]],
            "counterparty": world.buyers.key[book.buyer[i]],
            "amount": float(book.volume[i]),
            "unit": "kH100e",
            "detail": f"{book.id[i]} at {usd_per_gpu_hour(float(book.price[i])):.2f} USD/GPU-h",
        }
        for i in fresh
    ]
