"""The rational pair: the least a seller would take and the most a buyer would pay, whatever the protocol.

The outside options of a link, from the market around it: the seller's resale and its excluded buyers make the
floor, the buyer's replacement and its time to reroute make the ceiling. The leverage split reads who has
secured what of the link's gross surplus before anybody bargains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_abm.market.bargaining.held import Held
from market_abm.market.bargaining.terms import Terms
from market_abm.market.clearing import Allocation
from market_abm.market.problem import Floats, TradeProblem
from market_abm.units import usd_per_gpu_hour

WIDTH_MIN = 1e-9
"""Below this width of ceiling - floor (MUSD/kHQ) the place of a price between them means nothing."""


@dataclass(frozen=True)
class RationalPair:
    """Outside options of each link, arrays (L,), prices in MUSD/kHQ.

    Attributes
    ----------
    seller, buyer : int arrays
        Rows of the problem.
    quantity : array
        Volume of the link, kHQ.
    unit_cost, wedge : array
        c_j and kappa_ij.
    value : array
        vbar: the buyer's average loss without the link, all other trades fixed, net of switching and tax.
    resale : array
        Average value of the freed capacity to others, all other buyers rerouting, at least c_j.
    excluded : array
        Best offer of an excluded buyer for the next unit, net of the costs of its own link; -inf if none.
    floor : array
        kappa_ij + max(c_j, resale, excluded).
    replacement : array
        rho: what the buyer must pay to obtain the volume from its other suppliers.
    ceiling : array
        w vbar + (1 - w) rho; rho itself without terms.
    """

    seller: NDArray[np.int64]
    buyer: NDArray[np.int64]
    quantity: Floats
    unit_cost: Floats
    wedge: Floats
    value: Floats
    resale: Floats
    excluded: Floats
    floor: Floats
    replacement: Floats
    ceiling: Floats

    def at(self, rows: NDArray[np.int64]) -> RationalPair:
        """Those of some rows."""
        return RationalPair(*(getattr(self, part.name)[rows] for part in fields(self)))

    @cached_property
    def gross_surplus(self) -> Floats:
        """G = vbar - c - kappa."""
        return self.value - self.unit_cost - self.wedge

    @cached_property
    def out_of_line(self) -> NDArray[np.bool_]:
        """Links whose floor lies above the buyer's loss: both would do better apart."""
        return self.floor > self.value + 1e-9 * (1.0 + np.abs(self.value))

    @property
    def crossed(self) -> NDArray[np.bool_]:
        """Links in line whose floor lies above the ceiling: each side has the better outside option."""
        return ~self.out_of_line & (self.floor > self.ceiling + 1e-9 * (1.0 + np.abs(self.ceiling)))

    def leverage_split(self) -> LeverageSplit:
        """Who has secured what share of the gross surplus; NaN where out of line or without surplus."""
        gross = self.gross_surplus
        usable = ~self.out_of_line & (gross > WIDTH_MIN)
        gross = np.where(usable, gross, np.nan)
        seller = (self.floor - self.unit_cost - self.wedge) / gross
        buyer = (self.value - self.ceiling) / gross
        return LeverageSplit(seller, buyer, 1.0 - seller - buyer, usd_per_gpu_hour(gross))

    def realised_share(self, price: Floats) -> Floats:
        """Seller's share (p - c - kappa) / G of what a protocol or a contract pays; NaN as in the split."""
        gross = self.gross_surplus
        usable = ~self.out_of_line & (gross > WIDTH_MIN)
        return (price - self.unit_cost - self.wedge) / np.where(usable, gross, np.nan)

    def bargaining_index(self, price: Floats) -> Floats:
        """lambda = (p - floor) / (ceiling - floor); NaN when the width is below 1e-9 or out of line."""
        width = self.ceiling - self.floor
        usable = ~self.out_of_line & (width >= WIDTH_MIN)
        return (price - self.floor) / np.where(usable, width, np.nan)


@dataclass(frozen=True)
class LeverageSplit:
    """Shares of a link's gross surplus G that are settled by outside options, and what is left to bargain
    over.

    Attributes
    ----------
    seller_secured, buyer_secured, contested : array
        (floor - c - kappa) / G, (vbar - ceiling) / G and the rest; they sum to 1.
    gross_surplus_usd : array
        G in USD per GPU-hour.
    """

    seller_secured: Floats
    buyer_secured: Floats
    contested: Floats
    gross_surplus_usd: Floats

    @property
    def seller_secured_usd(self) -> Floats:
        """USD per GPU-hour that the seller has secured."""
        return self.seller_secured * self.gross_surplus_usd

    @property
    def buyer_secured_usd(self) -> Floats:
        """USD per GPU-hour that the buyer has secured."""
        return self.buyer_secured * self.gross_surplus_usd

    @property
    def contested_usd(self) -> Floats:
        """USD per GPU-hour between floor and ceiling."""
        return self.contested * self.gross_surplus_usd


class LinkSolves(NamedTuple):
    """Links of one market or of several, and what the solves without each of them say, arrays (L,)."""

    seller: NDArray[np.int64]
    buyer: NDArray[np.int64]
    quantity: Floats
    """kHQ."""
    unit_cost: Floats
    switching: Floats
    wedge: Floats
    tax: Floats
    worth: Floats
    """Gross value of the volume to the buyer, all other trades fixed, MUSD."""
    loss: Floats
    """Surplus lost when the buyer obtains the volume from its other suppliers, MUSD."""
    gain: Floats
    """What others add with the freed capacity while the buyer keeps to its other trades, MUSD."""
    excluded: Floats
    """Best offer of an excluded buyer, MUSD/kHQ."""
    weight: Floats | None
    """w of the ceiling; None without terms."""


