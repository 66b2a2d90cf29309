"""Quarters one after the other, read together: stage 13 changes nothing, so it need not go quarter by quarter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from market_abm.economy.blocks import blocks_by_quarter
from market_abm.economy.book import Book, joined
from market_abm.economy.demand import Demand
from market_abm.economy.demand import joined as joined_demand
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats, Ints


class Span:
    """Papers of T quarters of one run; the first axis of every array is the quarter.

    Parameters
    ----------
    quarters : sequence of Quarter
        One or more, of one world.
    """

    def __init__(self, quarters: Sequence[Quarter]) -> None:
        self.quarters = tuple(quarters)
        self.world = self.quarters[0].world

    def __len__(self) -> int:
        return len(self.quarters)

    def __iter__(self) -> Iterator[Quarter]:
        return iter(self.quarters)

    def only(self, chosen: Sequence[bool]) -> Span:
        """The chosen quarters alone."""
        return self if all(chosen) else Span([q for q, wanted in zip(self.quarters, chosen) if wanted])

    def stacked(self, read: Callable[[Quarter], Any]) -> np.ndarray:
        """What is read of each quarter, as one array (T, ...)."""
        return np.array([read(q) for q in self.quarters])

    @cached_property
    def t(self) -> Ints:
        """Quarters since the start, (T,)."""
        return self.stacked(lambda q: q.state.t)

    @cached_property
    def owner(self) -> Ints:
        """Ultimate owners of the seller nodes, (T, S)."""
        return self.stacked(lambda q: q.conditions.owner_of_sellers(q.world))

    @cached_property
    def active(self) -> np.ndarray:
        """Sellers that have entered and not left, (T, S)."""
        return self.stacked(lambda q: q.state.active)

    @cached_property
    def online(self) -> Floats:
        """Capacity online, kH100e, (T, S)."""
        return self.stacked(lambda q: q.position.online)

    @cached_property
    def sellable(self) -> Floats:
        """The part that can be allocated, kHQ, (T, S)."""
        return self.stacked(lambda q: q.position.sellable)

    @cached_property
    def offered(self) -> Floats:
        """Free capacity that was offered, kHQ, (T, S)."""
        return self.stacked(lambda q: q.problem.capacity)

    @cached_property
    def contracted(self) -> Floats:
        """Deliveries under contract and own use, kHQ, (T, S, B)."""
        return self.stacked(lambda q: q.delivery.contracted)

    @cached_property
    def flow(self) -> Floats:
        """All deliveries, kHQ, (T, S, B)."""
        return self.stacked(lambda q: q.delivery.flow)

    @cached_property
    def used(self) -> Floats:
        """Compute used by each buyer, kHQ, (T, B)."""
        return self.stacked(lambda q: q.delivery.used)

    @cached_property
    def share(self) -> Floats:
        """Product-market shares, (T, B)."""
        return self.stacked(lambda q: q.state.share)

    @cached_property
    def demand(self) -> Demand:
        """What the buyers of all quarters would take at every price, (T * B)."""
        return joined_demand([q.demand for q in self.quarters])

    @cached_property
    def curves(self) -> tuple[Floats, Floats]:
        """Blocks of all demand before contracts and caps, at each quarter's last price, (T, B, K) kHQ and MUSD/kHQ."""
        quantity, value, _ = blocks_by_quarter(self.world, self.demand, self.stacked(lambda q: q.price))
        return quantity, value

    @cached_property
    def book(self) -> Book:
        """The contracts of all quarters, those of the first one first, (C,)."""
        return joined([q.state.book for q in self.quarters])

    @cached_property
    def book_quarter(self) -> Ints:
        """The quarter of each contract, from 0, (C,)."""
        return np.arange(len(self)).repeat([len(q.state.book) for q in self.quarters])

    @cached_property
    def in_force(self) -> np.ndarray:
        """Contracts that deliver in their quarter, (C,)."""
        return self.book.in_force(self.t[self.book_quarter])

    @cached_property
    def payment(self) -> Floats:
        """What each contract pays, MUSD, (C,)."""
        return np.concatenate([q.delivery.payment_by_contract for q in self.quarters])


def by_quarter(columns: dict[str, Any], quarter: Ints, count: int) -> list[dict[str, Any]]:
    """Rows of each of ``count`` quarters from columns of all of them, whose rows are of ``quarter``."""
    ends = accumulate(np.bincount(quarter, minlength=count).tolist(), initial=0)
    return [{name: values[first:end] for name, values in columns.items()} for first, end in pairwise(ends)]
