"""Who gains when a rival is served: logit diversion, the strategic wedge, vertical arithmetic.

A unit of compute sold to lab i moves users to it from every other lab. Whoever has an interest in those labs,
or in harming one of them, weighs that: the wedge is what a seller adds to its cost for a buyer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.elementary import exp, log, logsumexp
from market_abm.measures._owners import Floats
from market_abm.units import ordered_sum

OWN = 1.0
"""Interest in one's own lab; smaller ones are minority stakes."""


def logit_shares(utilities: ArrayLike) -> tuple[Floats, float]:
    """Shares of a logit market with an outside good of utility zero: (L,) and the outside share."""
    level = np.asarray(utilities, dtype=np.float64)
    total = float(logsumexp(np.concatenate([np.zeros(1), level])))
    return exp(level - total), float(exp(-total))


def diversion(shares: ArrayLike) -> Floats:
    """Logit diversion D_ik = s_k / (1 - s_i): where users of lab i go without it, (L, L), zero diagonal.

    Rows and :func:`diversion_to_outside` add to one (Werden & Froeb 1994; Train 2009). NaN shares (not in the
    product market) count as zero.
    """
    part = _shares(shares)
    ratio = part[None, :] / (1.0 - part)[:, None]
    ratio.flat[:: len(part) + 1] = 0.0
    return ratio


def diversion_to_outside(shares: ArrayLike) -> Floats:
    """Share of each lab's users that leaves the market without it, (L,)."""
    part = _shares(shares)
    return (1.0 - ordered_sum(part)) / (1.0 - part)


def logsum_loss(share: ArrayLike) -> Floats:
    """Fall of consumers' logsum when an alternative of this share goes, -ln(1 - s)."""
    return -log(1.0 - np.asarray(share, dtype=np.float64))


def weighted_interest(interest: ArrayLike, omega: float) -> Floats:
    """Financial interests as they are weighed: own labs in full, minority stakes times ``omega``."""
    if not 0.0 <= omega <= 1.0:
        raise ValueError(f"omega is {omega}; the weight of a minority stake lies in [0, 1].")
    stake = np.asarray(interest, dtype=np.float64)
    least, most = np.minimum.reduce(stake, None, initial=0.0), np.maximum.reduce(stake, None, initial=0.0)
    if not (least >= 0.0 and most <= OWN):
        raise ValueError("interest must lie in [0, 1]: 1 in the seller's own lab, its stake in others.")
    return np.where(stake >= OWN, OWN, omega * stake)


def strategic_wedge(
    value: ArrayLike,
    shares: ArrayLike,
    margins: ArrayLike,
    interest: ArrayLike,
    rival_harm: ArrayLike = 0.0,
    omega: float = 1.0,
) -> Floats:
    """Strategic wedge of every seller for every lab, kappa, MUSD/kHQ, (S, L).

    kappa_ij = v_i [ sum_(k != i) D_ik (o_jk - phi_jk) m_k / m_i - (o_ji - phi_ji) ]
    with logit diversion D (a vGUPPI; Moresi & Salop 2013; O'Brien & Salop 2000 for the stakes). Positive: the
    seller asks more, or refuses. Lease iff p - c - kappa is at least the value of own use.

    Parameters
    ----------
    value : array (L,) or (S, L)
        Value of compute at the buyer's marginal block, MUSD/kHQ.
    shares, margins : arrays (L,)
        Product-market shares, and margins before compute as fractions. A lab without a share (NaN or 0) or
        margin moves nobody's users: only the direct interest in it counts.
    interest : array (S, L)
        o: 1 in the seller's own lab, its stake in others.
    rival_harm : scalar or array (S, L)
        phi >= 0.
    omega : float
        Weight of a minority stake; 1 if ``interest`` is already weighted.
    """
    weight = weighted_interest(interest, omega) - np.asarray(rival_harm, dtype=np.float64)
    moved = _moved(shares, margins)
    # By the labs k that users come from, (L, S, L): sums of whole tables.
    parts = weight.T[:, :, None] * moved.T[:, None, :]
    gain = ordered_sum(parts.reshape(len(moved), weight.size)).reshape(weight.shape)
    return np.asarray(value, dtype=np.float64) * (gain - weight)


def neutral_stake(
    seller_interest: ArrayLike, shares: ArrayLike, margins: ArrayLike, rival_harm: ArrayLike = 0.0
) -> Floats:
    """Weighted interest in each lab at which a seller's wedge for it is zero, (L,).

    sum_(k != i) D_ik (o_k - phi_k) m_k / m_i + phi_i, from the seller's weighted interests in the other labs.

    Parameters
    ----------
    seller_interest : array (L,)
        o of one seller, weighted.
    rival_harm : scalar or array (L,)
    """
    harm = np.broadcast_to(np.asarray(rival_harm, dtype=np.float64), np.shape(seller_interest))
    weight = np.asarray(seller_interest, dtype=np.float64) - harm
    return ordered_sum(_moved(shares, margins) * weight[None, :], axis=1) + harm


