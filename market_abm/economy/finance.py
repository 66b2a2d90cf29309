"""Finance: what lenders lend, what a firm can pay, and the credit limit."""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.conditions import Conditions
from market_abm.economy.ledger import Ledger
from market_abm.economy.state import State
from market_abm.economy.world import Floats, World
from market_abm.units import totals

COUNTED_QUARTERS = 8
"""Lenders count take-or-pay revenue for at most two years ahead."""


def debt_limit(world: World, state: State, conditions: Conditions) -> Floats:
    """Debt that lenders accept, (F,): lambda_f (contracted take-or-pay value + collateral rate x fleet)."""
    b, book, t = world.scenario.behaviour, state.book, max(state.t, 0)
    ahead = np.minimum(np.maximum(np.minimum(book.firm_until, book.ends) - t, 0), COUNTED_QUARTERS)
    value = np.where(book.kind == TERM, book.price * book.take_or_pay * book.volume * ahead, 0.0)
    limit = totals(world.sellers.row[book.supplier], value, len(world.rows))
    worth = state.online * world.sellers.capex * world.upstream.capex_level[t]
    limit[world.sellers.row] += float(b.collateral_rate) * worth
    # Debt on the books at the start was lent against businesses that the model does not show.
    return np.maximum(float(b.credit_multiple) * limit, world.rows.debt) * conditions.credit


def undrawn(world: World, state: State, conditions: Conditions) -> Floats:
    """Credit that each row may still draw, MUSD, (F,)."""
    headroom = np.maximum(debt_limit(world, state, conditions) - state.debt, 0.0)
    return np.where(state.credit_limited, 0.0, headroom)


def liquidity(cash: Floats, credit: Floats) -> Floats:
    """Cash and undrawn credit of each row, MUSD, (F,)."""
    return np.maximum(cash, 0.0) + credit


def close_quarter(world: World, state: State, credit: Floats, ledger: Ledger) -> tuple[State, list[dict]]:
    """Book receipts, borrow what is missing of the ``credit`` left (F,), and stop those whose limit is reached.

    A shortfall beyond the limit falls on lenders through the ledger: money is never created. The firm builds
    nothing any more, and its lenders hold its assets and contracts.
    """
    before = ledger.receipts()
    cash = state.cash + before
    firm = world.rows.firm
    short = np.where(firm, np.maximum(-cash, 0.0), 0.0)
    drawn = lost = np.zeros(len(cash))
    lenders, everyone = ledger.account("lenders"), np.arange(len(cash))
    if np.count_nonzero(short):
        drawn = np.minimum(short, credit)
        lost = short - drawn
        ledger.pay("credit drawn", lenders, everyone, drawn)
        if np.count_nonzero(lost):
            ledger.pay("lenders' loss", lenders, everyone, lost)
    # Idle cash repays debt above the opening level first: it costs more than it earns.
    rich = np.where(
        firm, np.minimum(np.maximum(cash, 0.0) * 0.5, np.maximum(state.debt - world.rows.debt, 0.0)), 0.0
    )
    if np.count_nonzero(rich):
        ledger.pay("debt repaid", everyone, lenders, rich)
    cash = cash + (ledger.receipts() - before)
    limited = state.credit_limited | (lost > 1e-6)
    events = [
        {
            "stage": 11,
            "kind": "credit limit reached",
            "firm": world.rows.key[i],
            "amount": float(lost[i]),
            "unit": "MUSD",
            "detail": "shortfall beyond the credit limit; building stops, lenders hold the assets",
        }
        for i in (limited & ~state.credit_limited).nonzero()[0].tolist()
    ]
    return state.change(cash=cash, debt=state.debt + drawn - rich, credit_limited=limited), events
