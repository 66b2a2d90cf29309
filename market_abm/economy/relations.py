"""Stage 13, relation level: outside options, leverage split and dependence of every supply relation of a lab.

Everything is a difference of two solves of the market of free capacity that differ in one thing only. Nothing
here changes the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.economy.book import INTERNAL
from market_abm.economy.contracting import DUST
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats
from market_abm.market.bargaining import RationalPair, Terms, pairs_in_force, rational_pair
from market_abm.market.variants import clear_variants
from market_abm.units import GRID, on_grid, ordered_sum

SUPPLIER = 0.01
"""Share of a buyer's contracted compute from which somebody counts as its supplier."""


AT_STAKE = 0.05
"""Share of a buyer's compute value at stake from which rerouting is worth two solves."""


@dataclass(frozen=True)
class Relations:
    """Columns of length L, one a relation; prices in MUSD per kHQ."""

    supplier: np.ndarray
    buyer: np.ndarray
    volume: Floats
    new_volume: Floats
    price: Floats
    new_price: Floats
    floor: Floats
    ceiling: Floats
    value: Floats
    unit_cost: Floats
    wedge: Floats
    switching: Floats
    seller_secured: Floats
    buyer_secured: Floats
    contested: Floats
    realised: Floats
    bargaining_index: Floats
    loss_before: Floats
    loss_after: Floats
    supplier_dependence: Floats
    notice: Floats
    out_of_line: np.ndarray
    estimated: np.ndarray


def relations(q: Quarter, measured: bool = True) -> Relations:
    """Every link that delivered under contract to a lab or to an open segment this quarter.

    Outside options and dependence are measured for labs (a segment stands for many buyers who do not bargain as
    one), and for links that carry at least `SUPPLIER` of what the lab contracts.
    """
    world, book = q.world, q.state.book
    flow = q.delivery.contracted
    seller, buyer = np.nonzero((flow > DUST) & ~world.links.internal & ~world.buyers.captive[None, :])
    volume = flow[seller, buyer]
    count = len(seller)
    contracted = q.position.by_link
    paid = book.matrix(q.delivery.payment_by_contract, world.shape)
    price = paid[seller, buyer] / volume
    notice = _weighted(q, np.where(book.kind == INTERNAL, 0, book.notice).astype(np.float64))[seller, buyer]
    estimated = _weighted(q, book.estimated.astype(np.float64))[seller, buyer] > 0.5
    columns = {
        name: np.full(count, np.nan)
        for name in (
            "floor", "ceiling", "value", "seller_secured", "buyer_secured", "contested", "realised",
            "bargaining_index", "loss_before", "loss_after", "supplier_dependence",
        )
    }  # fmt: skip
    out_of_line = np.zeros(count, dtype=bool)
    if measured:
        counts = volume >= SUPPLIER * ordered_sum(flow, axis=0)[buyer]
        rows = np.flatnonzero(world.buyers.lab[buyer] & counts)
        s, b = seller[rows], buyer[rows]
        held = on_grid(contracted[s, b] - q.signed[s, b])
        market = _FreeMarket(q)
        measured_at, pair = _pairs(market, q.terms, s, b, held)
        at = rows[measured_at]
        split, paid_at = pair.leverage_split(), price[at]
        columns["floor"][at], columns["ceiling"][at], columns["value"][at] = (
            pair.floor,
            pair.ceiling,
            pair.value,
        )
        columns["seller_secured"][at] = split.seller_secured
        columns["buyer_secured"][at] = split.buyer_secured
        columns["contested"][at] = split.contested
        columns["realised"][at] = pair.realised_share(paid_at)
        columns["bargaining_index"][at] = pair.bargaining_index(paid_at)
        out_of_line[at] = pair.out_of_line
        rounds = np.fmax(notice[at], 1.0)
        columns["loss_before"][at], columns["loss_after"][at] = _losses(
            market, s[measured_at], b[measured_at], np.where(held > DUST, held, 0.0)[measured_at], rounds
        )
        columns["supplier_dependence"] = _supplier_dependence(q, seller, paid[seller, buyer])
    return Relations(
        supplier=seller,
        buyer=buyer,
        volume=volume,
        new_volume=q.signed[seller, buyer],
        price=price,
        new_price=np.where(q.signed[seller, buyer] > DUST, q.deal.price[seller, buyer], np.nan),
        unit_cost=world.sellers.unit_cost[seller],
        wedge=q.problem.wedge[seller, buyer],
        switching=np.minimum(world.links.switching, q.conditions.switching_cap[:, None])[seller, buyer],
        notice=notice,
        out_of_line=out_of_line,
        estimated=estimated,
        **columns,
    )


