"""Renewing: give notice where leaving pays.

After the firm term either side may give notice; the disagreement payoff is the notice period at the contract
price, then the outside option (Joskow 1987). Terminate iff PV(outside) - PV(stay) exceeds the switching cost.
"""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.motives import cash_premium, own_use_value, wedge
from market_abm.economy.world import NEVER, Bools, Floats, Ints
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Menu, Notices, View
from market_abm.units import ordered_sum


def open_to_notice(view: View, rows: Ints) -> tuple[Ints, Bools]:
    """Contracts on which notice may be given now, (K,), and by which of the rows, (n, K)."""
    world, book, t = view.world, view.state.book, view.state.t
    firm = t <= book.firm_until
    free = (
        (book.kind == TERM)
        & (book.volume > 0)
        & (book.noticed == NEVER)
        & (book.start <= t)
        & (t < book.ends)
        & (~firm | book.recall)
    )
    at = free.nonzero()[0]
    party = rows[:, None]
    as_seller = world.sellers.row[book.supplier[at]] == party
    as_buyer = (world.buyers.row[book.buyer[at]] == party) & ~firm[at]
    return at, as_seller | as_buyer


def gain_from_leaving(view: View, rows: Ints) -> tuple[Ints, Floats]:
    """Contracts that are open to notice, (K,), and PV(outside) - PV(stay) - switching cost to each row, MUSD, (n, K).

    NaN for those who are no party to a contract, or may not leave it.
    """
    world, state, book = view.world, view.state, view.state.book
    contracts, may = open_to_notice(view, rows)
    gain = np.full(may.shape, np.nan)
    if not len(contracts):
        return contracts, gain
    party, column = may.nonzero()
    at = contracts[column]
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
    gain[party, column] = np.where(sells, leave_seller, leave_buyer) * book.volume[at] * quarters
    return contracts, gain


@strategy("renew", "default")
def default(view: View, rows: Ints) -> Notices:
    """Give notice on every contract that is worth leaving."""
    contracts, gain = gain_from_leaving(view, rows)
    known = np.isfinite(gain)
    give = known & (gain > 0)
    free = np.logical_or.reduce(known, 1)
    # The next-best of who would leave none: the contract that is least worth keeping.
    none = (free & ~np.logical_or.reduce(give, 1)).nonzero()[0]
    if len(none):
        give[none, np.where(known[none], gain[none], -np.inf).argmax(axis=1)] = True
    scores = np.zeros((len(rows), 2))
    scores[:, 1] += np.where(free, ordered_sum(np.where(give, gain, 0.0), axis=1), np.nan)
    binding = ["" if can else "firm terms" for can in free.tolist()]
    menu = Menu.choose(view, "renew", rows, ("keep all", "give notice"), scores, "MUSD", binding)
    notices = np.zeros((len(rows), len(view.state.book)), dtype=bool)
    notices[:, contracts] = give & (menu.chosen == 1)[:, None]
    return Notices(notices, menu)


@strategy("renew", "never")
def never(view: View, rows: Ints) -> Notices:
    """Stay until the contract ends."""
    return Notices(np.zeros((len(rows), len(view.state.book)), dtype=bool))
