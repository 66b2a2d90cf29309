"""What policies and shocks make of a quarter: factors, bans, obligations; neutral where nothing happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_abm.economy.world import Floats, Ints, World, of_world

Bools = NDArray[np.bool_]


@dataclass
class Conditions:
    """The conditions of one quarter; built by the timeline, read by the stages."""

    capacity: Floats
    """Factor on online capacity, (S,)."""
    need: Floats
    """Factor on demand, (B,)."""
    chips: Floats
    """Factor on deliveries, (U,)."""
    power: Floats
    """Factor on energised power, (R,)."""
    capex: Floats
    """Factor on the cost of new capacity, (S,)."""
    blocked: Bools
    """Links that may not be used, (S, B)."""
    opened: Bools
    """Links that must be offered, (S, B): an access obligation."""
    price_cap: Floats
    """Highest price, MUSD per kHQ, (S,)."""
    minimum_notice: Ints
    """Least notice in quarters, (S,)."""
    switching_cap: Floats
    """Highest switching cost, MUSD per kHQ, (S,)."""
    exclusivity_banned: Bools
    credit: Floats
    """Factor on the debt limit, (F,)."""
    spread: Floats
    """Added to the cost of capital per quarter, (F,)."""
    owner_code: Ints
    """Ultimate owners, (F,): a merger changes them."""
    separated: Bools
    """Sellers that are run apart from their labs and stakes, (S,)."""
    posted: Bools
    """Sellers that must post a price, (S,)."""
    share_cap: Floats
    """Highest share of all capacity that new orders may take a seller's owner to, (S,); inf where none."""
    promised: Floats
    """Shares of a chip supplier's deliveries that are promised to rows, (U, F)."""
    merger_rules: list[Any] = field(default_factory=list)
    """Screens in force that a new merger must pass."""
    wedges: dict[Any, Floats] = field(default_factory=dict)
    """Strategic wedges worked out under these conditions (`economy.motives`), by price and shares."""

    @classmethod
    def neutral(cls, world: World) -> Conditions:
        """Nothing happens."""
        return cls(**{name: column.copy() for name, column in _neutral(world).items()})

    def owner_of_sellers(self, world: World) -> Ints:
        """Ultimate owners of the seller nodes, (S,)."""
        return self.owner_code[world.sellers.row]

    def owner_of_buyers(self, world: World) -> Ints:
        """Ultimate owners of the buyer nodes, (B,)."""
        return self.owner_code[world.buyers.row]


@of_world
def _neutral(world: World) -> dict[str, Any]:
    """The columns of a quarter in which nothing happens."""
    s, b = world.shape
    f, unbounded, never = len(world.rows), np.full(s, np.inf), np.zeros(s, dtype=bool)
    return {
        "capacity": np.ones(s),
        "need": np.ones(b),
        "chips": np.ones(len(world.upstream.chip)),
        "power": np.ones(len(world.upstream.region)),
        "capex": np.ones(s),
        "blocked": np.zeros((s, b), dtype=bool),
        "opened": np.zeros((s, b), dtype=bool),
        "price_cap": unbounded,
        "minimum_notice": np.zeros(s, dtype=np.int64),
        "switching_cap": unbounded,
        "exclusivity_banned": never,
        "credit": np.ones(f),
        "spread": np.zeros(f),
        "owner_code": world.rows.owner_code,
        "separated": never,
        "posted": never,
        "share_cap": unbounded,
        "promised": world.upstream.promised,
    }
