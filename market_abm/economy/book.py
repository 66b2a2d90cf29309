"""The contract book: who has promised how much compute to whom, at what price and for how long.

One row a contract, columns as arrays. Three kinds: a *term* contract has a firm term, after which either
side may give notice, and a headline end; a *rolling* relation (enterprise and start-up use) renews all but a
small share each quarter; *internal* use of an owner's own fleet has no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_abm.economy.columns import changed
from market_abm.economy.world import NEVER
from market_abm.units import totals

TERM, ROLLING, INTERNAL = 0, 1, 2
KINDS = ("term", "rolling", "internal")


@dataclass(frozen=True)
class Book:
    """Columns of the contract book, (C,) unless said otherwise.

    ``supplier`` and ``buyer`` are seller and buyer nodes, ``volume`` the kHQ promised this quarter, ``price``
    MUSD per kHQ, quarters are counted from the start of the run. A term contract promises its ``scheduled``
    kHQ from start to end, or what its ``ramp`` says, (T,); None where there is none. ``ends`` is the last quarter of
    delivery: the headline end, or earlier after notice.
    """

    id: tuple[str, ...]
    supplier: NDArray[np.int64]
    buyer: NDArray[np.int64]
    kind: NDArray[np.int64]
    volume: NDArray[np.float64]
    scheduled: NDArray[np.float64]
    ramp: NDArray[np.object_]
    price: NDArray[np.float64]
    start: NDArray[np.int64]
    ends: NDArray[np.int64]
    firm_until: NDArray[np.int64]
    notice: NDArray[np.int64]
    take_or_pay: NDArray[np.float64]
    exclusive: NDArray[np.bool_]
    recall: NDArray[np.bool_]
    prepaid: NDArray[np.float64]
    noticed: NDArray[np.int64]
    """Quarter in which notice was given, NEVER before."""
    estimated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.id)

    def matrix(self, values: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Sum a column by link: (C,) to (S, B), added in the order of the rows."""
        link = self.supplier * shape[1] + self.buyer
        return totals(link, values, shape[0] * shape[1]).reshape(shape)

    def in_force(self, t: int | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Rows that deliver in quarter ``t``, or in a quarter of their own."""
        return (self.start <= t) & (t <= self.ends) & (self.volume > 0)

    def due(self, t: int) -> NDArray[np.float64]:
        """What term contracts promise in quarter ``t``, if it is one of theirs, kHQ, (C,)."""
        ramps = [(row, ramp) for row, ramp in enumerate(self.ramp.tolist()) if ramp is not None]
        if not ramps:
            return self.scheduled
        due, column = self.scheduled.copy(), min(max(t, 0), len(ramps[0][1]) - 1)
        for row, ramp in ramps:
            due[row] = ramp[column]
        return due

    def scaled(self, factor: NDArray[np.float64]) -> Book:
        """The same contracts with their volumes, now and later, times a factor each."""
        ramps = [None if ramp is None else k * ramp for k, ramp in zip(factor.tolist(), self.ramp.tolist())]
        return self.change(volume=factor * self.volume, scheduled=factor * self.scheduled, ramp=_ramps(ramps))

    def keep(self, mask: NDArray[np.bool_]) -> Book:
        """The rows where ``mask`` holds."""
        kept = mask.nonzero()[0]
        if len(kept) == len(mask):
            return self
        return _rows_of((self,), tuple(compress(self.id, mask.tolist())), kept)

    def append(self, other: Book) -> Book:
        """Both books in the order of their ids: sums over rows do not depend on when a row was added."""
        if not len(other):
            return self
        return _in_order((self, other), self.id + other.id)

    def change(self, **columns: Any) -> Book:
        """The same rows with other columns."""
        return changed(self, columns)

    def sorted(self) -> Book:
        """Rows in the order of their ids."""
        return _in_order((self,), self.id)


_ARRAYS = tuple(name for name in Book.__dataclass_fields__ if name != "id")
_TYPES: dict[str, type] = {
    "supplier": np.int64, "buyer": np.int64, "kind": np.int64, "start": np.int64, "ends": np.int64,
    "firm_until": np.int64, "notice": np.int64, "noticed": np.int64, "exclusive": np.bool_,
    "recall": np.bool_, "estimated": np.bool_, "ramp": np.object_,
}  # fmt: skip
_NEUTRAL = {
    "price": 0.0, "start": 0, "ends": NEVER, "firm_until": -1, "notice": 1, "take_or_pay": 1.0,
    "exclusive": False, "recall": False, "prepaid": 0.0, "noticed": NEVER, "estimated": False,
    "ramp": None,
}  # fmt: skip
_TOGETHER = tuple(
    [name for name in _ARRAYS if _TYPES.get(name, np.float64) is kind]
    for kind in (np.int64, np.float64, np.bool_, np.object_)
)
"""Columns of one type."""


def _in_order(parts: tuple[Book, ...], ids: tuple[str, ...]) -> Book:
    """The rows of all parts in the order of their ids, which are ``ids``."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return _rows_of(parts, tuple(sorted(ids)), np.fromiter(order, np.int64, len(order)))


def joined(books: list[Book]) -> Book:
    """The rows of several books, one book after the other: an id may stand there twice."""
    if len(books) == 1:
        return books[0]
    ids = tuple(chain.from_iterable([book.id for book in books]))
    return _rows_of(tuple(books), ids, np.arange(len(ids)))


def _rows_of(parts: tuple[Book, ...], ids: tuple[str, ...], index: NDArray[np.int64]) -> Book:
    """Some rows of all parts, with ``ids`` then: columns of one type are moved as one table."""
    columns: dict[str, Any] = {"id": ids}
    for names in _TOGETHER:
        held = np.concatenate([part.__dict__[name] for name in names for part in parts])
        columns |= zip(names, held.reshape(len(names), -1).take(index, axis=1))
    return changed(parts[0], columns)


@lru_cache(maxsize=64)
def _neutral(count: int) -> dict[str, NDArray[Any]]:
    """Columns of ``count`` contracts of which nothing is said."""
    columns: dict[str, NDArray[Any]] = {
        name: np.array([value], dtype=_TYPES.get(name, np.float64)).repeat(count)
        for name, value in _NEUTRAL.items()
    }
    for column in columns.values():
        column.setflags(write=False)
    return columns


def columns(ids: tuple[str, ...], **given: NDArray[Any]) -> Book:
    """A book from columns; those left out take neutral values, and volumes are delivered from start to end."""
    full = _neutral(len(ids)) | given
    return Book(id=ids, **{"scheduled": full["volume"]} | full)


def rows(records: list[dict]) -> Book:
    """A book from one dict a contract; columns that a dict lacks take neutral values."""
    full = [{**_NEUTRAL, "scheduled": record["volume"], **record} for record in records]
    columns: dict[str, Any] = {
        name: np.array([record[name] for record in full], dtype=_TYPES.get(name, np.float64))
        for name in _ARRAYS
        if name != "ramp"
    }
    ramp = _ramps([record["ramp"] for record in full])
    return Book(id=tuple(record["id"] for record in full), ramp=ramp, **columns)


def _ramps(ramps: list[NDArray[np.float64] | None]) -> NDArray[np.object_]:
    """A column of ramps: of several of one length numpy would make a table."""
    column = np.empty(len(ramps), dtype=np.object_)
    for row, ramp in enumerate(ramps):
        column[row] = ramp
    return column