@dataclass(frozen=True)
class VerticalArithmetic:
    """Does refusing to serve a rival of one's own lab pay?

    Attributes
    ----------
    upstream_loss, downstream_gain, net_gain : float
        Money; ``net_gain`` of refusal.
    critical_diversion : float
        Diversion to the own lab above which refusal pays.
    pays : bool
    """

    upstream_loss: float
    downstream_gain: float
    net_gain: float
    critical_diversion: float
    pays: bool


def vertical_arithmetic(
    upstream_margin: float,
    units_refused: float,
    rival_sales_lost: float,
    diversion_to_own: float,
    downstream_margin: float,
) -> VerticalArithmetic:
    """Gain of refusal: diverted downstream margin less lost upstream margin (Rogerson 2020).

    Parameters
    ----------
    upstream_margin : float
        Margin on a unit of the input.
    units_refused : float
    rival_sales_lost : float
        Downstream units that the rival loses.
    diversion_to_own : float
        Share of them that goes to the own lab.
    downstream_margin : float
        Margin on a downstream unit.
    """
    lost = upstream_margin * units_refused
    at_stake = rival_sales_lost * downstream_margin
    gained = diversion_to_own * at_stake
    critical = lost / at_stake if at_stake > 0.0 else float("inf")
    return VerticalArithmetic(lost, gained, gained - lost, critical, gained > lost)


def vguppi_upstream(
    diversion_to_own: ArrayLike,
    downstream_margin: ArrayLike,
    downstream_price: ArrayLike,
    input_price: ArrayLike,
) -> Floats:
    """Upward pressure on the input price, vGUPPIu = DR_UD M_D P_D / W_R (Moresi & Salop 2013).

    Parameters
    ----------
    diversion_to_own : array
        Of the rival's units lost by a dearer input, the share that the own downstream firm gains.
    downstream_margin : array
        Fraction of the downstream price.
    downstream_price, input_price : array
    """
    pressure = (
        np.asarray(diversion_to_own, dtype=np.float64) * np.asarray(downstream_margin) * downstream_price
    )
    return pressure / np.asarray(input_price, dtype=np.float64)


@dataclass(frozen=True)
class RivalsRival:
    """A lease to one rival that hurts another.

    Attributes
    ----------
    diversion_own, diversion_target : float
        Share of the customer's gain that comes from the own lab and from the target.
    net_gain : float
        Of the lease, without weight on harm.
    threshold : float
        Weight on the target's harm above which the lease pays; 0 if it pays anyway, inf if harm cannot make
        it pay.
    net_gain_at_weight : float
    """

    diversion_own: float
    diversion_target: float
    net_gain: float
    threshold: float
    net_gain_at_weight: float


def rivals_rival(
    shares: ArrayLike,
    *,
    customer: int,
    own: int,
    target: int,
    customer_gain: float,
    own_margin: float,
    target_margin: float,
    upstream_margin: float,
    units: float,
    weight: float = 0.0,
) -> RivalsRival:
    """Arithmetic of strengthening a rival's rival by logit diversion.

    Parameters
    ----------
    shares : array (L,)
    customer, own, target : int
        Rows of the lab that is served, the seller's own lab, and the lab whose harm may be weighed.
    customer_gain : float
        Users won by the customer.
    own_margin, target_margin : float
        Margin on a user.
    upstream_margin, units : float
        Of the lease.
    weight : float
        phi on the target's loss.
    """
    ratio = diversion(shares)[customer]
    to_own, to_target = float(ratio[own]), float(ratio[target])
    net = upstream_margin * units - customer_gain * to_own * own_margin
    harm = customer_gain * to_target * target_margin
    if net >= 0.0:
        threshold = 0.0
    else:
        threshold = -net / harm if harm > 0.0 else float("inf")
    return RivalsRival(to_own, to_target, net, threshold, net + weight * harm)


def _shares(shares: ArrayLike) -> Floats:
    part = _known(shares)
    least, most = np.minimum.reduce(part, None, initial=0.0), np.maximum.reduce(part, None, initial=0.0)
    if part.ndim != 1 or least < 0.0 or most >= 1.0 or ordered_sum(part) > 1.0 + 1e-9:
        raise ValueError(f"shares are {part}; give fractions from 0 to below 1 that add to at most 1.")
    return part


def _moved(shares: ArrayLike, margins: ArrayLike) -> Floats:
    """Margin moved from lab k per margin won by lab i, D_ik m_k / m_i, zero where lab i has no product."""
    part, margin = _known(shares), _known(margins)
    sells = (part > 0.0) & (margin > 0.0)
    ratio = diversion(part) * margin[None, :] / np.where(sells, margin, 1.0)[:, None]
    return np.where(sells[:, None], ratio, 0.0)


def _known(values: ArrayLike) -> Floats:
    """Values with zeros in place of those that are not there."""
    array = np.asarray(values, dtype=np.float64)
    missing = np.isnan(array)
    return np.where(missing, 0.0, array) if np.count_nonzero(missing) else array
