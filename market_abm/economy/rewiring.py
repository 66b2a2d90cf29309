"""Stages 11 and 12: entry and exit, qualification of new suppliers, links dropped when idle."""

from __future__ import annotations

import numpy as np

from market_abm.economy.conditions import Conditions
from market_abm.economy.contracting import DUST
from market_abm.economy.demand import Demand
from market_abm.economy.state import State
from market_abm.economy.upstream import Outlook
from market_abm.economy.world import NEVER, Floats, World


def enter_and_exit(world: World, state: State, ahead: Outlook) -> tuple[State, list[dict]]:
    """Entrants start when their date has come or building at minimum scale pays; the worthless leave."""
    sellers, t = world.sellers, state.t
    scale = float(world.scenario.behaviour.entry_scale)
    due = (sellers.enters > 0) & (sellers.enters <= t + 1)
    pays = (sellers.enters == -1) & (ahead.q > 1.0)
    enters = ~state.active & (due | pays)
    # Running costs are the only ones that can still be saved: who cannot earn them goes.
    loss = ahead.price < sellers.unit_cost * (1.0 - 1e-9)
    leaves = state.active & (state.online > DUST) & sellers.sells & loss
    if not np.count_nonzero(enters | leaves):
        return state, []
    fleet = state.fleet.copy()
    pipeline = state.pipeline.copy()
    for s in np.flatnonzero(enters & (state.online <= DUST)):
        pipeline[s, ahead.arrives[s]] += scale
    fleet[leaves] = 0.0
    pipeline[leaves] = 0.0
    # This quarter was delivered: the contracts of the leavers end with it and are gone from the next one.
    book = state.book
    if leaves.any():
        book = book.change(ends=np.where(leaves[book.supplier], np.minimum(book.ends, t), book.ends))
    events = [
        {"stage": 11, "kind": kind, "firm": sellers.key[s], "detail": detail}
        for mask, kind, detail in (
            (enters, "entry", "starts to build"),
            (leaves, "exit", "price below running cost"),
        )
        for s in np.flatnonzero(mask)
    ]
    active = (state.active | enters) & ~leaves
    qualified = np.where(enters[:, None] & world.links.linked, t + 1, state.qualified_at)
    return state.change(
        active=active, fleet=fleet, pipeline=pipeline, qualified_at=qualified, book=book
    ), events


def qualify(
    world: World, state: State, conditions: Conditions, demand: Demand, idle: Floats, price: float
) -> tuple[State, list[dict]]:
    """Open the link that promises most, drop those that were idle too long.

    A lab opens a link if the gain expected over ``link_horizon`` quarters from what the supplier has idle
    exceeds switching and qualification cost; the supplier agrees when the price covers its cost. It can be
    used after the qualification lag. Deterministic: ties go to the lower keyed number.
    """
    b, t = world.scenario.behaviour, state.t
    links, sellers = world.links, world.sellers
    room = np.maximum(state.used, 1.0) * world.buyers.growth_cap
    covers = sellers.sells & state.active & (price > sellers.unit_cost)
    covered = covers[:, None] & world.buyers.lab
    supplier, buyer = (covered & (state.qualified_at == NEVER) & ~conditions.blocked).nonzero()
    quantity = np.minimum(idle[supplier], room[buyer])
    switching = np.minimum(links.switching[supplier, buyer], conditions.switching_cap[supplier])
    margin = demand.marginal(state.used)[buyer] - price + links.taste[supplier, buyer]
    gain = margin * quantity * float(b.link_horizon) - switching * quantity - float(b.qualification_cost)
    (pays,) = ((gain > 0) & (quantity > DUST)).nonzero()
    pairs = supplier[pays], buyer[pays]
    best: dict[int, tuple[float, float, int]] = {}
    columns = (*pairs, gain[pays], links.key[pairs])
    for i, j, much, key in zip(*[column.tolist() for column in columns]):
        offer = (-much, key, i)
        if j not in best or offer < best[j]:
            best[j] = offer
    qualified = state.qualified_at.copy()
    usable = t + max(int(b.qualification_lag), 1)
    qualified[[i for _, _, i in best.values()], list(best)] = usable
    when = world.quarter_name(usable)
    events = [
        {
            "stage": 12,
            "kind": "qualification",
            "firm": world.buyers.key[j],
            "counterparty": sellers.key[i],
            "amount": -loss,
            "unit": "MUSD",
            "detail": f"usable from {when}",
        }
        for j, (loss, _, i) in sorted(best.items())
    ]
    idle_for = t - state.last_used
    dropped = world.buyers.lab & ~links.linked & (qualified <= t) & (idle_for > int(b.idle_link_quarters))
    dropped[state.book.supplier, state.book.buyer] = False  # a contract keeps it
    qualified[dropped] = NEVER
    return state.change(qualified_at=qualified), events
