"""Stage 13, relation level: outside options, leverage split and dependence of every supply relation of a lab.

Everything is a difference of two solves of the market of free capacity that differ in one thing only. Nothing
here changes the state.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from market_abm.economy.book import INTERNAL
from market_abm.economy.contracting import DUST
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats
from market_abm.market.bargaining import RationalPair, Terms, pairs_in_force, rational_pair
from market_abm.market.kernel.curve import last_blocks, stretch, worth_of_first
from market_abm.market.variants import clear_variants
from market_abm.units import on_grid, ordered_sum, totals

SUPPLIER = 0.01
"""Share of a buyer's contracted compute from which somebody counts as its supplier."""


AT_STAKE = 0.05
"""Share of a buyer's compute value at stake from which rerouting is worth two solves."""


MEASURED = (
    "floor", "ceiling", "value", "seller_secured", "buyer_secured", "contested", "realised", "bargaining_index",
    "loss_before", "loss_after", "supplier_dependence",
)  # fmt: skip
"""Columns that need the market solved again; NaN where they are not measured."""


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
    seller, buyer = ((flow > DUST) & world.between_firms).nonzero()
    volume = flow[seller, buyer]
    count = len(seller)
    buyers = world.shape[1]
    link, relation = book.supplier * buyers + book.buyer, seller * buyers + buyer

    def by_relation(values: Floats) -> Floats:
        """A column of the book added up by relation, (L,)."""
        return totals(link, values, flow.size)[relation]

    paid = by_relation(q.delivery.payment_by_contract)
    price = paid / volume
    in_force = np.where(book.in_force(q.state.t), book.volume, 0.0)
    weight = by_relation(in_force)
    weight = np.where(weight > 0.0, weight, np.nan)
    notice = by_relation(np.where(book.kind == INTERNAL, 0.0, book.notice) * in_force) / weight
    estimated = by_relation(in_force * book.estimated) / weight > 0.5
    measures = np.full((len(MEASURED), count), np.nan)
    out_of_line = np.zeros(count, dtype=bool)
    if measured:
        counts = volume >= SUPPLIER * ordered_sum(flow, axis=0)[buyer]
        rows = np.flatnonzero(world.buyers.lab[buyer] & counts)
        s, b = seller[rows], buyer[rows]
        held = on_grid(q.position.by_link[s, b] - q.signed[s, b])
        market = _FreeMarket(q)
        measured_at, pair = _pairs(market, q.terms, s, b, held)
        at = rows[measured_at]
        split, paid_at = pair.leverage_split(), price[at]
        rounds = np.fmax(notice[at], 1.0)
        under_contract = np.where(held > DUST, held, 0.0)[measured_at]
        before, after = _losses(market, s[measured_at], b[measured_at], under_contract, rounds)
        measures[:-1, at] = (
            pair.floor,
            pair.ceiling,
            pair.value,
            split.seller_secured,
            split.buyer_secured,
            split.contested,
            pair.realised_share(paid_at),
            pair.bargaining_index(paid_at),
            before,
            after,
        )
        measures[-1] = _supplier_dependence(q, seller, paid)
        out_of_line[at] = pair.out_of_line
    new_volume = q.signed[seller, buyer]
    return Relations(
        supplier=seller,
        buyer=buyer,
        volume=volume,
        new_volume=new_volume,
        price=price,
        new_price=np.where(new_volume > DUST, q.deal.price[seller, buyer], np.nan),
        unit_cost=world.sellers.unit_cost[seller],
        wedge=q.problem.wedge[seller, buyer],
        switching=np.minimum(world.links.switching[seller, buyer], q.conditions.switching_cap[seller]),
        notice=notice,
        out_of_line=out_of_line,
        estimated=estimated,
        **dict(zip(MEASURED, measures)),
    )


class _FreeMarket:
    """The market of free capacity, with the blocks that contracts cover at hand."""

    def __init__(self, q: Quarter) -> None:
        self.allocation = q.allocation
        signed = ordered_sum(q.signed, axis=0)
        self.committed = np.maximum(q.position.committed - signed, 0.0)
        self.quantity, self.value = q.curves()

    def last_blocks(self, b: np.ndarray, volume: Floats) -> tuple[Floats, Floats]:
        """Blocks (L, m) that the last ``volume`` of the buyers' contracts serves; the rest is worth 0."""
        return last_blocks(self.quantity, self.value, b, self.committed[b], volume)

    def value_at(self, b: np.ndarray, used: Floats) -> Floats:
        """Gross value of buyers' first ``used`` units, MUSD, (L,)."""
        return worth_of_first(self.quantity, self.value, b, used)


def _pairs(
    market: _FreeMarket, terms: Terms, s: np.ndarray, b: np.ndarray, held: Floats
) -> tuple[np.ndarray, RationalPair]:
    """Rational pairs of the relations that there is something to measure of, and which these are."""
    under_contract = held > DUST
    old = under_contract.nonzero()[0]
    new = (~under_contract & (market.allocation.flow[s, b] > DUST)).nonzero()[0]
    blocks = market.last_blocks(b[old], held[old])
    in_force = pairs_in_force(market.allocation, s[old], b[old], held[old], *blocks, terms)
    if not len(new):
        return old, in_force
    signed = rational_pair(market.allocation, np.column_stack([s[new], b[new]]), terms)
    return np.append(old, new), RationalPair(
        *(np.append(getattr(in_force, part.name), getattr(signed, part.name)) for part in fields(signed))
    )


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
    total[total <= 0.0] = np.nan
    before = (total - market.value_at(b, now - held - free.flow[s, b])) / total
    after = np.full(len(s), np.nan)
    at = (before >= AT_STAKE).nonzero()[0]
    at = at[rounds[at].argsort(kind="stable")]  # markets of one size next to each other: a shorter way
    s, b, held, rounds = s[at], b[at], held[at], rounds[at]
    committed = market.committed[b]
    others = committed - held
    own = stretch(market.quantity, b, others, committed)
    each = np.arange(len(at))
    capacity = problem.capacity * rounds[:, None]
    capacity[each, s] = problem.capacity[s] + held
    solved = clear_variants(
        free,
        capacity,
        scale=rounds,
        variant=each,
        buyer=b,
        quantity=problem.block_quantity[b] + own,
        opened=np.array((s, b)).T,
        opened_cap=held,
        leaves=s,
        priced=False,
    )
    full = market.value_at(b, others + solved.served[each, b])
    full[full <= 0.0] = np.nan
    after[at] = (full - market.value_at(b, others + solved.served_without[each, b])) / full
    return before, after


def _supplier_dependence(q: Quarter, seller: np.ndarray, paid: Floats) -> Floats:
    """Share of a supplier's compute income from this buyer: its dependence before reselling, (L,)."""
    income = np.bincount(seller, paid, len(q.world.sellers.key))
    return paid / np.where(income > 0, income, np.nan)[seller]
