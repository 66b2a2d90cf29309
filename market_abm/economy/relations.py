"""Stage 13, relation level: outside options, leverage split and dependence of every supply relation of a lab.

Everything is a difference of two solves of the market of free capacity that differ in one thing only. Nothing
here changes the state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.economy.book import INTERNAL
from market_abm.economy.contracting import DUST
from market_abm.economy.demand import value_blocks
from market_abm.economy.pricing import terms_of
from market_abm.economy.quarter import Quarter
from market_abm.economy.world import Floats
from market_abm.market.bargaining import hold, rational_pair
from market_abm.market.clearing import clear
from market_abm.units import GRID, ordered_sum

SUPPLIER = 0.01
"""Share of a buyer's contracted compute from which somebody counts as its supplier."""


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
        markets = _FreeMarket(q)
        terms = terms_of(q)
        counts = volume >= SUPPLIER * ordered_sum(flow, axis=0)[buyer]
        for row in np.flatnonzero(world.buyers.lab[buyer] & counts):
            s, b = int(seller[row]), int(buyer[row])
            held = contracted[s, b] - q.signed[s, b]
            _measure_link(q, markets, terms, s, b, held, price[row], notice[row], columns, row, out_of_line)
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
        world = q.world
        self.allocation = q.allocation
        self.problem = q.problem
        signed = ordered_sum(q.signed, axis=0)
        self.committed = np.maximum(q.position.committed - signed, 0.0)
        none = np.zeros(len(self.committed))
        self.quantity, self.value = value_blocks(world, q.demand, none, np.full(len(none), np.inf), q.price)
        self.until = np.cumsum(self.quantity, axis=1)
        bought = q.allocation.served
        self.worth = self._worth(self.committed + bought)

    def _worth(self, used: Floats) -> Floats:
        """Gross value of each buyer's first ``used`` units, MUSD, (B,)."""
        taken = np.clip(used[:, None] - (self.until - self.quantity), 0.0, self.quantity)
        return np.cumsum(taken * self.value, axis=1)[:, -1]

    def top(self, b: int, volume: float) -> tuple[Floats, Floats]:
        """Blocks of buyer ``b`` that the last ``volume`` of its contracts serves; the rest is worth 0."""
        high, low = self.committed[b], max(self.committed[b] - volume, 0.0)
        size = np.minimum(self.until[b], high) - np.maximum(self.until[b] - self.quantity[b], low)
        keep = size > 1.0 / GRID
        sizes, values = size[keep], self.value[b][keep]
        rest = volume - float(np.cumsum(sizes)[-1]) if len(sizes) else volume
        if rest > 1.0 / GRID:
            sizes, values = np.append(sizes, rest), np.append(values, 0.0)
        return sizes, values

    def value_at(self, b: int, used: float) -> float:
        """Gross value of buyer ``b``'s first ``used`` units, MUSD."""
        taken = np.clip(used - (self.until[b] - self.quantity[b]), 0.0, self.quantity[b])
        return float(np.cumsum(taken * self.value[b])[-1])


def _measure_link(q, markets, terms, s, b, held, price, notice, columns, row, out_of_line) -> None:
    """Floor, ceiling, split and dependence of one relation; NaN where they mean nothing."""
    allocation, held = markets.allocation, float(np.rint(held * GRID) / GRID)
    if held > DUST:
        sizes, values = markets.top(b, held)
        market = hold(allocation, s, b, held, sizes, values)
    elif allocation.flow[s, b] > DUST:
        market = allocation
    else:
        return
    pair = rational_pair(market, [(s, b)], terms)
    split = pair.leverage_split()
    at = np.array([price])
    for name, value in (
        ("floor", pair.floor), ("ceiling", pair.ceiling), ("value", pair.value),
        ("seller_secured", split.seller_secured), ("buyer_secured", split.buyer_secured),
        ("contested", split.contested), ("realised", pair.realised_share(at)),
        ("bargaining_index", pair.bargaining_index(at)),
    ):  # fmt: skip
        columns[name][row] = value[0]
    out_of_line[row] = bool(pair.out_of_line[0])
    before, after = _losses(markets, s, b, held, max(float(notice), 1.0))
    columns["loss_before"][row], columns["loss_after"][row] = before, after


def _losses(markets: _FreeMarket, s: int, b: int, held: float, rounds: float) -> tuple[float, float]:
    """Share of its compute value that buyer ``b`` loses without ``s``: at once, and after rerouting.

    After rerouting is the difference of two solves that differ in ``s`` only: with all of its free and
    contracted capacity, and with none. The buyer can bid in as many rounds of the free market as it has
    quarters of notice.
    """
    problem, free = markets.problem, markets.allocation
    others = markets.committed[b] - held
    now = markets.committed[b] + free.served[b]
    from_s = held + free.flow[s, b]
    total = markets.value_at(b, now)
    if total <= 0.0:
        return float("nan"), float("nan")
    before = (total - markets.value_at(b, now - from_s)) / total
    if before < SUPPLIER:
        return before, float("nan")  # next to nothing is at stake: rerouting it is not worth two solves
    quantity = problem.block_quantity * rounds
    size = np.minimum(markets.until[b], markets.committed[b]) - np.maximum(
        markets.until[b] - markets.quantity[b], others
    )
    quantity[b] = problem.block_quantity[b] + np.maximum(size, 0.0)
    capacity = problem.capacity * rounds
    capacity[s] = problem.capacity[s] + held
    changes = {"capacity": capacity, "block_quantity": quantity}
    if not problem.linked[s, b]:
        changes["linked"] = problem.linked.copy()
        changes["linked"][s, b] = True
    if problem.link_cap is not None and problem.link_cap[s, b] < held:
        changes["link_cap"] = np.maximum(problem.link_cap, held)
    variant = problem.replace(**changes)
    with_s = clear(variant, start=free)
    capacity = capacity.copy()
    capacity[s] = 0.0
    without = clear(variant.replace(capacity=capacity), start=with_s)
    full = markets.value_at(b, others + with_s.served[b])
    rerouted = markets.value_at(b, others + without.served[b])
    return before, (full - rerouted) / full if full > 0.0 else float("nan")


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
