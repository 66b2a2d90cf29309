"""Stage 13, relation level: outside options, leverage split and dependence of every supply relation of a lab.

Nothing here changes the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from market_abm.economy.book import INTERNAL
from market_abm.economy.contracting import DUST
from market_abm.economy.outside import outside_options
from market_abm.economy.quarter import Quarter
from market_abm.economy.span import Span
from market_abm.economy.world import Floats
from market_abm.units import ordered_sum, totals

SUPPLIER = 0.01
"""Share of a buyer's contracted compute from which somebody counts as its supplier."""


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
        rows = wanted.nonzero()[0]
        looked = span.only(measured)
        within = (np.cumsum(measured) - 1)[quarter[rows]]
        at, found, odd = outside_options(looked, within, seller[rows], buyer[rows], price[rows], notice[rows])
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


def _supplier_dependence(seller: np.ndarray, paid: Floats, sellers: int) -> Floats:
    """Share of a supplier's compute income from this buyer: its dependence before reselling, (L,)."""
    income = np.bincount(seller, paid, sellers)
    return paid / np.where(income > 0, income, np.nan)[seller]
