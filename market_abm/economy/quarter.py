"""The working papers of one quarter: what its stages hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from market_abm.economy.conditions import Conditions
from market_abm.economy.demand import Demand
from market_abm.economy.ledger import Ledger
from market_abm.economy.state import State
from market_abm.economy.world import Floats, World


@dataclass
class Quarter:
    """Intermediate results, filled stage by stage; thrown away when the quarter is surveyed."""

    world: World
    state: State
    ledger: Ledger
    conditions: Conditions = None  # type: ignore[assignment]
    demand: Demand = None  # type: ignore[assignment]
    shocked: Demand = None  # type: ignore[assignment]
    liquidity: Floats = None  # type: ignore[assignment]
    view: Any = None
    """What every stage's `strategies.view.View` has in common."""
    credit: Floats = None  # type: ignore[assignment]
    """What each row may still draw when it builds and when the quarter closes, MUSD, (F,)."""
    arrivals: Floats = None  # type: ignore[assignment]
    ceiling: Floats = None  # type: ignore[assignment]
    position: Any = None
    bids: Any = None
    offer: Any = None
    buy_binding: tuple[str, ...] = ()
    build_binding: list[str] = field(default_factory=list)
    problem: Any = None
    withheld: Floats = None  # type: ignore[assignment]
    allocation: Any = None
    reach: Any = None
    terms: Any = None
    deal: Any = None
    signed: Floats = None  # type: ignore[assignment]
    new_price: float = float("nan")
    index_known: bool = True
    delivery: Any = None
    need: Floats = None  # type: ignore[assignment]
    inference: Floats = None  # type: ignore[assignment]
    rnd: Floats = None  # type: ignore[assignment]
    revenue: Floats = None  # type: ignore[assignment]
    capability: Floats = None  # type: ignore[assignment]
    """Of each buyer after this quarter's training, (B,)."""
    velocity: Floats = None  # type: ignore[assignment]
    capex: Floats = None  # type: ignore[assignment]
    wanted: Floats = None  # type: ignore[assignment]
    """New capacity that builders asked for, kH100e, (S,)."""
    orders: Floats = None  # type: ignore[assignment]
    """What of it chips allow."""
    outlook: Any = None
    held_by_power: Any = None
    held_by_chips: Any = None
    held_by_finance: Any = None
    rationed: Any = None
    events: list[dict] = field(default_factory=list)
    decisions: list[list[Any]] = field(default_factory=list)
    """What was chosen from (`strategies.view.Decision`), a list a verb."""

    @property
    def price(self) -> float:
        """The last price index, MUSD per kHQ: what everybody knows when the quarter begins."""
        return self.state.index_price

    def say(self, events: list[dict]) -> None:
        """Add events."""
        self.events.extend(events)

    def decide(self, decisions: list[Any]) -> None:
        """Add the decisions of a verb."""
        self.decisions.append(decisions)

    def close(self, record: Any) -> State:
        """The state that the next quarter starts from, with the quarter's record."""
        # The spot market is an anonymous pool: it makes nobody an incumbent.
        flow = self.delivery.contracted
        return self.state.change(
            incumbent=flow,
            last_used=np.where(flow > 0, self.state.t, self.state.last_used),
            used=self.delivery.used,
            index_price=self.new_price,
            spot_price=self.delivery.spot_price,
            record=record,
        )
