"""The spot market: a uniform-price double auction on unit bids or on blocks, in one pool or on links.

Whatever was not contracted before the demand shock is bought and sold here at one price. In scarcity the
price is the first rejected bid, so never above the highest value present; in a glut it is the cost of the
marginal offer. Where not everybody reaches everybody, there is one price for each part of the market that
trade connects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.units import from_grid, ordered_sum, to_grid

if TYPE_CHECKING:
    from market_abm.market.problem import TradeProblem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpotOutcome:
    """A cleared spot market.

    Attributes
    ----------
    price : float
        ``(1 - k) low + k high``; the cheapest offer when no bid reaches it; NaN when there is neither a bid
        nor an offer.
    price_low, price_high : float
        Every price between them clears the market: from max(first rejected bid, last accepted offer) to
        min(last accepted bid, first rejected offer).
    quantity : float
        Volume traded, kHQ.
    bought : ndarray (B,)
        Quantity each bidder gets.
    sold : ndarray (S,)
        Quantity each offerer sells.
    block_bought : ndarray (B, K)
        The same by bid.
    block_sold : ndarray (S, L)
        The same by offer.
    surplus : float
        Value of the accepted bids less cost of the accepted offers.
    """

    price: float
    price_low: float
    price_high: float
    quantity: float
    bought: Floats
    sold: Floats
    block_bought: Floats
    block_sold: Floats
    surplus: float


def clear_spot(
    bid_quantity: ArrayLike,
    bid_value: ArrayLike,
    offer_quantity: ArrayLike,
    offer_cost: ArrayLike,
    *,
    k: float = 0.0,
    bid_incumbent: ArrayLike | None = None,
    bid_key: ArrayLike | None = None,
    offer_incumbent: ArrayLike | None = None,
    offer_key: ArrayLike | None = None,
) -> SpotOutcome:
    """Clear a uniform-price double auction (Wilson 1985's k-double auction; k = 0 is the rule of the model).

    Parameters
    ----------
    bid_quantity, bid_value : array_like (B, K) or (B,)
        Blocks of the bidders, kHQ and MUSD per kHQ. One dimension means one block a bidder.
    offer_quantity, offer_cost : array_like (S, L) or (S,)
        The same for the offerers.
    k : float
        Weight of the upper end of the price interval, in [0, 1].
    bid_incumbent, offer_incumbent : array_like (B,), (S,), optional
        At equal value (or cost) the larger number is served first.
    bid_key, offer_key : array_like (B,), (S,), optional
        Then the lower key. Those equal in everything share what is left in proportion to their quantities,
        so the place in the list never decides.

    Raises
    ------
    ValueError
        If quantities are negative or not finite, values are not finite, shapes differ or k lies outside [0,
        1].

    Notes
    -----
    Values are compared on the market's integer grid (1e-6), so ties are exact.
    """
    if not 0 <= k <= 1:
        raise ValueError(f"k is {k}; it must lie in [0, 1]")
    bids = _Side("bid", bid_quantity, bid_value, -1, bid_incumbent, bid_key)
    offers = _Side("offer", offer_quantity, offer_cost, +1, offer_incumbent, offer_key)
    traded = _crossing(bids, offers)
    block_bought, last_bid, first_rejected_bid = bids.fill(traded)
    block_sold, last_offer, first_rejected_offer = offers.fill(traded)
    low = max(first_rejected_bid, last_offer)
    high = min(last_bid, first_rejected_offer)
    if not np.isfinite(low):
        low = high  # nobody bids: the cheapest offer stands
    if not np.isfinite(high):
        high = low  # nothing is offered: what the first bidder would pay
    price = (1.0 - k) * low + k * high
    if traded == 0 and np.isfinite(first_rejected_offer):
        price = first_rejected_offer  # nobody bids the cheapest offer's cost: a glut, priced at that offer
    if not np.isfinite(price):
        price = low = high = np.nan  # neither bids nor offers
    surplus = ordered_sum((block_bought * bids.price).ravel()) - ordered_sum(
        (block_sold * offers.price).ravel()
    )
    return SpotOutcome(
        price=float(price),
        price_low=float(low),
        price_high=float(high),
        quantity=float(from_grid(traded)),
        bought=np.asarray(ordered_sum(block_bought, axis=1)),
        sold=np.asarray(ordered_sum(block_sold, axis=1)),
        block_bought=block_bought,
        block_sold=block_sold,
        surplus=float(surplus),
    )


@dataclass(frozen=True)
class LinkedSpot:
    """A cleared spot market on links.

    Attributes
    ----------
    price : ndarray (S,)
        What each offerer takes: the lowest price that clears its part of the market (k = 0), MUSD per kHQ; its
        own cost where it sells nothing.
    flow : ndarray (S, B)
        Who buys how much from whom, kHQ.
    sold : ndarray (S,)
        What each offerer sells, kHQ.
    surplus : float
        Value of the accepted bids less cost of the accepted offers.
    """

    price: Floats
    flow: Floats
    sold: Floats
    surplus: float

    @property
    def quantity(self) -> float:
        """Volume traded, kHQ."""
        return float(ordered_sum(self.sold))


def clear_spot_on_links(
    bid_quantity: ArrayLike,
    bid_value: ArrayLike,
    offer_quantity: ArrayLike,
    offer_cost: ArrayLike,
    linked: ArrayLike,
    link_cap: ArrayLike | None = None,
    *,
    tie_key: ArrayLike | None = None,
) -> LinkedSpot:
    """Clear a spot market in which bidders reach some offerers only.

    The trades with the largest surplus take place (Koopmans 1949), at the lowest competitive price of each
    offerer: with full reach and no caps that is the uniform price of :func:`clear_spot` with k = 0.

    Parameters
    ----------
    bid_quantity, bid_value : array_like (B, K)
        Blocks of the bidders, values falling, kHQ and MUSD per kHQ.
    offer_quantity, offer_cost : array_like (S,)
    linked : array_like of bool (S, B)
        Who can sell to whom.
    link_cap : array_like (S, B), optional
        Most that a link can carry here, kHQ.
    tie_key : array_like (S, B), optional
        Among equals the lower sum of keys times volume.

    Raises
    ------
    ValueError
        As :class:`market_abm.market.problem.TradeProblem`.
    """
    from market_abm.market.problem import TradeProblem

    return clear_spot_problem(
        TradeProblem(
            offer_quantity, offer_cost, bid_quantity, bid_value,
            linked=linked, link_cap=link_cap, tie_key=tie_key,
        )
    )  # fmt: skip


def clear_spot_problem(problem: TradeProblem) -> LinkedSpot:
    """As :func:`clear_spot_on_links`, where bids, offers and links are stated as a trade problem."""
    from market_abm.market.clearing import clear

    found = clear(problem)
    sold = ordered_sum(found.flow, axis=1)
    return LinkedSpot(
        price=np.where(sold > 0, found.seller_price, problem.unit_cost),
        flow=found.flow,
        sold=sold,
        surplus=found.surplus,
    )


def clear_unit_auction(buyer_values: ArrayLike, seller_costs: ArrayLike, k: float = 0.0) -> SpotOutcome:
    """`clear_spot` with one unit a bid and one unit an offer."""
    values, costs = np.asarray(buyer_values, float), np.asarray(seller_costs, float)
    return clear_spot(np.ones_like(values), values, np.ones_like(costs), costs, k=k)


class _Side:
    """Bids or offers in merit order; ``sign`` -1 puts the highest first, +1 the lowest."""

    def __init__(self, name, quantity, price, sign, incumbent, key):
        quantity, price = np.asarray(quantity, float), np.asarray(price, float)
        if quantity.shape != price.shape or quantity.ndim not in (1, 2):
            raise ValueError(
                f"{name}_quantity has shape {quantity.shape} and the prices {price.shape};"
                " both must be (n,) or (n, blocks) alike"
            )
        if quantity.ndim == 1:
            quantity, price = quantity[:, None], price[:, None]
        if not (np.all(np.isfinite(price)) and np.all(np.isfinite(quantity)) and np.all(quantity >= 0)):
            raise ValueError(f"{name} prices must be finite and {name} quantities finite and not negative")
        self.shape, self.sign, self.price = quantity.shape, sign, price
        rows = quantity.shape[0]
        self.quantity = to_grid(quantity).ravel()
        owner = np.repeat(np.arange(rows), quantity.shape[1])
        rank = sign * to_grid(price).ravel()
        incumbents = -_per_row(name + "_incumbent", incumbent, rows)[owner]
        keys = _per_row(name + "_key", key, rows)[owner]
        order = np.lexsort((keys, incumbents, rank))
        order = order[self.quantity[order] > 0]
        self.order = order
        self.rank = rank[order]
        self.sorted_quantity = self.quantity[order]
        self.sorted_price = price.ravel()[order]
        if order.size:
            columns = np.stack([self.rank, incumbents[order], keys[order]])
            changes = np.any(columns[:, 1:] != columns[:, :-1], axis=0)
            self.group = np.concatenate(([0], np.cumsum(changes)))
        else:
            self.group = np.zeros(0, dtype=np.int64)

    def fill(self, traded: int):
        """Serve ``traded`` grid steps in merit order; also the last accepted and the first rejected price."""
        filled = np.zeros(self.quantity.shape)
        last, rejected = -self.sign * np.inf, self.sign * np.inf
        if self.order.size:
            steps = np.cumsum(self.sorted_quantity)
            taken = np.clip(traded - (steps - self.sorted_quantity), 0, self.sorted_quantity).astype(float)
            taken /= 1_000_000
            cut = np.flatnonzero(steps > traded)  # the first bid that is not served in full
            if cut.size:
                tied = self.group == self.group[cut[0]]
                taken[tied] = ordered_sum(taken[tied]) * (
                    self.sorted_quantity[tied] / ordered_sum(self.sorted_quantity[tied].astype(float))
                )
                rejected = self.sorted_price[cut[0]]
            if traded > 0:
                last = self.sorted_price[np.searchsorted(steps, traded)]
            filled[self.order] = taken
        return filled.reshape(self.shape), last, rejected


def _per_row(name: str, given: ArrayLike | None, rows: int) -> Floats:
    if given is None:
        return np.zeros(rows)
    array = np.asarray(given, float)
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}; it must have one number a row: ({rows},)")
    return array


def _crossing(bids: _Side, offers: _Side) -> int:
    """Grid steps at which the falling bids meet the rising offers."""
    bid_steps, offer_steps = np.cumsum(bids.sorted_quantity), np.cumsum(offers.sorted_quantity)
    traded = b = s = 0
    while b < bid_steps.size and s < offer_steps.size and -bids.rank[b] >= offers.rank[s]:
        traded = min(bid_steps[b], offer_steps[s])
        if bid_steps[b] == traded:
            b += 1
        if offer_steps[s] == traded:
            s += 1
    return int(traded)
