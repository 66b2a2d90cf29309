"""Forked runs: the baseline, and the same market from one of its states on without a supplier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.economy.capability import capability
from market_abm.economy.tables.steps import consumer_surplus
from market_abm.economy.world import NEVER, Floats
from market_abm.strategies.view import Decision, Menu, Orders
from market_abm.units import ordered_sum, usd_per_gpu_hour

if TYPE_CHECKING:
    from market_abm.analysis.stress.plan import Plan
    from market_abm.economy.demand import Demand
    from market_abm.economy.world import World
    from market_abm.model import ComputeMarket

ROUTED, OPEN = "rerouting", "rerouting and entry"
"""Variants that are simulated: suppliers qualified, entering and building as in the baseline; and as they see fit."""

FIXED = "no rerouting"
"""The variant that needs no run: who was served from there is not served."""


@dataclass(frozen=True)
class Look:
    """One quarter as a stress test sees it."""

    flow: Floats
    """Deliveries, kHQ, (S, B)."""
    cost: Floats
    """Running cost of what was used, MUSD, by seller (S,)."""
    demand: Demand
    """Willingness to pay after the demand shock."""
    wanted: Floats
    """Capacity that builders asked for, kH100e, (S,)."""
    capability: Floats
    """Log units by buyer, NaN where nobody trains, (B,)."""
    share: Floats
    """Product-market shares, (B,)."""
    price: float
    """Price index, USD/GPU-h."""
    consumer_surplus: float

    @property
    def used(self) -> Floats:
        """Compute used by buyer, kHQ, (B,)."""
        return ordered_sum(self.flow, axis=0)


def look(model: ComputeMarket) -> Look:
    """The quarter that a model has just done."""
    q, world = model.quarter, model.world
    assert q is not None
    buyers = world.buyers
    level = capability(world, q.state.stock)
    return Look(
        flow=q.delivery.flow,
        cost=ordered_sum(q.delivery.flow, axis=1) * world.sellers.unit_cost,
        demand=q.shocked,
        wanted=q.wanted,
        capability=np.where(buyers.trains, level, np.nan),
        share=q.state.share,
        price=float(usd_per_gpu_hour(q.new_price)),
        consumer_surplus=consumer_surplus(q),
    )


@dataclass(frozen=True)
class Base:
    """The baseline run of one seed: its model, and what it looked like in every quarter of the window."""

    model: ComputeMarket
    onset: int
    looks: tuple[Look, ...]
    before: Any
    """Working papers and tables of the quarter before the knock-outs, measured."""

    @property
    def quarters(self) -> tuple[str, ...]:
        """Names of the quarters of the window."""
        return tuple(self.model.world.quarter_name(self.onset + step) for step in range(len(self.looks)))


@dataclass(frozen=True)
class Before:
    """The last quarter before the knock-outs."""

    quarter: Any
    record: Any


def baseline(world: World, seed: int, plan: Plan, agents: Any = None) -> Base:
    """Run a world to the end of the window; only the quarter before the knock-outs is measured."""
    from market_abm.model import ComputeMarket

    onset, last = plan.onset(world), plan.last(world)
    model = ComputeMarket(world, rng=seed, agents=agents, measure_every=NEVER)
    looks, before = [], None
    for t in range(last + 1):
        model.measure_every = 1 if t == onset - 1 else NEVER
        model.step()
        if t == onset - 1:
            before = Before(model.quarter, model.record)
        if t >= onset:
            looks.append(look(model))
    model.measure_every = NEVER
    return Base(model, onset, tuple(looks), before)


def without(base: Base, entries: tuple[Any, ...], variant: str) -> tuple[Look, ...]:
    """The window again, with dated entries, under a variant."""
    model, closed = base.model, variant != OPEN
    forked = model.fork(base.onset, entries, _closed(base) if closed else None)
    if closed:
        forked.desk = _AsBefore(forked.desk, [item.wanted for item in base.looks], base.onset)  # type: ignore[assignment]
    found = []
    for step in range(len(base.looks)):
        forked.step()
        found.append(look(forked))
        if closed:
            known = model.states[base.onset + step + 1].qualified_at
            forked.state = forked.state.change(qualified_at=known)
    return tuple(found)


def _closed(base: Base) -> World:
    """The world in which nobody enters who does not enter in the baseline."""
    world, last = base.model.world, base.model.states[-1]
    waits = (world.sellers.enters == -1) & ~last.active
    return replace(world, sellers=replace(world.sellers, enters=np.where(waits, NEVER, world.sellers.enters)))


class _AsBefore:
    """A desk at which builders order what they ordered in the baseline."""

    def __init__(self, desk: Any, orders: list[Floats], onset: int) -> None:
        self.desk, self.orders, self.onset = desk, orders, onset

    def ask(self, verb: str, view: Any, rows: np.ndarray) -> tuple[Any, list[Decision]]:
        """The baseline's orders where builders are asked; everything else as the firms decide."""
        if verb != "build":
            return self.desk.ask(verb, view, rows)
        sellers = view.world.sellers
        made = Orders(
            kh100e=self.orders[view.state.t - self.onset],
            chip=sellers.chips,
            region=sellers.regions,
            debt=np.zeros(len(sellers.key)),
        )
        count = len(sellers.key)
        menu = Menu(("as before",), np.zeros((count, 1)), np.zeros(count, np.int64), "MUSD", ("",) * count)
        return made, [Decision(verb, list(sellers.key), menu)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.desk, name)


def cut(base: Base, shares: np.ndarray, plan: Plan) -> tuple[Look, ...]:
    """The window in which nobody reroutes: what came from the suppliers that are out is missing.

    Parameters
    ----------
    shares : array (S,)
        Share of each fleet that goes.
    """
    found = []
    for step, item in enumerate(base.looks):
        stays = 1.0 - plan.share_out(step) * shares
        found.append(replace(item, flow=item.flow * stays[:, None], cost=item.cost * stays))
    return tuple(found)
