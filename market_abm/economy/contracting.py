"""Stage 2: contracts deliver their schedule, roll over, expire, and end on notice."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.book import INTERNAL, TERM, Book
from market_abm.economy.motives import own_use_value, wedge
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.market.contracts import notice_weight
from market_abm.units import usd_per_gpu_hour

DUST = 1e-6
"""Volumes below one grid step are not worth a row, kHQ."""


def roll_over(world: World, state: State) -> tuple[State, list[dict]]:
    """Volumes of this quarter: schedules, releases, expiries.

    Rolling relations release 1 - rollover of their volume, own use 1 - own_rollover; what is released is
    allocated anew in stage 4, with the incumbent first among equals.
    """
    book, t = state.book, state.t
    own = float(world.scenario.behaviour.own_rollover)
    keep = np.where(book.kind == INTERNAL, own, world.buyers.rollover[book.buyer])
    term = book.kind == TERM
    volume = np.where(term, book.due(t), book.volume * keep)
    volume = np.where((t < book.start) | (t > book.ends), 0.0, volume)
    events = [
        _event(world, "contract ends", book, i, book.volume[i])
        for i in (term & (book.ends == t - 1) & (book.volume > DUST)).nonzero()[0].tolist()
    ]
    events += [
        _event(world, "contract starts", book, i, volume[i])
        for i in (term & (book.start == t) & (t > 0) & (volume > DUST)).nonzero()[0].tolist()
    ]
    alive = (book.ends >= t) & (term | (volume > DUST))
    return state.change(book=book.change(volume=volume).keep(alive)), events


def settle_notices(view: Any, give: np.ndarray, by_seller: np.ndarray) -> tuple[State, list[dict]]:
    """Notices take effect: the parties reprice where both still gain, and part where they do not.

    The notice period is served at the old price, so the new one is p' = w p_old + (1 - w) p_new with
    w = (1 - delta^n) / (1 - delta^H): notice protects whomever the old price favours. They part when the
    buyer's marginal value has fallen below what the capacity earns elsewhere.

    Parameters
    ----------
    give, by_seller : ndarray (C,)
        Notice is given; it was the seller who gave it.
    """
    world, state = view.world, view.state
    book = state.book
    s, b = book.supplier, book.buyer
    term = np.maximum(world.sellers.term[s], 1)
    notice = np.maximum(book.notice, view.conditions.minimum_notice[s])
    weight = notice_weight(np.minimum(notice, term), term, world.discount)
    fresh = view.price + wedge(view)[s, b] * by_seller
    elsewhere = np.where(by_seller, np.maximum(view.price, own_use_value(view)[s]), view.price)
    worth = view.demand.marginal(view.committed)[b]
    part = give & (worth < elsewhere * (1.0 - 1e-9))
    reprice = give & ~part
    price = np.where(
        reprice,
        weight * book.price + (1.0 - weight) * np.maximum(fresh, world.sellers.unit_cost[s]),
        book.price,
    )
    # Served through the notice: with n quarters of it the capacity is back in quarter t + n, with none now.
    ends = np.where(part, np.minimum(book.ends, state.t + notice - 1), book.ends)
    volume = np.where(part & (ends < state.t), 0.0, book.volume)
    # A repriced contract is firm again for the term that the seller offers.
    firm = np.where(reprice, np.minimum(state.t + term, book.ends), book.firm_until)
    events = []
    for i in give.nonzero()[0].tolist():
        kind = "notice" if part[i] else "repriced"
        agreed = float(usd_per_gpu_hour(price[i]))
        events.append(_event(world, kind, book, i, agreed, "USD/GPU-h", by_seller[i]))
    noticed = np.where(part, state.t, book.noticed)
    columns = {"price": price, "ends": ends, "volume": volume, "firm_until": firm, "noticed": noticed}
    return state.change(book=book.change(**columns)), events


def _event(
    world: World, kind: str, book: Book, i: Any, amount: float, unit: str = "kH100e", by_seller: bool = True
) -> dict:
    supplier, buyer = world.sellers.key[book.supplier[i]], world.buyers.key[book.buyer[i]]
    return {
        "stage": 2,
        "kind": kind,
        "firm": supplier if by_seller else buyer,
        "counterparty": buyer if by_seller else supplier,
        "amount": float(amount),
        "unit": unit,
        "detail": book.id[i],
    }