def rational_pair(
    allocation: Allocation | Held,
    links: Sequence[tuple[int, int]] | NDArray[np.int64] | None = None,
    terms: Terms | None = None,
) -> RationalPair:
    """Floor, replacement cost and ceiling of links.

    Parameters
    ----------
    allocation : Allocation or Held
        An optimal allocation, or one in which a contract's volume is held (`hold`).
    links : sequence of (seller, buyer), optional
        Links with volume whose pair is wanted; all that trade when left out.
    terms : Terms, optional
        Without them the ceiling is the replacement cost.

    Raises
    ------
    ValueError
        If a link of ``links`` carries no volume.

    Notes
    -----
    On an optimal allocation floor <= kappa + any competitive unit price <= rho <= vbar: the floor's parts are
    dual lower bounds of the seller's capacity price, the replacement cost an upper one.

    The resale value is the mirror image of the replacement cost: ``c_j + [S(N; u_ij = 0, i at its other
    trades) - surplus of all trades but ij] / x_ij``. Excluded buyers' offers count for the next unit
    (a threat needs one buyer only), resale for the whole volume through all reroutings.
    """
    problem, flow = allocation.problem, allocation.flow
    pairs = (flow > 0.0).nonzero() if links is None else np.asarray(links, dtype=np.int64).reshape(-1, 2).T
    seller, buyer = np.ascontiguousarray(pairs)
    quantity = flow[seller, buyer]
    if np.minimum.reduce(quantity, initial=np.inf) <= 0.0:
        bad = int(np.flatnonzero(quantity <= 0.0)[0])
        raise ValueError(
            f"link (seller {seller[bad]}, buyer {buyer[bad]}) carries no volume;"
            " pass links with flow, or hold a contract's volume first"
        )
    loss, gain = _loss_and_gain(allocation, seller, buyer)
    solved = LinkSolves(
        seller,
        buyer,
        quantity,
        problem.unit_cost[seller],
        problem.switching[seller, buyer],
        problem.wedge[seller, buyer],
        problem.tax[seller, buyer],
        _worth_of_last(problem, allocation.served, buyer, quantity),
        loss,
        gain,
        best_excluded(problem, flow, allocation.served, seller, buyer),
        weight_of(terms, flow.shape, seller, buyer),
    )
    return pair_of(solved)


def joined(pairs: Sequence[RationalPair]) -> RationalPair:
    """The rational pairs of several markets one after the other."""
    return RationalPair(
        *(np.concatenate([getattr(pair, part.name) for pair in pairs]) for part in fields(RationalPair))
    )


def pair_of(links: LinkSolves) -> RationalPair:
    """The rational pairs of links, from the solves without them."""
    quantity, cost, wedge = links.quantity, links.unit_cost, links.wedge
    value = links.worth / quantity - links.switching - links.tax
    resale = cost + np.maximum(links.gain, 0.0) / quantity
    floor = wedge + np.maximum(np.maximum(cost, resale), links.excluded)
    replacement = links.loss / quantity + cost + wedge
    return RationalPair(
        links.seller,
        links.buyer,
        quantity,
        cost,
        wedge,
        value,
        resale,
        links.excluded,
        floor,
        replacement,
        ceiling(value, replacement, links.weight),
    )


def with_terms(pair: RationalPair, terms: Terms | None, shape: tuple[int, int]) -> RationalPair:
    """The same pair under other terms, without solving again."""
    weight = weight_of(terms, shape, pair.seller, pair.buyer)
    return replace(pair, ceiling=ceiling(pair.value, pair.replacement, weight))


def weight_of(terms: Terms | None, shape: tuple[int, int], seller: Any, buyer: Any) -> Floats | None:
    """Weight w of the buyer's loss in the ceiling, (L,); None without terms."""
    return None if terms is None else terms.weight(shape, seller, buyer)


def ceiling(value: Floats, replacement: Floats, weight: Floats | None) -> Floats:
    """Most that a buyer would pay, (L,): w vbar + (1 - w) rho; rho itself without terms."""
    return replacement if weight is None else weight * value + (1.0 - weight) * replacement


def _loss_and_gain(allocation: Allocation | Held, seller: Any, buyer: Any) -> tuple[Floats, Floats]:
    from market_abm.market.kernel.pair import link_pairs

    net, tree, links = allocation._state
    return link_pairs(net, tree, links, seller, buyer)


def _worth_of_last(problem: TradeProblem, served: Floats, buyer: Any, quantity: Floats) -> Floats:
    """Gross value of the buyer's last ``quantity`` served units, MUSD, (L,)."""
    from market_abm.market.kernel.curve import stretch

    top = served[buyer]
    lost = stretch(problem.block_quantity, buyer, top - quantity, top)
    return np.add.reduce(lost * problem.block_value[buyer], axis=1)


def best_excluded(problem: TradeProblem, flow: Floats, served: Floats, seller: Any, buyer: Any) -> Floats:
    """Highest v_k - s_kj - tax_kj - kappa_kj over buyers k != i with an unserved block and room, (L,)."""
    from market_abm.market.kernel.curve import excluded_bids

    return excluded_bids(*problem.arrays[2:], flow, served, seller, buyer)
