"""Renewing: give notice where leaving pays.

After the firm term either side may give notice; the disagreement payoff is the notice period at the contract
price, then the outside option (Joskow 1987). Terminate iff PV(outside) - PV(stay) exceeds the switching cost.
"""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.motives import cash_premium, own_use_value, wedge
from market_abm.economy.world import NEVER, Floats, Ints
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Menu, Notices, View


def open_to_notice(view: View, rows: Ints) -> np.ndarray:
    """Contracts on which each row may give notice now, (n, C)."""
    world, book, t = view.world, view.state.book, view.state.t
    free = (
        (book.kind == TERM)
        & (book.volume > 0)
        & (book.noticed == NEVER)
        & (book.start <= t)
        & (t < book.ends)
    )
    seller, buyer = world.sellers.row[book.supplier], world.buyers.row[book.buyer]
    open_ = free & (t > book.firm_until)
    as_seller = (seller[None, :] == rows[:, None]) & (open_ | (free & book.recall))[None, :]
    as_buyer = (buyer[None, :] == rows[:, None]) & open_[None, :]
    return as_seller | as_buyer


def gain_from_leaving(view: View, rows: Ints) -> Floats:
    """PV(outside) - PV(stay) - switching cost of each contract to each row, MUSD, (n, C); NaN if closed."""
    world, state, book = view.world, view.state, view.state.book
    s, b = book.supplier, book.buyer
    term = np.maximum(world.sellers.term[s], 1).astype(np.float64)
    ahead = np.minimum(term, np.maximum(book.ends - state.t + 1, 1))
    notice = np.maximum(book.notice, view.conditions.minimum_notice[s])
    discount = 1.0 / (1.0 + world.rows.wacc)
    switching = np.minimum(world.links.switching[s, b], view.conditions.switching_cap[s]) / term
    own = own_use_value(view)[s]
    # What the seller really gets from this buyer: the price, worth more while it is short of cash, less the
    # harm (plus the gain) that the sale brings to its labs and stakes.
    stay = book.price * (1.0 + cash_premium(view)[world.sellers.row[s]]) - wedge(view)[s, b]
    leave_seller = np.maximum(view.price, own) - stay
    leave_buyer = book.price - (view.price + switching)
    gain = np.full((len(rows), len(book)), np.nan)
    can = open_to_notice(view, rows)
    longest = np.maximum(ahead, notice)
    sells = world.sellers.row[s]
    for i in np.flatnonzero(can.any(axis=1)):
        at, d = np.flatnonzero(can[i]), discount[rows[i]]
        quarters = (d ** notice[at] - d ** longest[at]) / max(1.0 - d, 1e-12)
        per_unit = np.where(sells[at] == rows[i], leave_seller[at], leave_buyer[at])
        gain[i, at] = per_unit * book.volume[at] * quarters
    return gain


@strategy("renew", "default")
def default(view: View, rows: Ints) -> Notices:
    """Give notice on every contract that is worth leaving."""
    gain = gain_from_leaving(view, rows)
    give = np.zeros(gain.shape, dtype=bool)
    scores = np.zeros((len(rows), 2))
    for i in range(len(rows)):
        known = np.isfinite(gain[i])
        if not known.any():
            scores[i, 1] = np.nan
            continue
        worth = known & (gain[i] > 0)
        if not worth.any():  # the next-best: leave the contract that is least worth keeping
            worth = np.arange(gain.shape[1]) == int(np.nanargmax(gain[i]))
        give[i] = worth
        scores[i, 1] = float(np.cumsum(np.where(worth, gain[i], 0.0))[-1])
    binding = ["firm terms" if np.isnan(s[1]) else "" for s in scores]
    menu = Menu.choose(view, "renew", rows, ("keep all", "give notice"), scores, "MUSD", binding)
    return Notices(give & (menu.chosen == 1)[:, None], menu)


@strategy("renew", "never")
def never(view: View, rows: Ints) -> Notices:
    """Stay until the contract ends."""
    return Notices(np.zeros((len(rows), len(view.state.book)), dtype=bool))
