"""The product market: logit demand with an outside good (Anderson, de Palma and Thisse 1992).

Utility of lab i is xi a_i - price + zeta ln max(s_i(t-1), s_min) + b_i, where b_i makes the opening shares
stationary. The long-run elasticity of share to compute, xi alpha / (1 - zeta), must stay at or below one, or
the market tips by assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market_abm.economy.capability import capability
from market_abm.economy.state import opening_stock
from market_abm.economy.world import Floats, World, of_world
from market_abm.elementary import exp, log
from market_abm.units import ordered_sum


def shares_after(world: World, share: Floats, quality: Floats, capable: Floats, served: Floats) -> Floats:
    """Shares of the product market after a quarter, (B,), zero outside it.

    Parameters
    ----------
    share : ndarray (B,)
        Shares in the quarter.
    quality : ndarray (B,)
        What the taste for each lab's product is above what explains the opening shares.
    capable : ndarray (B,)
        Capability after this quarter's R&D, log units.
    served : ndarray (B,)
        Share of inference need that was served. What was not served diverts to the other labs and the outside
        good in proportion to their shares (logit diversion), at most ``churn_cap`` of a lab's share.
    """
    p, inside = world.scenario.product, world.buyers.product
    if not np.count_nonzero(inside):
        return share
    share = diverted(share, np.where(inside, 1.0 - served, 0.0), float(p.churn_cap))
    start = _opening(world)
    # Only capability relative to the field counts: the outside good keeps pace with the labs' average,
    # because the size of the market is a path of its own.
    gain = capable - start.capability
    gain = gain - float(ordered_sum(start.weight * gain)) / start.total
    utility = (
        float(p.xi) * gain
        + float(p.zeta) * (log(np.maximum(share, float(p.share_floor))) - start.habit)
        + quality
        + start.utility
    )
    size = np.where(inside, exp(utility), 0.0)
    return size / (float(ordered_sum(size)) + start.outside)


@dataclass(frozen=True)
class _Opening:
    """The product market before the first quarter, at which utilities are anchored; (B,)."""

    capability: Floats
    weight: Floats
    """Shares of the labs in it."""
    total: float
    """The sum of these shares."""
    habit: Floats
    """Log shares, as habit sees them: not below the floor."""
    utility: Floats
    """Log shares, which are the utilities that explain them."""
    outside: float
    """Share of the outside good."""


@of_world
def _opening(world: World) -> _Opening:
    buyers = world.buyers
    weight = np.where(buyers.product, buyers.share, 0.0)
    total = float(ordered_sum(weight))
    return _Opening(
        capability=capability(world, opening_stock(world)),
        weight=weight,
        total=total,
        habit=log(np.maximum(buyers.share, float(world.scenario.product.share_floor))),
        utility=log(np.maximum(buyers.share, 1e-12)),
        outside=float(exp(log(1.0 - total))),
    )


def diverted(share: Floats, unserved: Floats, cap: float) -> Floats:
    """Shares after unserved users left: logit diversion D_ik = s_k / (1 - s_i), capped churn."""
    lost = share * np.minimum(unserved, cap)
    gained = np.zeros(len(share))
    for i in (lost > 0).nonzero()[0].tolist():
        to = share / (1.0 - share[i])
        to[i] = 0.0
        gained = gained + lost[i] * to
    return share - lost + gained
