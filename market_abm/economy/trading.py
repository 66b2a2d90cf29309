"""Stages 3 to 5: bids, offers, the allocation of what is free, and the contracts that are signed on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from market_abm.economy import book as books
from market_abm.economy.book import INTERNAL, ROLLING, TERM, Book
from market_abm.economy.conditions import Conditions
from market_abm.economy.contracting import DUST
from market_abm.economy.state import State
from market_abm.economy.world import Floats, World
from market_abm.market.problem import TradeProblem
from market_abm.units import GRID, ordered_sum, usd_per_gpu_hour

FIRST_PURCHASE = 20.0
"""kHQ that a lab without compute can start with in one quarter, whatever its growth cap."""


@dataclass(frozen=True)
class Position:
    """Capacity and commitments before trade, kHQ."""

    online: Floats
    """Capacity online and not out, (S,)."""
    sellable: Floats
    """The part that can be allocated, (S,)."""
    delivered: Floats
    """Share of its commitments that a supplier can deliver, (S,)."""
    by_link: Floats
    """Committed and deliverable, (S, B)."""
    free: Floats
    committed: Floats


def position(world: World, state: State, conditions: Conditions) -> Position:
    """What is committed, and what is free: contestability in numbers."""
    online = state.online * conditions.capacity * state.active
    sellable = online * world.sellers.sellable
    promised = state.book.matrix(state.book.volume, world.shape)
    total = ordered_sum(promised, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        delivered = np.where(total > sellable, sellable / total, 1.0)
    by_link = promised * delivered[:, None]
    return Position(
        online=online,
        sellable=sellable,
        delivered=delivered,
        by_link=by_link,
        # Rounded down to the grid, so that what is sold never exceeds what there is.
        free=np.floor(np.maximum(sellable - ordered_sum(by_link, axis=1), 0.0) * GRID) / GRID,
        committed=ordered_sum(by_link, axis=0),
    )


def ceilings(
    world: World, state: State, place: Position, liquidity: Floats, price: float
) -> tuple[Floats, tuple]:
    """Most that each buyer can use under its finance and growth caps, and which of them binds, (B,)."""
    buyers, book = world.buyers, state.book
    due = np.zeros(len(buyers.key))
    np.add.at(due, book.buyer, book.price * book.volume * (book.kind != INTERNAL))
    income = state.market * state.share * buyers.monetisation * buyers.margin
    budget = np.maximum(liquidity[buyers.row] + income - due, 0.0)
    finance = np.where(buyers.lab, place.committed + budget / max(price, 1e-9), np.inf)
    # Own capacity needs no budget: it is paid for already.
    own = ordered_sum(np.where(world.links.internal, place.free[:, None], 0.0), axis=0)
    finance = finance + own
    growth = np.where(
        buyers.lab,
        np.maximum(np.maximum(state.used, place.committed) * (1.0 + buyers.growth_cap), FIRST_PURCHASE),
        np.inf,
    )
    growth = np.where(buyers.given, np.inf, growth)
    ceiling = np.minimum(finance, growth)
    first = np.where(np.isinf(ceiling), 0, np.where(finance < growth, 1, 2))
    return ceiling, tuple([("", "finance", "growth")[k] for k in first.tolist()])


def reach(world: World, state: State, conditions: Conditions, allowed: np.ndarray) -> np.ndarray:
    """Links that can carry trade now, (S, B): qualified, not banned, offered, not exclusive elsewhere."""
    linked = (state.qualified_at <= state.t) & ~conditions.blocked & state.active[:, None]
    linked &= allowed | conditions.opened
    exclusive = world.links.exclusive & ~conditions.exclusivity_banned[:, None]
    tied = exclusive.any(axis=1)
    _keep_promises(world, state, conditions, linked)
    linked[tied] &= exclusive[tied] | world.links.internal[tied] | conditions.opened[tied]
    return linked


def _keep_promises(world: World, state: State, conditions: Conditions, linked: np.ndarray) -> None:
    """While an exclusive contract is in force its supplier takes on no other lab; changes ``linked``."""
    book = state.book
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
    total = ordered_sum(place.by_link, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        claim = np.where(total[:, None] > 0, place.by_link / total[:, None], 0.0) * forward[:, None]
    claim = np.minimum(np.where(conditions.blocked, 0.0, claim), room(world, place.by_link))
    asked = ordered_sum(claim, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = np.where(asked > 0, np.minimum(1.0, np.maximum(wanted, 0.0) / asked), 0.0)
    return claim * fill[None, :]


def room(world: World, by_link: Floats) -> Floats:
    """What each link can carry beyond what it carries already, kHQ, (S, B)."""
    return np.maximum(world.links.cap - by_link, 0.0)


def trade_problem(
    world: World, state: State, conditions: Conditions, offer: Any, bids: Any, free: Floats
) -> TradeProblem:
    """The allocation problem that firms act on: wedge and taste included."""
    cap = world.links.cap
    if np.isfinite(cap).any():
        cap = room(world, position(world, state, conditions).by_link)
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
    s, b = np.nonzero(flow > DUST)
    internal = world.links.internal[s, b]
    kind = np.where(internal, INTERNAL, np.where(world.buyers.lab[b], TERM, ROLLING))
    quantity, agreed = flow[s, b], np.where(internal, 0.0, price[s, b])
    row = _rolling_rows(world, book, s, b, kind)
    more = np.flatnonzero(row >= 0)
    at, extra = row[more], quantity[more]
    volume, paid = book.volume.copy(), book.price.copy()
    paid[at] = (paid[at] * volume[at] + agreed[more] * extra) / (volume[at] + extra)
    volume[at] += extra
    book = book.change(volume=volume, price=paid)
    new = np.flatnonzero(row < 0)
    if not len(new):
        return book
    s, b, kind = s[new], b[new], kind[new]
    firm = kind == TERM
    ends = t + term[s].astype(np.int64) - 1
    sellers, buyers = world.sellers.key, world.buyers.key
    fresh = books.columns(
        tuple(f"{tag}{t:02d}-{sellers[i]}-{buyers[j]}" for i, j in zip(s.tolist(), b.tolist())),
        world.horizon,
        supplier=s,
        buyer=b,
        kind=kind,
        volume=quantity[new],
        price=agreed[new],
        start=np.full(len(new), t),
        ends=np.where(firm, ends, books.NEVER),
        firm_until=np.where(firm, ends, -1),
        notice=np.where(firm, notice[s].astype(np.int64), 0),
    )
    return book.append(fresh)


def _rolling_rows(world: World, book: Book, s: np.ndarray, b: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Rows of the rolling relations or own use on these links, -1 where there is none or a term is signed."""
    row = np.full((*world.shape, len(books.KINDS)), -1)
    known = np.flatnonzero(book.kind != TERM)
    row[book.supplier[known], book.buyer[known], book.kind[known]] = known
    return row[s, b, kind]


def signings(world: World, state: State, before: Book) -> list[dict]:
    """Events of the contracts that were signed since the book was ``before``."""
    book, known = state.book, set(before.id)
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
        for i in range(len(book))
        if book.kind[i] == TERM and book.id[i] not in known
    ]
