"""Double-entry payments on the integer grid: a ledger that does not sum to zero cannot be built.

Accounts are the F rows of the firm table and four that stand for the rest of the economy: the users of the
labs' products (*users*), chip and energy vendors and staff (*vendors*), banks and shareholders (*lenders*)
and the firms' other businesses (*elsewhere*).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.units import GRID

OUTSIDE = ("users", "vendors", "lenders", "elsewhere")


class Transfer(NamedTuple):
    """Payments of one purpose."""

    purpose: str
    booked: NDArray[np.int64]
    """From which account, to which account, and the amount in 1e-6 MUSD, (3, n)."""


class Ledger:
    """All payments of a quarter.

    Parameters
    ----------
    rows : int
        Number of firm rows F; outside accounts follow.

    Attributes
    ----------
    accounts : int
        Number of accounts.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.accounts = rows + len(OUTSIDE)
        self.transfers: list[Transfer] = []

    def account(self, name: str) -> int:
        """Number of an outside account."""
        return self.rows + OUTSIDE.index(name)

    def pay(self, purpose: str, payer: ArrayLike, payee: ArrayLike, amount: ArrayLike) -> None:
        """Record payments in MUSD; a negative amount flows the other way.

        Payer, payee and amount broadcast against each other. Every amount is booked once and read twice, as
        an outflow and as an inflow, so nothing can be created.

        Raises
        ------
        ValueError
            If an amount is not finite or an account does not exist.
        """
        steps = np.rint(np.multiply(amount, GRID, dtype=np.float64))
        if not math.isfinite(np.add.reduce(steps, None)):
            raise ValueError(f"ledger: a payment for {purpose} is not a finite amount: {np.asarray(amount)}")
        booked = np.empty((3, *np.broadcast(payer, payee, steps).shape), dtype=np.int64)
        booked[0], booked[1], booked[2] = payer, payee, steps
        # Read without a sign, a negative number is a large one.
        if np.maximum.reduce(booked[:2].view(np.uint64), None, initial=0) >= self.accounts:
            raise ValueError(
                f"ledger: a payment for {purpose} names an account outside 0..{self.accounts - 1}"
            )
        self.transfers.append(Transfer(purpose, booked.reshape(3, -1)))

    def balances(self) -> NDArray[np.int64]:
        """Net receipts of every account in 1e-6 MUSD, firms first then outside accounts."""
        out = np.zeros(self.accounts, dtype=np.int64)
        if self.transfers:
            booked = [transfer.booked for transfer in self.transfers]
            payer, payee, amount = np.concatenate(booked, axis=1)
            # In whole steps the order does not matter.
            np.add.at(out, payee, amount)
            np.subtract.at(out, payer, amount)
        return out

    def receipts(self) -> NDArray[np.float64]:
        """Net receipts of the firm rows, MUSD."""
        return self.balances()[: self.rows] / GRID

    def residual(self) -> float:
        """Sum over all accounts, MUSD: zero, exactly, unless the ledger is broken."""
        return float(self.balances().sum()) / GRID

    def total(self, purpose: str, *, payer: bool = False) -> NDArray[np.float64]:
        """Receipts (or, with ``payer``, payments) of the firm rows for one purpose, MUSD."""
        return received_and_paid([self], (purpose,))[int(payer), 0, 0]


def received_and_paid(ledgers: Sequence[Ledger], purposes: tuple[str, ...]) -> NDArray[np.float64]:
    """What the firm rows of ledgers with the same accounts receive and pay, MUSD, (2, purposes, ledgers, F)."""
    rows, accounts = ledgers[0].rows, ledgers[0].accounts
    place, booked = [], [np.zeros((3, 0), dtype=np.int64)]
    for k, ledger in enumerate(ledgers):
        for purpose, transfer in ledger.transfers:
            if purpose in purposes:
                place += [purposes.index(purpose) * len(ledgers) + k] * transfer.shape[1]
                booked.append(transfer)
    payer, payee, amount = np.concatenate(booked, axis=1)
    first = np.array(place, dtype=np.int64) * accounts
    out = np.zeros((2, len(purposes) * len(ledgers) * accounts), dtype=np.int64)
    np.add.at(out[0], first + payee, amount)
    np.add.at(out[1], first + payer, amount)
    return out.reshape(2, len(purposes), len(ledgers), accounts)[..., :rows] / GRID
