"""The chokepoint rule: one pure rule on two levels, whatever protocol the run uses.

Market level, of a firm: the market is tight, others would lose a noticeable part of all surplus without it,
and the price would rise. Relation level, of a supplier to a buyer: the buyer loses much before and still
something after rerouting. With full reach and one elasticity the market rule is a tightness-gated cut of
capacity shares at 1 - 1.1^-elasticity (:func:`share_cut`); :func:`disagreement` says how often reach,
netting and stickiness make it differ from that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.measures._owners import Bools, Floats

GRADES = ("none", "watch", "chokepoint", "critical")
"""Names of the market-level codes 0 to 3."""

NONE, WATCH, CHOKEPOINT, CRITICAL = range(4)


@dataclass(frozen=True)
class Thresholds:
    """What counts as a chokepoint; every one is a parameter whose sensitivity is shown.

    Attributes
    ----------
    tight : float
        Price index over long-run user cost from which a market is tight.
    loss_of_others : float
        Share of the whole market's surplus that others lose.
    price_effect : float
        Rise of the price index.
    watch : float
        Rise of the price index from which a firm is watched.
    quarters, window : int
        In at least ``quarters`` of the last ``window``.
    relation_before, relation_after : float
        Share of its compute value that a buyer loses before and after rerouting.
    """

    tight: float = 1.1
    loss_of_others: float = 0.05
    price_effect: float = 0.10
    watch: float = 0.05
    quarters: int = 2
    window: int = 4
    relation_before: float = 0.25
    relation_after: float = 0.10

    def __post_init__(self) -> None:
        if not 1 <= self.quarters <= self.window:
            raise ValueError(
                f"quarters is {self.quarters} of a window of {self.window}; it must lie between 1 and it."
            )


DEFAULT = Thresholds()


def grade_market(
    tight: ArrayLike,
    loss_of_others: ArrayLike,
    price_effect: ArrayLike,
    robust: ArrayLike | None = None,
    thresholds: Thresholds = DEFAULT,
) -> NDArray[np.int8]:
    """Grade firms on the market level.

    Parameters
    ----------
    tight : bool array (T,)
        Whether the market was tight, oldest quarter first; only the last ``window`` quarters count.
    loss_of_others, price_effect : arrays (T, F)
        Fractions, of the same quarters. NaN meets no threshold.
    robust : bool array (F,), optional
        Whether the loss of others still reaches its threshold with next year's pipeline and demand; without
        it nobody is critical.

    Returns
    -------
    int8 array (F,)
        Codes into :data:`GRADES`.
    """
    when = np.atleast_1d(np.asarray(tight, dtype=np.bool_))
    loss, rise = np.asarray(loss_of_others, np.float64), np.asarray(price_effect, np.float64)
    if loss.ndim != 2 or loss.shape != rise.shape or len(loss) != len(when):
        raise ValueError(
            f"loss_of_others {loss.shape}, price_effect {rise.shape} and tight {when.shape} disagree; give "
            "(T, F), (T, F) and (T,), oldest quarter first."
        )
    recent = slice(max(len(when) - thresholds.window, 0), None)
    matters = when[recent, None] & (loss[recent] >= thresholds.loss_of_others)
    watched = _often(matters & (rise[recent] >= thresholds.watch), thresholds)
    choked = _often(matters & (rise[recent] >= thresholds.price_effect), thresholds)
    grade = np.where(watched, WATCH, NONE)
    grade = np.where(choked, CHOKEPOINT, grade)
    if robust is not None:
        grade = np.where(choked & np.asarray(robust, dtype=np.bool_), CRITICAL, grade)
    return grade.astype(np.int8)


def grade_relation(loss_before: ArrayLike, loss_after: ArrayLike, thresholds: Thresholds = DEFAULT) -> Bools:
    """Whether a supplier is a chokepoint of a buyer of another owner; NaN (no relation) is not."""
    before, after = np.asarray(loss_before, np.float64), np.asarray(loss_after, np.float64)
    return (before >= thresholds.relation_before) & (after >= thresholds.relation_after)


def share_cut(elasticity: ArrayLike, rise: float = DEFAULT.price_effect) -> Floats:
    """Capacity share from which withdrawal lifts price by ``rise`` with full reach and one elasticity."""
    return 1.0 - np.power(1.0 + rise, -np.asarray(elasticity, dtype=np.float64))


def disagreement(grade: ArrayLike, tight: ArrayLike, share: ArrayLike, elasticity: float) -> float:
    """Share of firm-quarters in which the rule differs from the tightness-gated share cut.

    Parameters
    ----------
    grade, share : arrays (T, F)
        Codes and merchant shares.
    tight : bool array (T,)
    elasticity : float
        Of the demand that clears the market.
    """
    flagged = np.asarray(grade) >= CHOKEPOINT
    by_share = np.asarray(tight, np.bool_)[:, None] & (np.asarray(share, np.float64) >= share_cut(elasticity))
    return float(np.mean(flagged != by_share)) if flagged.size else float("nan")


def threshold_sensitivity(
    tight: ArrayLike,
    loss_of_others: ArrayLike,
    price_effect: ArrayLike,
    factors: tuple[float, ...] = (0.8, 1.0, 1.25),
    thresholds: Thresholds = DEFAULT,
) -> list[dict[str, float]]:
    """How many firms are chokepoints when loss and price thresholds are scaled, a row a pair of factors."""
    rows = []
    for loss_factor in factors:
        for price_factor in factors:
            scaled = replace(
                thresholds,
                loss_of_others=thresholds.loss_of_others * loss_factor,
                price_effect=thresholds.price_effect * price_factor,
            )
            grade = grade_market(tight, loss_of_others, price_effect, thresholds=scaled)
            rows.append(
                {
                    "loss_of_others": scaled.loss_of_others,
                    "price_effect": scaled.price_effect,
                    "chokepoints": int(np.count_nonzero(grade >= CHOKEPOINT)),
                }
            )
    return rows


def phase_boundary(shares: ArrayLike, theta: float = 1.0) -> float:
    """Tightness D / K above which the largest firm is pivotal with full reach, (1 - s_max) / theta.

    Parameters
    ----------
    shares : array (F,)
        Fractions of capacity.
    theta : float
        1 for pivotal, 1.1 for the residual-supply screen.
    """
    fractions = np.atleast_1d(np.asarray(shares, dtype=np.float64))
    if not theta > 0.0 or not ((fractions >= 0.0) & (fractions <= 1.0)).all():
        raise ValueError(
            f"theta is {theta} and shares {fractions}; theta must be positive, shares in [0, 1]."
        )
    return float((1.0 - fractions.max()) / theta)


def phase_boundary_range(hhi: float, theta: float = 1.0) -> tuple[float, float]:
    """Where the boundary can lie given an HHI: [(1 - sqrt H) / theta, (1 - H) / theta], H = HHI / 1e4."""
    if not 0.0 < hhi <= 1e4 or not theta > 0.0:
        raise ValueError(f"hhi is {hhi} and theta {theta}; the index lies in (0, 10000], theta is positive.")
    squares = hhi / 1e4
    return (1.0 - squares**0.5) / theta, (1.0 - squares) / theta


def _often(met: Bools, thresholds: Thresholds) -> Bools:
    return np.add.reduce(met, 0) >= thresholds.quarters
