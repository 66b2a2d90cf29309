"""Stage 13, relation level: outside options, leverage split and dependence of every supply relation of a lab.

Everything is a difference of two solves of the market of free capacity that differ in one thing only. Nothing
here changes the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from market_abm.economy.book import INTERNAL
from market_abm.economy.contracting import DUST
from market_abm.economy.quarter import Quarter
from market_abm.economy.span import Span
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
    """Columns of length L, one a relation in a quarter; prices in MUSD per kHQ."""

    quarter: np.ndarray
    """Of the span, from 0; ascending."""
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


def relations(span: Span, measured: Sequence[bool]) -> Relations:
    """Every link that delivered under contract to a lab or to an open segment, quarter by quarter.

    Outside options and dependence are measured for labs (a segment stands for many buyers who do not bargain as
    one), and for links that carry at least `SUPPLIER` of what the lab contracts.
    """
    world, book, flow = span.world, span.book, span.contracted
    quarter, seller, buyer = ((flow > DUST) & world.between_firms).nonzero()
    volume = flow[quarter, seller, buyer]
    sellers, buyers = world.shape
    link = (span.book_quarter * sellers + book.supplier) * buyers + book.buyer
    relation = (quarter * sellers + seller) * buyers + buyer

    def by_relation(values: Floats) -> Floats:
        """A column of the book added up by relation, (L,)."""
        return totals(link, values, flow.size)[relation]

    def of_link(read: Callable[[Quarter], Floats]) -> Floats:
        """A matrix of each quarter (S, B) at the relations, (L,)."""
        return span.stacked(read)[quarter, seller, buyer]

    paid = by_relation(span.payment)
    price = paid / volume
    in_force = np.where(span.in_force, book.volume, 0.0)
    weight = by_relation(in_force)
    weight = np.where(weight > 0.0, weight, np.nan)
    notice = by_relation(np.where(book.kind == INTERNAL, 0.0, book.notice) * in_force) / weight
    measures = np.full((len(MEASURED), len(volume)), np.nan)
    out_of_line = np.zeros(len(volume), dtype=bool)
    if any(measured):
        counts = volume >= SUPPLIER * ordered_sum(flow, axis=1)[quarter, buyer]
        wanted = world.buyers.lab[buyer] & counts & np.array(measured)[quarter]
        ends = quarter.searchsorted(np.arange(len(span) + 1))
        for k, q in enumerate(span):
            if measured[k]:
                rows = ends[k] + wanted[ends[k] : ends[k + 1]].nonzero()[0]
                at, found, odd = _measured(q, seller[rows], buyer[rows], price[rows], notice[rows])
                measures[:-1, rows[at]] = found
                out_of_line[rows[at]] = odd
        dependence = _supplier_dependence(quarter * sellers + seller, paid, len(span) * sellers)
        measures[-1] = np.where(np.array(measured)[quarter], dependence, np.nan)
    new_volume = of_link(lambda q: q.signed)
    return Relations(
        quarter=quarter,
        supplier=seller,
        buyer=buyer,
        volume=volume,
        new_volume=new_volume,
        price=price,
        new_price=np.where(new_volume > DUST, of_link(lambda q: q.deal.price), np.nan),
        unit_cost=world.sellers.unit_cost[seller],
        wedge=of_link(lambda q: q.problem.wedge),
        switching=np.minimum(
            world.links.switching[seller, buyer],
            span.stacked(lambda q: q.conditions.switching_cap)[quarter, seller],
        ),
        notice=notice,
        out_of_line=out_of_line,
        estimated=by_relation(in_force * book.estimated) / weight > 0.5,
        **dict(zip(MEASURED, measures)),
    )


def _measured(
    q: Quarter, s: np.ndarray, b: np.ndarray, price: Floats, notice: Floats
) -> tuple[np.ndarray, Any, np.ndarray]:
    """Of some relations of a quarter those with something to measure: which, `MEASURED` of them, who is out of line.

    The last of `MEASURED`, the supplier's dependence, needs no solve and is left out.
    """
    held = on_grid(q.position.by_link[s, b] - q.signed[s, b])
    market = _FreeMarket(q)
    at, pair = _pairs(market, q.terms, s, b, held)
    split, paid = pair.leverage_split(), price[at]
    rounds = np.fmax(notice[at], 1.0)
    under_contract = np.where(held > DUST, held, 0.0)[at]
    before, after = _losses(market, s[at], b[at], under_contract, rounds)
    found = (
        pair.floor,
        pair.ceiling,
        pair.value,
        split.seller_secured,
        split.buyer_secured,
        split.contested,
        pair.realised_share(paid),
        pair.bargaining_index(paid),
        before,
        after,
    )
    return at, found, pair.out_of_line


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


def _supplier_dependence(seller: np.ndarray, paid: Floats, sellers: int) -> Floats:
    """Share of a supplier's compute income from this buyer: its dependence before reselling, (L,)."""
    income = np.bincount(seller, paid, sellers)
    return paid / np.where(income > 0, income, np.nan)[seller]
