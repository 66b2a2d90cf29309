"""The market as a Mesa model: a quarter, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import mesa
import numpy as np

from market_abm.agents import Desk, Firm, Hyperscaler, Lab, Provider
from market_abm.agents.habits import Headlines, seed_of
from market_abm.economy.blocks import value_blocks
from market_abm.economy.compile import compile_world
from market_abm.economy.contracting import roll_over, settle_notices
from market_abm.economy.delivery import deliver
from market_abm.economy.demand import form_demand
from market_abm.economy.finance import close_quarter, liquidity, undrawn
from market_abm.economy.growth import demand_shock, product_quarter, use_compute
from market_abm.economy.ledger import Ledger
from market_abm.economy.pricing import bargained, price_index, signed_price
from market_abm.economy.quarter import Quarter
from market_abm.economy.records import Record, Surveyor
from market_abm.economy.rewiring import enter_and_exit, qualify
from market_abm.economy.state import State, opening
from market_abm.economy.trading import (
    ceilings,
    forward_sales,
    position,
    sign,
    signings,
    trade_problem,
)
from market_abm.economy.upstream import arrive, deliver_chips, outlook, place_orders
from market_abm.economy.world import World
from market_abm.market.clearing import clear
from market_abm.scenario import Scenario, load_scenario
from market_abm.strategies.nudge import Nudge
from market_abm.strategies.view import View, bindings
from market_abm.timeline import take_effect

KINDS = {"lab": Lab, "provider": Provider, "hyperscaler": Hyperscaler}


class ComputeMarket(mesa.Model):
    """The AI-compute market, quarter by quarter.

    Parameters
    ----------
    scenario : Scenario, str or World, optional
        A scenario, a shipped name or a file; bare, the small world ``two-clouds-three-labs``. A compiled world
        is taken as it is: its guesses are drawn already.
    rng : int, optional
        The seed. Every random number is keyed to it; Mesa's own stream is never drawn from.
    pin : bool
        Hold every guess at its central value instead of drawing it.
    agents : mapping, optional
        Classes for single firms, by name: ``{"CoreWeave": MyProvider}``.
    forced : mapping, optional
        Options imposed on decisions, ``{(quarter, firm, verb): option}``: what `explain` re-runs.
    nudged : mapping, optional
        Moves of what one firm sees in one decision, ``{(quarter, firm, verb): Nudge}``.
    measure_every : int
        Measure every so many quarters (the measures are most of a run's time).

    Attributes
    ----------
    state : State
        The state after the last quarter; ``states`` keeps one a quarter, so that a run can be forked.
    record : Record or None
        The last quarter's tables: steps, firms, links, contracts, events, decisions; ``records`` keeps those of
        every quarter done. They are made when somebody looks.
    quarter : Quarter or None
        The last quarter's working papers: problem, allocation, deal, delivery.
    """

    def __init__(
        self,
        scenario: Scenario | str | World | None = None,
        rng: Any = None,
        *,
        pin: bool = False,
        agents: Mapping[str, type[Firm]] | None = None,
        forced: Mapping[tuple[int, str, str], str] | None = None,
        nudged: Mapping[tuple[int, str, str], Nudge] | None = None,
        measure_every: int = 1,
    ) -> None:
        seed = seed_of(rng)
        super().__init__(rng=seed)
        if scenario is None or isinstance(scenario, str):
            scenario = load_scenario(scenario or "two-clouds-three-labs")
        self.seed_used = seed
        self.measure_every = measure_every
        self.world = scenario if isinstance(scenario, World) else compile_world(scenario, seed, pin=pin)
        self.state: State = opening(self.world)
        self.states: list[State] = [self.state]
        self._surveyor = Surveyor()
        self.record: Record | None = None
        self.quarter: Quarter | None = None
        self.records: list[Record] = []
        self.forced, self.nudged = dict(forced or {}), dict(nudged or {})
        classes = self.classes = dict(agents or {})
        unknown = sorted(set(classes) - set(self.world.rows.key))
        if unknown:
            raise ValueError(
                f"agents names {unknown[0]!r}, which is not a firm; "
                f"firms: {', '.join(self.world.scenario.firms)}"
            )
        self.firms = {
            row: classes.get(key, KINDS[kind])(self, row)
            for row, (key, kind) in enumerate(zip(self.world.rows.key, self.world.rows.kind))
            if kind != "segment"
        }
        self.desk = Desk(self.world, self.firms)
        self.datacollector = Headlines()

    @property
    def scenario(self) -> Any:
        """None: a scenario in Mesa's sense is another thing, and its page would reset the model with an empty one."""
        return None

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        """What Mesa's own constructor sets is not kept; the scenario of this model is ``world.scenario``."""

    def step(self) -> None:
        """One quarter: the thirteen stages, in order."""
        q = Quarter(self.world, self.state.change(t=self.state.t + 1), Ledger(len(self.world.rows)))
        q.state, q.conditions, events = take_effect(q.world, q.state)  # 0 shocks and policy
        q.say(events)
        q.state, q.arrivals, q.held_by_power = arrive(q.world, q.state, q.conditions)  # 1 capacity
        self._contracts(q)  # 2 expiries and notices
        self._bids(q)  # 3 demand
        self._allocate(q)  # 4 free supply and demand
        self._bargain(q)  # 5 prices, contracts
        self._deliver(q)  # 6 spot, 7 delivery and payments
        use_compute(q)  # 8 capability
        product_quarter(q)  # 9 product market
        self._build(q)  # 10 building and finance
        self._entry(q)  # 11 entry, exit, credit limit; 12 rewiring
        measured = q.state.t % self.measure_every == 0
        self.record = self._surveyor.record(q, measured)  # 13 measurement reads only: it can wait
        self.state = q.close(self.record)
        self.quarter = q
        self.states.append(self.state)
        self.records.append(self.record)
        self.running = self.state.t + 1 < self.world.quarters
        self.datacollector.collect(self)

    def run(self) -> ComputeMarket:
        """Step to the end of the horizon."""
        while self.running:
            self.step()
        return self

    def fork(
        self, t: int, entries: Iterable[Any] = (), world: World | None = None, **options: Any
    ) -> ComputeMarket:
        """A model that starts from this one's state before quarter ``t``, with more dated entries.

        Parameters
        ----------
        t : int
            Quarter of the run, from 0 to the number of quarters done.
        entries : iterable of Entry
            Added to the timeline.
        world : World, optional
            In place of this model's own, of the same shape.
        options
            ``forced``, ``nudged``.
        """
        if not 0 <= t < len(self.states):
            raise ValueError(f"quarter {t} has not been reached; choose from 0 to {len(self.states) - 1}")
        world = self.world if world is None else world
        timeline = (*world.scenario.timeline, *entries)
        scenario = world.scenario.model_copy(update={"timeline": timeline})
        options = {"forced": self.forced, "nudged": self.nudged, **options}
        forked = type(self)(
            replace(world, scenario=scenario), rng=self.seed_used, agents=self.classes,
            measure_every=self.measure_every, **options,
        )  # fmt: skip
        forked.state = self.states[t]
        forked.states = self.states[: t + 1]
        forked.running = t < world.quarters
        return forked

    def view(self) -> View:
        """What sellers looked at in the last quarter, for whoever asks a strategy again.

        Raises
        ------
        ValueError
            Before the first quarter.
        """
        q = self.quarter
        if q is None:
            raise ValueError("there is no quarter to look at yet; call step() first")
        start = self.states[-2]
        seen = replace(q, state=q.state.change(index_price=start.index_price, share=start.share, t=q.state.t))
        return self._view(seen, free=q.problem.capacity, committed=q.position.committed)

    def _view(self, q: Quarter, **columns: Any) -> View:
        if q.view is None:
            t = q.state.t
            q.view = View(
                world=q.world,
                state=q.state,
                conditions=q.conditions,
                demand=q.demand,
                price=q.price,
                liquidity=q.liquidity,
                forced={(firm, verb): item for (at, firm, verb), item in self.forced.items() if at == t},
                nudged={(firm, verb): item for (at, firm, verb), item in self.nudged.items() if at == t},
            )
        return q.view.with_(state=q.state, price=q.price, liquidity=q.liquidity, **columns)

    def _contracts(self, q: Quarter) -> None:
        q.state, events = roll_over(q.world, q.state)
        q.say(events)
        q.demand = form_demand(q.world, q.state, q.conditions.need)
        q.liquidity = liquidity(q.state.cash, undrawn(q.world, q.state, q.conditions))
        q.position = position(q.world, q.state, q.conditions)
        view = self._view(q, committed=q.position.committed)
        (rows,) = q.world.rows.firm.nonzero()
        notices, decisions = self.desk.ask("renew", view, rows)
        q.decide(decisions)
        if not np.count_nonzero(notices.give):
            return
        seller_row = q.world.sellers.row[q.state.book.supplier]
        by_seller = (notices.give & (rows[:, None] == seller_row)).any(axis=0)
        q.state, events = settle_notices(view, notices.give.any(axis=0), by_seller)
        q.position = position(q.world, q.state, q.conditions)
        q.say(events)

    def _bids(self, q: Quarter) -> None:
        world = q.world
        place = q.position
        q.ceiling, binding = ceilings(world, q.state, place, q.liquidity, q.price)
        at_last_price = q.demand.at(np.array([[q.price]]))[:, 0]
        binding = tuple([b if want else "" for b, want in zip(binding, (at_last_price > q.ceiling).tolist())])
        wanted = np.minimum(at_last_price, q.ceiling)
        forward = forward_sales(world, q.conditions, place, q.arrivals, wanted - place.committed)
        price = np.minimum(q.price, q.conditions.price_cap)[:, None].repeat(world.shape[1], axis=1)
        notice = np.maximum(world.sellers.notice, q.conditions.minimum_notice)
        q.state = q.state.change(book=sign(world, q.state, forward, price, world.sellers.term, notice, "F"))
        q.position = position(world, q.state, q.conditions)
        quantity, value = value_blocks(world, q.demand, q.position.committed, q.ceiling, q.price)
        view = self._view(
            q,
            free=q.position.free,
            committed=q.position.committed,
            ceiling=q.ceiling,
            binding=binding,
            blocks=quantity,
            values=value,
        )
        q.buy_binding = binding
        q.bids, decisions = self.desk.ask("buy", view, world.buyers.row)
        q.decide(decisions)
        q.offer, decisions = self.desk.ask("sell", view, world.sellers.row)
        q.decide(decisions)

    def _allocate(self, q: Quarter) -> None:
        q.problem = trade_problem(q.world, q.state, q.conditions, q.offer, q.bids, q.position.free)
        q.withheld = q.position.free - np.minimum(q.offer.capacity, q.position.free)
        q.allocation = clear(q.problem)
        q.reach = q.problem.linked

    def _bargain(self, q: Quarter) -> None:
        q.deal = bargained(q)
        share = np.where(q.world.links.internal, 1.0, float(q.world.scenario.behaviour.contracted_share))
        q.signed = q.allocation.flow * share
        before = q.state.book
        q.state = q.state.change(
            book=sign(q.world, q.state, q.signed, signed_price(q), q.offer.term, q.offer.notice, "T")
        )
        q.say(signings(q.world, q.state, before))
        q.new_price = price_index(q)

    def _deliver(self, q: Quarter) -> None:
        q.position = position(q.world, q.state, q.conditions)
        q.shocked = q.demand.scaled(demand_shock(q.world, q.state.t))
        q.delivery = deliver(
            q.world, q.state, q.position, q.shocked, q.ceiling, q.problem, q.conditions.price_cap, q.ledger,
            q.withheld,
        )  # fmt: skip

    def _build(self, q: Quarter) -> None:
        world = q.world
        q.credit = undrawn(world, q.state, q.conditions)
        q.liquidity = liquidity(q.state.cash + q.ledger.receipts(), q.credit)
        q.state, q.capex, q.held_by_chips, q.held_by_finance = deliver_chips(
            world, q.state, q.conditions, q.liquidity, q.ledger
        )
        left = q.liquidity.copy()
        left[world.sellers.row] -= q.capex
        q.outlook = outlook(world, q.state, q.conditions, q.demand, left, q.new_price)
        orders, decisions = self.desk.ask("build", self._view(q, outlook=q.outlook), world.sellers.row)
        q.wanted = orders.kh100e
        q.state, q.orders, q.rationed = place_orders(world, q.state, q.conditions, orders, q.outlook)
        q.decide(decisions)
        q.build_binding = bindings(decisions)

    def _entry(self, q: Quarter) -> None:
        q.state, events = close_quarter(q.world, q.state, q.credit, q.ledger)
        q.say(events)
        q.state, events = enter_and_exit(q.world, q.state, q.outlook)
        q.say(events)
        idle = np.maximum(q.position.sellable - q.delivery.delivered, 0.0)
        idle = idle + q.arrivals * (1.0 - float(q.world.scenario.behaviour.forward_sale))
        q.state, events = qualify(q.world, q.state, q.conditions, q.demand, idle, q.new_price)
        q.say(events)