class _FreeMarket:
    """The market of free capacity, with the blocks that contracts cover at hand."""

    def __init__(self, q: Quarter) -> None:
        self.allocation = q.allocation
        signed = ordered_sum(q.signed, axis=0)
        self.committed = np.maximum(q.position.committed - signed, 0.0)
        self.quantity, self.value = q.curves()
        self.until = np.cumsum(self.quantity, axis=1)

    def top(self, b: np.ndarray, volume: Floats) -> tuple[Floats, Floats]:
        """Blocks (L, K + 1) that the last ``volume`` of the buyers' contracts serves; the rest is worth 0."""
        high = self.committed[b]
        low = np.maximum(high - volume, 0.0)
        until, size = self.until[b], self.quantity[b]
        sizes = np.minimum(until, high[:, None]) - np.maximum(until - size, low[:, None])
        sizes = np.where(sizes > 1.0 / GRID, sizes, 0.0)
        rest = volume - ordered_sum(sizes, axis=1)
        rest = np.where(rest > 1.0 / GRID, rest, 0.0)
        return np.column_stack([sizes, rest]), np.column_stack([self.value[b], np.zeros(len(b))])

    def value_at(self, b: np.ndarray, used: Floats) -> Floats:
        """Gross value of buyers' first ``used`` units, MUSD, (L,)."""
        size = self.quantity[b]
        taken = np.clip(used[:, None] - (self.until[b] - size), 0.0, size)
        return ordered_sum(taken * self.value[b], axis=1)


def _pairs(
    market: _FreeMarket, terms: Terms, s: np.ndarray, b: np.ndarray, held: Floats
) -> tuple[np.ndarray, RationalPair]:
    """Rational pairs of the relations that there is something to measure of, and which these are."""
    old = np.flatnonzero(held > DUST)
    new = np.flatnonzero((held <= DUST) & (market.allocation.flow[s, b] > DUST))
    in_force = pairs_in_force(
        market.allocation, s[old], b[old], held[old], *market.top(b[old], held[old]), terms
    )
    if not len(new):
        return old, in_force
    signed = rational_pair(market.allocation, np.column_stack([s[new], b[new]]), terms)
    joined = {name: np.append(getattr(in_force, name), value) for name, value in vars(signed).items()}
    return np.append(old, new), RationalPair(**joined)


def _losses(
    market: _FreeMarket, s: np.ndarray, b: np.ndarray, held: Floats, rounds: Floats
) -> tuple[Floats, Floats]:
    """Share of its compute value that each buyer loses without the supplier: at once, and after rerouting.

    After rerouting is the difference of two solves that differ in the supplier only: with all of its free and
    contracted capacity, and with none. The buyer can bid in as many rounds of the free market as it has
    quarters of notice. Where next to nothing is at stake, rerouting is not worth two solves: NaN.
    """
    free, problem = market.allocation, market.allocation.problem
    now = market.committed[b] + free.served[b]
    total = market.value_at(b, now)
    with np.errstate(divide="ignore", invalid="ignore"):
        before = (total - market.value_at(b, now - held - free.flow[s, b])) / total
    before, after = np.where(total > 0.0, before, np.nan), np.full(len(s), np.nan)
    at = np.flatnonzero(before >= AT_STAKE)
    at = at[np.argsort(rounds[at], kind="stable")]  # markets of one size next to each other: a shorter way
    s, b, held, rounds = s[at], b[at], held[at], rounds[at]
    others = market.committed[b] - held
    until, size = market.until[b], market.quantity[b]
    own = np.minimum(until, market.committed[b][:, None]) - np.maximum(until - size, others[:, None])
    each = np.arange(len(at))
    capacity = problem.capacity * rounds[:, None]
    capacity[each, s] = problem.capacity[s] + held
    solved = clear_variants(
        free,
        capacity,
        scale=rounds,
        variant=each,
        buyer=b,
        quantity=problem.block_quantity[b] + np.maximum(own, 0.0),
        opened=np.column_stack([s, b]),
        opened_cap=held,
        leaves=s,
        priced=False,
    )
    full = market.value_at(b, others + solved.served[each, b])
    rerouted = market.value_at(b, others + solved.served_without[each, b])
    with np.errstate(divide="ignore", invalid="ignore"):
        after[at] = np.where(full > 0.0, (full - rerouted) / full, np.nan)
    return before, after


def _weighted(q: Quarter, values: Floats) -> Floats:
    """Average of a contract column by link, weighted by volume, (S, B); NaN where there is no contract."""
    book, shape = q.state.book, q.world.shape
    weight = np.where(book.in_force(q.state.t), book.volume, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return book.matrix(values * weight, shape) / book.matrix(weight, shape)


def _supplier_dependence(q: Quarter, seller: np.ndarray, paid: Floats) -> Floats:
    """Share of a supplier's compute income from this buyer: its dependence before reselling, (L,)."""
    world = q.world
    income = np.zeros(len(world.sellers.key))
    np.add.at(income, seller, paid)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(income[seller] > 0, paid / income[seller], np.nan)
