"""Stages 6 and 7: the demand shock, the spot market for the rest, delivery and payments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.economy.blocks import value_blocks
from market_abm.economy.book import INTERNAL
from market_abm.economy.demand import Demand
from market_abm.economy.ledger import Ledger
from market_abm.economy.state import State
from market_abm.economy.trading import Position, room
from market_abm.economy.world import Floats, World
from market_abm.market.contracts import payment
from market_abm.market.problem import TradeProblem
from market_abm.market.spot import LinkedSpot, clear_spot_problem
from market_abm.units import GRID, ordered_sum


@dataclass(frozen=True)
class Delivery:
    """What was delivered and paid in a quarter."""

    used_by_contract: Floats
    """kHQ, (C,)."""
    payment_by_contract: Floats
    """MUSD, (C,)."""
    contracted: Floats
    """Deliveries under contract and own use, kHQ, (S, B)."""
    spot: Floats
    """Spot flow, kHQ, (S, B)."""
    spot_price: float
    """Average price of what was sold, MUSD per kHQ; the last one where nothing was."""
    flow: Floats
    """All deliveries, kHQ, (S, B)."""
    delivered: Floats
    """The same by seller, kHQ, (S,)."""
    used: Floats
    """Compute used by each buyer, kHQ, (B,)."""


def deliver(
    world: World,
    state: State,
    place: Position,
    demand: Demand,
    ceiling: Floats,
    problem: TradeProblem,
    price_cap: Floats,
    ledger: Ledger,
    withheld: Floats,
) -> Delivery:
    """Serve contracts, clear the spot market, pay.

    Parameters
    ----------
    place : Position
        Capacity and commitments after signing.
    demand : Demand
        Demand after the shock.
    problem : TradeProblem
        What was traded before the shock: the links that can be used this quarter, and each seller's least price.
    price_cap : ndarray (S,)
        Highest price that each seller may take, MUSD per kHQ: binds what is sold on the spot market too.
    withheld : ndarray (S,)
        Free capacity that was not offered, kHQ: it stays off the spot market too.
    """
    book = state.book
    volume = book.volume * place.delivered[book.supplier]
    flexible = (1.0 - book.take_or_pay) * volume
    worth = demand.marginal(place.committed)[book.buyer]
    # Unused committed units are free at the margin; only what take-or-pay leaves open weighs on the price.
    skipped = np.where((book.kind != INTERNAL) & (book.price > worth), flexible, 0.0)
    used = volume - skipped
    by_link = book.matrix(used, world.shape)
    paid = np.where(book.kind == INTERNAL, 0.0, payment(book.price, volume, used, book.take_or_pay))
    spot = _spot(world, state, place, demand, by_link, ceiling, problem, withheld)
    flow = by_link + spot.flow
    taken = np.minimum(spot.price, price_cap)
    delivered = ordered_sum(flow, axis=1)
    _pay(world, state, ledger, paid, spot.flow, taken, delivered)
    total = ordered_sum(flow, axis=0)
    average = _average(taken, spot.sold, state.spot_price)
    return Delivery(used, paid, by_link, spot.flow, average, flow, delivered, total)


def _average(price: Floats, sold: Floats, last: float) -> float:
    """Price of what was sold: the common one, or the average by volume; the last where nothing was sold."""
    known = price[sold > 0]
    if not len(known):
        return last
    if (known == known[0]).all():
        return float(known[0])
    return float(ordered_sum(price * sold) / ordered_sum(sold))


def _spot(world, state, place, demand, by_link, ceiling, problem, withheld) -> LinkedSpot:
    """Double auction of what is left, over the links that can be used and up to their caps."""
    sellers, buyers = world.sellers, world.buyers
    idle = np.maximum(place.sellable - ordered_sum(by_link, axis=1), 0.0) * sellers.sells * state.active
    idle = np.maximum(np.floor(idle * GRID) / GRID - withheld, 0.0)
    committed = ordered_sum(by_link, axis=0)
    quantity, value = value_blocks(
        world, demand, committed, np.maximum(ceiling, committed), state.index_price
    )
    return clear_spot_problem(
        problem.replace(
            capacity=idle,
            block_quantity=quantity,
            block_value=value,
            # One price a part of the market: no cost of moving, no wedge, no incumbents.
            switching=0.0,
            wedge=0.0,
            incumbent=None,
            # A fleet that is idle serves its owner's lab too; captive workloads have what they need.
            linked=problem.linked & ~buyers.captive,
            link_cap=room(world, by_link) if world.links.capped else None,
        )
    )


def _pay(
    world: World, state: State, ledger: Ledger, paid: Floats, spot: Floats, price: Floats, delivered: Floats
) -> None:
    """Contract and spot payments (``price`` by seller), and the cash cost of running what was used."""
    book, row = state.book, world.sellers.row
    payer_of = np.where(world.payer_of < 0, ledger.account("users"), world.payer_of)
    cash = paid * (1.0 - book.prepaid)
    ledger.pay("contracts", payer_of[book.buyer], row[book.supplier], cash)
    s, b = spot.nonzero()
    ledger.pay("spot", payer_of[b], row[s], price[s] * spot[s, b])
    ledger.pay("running cost", row, ledger.account("vendors"), delivered * world.sellers.unit_cost)
