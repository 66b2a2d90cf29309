"""The state of the market: a frozen value of columns.

A stage of the quarter is a function from state to state, so a fork is a copy and yesterday stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_abm.economy.book import Book
from market_abm.economy.columns import changed
from market_abm.economy.world import NEVER, World, of_world
from market_abm.units import ordered_sum

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """What changes from quarter to quarter. Shapes: F rows, S sellers, B buyers, T horizon, V vintages."""

    t: int
    cash: Floats
    debt: Floats
    fleet: Floats
    """Online fleet by vintage, kH100e, (S, V): column 0 the opening stock, column t what came online in t."""
    pipeline: Floats
    """Arrivals to come, kH100e, (S, T)."""
    committed_until: int
    """Last quarter for which arrivals were announced at the start."""
    stock: Floats
    """Effective training stock E of each buyer."""
    share: Floats
    """Product-market share of each buyer, outside good included in the total."""
    quality: Floats
    segment_shock: Floats
    market_shock: float
    market: float
    """Revenue of the product market, MUSD per quarter, outside good included."""
    efficiency: float
    """Compute needed per unit of revenue relative to the start (g falls)."""
    incumbent: Floats
    """Flow of last quarter, kHQ, (S, B)."""
    used: Floats
    """Compute used last quarter, kHQ, (B,)."""
    last_used: NDArray[np.int64]
    """Quarter in which a link last carried compute, (S, B)."""
    qualified_at: NDArray[np.int64]
    """Quarter from which a link can be used, (S, B)."""
    book: Book
    index_price: float
    spot_price: float
    chip_price: float
    """Price of chips relative to list: rises with the ration."""
    chip_response: Floats
    """Extra deliveries that unfilled orders have called forth, (U, T)."""
    power_queue: Floats
    """Capacity that waits for power, kH100e, (S,)."""
    active: NDArray[np.bool_]
    """Sellers that have entered and not left, (S,)."""
    credit_limited: NDArray[np.bool_]
    """Rows whose credit limit has been reached, (F,)."""
    chip_backlog: Floats
    """Capacity whose chips were not delivered when due, kH100e, (S,)."""
    record: Any = None
    """Tables of the last quarter (`economy.records`): grades remember what was measured."""
    prohibited: Mapping[str, str] = field(default_factory=dict)
    """Mergers that were screened out, by entry: why."""

    @cached_property
    def online(self) -> Floats:
        """Online capacity of each seller, kH100e."""
        online = ordered_sum(self.fleet, axis=1)
        online.setflags(write=False)
        return online

    def change(self, **columns: Any) -> State:
        """The state with other columns."""
        then = changed(self, columns)
        if "online" in self.__dict__ and "fleet" not in columns:
            then.__dict__["online"] = self.online
        return then


def opening(world: World) -> State:
    """The state before the first quarter."""
    rows, sellers, buyers = world.rows, world.sellers, world.buyers
    fleet = np.zeros((len(sellers.key), world.horizon))
    fleet[:, 0] = sellers.online
    return State(
        t=-1,
        cash=rows.cash,
        debt=rows.debt,
        fleet=fleet,
        pipeline=sellers.pipeline,
        committed_until=int(np.max(np.flatnonzero(sellers.pipeline.any(axis=0)), initial=-1)),
        stock=opening_stock(world),
        share=buyers.share,
        quality=np.zeros(len(buyers.key)),
        segment_shock=np.zeros(len(buyers.key)),
        market_shock=0.0,
        market=world.market_revenue,
        efficiency=1.0,
        incumbent=world.book.matrix(np.where(world.book.start <= 0, world.book.volume, 0.0), world.shape),
        used=np.where(buyers.lab, buyers.inference + buyers.rnd, buyers.use),
        last_used=np.zeros(world.shape, dtype=np.int64),
        qualified_at=np.where(world.links.linked, 0, NEVER),
        book=world.book,
        index_price=world.index_price,
        spot_price=world.index_price,
        chip_price=1.0,
        chip_response=np.zeros_like(world.upstream.deliveries),
        power_queue=np.zeros(len(sellers.key)),
        chip_backlog=np.zeros(len(sellers.key)),
        active=sellers.enters == 0,
        credit_limited=np.zeros(len(rows), dtype=bool),
    )


@of_world
def opening_stock(world: World) -> Floats:
    """Effective training stock on the balanced path, E = A q / (e^G - 1 + d); one kHQ where nobody trains."""
    b = world.scenario.behaviour
    growth = np.exp(b.g_A + world.market_growth[0]) - 1.0 + b.d
    stock = np.where(world.buyers.rnd > 0, world.buyers.rnd / max(growth, 1e-9), 1.0)
    stock.setflags(write=False)
    return stock
