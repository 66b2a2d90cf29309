"""Stage 13, relation level: what the market solved without a relation says of the two who have it.

Everything is a difference of two solves of the market of free capacity that differ in one thing only. Only the
solves go quarter by quarter.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from market_abm.economy.contracting import DUST
from market_abm.economy.quarter import Quarter
from market_abm.economy.span import Span
from market_abm.economy.world import Bools, Floats, Ints
from market_abm.market.bargaining.in_force import held_solves
from market_abm.market.bargaining.rational import LinkSolves, RationalPair, joined, pair_of
from market_abm.market.kernel.curve import last_blocks, stretch, worth_of_first
from market_abm.market.variants import Variants, clear_variants
from market_abm.units import on_grid, ordered_sum

AT_STAKE = 0.05
"""Share of a buyer's compute value at stake from which rerouting is worth two solves."""


def outside_options(
    span: Span, quarter: Ints, s: Ints, b: Ints, price: Floats, notice: Floats
) -> tuple[Ints, tuple[Floats, ...], Bools]:
    """Of some relations those with something to measure: which, what is measured, who is out of line.

    Parameters
    ----------
    quarter, s, b : int arrays (L,)
        Quarter of the span, ascending, seller and buyer.
    price, notice : array (L,)
        MUSD per kHQ; quarters.

    Returns
    -------
    rows : int array (n,)
    measured : tuple of arrays (n,)
        Floor, ceiling, value, shares secured by the seller and by the buyer, contested and realised shares,
        bargaining index, dependence before and after rerouting.
    out_of_line : bool array (n,)
    """
    market = _FreeMarkets(span)
    held = on_grid(span.stacked(lambda q: q.position.by_link - q.signed)[quarter, s, b])
    flow = market.flow[quarter, s, b]
    in_force = held > DUST
    old, new = in_force.nonzero()[0], (~in_force & (flow > DUST)).nonzero()[0]
    pair = joined([
        _pairs_in_force(market, quarter[old], s[old], b[old], held[old]),
        _pairs_signed(market, quarter[new], s[new], b[new]),
    ])  # fmt: skip
    at = np.concatenate((old, new))
    quarter, s, b, price, flow = quarter[at], s[at], b[at], price[at], flow[at]
    held = np.where(in_force, held, 0.0)[at]
    rounds = np.fmax(notice[at], 1.0)
    split = pair.leverage_split()
    measured = (
        pair.floor,
        pair.ceiling,
        pair.value,
        split.seller_secured,
        split.buyer_secured,
        split.contested,
        pair.realised_share(price),
        pair.bargaining_index(price),
        *_losses(market, quarter, s, b, held, flow, rounds),
    )
    return at, measured, pair.out_of_line


class _FreeMarkets:
    """The market of free capacity in each quarter, with the blocks that contracts cover at hand.

    Buyers are numbered through all quarters: those of the first one come first.
    """

    def __init__(self, span: Span) -> None:
        self.span, self.buyers = span, span.world.shape[1]
        signed = ordered_sum(span.stacked(lambda q: q.signed), axis=1)
        committed = span.stacked(lambda q: q.position.committed)
        self.committed = np.maximum(committed - signed, 0.0).ravel()
        self.flow = span.stacked(lambda q: q.allocation.flow)
        self.served = span.stacked(lambda q: q.allocation.served).ravel()
        self.quantity, self.value = (blocks.reshape(-1, blocks.shape[-1]) for blocks in span.curves)

    def rows_of(self, quarter: Ints) -> Iterator[tuple[Quarter, slice]]:
        """Each quarter with its rows of a column of quarters, which ascend."""
        ends = quarter.searchsorted(np.arange(len(self.span) + 1)).tolist()
        return zip(self.span, map(slice, ends[:-1], ends[1:]))

    def last_blocks(self, buyer: Ints, volume: Floats) -> tuple[Floats, Floats]:
        """Blocks (L, m) that the last ``volume`` of the buyers' contracts serves; the rest is worth 0."""
        return last_blocks(self.quantity, self.value, buyer, self.committed[buyer], volume)

    def value_at(self, buyer: Ints, used: Floats) -> Floats:
        """Gross value of buyers' first ``used`` units, MUSD, (L,)."""
        return worth_of_first(self.quantity, self.value, buyer, used)


