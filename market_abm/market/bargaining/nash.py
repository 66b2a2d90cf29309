"""Nash bargaining: outside options as threat points, link by link, under the threat of replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_abm.market.bargaining.base import Talks, protocol
from market_abm.market.bargaining.payouts import gross_value
from market_abm.market.problem import Floats


@protocol("split")
def split(talks: Talks) -> Floats:
    """p = floor + beta (ceiling - floor): Nash bargaining with the outside options as threat points.

    Nash (1950). Links out of line have no price.
    """
    pair = talks.pair
    price = split_difference(pair.floor, pair.ceiling, talks.beta)
    return np.where(pair.out_of_line, np.nan, price)


@protocol("nash_in_nash")
def nash_in_nash(talks: Talks) -> Floats:
    """p = c + kappa + beta GFT / x with all other trades fixed.

    Horn and Wolinsky (1988), Crawford and Yurukoglu (2012), Collard-Wexler, Gowrisankaran and Lee (2019).
    GFT is the buyer's loss without the link less the seller's cost; the market is NOT solved again without
    the link. Links of a buyer whose payments would exceed its value, or one of whose sellers would lose, are
    marked in ``notes["infeasible"]`` as (seller, buyer) and get the Shapley price.
    """
    pair = talks.pair
    price = _nash_price(talks)
    infeasible = _infeasible_buyers(talks, price)
    marked = infeasible[pair.buyer]
    talks.notes["infeasible"] = list(zip(pair.seller[marked].tolist(), pair.buyer[marked].tolist()))
    if infeasible.any():
        from market_abm.market.bargaining.cooperative import shapley_prices

        price = np.where(marked, shapley_prices(talks), price)
    return price


@protocol("nntr")
def nash_in_nash_with_threat(talks: Talks) -> Floats:
    """The Nash-in-Nash price clipped into [floor, rho]: outside options as constraints (deal-me-out).

    The cap is Ho and Lee's (2019) threat of replacement; the floor, its mirror for a seller at capacity, is
    an extension. In scarcity the floor binds on almost every link, which is the competitive logic:
    ``notes["at_floor"]`` and ``notes["at_cap"]`` count. Links out of line have no price.
    """
    pair = talks.pair
    free = _nash_price(talks)
    price = deal_me_out(free, pair.floor, pair.replacement)
    talks.notes["at_floor"] = int((free < pair.floor).sum())
    talks.notes["at_cap"] = int((free > pair.replacement).sum())
    return np.where(pair.out_of_line, np.nan, price)


def split_difference(floor, ceiling, beta):
    """Outside options as threat points: each gets its own and a share of the rest (Nash 1950)."""
    return floor + beta * (ceiling - floor)


def deal_me_out(price, floor, ceiling):
    """Outside options as constraints: they matter only where they bind (Binmore, Shaked and Sutton 1989)."""
    return np.minimum(np.maximum(price, floor), ceiling)


def rubinstein(delta_proposer: float, delta_responder: float) -> float:
    """Proposer's share in alternating offers: (1 - d2) / (1 - d1 d2) (Rubinstein 1982).

    As offers follow each other ever faster at equal impatience the share tends to `rubinstein_limit`.

    Raises
    ------
    ValueError
        If a discount factor lies outside [0, 1) (both 1: nobody minds waiting, no unique share).
    """
    if not (0.0 <= delta_proposer < 1.0 and 0.0 <= delta_responder < 1.0):
        raise ValueError(
            f"discount factors are {delta_proposer} and {delta_responder}; both must lie in [0, 1)"
        )
    return (1.0 - delta_responder) / (1.0 - delta_proposer * delta_responder)


def rubinstein_limit(rate_proposer: float = 1.0, rate_responder: float = 1.0) -> float:
    """Proposer's share as offers follow each other ever faster: r2 / (r1 + r2), 1/2 at equal rates."""
    return rate_responder / (rate_proposer + rate_responder)


@dataclass(frozen=True)
class NumberOutcome:
    """Nash-in-Nash of one buyer with n identical suppliers.

    Attributes
    ----------
    gain_from_trade : float
        V(n) - V(n - 1) - c, a link.
    payment : float
        To each supplier.
    total_payment, buyer_payoff : float
    feasible : bool
        Whether the buyer is better off than without anybody (participation).
    fallback_payment, fallback_buyer_payoff : float
        Shapley payment to each supplier, which replaces an infeasible one, and what it leaves the buyer
        (Stole and Zwiebel 1996).
    """

    gain_from_trade: float
    payment: float
    total_payment: float
    buyer_payoff: float
    feasible: bool
    fallback_payment: float
    fallback_buyer_payoff: float


def nash_in_nash_by_number(
    value_by_number: Sequence[float], beta: float = 0.5, unit_cost: float = 0.0
) -> NumberOutcome:
    """Nash-in-Nash when the buyer's value depends on how many identical suppliers it has.

    Parameters
    ----------
    value_by_number : sequence (n + 1,)
        V(0), ..., V(n); need not be concave. With complements the payments exceed the value: nobody would
        sign (Collard-Wexler, Gowrisankaran and Lee 2019 need weakly falling marginal contributions).
    beta : float
        Supplier's bargaining weight.
    unit_cost : float
        Cost of each supplier.
    """
    worth = np.asarray(value_by_number, float)
    if worth.ndim != 1 or len(worth) < 2:
        raise ValueError("value_by_number must hold V(0) and at least V(1)")
    n = len(worth) - 1
    gain = worth[n] - worth[n - 1] - unit_cost
    payment = unit_cost + beta * gain
    payoff = worth[n] - n * payment
    # the buyer keeps the mean surplus over all numbers of suppliers
    surplus = worth - unit_cost * np.arange(n + 1)
    shapley_buyer = surplus.mean()
    return NumberOutcome(
        gain_from_trade=float(gain),
        payment=float(payment),
        total_payment=float(n * payment),
        buyer_payoff=float(payoff),
        feasible=bool(payoff >= worth[0] - 1e-12 * max(1.0, abs(worth[n])) and gain >= 0.0),
        fallback_payment=float((worth[n] - shapley_buyer) / n),
        fallback_buyer_payoff=float(shapley_buyer),
    )


def _nash_price(talks: Talks) -> Floats:
    pair = talks.pair
    return pair.unit_cost + pair.wedge + talks.beta * pair.gross_surplus


def _infeasible_buyers(talks: Talks, price: Floats) -> NDArray[np.bool_]:
    """Buyers that lose money at these prices, or one of whose sellers does, (B,)."""
    pair, problem = talks.pair, talks.problem
    worth = gross_value(talks)
    extra = problem.switching[pair.seller, pair.buyer] + problem.tax[pair.seller, pair.buyer]
    payoff = worth.copy()
    np.add.at(payoff, pair.buyer, -(price + extra) * pair.quantity)
    loses = payoff < -1e-9 * (1.0 + np.abs(worth))
    loses[pair.buyer[price < pair.unit_cost + pair.wedge - 1e-9]] = True
    return loses
