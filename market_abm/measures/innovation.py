"""Innovation: how fast capability grows, who leads, how widely compute spreads, what users gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.elementary import exp, log, logsumexp
from market_abm.measures._owners import Bools, Floats, vector
from market_abm.units import ordered_sum

_SAME = 1e-12


def velocity(capability: ArrayLike, previous: ArrayLike) -> Floats:
    """Growth of capability in a quarter, a_t - a_(t-1), log units.

    A lease moves it for a few quarters only: report :func:`capability_gap` beside it.
    """
    return np.asarray(capability, dtype=np.float64) - np.asarray(previous, dtype=np.float64)


def capability_gap(capability: ArrayLike, active: ArrayLike | None = None) -> Floats:
    """Distance of each lab's level from the frontier, log units, 0 for the leader; NaN where not active."""
    level = _levels(capability, active)
    top = np.nanmax(level) if np.isfinite(level).any() else np.nan
    return top - level


def leader(capability: ArrayLike, previous: int = -1, active: ArrayLike | None = None) -> int:
    """Row of the leading lab, -1 without one; a tie stays with the previous leader, or else nobody leads.

    Nothing ranks by place in the table.
    """
    level = _levels(capability, active)
    if not np.isfinite(level).any():
        return -1
    top = np.flatnonzero(level >= np.nanmax(level) - _SAME)
    if len(top) == 1:
        return int(top[0])
    return previous if previous in top else -1


def leadership_switches(leaders: ArrayLike) -> int:
    """How often the lead passed to another lab; quarters without a leader (-1) are passed over."""
    history = np.asarray(leaders, dtype=np.int64)
    history = history[history >= 0]
    return int(np.count_nonzero(history[1:] != history[:-1]))


def training_runs(rnd: ArrayLike, run_size: float, set_aside: float = 0.0) -> Floats:
    """Frontier-size training runs that a quarter's R&D compute is enough for.

    Parameters
    ----------
    rnd : array
        R&D compute, kHQ.
    run_size : float
        Compute of one frontier run, kHQ.
    set_aside : float
        Share of R&D compute kept for experiments and safety work.
    """
    if not run_size > 0.0 or not 0.0 <= set_aside <= 1.0:
        raise ValueError(
            f"run_size is {run_size} and set_aside {set_aside}; use a positive size, a share in [0, 1]."
        )
    return np.asarray(rnd, dtype=np.float64) * (1.0 - set_aside) / run_size


def quarters_to_first(compute: ArrayLike, amount: float = 1.0) -> Floats:
    """Quarters until each lab first has ``amount`` (kHQ), (L,): 0 in the first row, NaN if never.

    Parameters
    ----------
    compute : array (T, L)
        kHQ by quarter.
    """
    reached = np.asarray(compute, dtype=np.float64) >= amount
    return np.where(reached.any(axis=0), reached.argmax(axis=0).astype(np.float64), np.nan)


def labs_within(capability: ArrayLike, epsilon: float, active: ArrayLike | None = None) -> int:
    """Number of labs within ``epsilon`` log units of the frontier, the leader included."""
    gap = capability_gap(capability, active)
    return int(np.count_nonzero(gap <= epsilon + _SAME))


def entropy(compute: ArrayLike) -> float:
    """Shannon entropy of the distribution of compute, nats; NaN where there is none."""
    amounts = vector("compute", compute)
    total = ordered_sum(amounts)
    if not total > 0.0:
        return float("nan")
    part = amounts / total
    return float(-ordered_sum(np.where(part > 0.0, part * log(np.where(part > 0.0, part, 1.0)), 0.0)))


def effective_labs(compute: ArrayLike) -> float:
    """Number of equal labs with the same entropy, e^entropy."""
    return float(exp(entropy(compute)))


@dataclass(frozen=True)
class CapabilityGrowth:
    """Growth of capability under a power law.

    Attributes
    ----------
    gain : float
        Over all quarters, log units.
    velocity : float
        Per quarter.
    """

    gain: float
    velocity: float


def capability_growth(alpha: float, compute_growth: float, quarters: int = 1) -> CapabilityGrowth:
    """Capability gained when effective compute grows by a constant factor a quarter.

    With loss L = A C^-alpha and capability -ln L, constant growth gives constant velocity alpha ln(factor)
    (Kaplan et al. 2020; Hoffmann et al. 2022).

    Parameters
    ----------
    compute_growth : float
        Factor per quarter (1.2 for 20 %).
    """
    if not compute_growth > 0.0 or quarters < 1:
        raise ValueError(
            f"compute_growth is {compute_growth} over {quarters} quarters; "
            "give a positive factor and at least one quarter."
        )
    pace = alpha * float(log(compute_growth))
    return CapabilityGrowth(pace * quarters, pace)


def consumer_surplus(
    market: float, eta: float, utilities: ArrayLike, unserved: ArrayLike | None = None
) -> float:
    """Static consumer surplus of the product market, MUSD per quarter, less that of unserved users.

    (M / eta) ln(1 + sum e^u) (Small & Rosen 1981). A lab's users who are not served get the outside good: the
    lab's part of the logsum, share times logsum, is lost in proportion.

    Parameters
    ----------
    market : float
        Size of the market at a utility price weight ``eta``, MUSD.
    eta : float
        Price coefficient of utility.
    utilities : array (L,)
        Mean utilities; the outside good is zero. Minus infinity for a lab without a product.
    unserved : array (L,), optional
        Share of each lab's users that is not served.
    """
    if not eta > 0.0:
        raise ValueError(f"eta is {eta}; the price coefficient must be positive.")
    level = np.asarray(utilities, dtype=np.float64)
    total = float(logsumexp(np.concatenate([np.zeros(1), level])))
    missing = np.zeros(len(level)) if unserved is None else np.asarray(unserved, dtype=np.float64)
    part = exp(level - total)
    return float(market / eta * total * (1.0 - ordered_sum(part * missing)))


def foreclosure_index(sold: ArrayLike, sold_without_wedge: ArrayLike, rivals: ArrayLike) -> float:
    """Share of rivals' purchases that disappears because sellers weigh what rivals do with the compute.

    Parameters
    ----------
    sold, sold_without_wedge : arrays (S, B)
        Flows with the strategic wedge and with it at zero, kHQ.
    rivals : bool array (S, B)
        Links from an owner with a lab to a rival's lab.

    Returns
    -------
    float
        1 - sold / sold without wedge over these links; NaN without such sales. Negative where it adds to
        them.
    """
    mask = np.asarray(rivals, dtype=np.bool_)
    base = float(ordered_sum(np.asarray(sold_without_wedge, dtype=np.float64)[mask]))
    return (
        1.0 - float(ordered_sum(np.asarray(sold, dtype=np.float64)[mask])) / base
        if base > 0
        else float("nan")
    )


def hold_up_index(investment: ArrayLike, first_best: ArrayLike) -> Floats:
    """Share of first-best investment that is missing (Grossman & Hart 1986); NaN where first best is zero."""
    best = np.asarray(first_best, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(best > 0.0, 1.0 - np.asarray(investment, dtype=np.float64) / best, np.nan)


def _levels(capability: ArrayLike, active: ArrayLike | None) -> Floats:
    level = np.array(capability, dtype=np.float64)
    here: Bools = np.isfinite(level)
    if active is not None:
        here = here & np.asarray(active, dtype=np.bool_)
    return np.where(here, level, np.nan)