def _pairs_in_force(market: _FreeMarkets, quarter: Ints, s: Ints, b: Ints, held: Floats) -> RationalPair:
    """Rational pairs of contracts in force, each in a market of its own."""
    sizes, values = market.last_blocks(quarter * market.buyers + b, held)
    values = on_grid(values)
    solved = []
    for q, mine in market.rows_of(quarter):
        solved.append(
            held_solves(q.allocation, s[mine], b[mine], held[mine], sizes[mine], values[mine], q.terms)
        )
    return pair_of(LinkSolves(*map(np.concatenate, zip(*solved))))


def _pairs_signed(market: _FreeMarkets, quarter: Ints, s: Ints, b: Ints) -> RationalPair:
    """Rational pairs of links that traded: those that their two sides bargained over."""
    pairs = [q.deal.pair for q in market.span]
    signed = joined(pairs)
    sellers, buyers = market.span.world.shape
    signed_in = np.arange(len(pairs)).repeat([len(pair.seller) for pair in pairs])
    link = (signed_in * sellers + signed.seller) * buyers + signed.buyer  # ascending
    return signed.at(link.searchsorted((quarter * sellers + s) * buyers + b))


def _losses(
    market: _FreeMarkets, quarter: Ints, s: Ints, b: Ints, held: Floats, flow: Floats, rounds: Floats
) -> tuple[Floats, Floats]:
    """Share of its compute value that each buyer loses without the supplier: at once, and after rerouting.

    After rerouting is the difference of two solves that differ in the supplier only: with all of its free and
    contracted capacity, and with none. The buyer can bid in as many rounds of the free market as it has
    quarters of notice. Where next to nothing is at stake, rerouting is not worth two solves: NaN.
    """
    buyer = quarter * market.buyers + b
    now = market.committed[buyer] + market.served[buyer]
    total = market.value_at(buyer, now)
    total[total <= 0.0] = np.nan
    before = (total - market.value_at(buyer, now - held - flow)) / total
    after = np.full(len(s), np.nan)
    at = (before >= AT_STAKE).nonzero()[0]
    at = at[np.lexsort((rounds[at], quarter[at]))]  # markets of one size next to each other: a shorter way
    quarter, s, b, buyer, held, rounds = quarter[at], s[at], b[at], buyer[at], held[at], rounds[at]
    committed = market.committed[buyer]
    others = committed - held
    own = stretch(market.quantity, buyer, others, committed)
    offered = market.span.offered
    capacity = offered[quarter] * rounds[:, None]
    capacity[np.arange(len(at)), s] = offered[quarter, s] + held
    served, without = np.empty(len(at)), np.empty(len(at))
    for q, mine in market.rows_of(quarter):
        solved = _rerouted(q, s[mine], b[mine], held[mine], own[mine], capacity[mine], rounds[mine])
        each = np.arange(len(solved.served))
        served[mine] = solved.served[each, b[mine]]
        without[mine] = solved.served_without[each, b[mine]]
    full = market.value_at(buyer, others + served)
    full[full <= 0.0] = np.nan
    after[at] = (full - market.value_at(buyer, others + without)) / full
    return before, after


def _rerouted(
    q: Quarter, s: Ints, b: Ints, held: Floats, own: Floats, capacity: Floats, rounds: Floats
) -> Variants:
    """The free market with each buyer's own volume in it, with the supplier and when it has left."""
    return clear_variants(
        q.allocation,
        capacity,
        scale=rounds,
        variant=np.arange(len(s)),
        buyer=b,
        quantity=q.problem.block_quantity[b] + own,
        opened=np.array((s, b)).T,
        opened_cap=held,
        leaves=s,
        priced=False,
    )
