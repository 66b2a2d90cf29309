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
from market_abm.units import ordered_sum


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
    gain = np.full((len(rows), len(book)), np.nan)
    party, at = np.nonzero(open_to_notice(view, rows))
    if not len(at):
        return gain
    s, b, price = book.supplier[at], book.buyer[at], book.price[at]
    term = np.maximum(world.sellers.term[s], 1).astype(np.float64)
    ahead = np.minimum(term, np.maximum(book.ends[at] - state.t + 1, 1))
    notice = np.maximum(book.notice[at], view.conditions.minimum_notice[s])
    switching = np.minimum(world.links.switching[s, b], view.conditions.switching_cap[s]) / term
    own = own_use_value(view)[s]
    # What the seller really gets from this buyer: the price, worth more while it is short of cash, less the
    # harm (plus the gain) that the sale brings to its labs and stakes.
    stay = price * (1.0 + cash_premium(view)[world.sellers.row[s]]) - wedge(view)[s, b]
    leave_seller = np.maximum(view.price, own) - stay
    leave_buyer = price - (view.price + switching)
    d = (1.0 / (1.0 + world.rows.wacc))[rows[party]]
    quarters = (d**notice - d ** np.maximum(ahead, notice)) / np.maximum(1.0 - d, 1e-12)
    sells = world.sellers.row[s] == rows[party]
    gain[party, at] = np.where(sells, leave_seller, leave_buyer) * book.volume[at] * quarters
    return gain


@strategy("renew", "default")
def default(view: View, rows: Ints) -> Notices:
    """Give notice on every contract that is worth leaving."""
    gain = gain_from_leaving(view, rows)
    known = np.isfinite(gain)
    give = known & (gain > 0)
    free = known.any(axis=1)
    # The next-best of who would leave none: the contract that is least worth keeping.
    none = np.flatnonzero(free & ~give.any(axis=1))
    if len(none):
        give[none, np.where(known[none], gain[none], -np.inf).argmax(axis=1)] = True
    scores = np.zeros((len(rows), 2))
    scores[~free, 1] = np.nan
    scores[free, 1] = ordered_sum(np.where(give, gain, 0.0)[free], axis=1)
    binding = ["" if can else "firm terms" for can in free.tolist()]
    menu = Menu.choose(view, "renew", rows, ("keep all", "give notice"), scores, "MUSD", binding)
    return Notices(give & (menu.chosen == 1)[:, None], menu)


@strategy("renew", "never")
def never(view: View, rows: Ints) -> Notices:
    """Stay until the contract ends."""
    return Notices(np.zeros((len(rows), len(view.state.book)), dtype=bool))
