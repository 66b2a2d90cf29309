"""Double-entry payments on the integer grid: a ledger that does not sum to zero cannot be built.

Accounts are the F rows of the firm table and four that stand for the rest of the economy: the users of the
labs' products (*users*), chip and energy vendors and staff (*vendors*), banks and shareholders (*lenders*)
and the firms' other businesses (*elsewhere*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.units import GRID

OUTSIDE = ("users", "vendors", "lenders", "elsewhere")


@dataclass(frozen=True)
class Transfer:
    """Payments of one purpose: amounts from accounts to accounts, in 1e-6 MUSD."""

    purpose: str
    payer: NDArray[np.int64]
    payee: NDArray[np.int64]
    amount: NDArray[np.int64]


class Ledger:
    """All payments of a quarter.

    Parameters
    ----------
    rows : int
        Number of firm rows F; outside accounts follow.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
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
        value = np.asarray(amount, dtype=np.float64)
        if not np.isfinite(value).all():
            raise ValueError(f"ledger: a payment for {purpose} is not a finite amount: {value}")
        steps = np.rint(value * GRID).astype(np.int64)
        a, b = self._accounts(purpose, payer), self._accounts(purpose, payee)
        # A place in an array for every payment; reading is all that follows, so nothing is copied twice.
        if not a.shape == b.shape == steps.shape:
            shape = np.broadcast(a, b, steps).shape
            a, b, steps = _spread(a, shape), _spread(b, shape), _spread(steps, shape)
        self.transfers.append(Transfer(purpose, a.ravel(), b.ravel(), steps.ravel()))

    def _accounts(self, purpose: str, numbers: ArrayLike) -> NDArray[np.int64]:
        """Account numbers as an array; all of them must exist."""
        accounts, count = np.asarray(numbers, dtype=np.int64), self.rows + len(OUTSIDE)
        # Read without a sign, a negative number is a large one.
        if np.maximum.reduce(accounts.view(np.uint64), None, initial=0) >= count:
            raise ValueError(f"ledger: a payment for {purpose} names an account outside 0..{count - 1}")
        return accounts

    def balances(self) -> NDArray[np.int64]:
        """Net receipts of every account in 1e-6 MUSD, firms first then outside accounts."""
        return self._received(self.transfers) - self._paid(self.transfers)

    def receipts(self) -> NDArray[np.float64]:
        """Net receipts of the firm rows, MUSD."""
        return self.balances()[: self.rows] / GRID

    def residual(self) -> float:
        """Sum over all accounts, MUSD: zero, exactly, unless the ledger is broken."""
        return float(self.balances().sum()) / GRID

    def total(self, purpose: str, *, payer: bool = False) -> NDArray[np.float64]:
        """Receipts (or, with ``payer``, payments) of the firm rows for one purpose, MUSD."""
        meant = [transfer for transfer in self.transfers if transfer.purpose == purpose]
        out = self._paid(meant) if payer else self._received(meant)
        return out[: self.rows] / GRID

    def _received(self, transfers: list[Transfer]) -> NDArray[np.int64]:
        """What every account received, in 1e-6 MUSD."""
        return self._summed([transfer.payee for transfer in transfers], transfers)

    def _paid(self, transfers: list[Transfer]) -> NDArray[np.int64]:
        """What every account paid, in 1e-6 MUSD."""
        return self._summed([transfer.payer for transfer in transfers], transfers)

    def _summed(self, accounts: list[NDArray[np.int64]], transfers: list[Transfer]) -> NDArray[np.int64]:
        """The amounts of the transfers, summed by account; in whole steps the order does not matter."""
        out = np.zeros(self.rows + len(OUTSIDE), dtype=np.int64)
        if transfers:
            np.add.at(out, np.concatenate(accounts), np.concatenate([t.amount for t in transfers]))
        return out


def _spread(numbers: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The numbers in an array of this shape: a view costs more than a copy of so few."""
    if numbers.shape == shape:
        return numbers
    spread = np.empty(shape, dtype=np.int64)
    spread[...] = numbers
    return spread
