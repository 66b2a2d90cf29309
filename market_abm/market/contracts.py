"""The arithmetic of compute contracts: take-or-pay, reservation, notice, repricing, hold-up, termination.

Pure functions of arrays, prices in MUSD per kHQ and quantities in kHQ (any consistent units do). Nothing
here knows a firm or a state.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def payment(price: ArrayLike, volume: ArrayLike, used: ArrayLike, take_or_pay: ArrayLike = 1.0) -> Floats:
    """What the buyer owes for a quarter: ``price * max(used, take_or_pay * volume)``.

    Masten and Crocker (1985). With a take-or-pay share of 1 the whole volume is paid for, used or not.
    Arguments broadcast.

    Raises
    ------
    ValueError
        If the take-or-pay share is outside [0, 1], or more is used than was contracted.
    """
    share = _fraction(take_or_pay, "take_or_pay")
    volume, used = np.asarray(volume, float), np.asarray(used, float)
    if np.count_nonzero((used > volume * (1 + 1e-12) + 1e-12) | (used < 0)):
        raise ValueError(
            "the used quantity must lie between 0 and the contracted volume;"
            " buy the excess elsewhere (spot) and pass the rest"
        )
    return np.asarray(price, float) * np.maximum(used, share * volume)


def effective_unit_price(
    price: ArrayLike, volume: ArrayLike, used: ArrayLike, take_or_pay: ArrayLike = 1.0
) -> Floats:
    """Payment over what was used: rises above the contract price once use falls below the take-or-pay volume.

    NaN where nothing was used.
    """
    used = np.asarray(used, float)
    paid = payment(price, volume, used, take_or_pay)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(used > 0, paid / np.where(used > 0, used, 1.0), np.nan)


def notice_weight(notice: ArrayLike, term: ArrayLike, discount: float) -> Floats:
    """Share of a contract's discounted quarters that lie within the notice: (1 - d^n) / (1 - d^H).

    Parameters
    ----------
    notice : array_like
        Quarters n for which the old terms still hold; more than the term counts as the term.
    term : array_like
        Quarters H on offer or left, at least 1 (infinite is allowed with a discount factor below 1).
    discount : float
        Discount factor a quarter in (0, 1]; at 1 the weight is n / H.

    Raises
    ------
    ValueError
        If the discount factor is outside (0, 1], the notice negative or the term below 1.
    """
    if not 0 < discount <= 1:
        raise ValueError(f"discount is {discount}; it must be a factor per quarter in (0, 1]")
    n, h = np.asarray(notice, float), np.asarray(term, float)
    if np.count_nonzero(n < 0):
        raise ValueError(f"notice is {n.min()} quarters; it cannot be negative")
    if not (h >= 1).all():
        raise ValueError(f"term is {np.nanmin(h)} quarters; it must be at least 1")
    n = np.minimum(n, h)
    if discount == 1:
        return np.where(np.isinf(h), 0.0, n / np.where(np.isinf(h), 1.0, h))
    from market_abm.elementary import expm1  # loads the compiler, which importing the arithmetic must not

    # expm1: near a discount factor of 1 both differences would lose their digits
    rate = math.log(discount)
    return np.asarray(expm1(rate * n) / expm1(rate * h))


def repriced(
    old_price: ArrayLike, new_price: ArrayLike, notice: ArrayLike, term: ArrayLike, discount: float
) -> Floats:
    """Price after renegotiation with ``notice`` quarters left: p' = w p_old + (1 - w) p_new.

    The disagreement payoff in force is the notice period at the old price and the outside option
    afterwards, so notice protects whomever the old price favours, and short notice makes a long contract
    near-spot.
    """
    weight = notice_weight(notice, term, discount)
    return weight * np.asarray(old_price, float) + (1.0 - weight) * np.asarray(new_price, float)


@dataclass(frozen=True)
class Reserve:
    """A quantity reserved ahead of demand, and the expected bill of a quarter."""

    quantity: Floats
    expected_cost: Floats


def reserve_quantity(
    price: ArrayLike,
    spot_price: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    take_or_pay: ArrayLike = 1.0,
    cdf: Callable[[Floats], Floats] | None = None,
) -> Reserve:
    """How much to reserve at ``price`` when the rest is bought at ``spot_price``.

    Solves ``p [theta P(D < theta Q) + P(D > Q)] = p_spot P(D > Q)`` for Q: with theta = 1 the newsvendor's
    critical fractile P(D > Q) = p / p_spot (Arrow, Harris and Marschak 1951). Q = 0 when the reserved price
    is not below spot, and with theta = 0 a reservation is a free option, so the whole support is reserved.

    Parameters
    ----------
    price, spot_price : array_like
        Reserved price and expected spot price in the states where demand exceeds Q.
    low, high : array_like
        Support of demand, kHQ.
    take_or_pay : array_like
        theta in [0, 1].
    cdf : callable, optional
        Distribution of demand rescaled to [0, 1] (0 at ``low``, 1 at ``high``), element by element; uniform
        when absent.

    Returns
    -------
    Reserve
        Quantity and expected cost, of the broadcast shape. The cost integrates the distribution on 2,000
        midpoints (exact for the uniform one).

    Raises
    ------
    ValueError
        If a price or the support is negative or empty, or theta is outside [0, 1].
    """
    price, spot, low, high, theta = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (price, spot_price, low, high, _fraction(take_or_pay, "take_or_pay")))
    )
    if np.any(price < 0) or np.any(spot < 0):
        raise ValueError("prices must not be negative")
    if np.any(low < 0) or np.any(high < low):
        raise ValueError("demand needs a support 0 <= low <= high")
    width = np.where(high > low, high - low, 1.0)

    def below(quantity: Floats) -> Floats:
        """P(D < quantity); a certain demand (low = high) is a step."""
        scaled = np.clip((quantity - low) / width, 0.0, 1.0)
        share = scaled if cdf is None else cdf(scaled)
        return np.where(high > low, share, (quantity > low).astype(float))

    def marginal_cost(quantity: Floats) -> Floats:
        return price * theta * below(theta * quantity) - (spot - price) * (1.0 - below(quantity))

    left, right = np.zeros_like(price), np.array(high)
    for _ in range(100):  # the marginal cost of reserving rises in Q: bisect down to the last bit
        middle = 0.5 * (left + right)
        more = marginal_cost(middle) < 0
        left, right = np.where(more, middle, left), np.where(more, right, middle)
    quantity = np.where(price >= spot, 0.0, np.where(theta == 0, high, 0.5 * (left + right)))
    return Reserve(quantity, _expected_cost(price, spot, theta, quantity, low, high, below))


def _expected_cost(price, spot, theta, quantity, low, high, below) -> Floats:
    """E[p max(min(D, Q), theta Q) + p_spot (D - Q)+], from the integrated distribution function."""

    def excess(floor: Floats) -> Floats:
        """E[(D - floor)+] = integral of P(D > t) from floor to high, piecewise so that no kink is crossed."""
        start = np.clip(floor, low, high)
        middles = (np.arange(2000) + 0.5) / 2000
        rest = np.multiply.outer(middles, high - start)
        beyond = (1.0 - below(start + rest)).mean(axis=0)
        return np.maximum(low - floor, 0.0) + beyond * (high - start)

    over, committed = excess(quantity), theta * quantity
    # max(min(D, Q), theta Q) = theta Q + (D - theta Q)+ - (D - Q)+
    return price * (committed + excess(committed) - over) + spot * over


@dataclass(frozen=True)
class HoldUp:
    """Investment of a party that must share what it makes."""

    first_best: Floats
    investment: Floats
    surplus_first_best: Floats
    surplus: Floats
    index: Floats


def hold_up(value_slope: ArrayLike, investor_share: ArrayLike, protected_share: ArrayLike = 0.0) -> HoldUp:
    """Under-investment when ex-post surplus is split (Grossman and Hart 1986; Che and Hausch 1999).

    Surplus is ``theta I - I^2 / 2`` with slope theta. An investor with share b of the unprotected part and
    contract protection k of the rest invests (k + (1 - k) b) theta; the index is the share of first-best
    investment lost.

    Raises
    ------
    ValueError
        If a share is outside [0, 1] or the slope is not positive.
    """
    slope = np.asarray(value_slope, float)
    if np.any(~(slope > 0)):
        raise ValueError(f"value_slope is {slope}; the marginal value of investment must be positive")
    share, protected = (
        _fraction(investor_share, "investor_share"),
        _fraction(protected_share, "protected_share"),
    )
    kept = protected + (1.0 - protected) * share
    investment = kept * slope
    return HoldUp(
        first_best=slope,
        investment=investment,
        surplus_first_best=0.5 * slope**2,
        surplus=slope * investment - 0.5 * investment**2,
        index=1.0 - kept,
    )


def present_value(per_quarter: ArrayLike, start: ArrayLike, end: ArrayLike, discount: float) -> Floats:
    """Value today of ``per_quarter`` paid in quarters start, ..., end - 1 (0 is this quarter)."""
    if not 0 < discount <= 1:
        raise ValueError(f"discount is {discount}; it must be a factor per quarter in (0, 1]")
    start, end = np.asarray(start, float), np.asarray(end, float)
    span = np.maximum(end - start, 0.0)
    if discount == 1:
        return np.asarray(per_quarter, float) * span
    return np.asarray(per_quarter, float) * discount**start * (1.0 - discount**span) / (1.0 - discount)


def terminates(
    stay: ArrayLike,
    outside: ArrayLike,
    *,
    notice: ArrayLike,
    remaining: ArrayLike,
    switching_cost: ArrayLike,
    discount: float,
) -> NDArray[np.bool_]:
    """Whether a party gives notice: PV(outside) - PV(stay) > switching cost.

    Parameters
    ----------
    stay, outside : array_like
        Payoff a quarter under the contract and under the best alternative, MUSD.
    notice, remaining : array_like
        Quarters of notice and quarters left. During the notice both paths pay the same, so only the
        quarters from the end of the notice to the end of the contract differ.
    switching_cost : array_like
        Present value of the cost of the switch, MUSD.
    """
    gain = present_value(np.asarray(outside, float) - np.asarray(stay, float), notice, remaining, discount)
    return gain > np.asarray(switching_cost, float)


@dataclass(frozen=True)
class FeeArithmetic:
    """A monthly fee taken apart."""

    usd_per_gpu_month: float
    usd_per_gpu_hour: float
    headline_usd: float
    committed_usd: float


def unit_fee(
    usd_per_month: float,
    gpus: float,
    months: float,
    hours_per_month: float = 730.0,
    notice_months: float = 3.0,
) -> FeeArithmetic:
    """Unit price, headline value and what is really committed of a fee quoted per month.

    With notice the buyer is never bound beyond the notice period, so the committed value is
    ``notice_months`` fees (90 days = 3 months) and not the headline.
    """
    if not (gpus > 0 and hours_per_month > 0):
        raise ValueError(f"gpus is {gpus} and hours_per_month {hours_per_month}; both must be positive")
    per_month = usd_per_month / gpus
    return FeeArithmetic(
        usd_per_gpu_month=per_month,
        usd_per_gpu_hour=per_month / hours_per_month,
        headline_usd=usd_per_month * months,
        committed_usd=usd_per_month * min(notice_months, months),
    )


def _fraction(value: ArrayLike, name: str) -> Floats:
    array = np.asarray(value, float)
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"{name} is {array}; it must lie between 0 and 1")
    return array
