"""Controls of the chokepoint rule: a ladder of equal sellers, and the switch to pivotality.

The rule must fire where one or two sellers hold a tight market, must not where there are sixteen or a glut,
and must find the exact boundary where it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.elementary import exp, log, power
from market_abm.market.clearing import clear
from market_abm.market.problem import TradeProblem
from market_abm.measures._owners import Floats
from market_abm.measures.chokepoint import CHOKEPOINT, DEFAULT, GRADES, Thresholds, grade_market
from market_abm.measures.concentration import hhi, owner_shares
from market_abm.measures.pivotality import pivotal, rsi
from market_abm.measures.price_effect import index_price, merchant_removals

SELLERS = (1, 2, 4, 8, 16)
TIGHTNESS = (0.8, 0.95, 1.05, 1.2, 1.4)


@dataclass(frozen=True)
class Rung:
    """One world of the ladder.

    Attributes
    ----------
    sellers, owners : int
    tightness : float
        Demand at the long-run user cost over capacity.
    hhi : float
        By ultimate owner.
    price_over_user_cost : float
    tight : bool
    price_effect, loss_of_others : float
        Of withdrawing one owner, fractions.
    grade : str
    """

    sellers: int
    owners: int
    tightness: float
    hhi: float
    price_over_user_cost: float
    tight: bool
    price_effect: float
    loss_of_others: float
    grade: str

    @property
    def chokepoint(self) -> bool:
        """Whether an owner is at least a chokepoint."""
        return GRADES.index(self.grade) >= CHOKEPOINT


def isoelastic_blocks(
    scale: float,
    price: float,
    elasticity: float,
    *,
    step: float = 0.005,
    lowest: float = 0.2,
    choke: float = 10.0,
) -> tuple[Floats, Floats]:
    """Blocks of a demand ``scale * (p / price)^-elasticity``, (1, K) and (1, K).

    Parameters
    ----------
    scale : float
        Quantity at ``price``, kHQ.
    price : float
        MUSD/kHQ.
    step : float
        Relative step between neighbouring block values: the price resolution.
    lowest, choke : float
        Range of values as multiples of ``price``; what is worth more than the choke price is valued at it.
    """
    count = int(np.ceil(float(log(choke / lowest)) / float(log(1.0 + step))))
    edge = price * exp(np.linspace(float(log(choke)), float(log(lowest)), count + 1))
    wanted = scale * power(edge / price, -elasticity * np.ones(len(edge)))
    quantity = np.diff(wanted, prepend=0.0)
    value = np.concatenate([edge[:1], 0.5 * (edge[1:] + edge[:-1])])
    return quantity[None, :], value[None, :]


def ladder_problem(
    sellers: int,
    tightness: float,
    elasticity: float = 0.9,
    *,
    capacity: float = 1000.0,
    user_cost: float = 4.75,
    unit_cost: float = 0.77,
    step: float = 0.005,
) -> TradeProblem:
    """Equal sellers, full reach, one isoelastic segment that wants ``tightness`` x capacity at user cost."""
    quantity, value = isoelastic_blocks(tightness * capacity, user_cost, elasticity, step=step)
    return TradeProblem(np.full(sellers, capacity / sellers), np.full(sellers, unit_cost), quantity, value)


def ladder(
    sellers: tuple[int, ...] = SELLERS,
    tightness: tuple[float, ...] = TIGHTNESS,
    elasticity: float = 0.9,
    *,
    per_owner: int = 1,
    thresholds: Thresholds = DEFAULT,
    user_cost: float = 4.75,
) -> list[Rung]:
    """Grade every world of sellers times tightness, the same state in every quarter of the window.

    Parameters
    ----------
    sellers, tightness : tuples
    elasticity : float
        Of the one segment.
    per_owner : int
        How many sellers one owner holds: 2 is common ownership of pairs.
    thresholds : Thresholds
    user_cost : float
        Long-run user cost, MUSD/kHQ.
    """
    return [
        _rung(count, tau, elasticity, per_owner, thresholds, user_cost)
        for count in sellers
        for tau in tightness
    ]


def pivotal_switch(
    share: float, theta: float = 1.0, *, fringe: int = 10, capacity: float = 10_000.0, tolerance: float = 1e-9
) -> float:
    """Tightness at which a lessor of this share starts to be needed, by bisection on the measures.

    One lessor, a fringe of equal sellers, full reach and one inelastic block of demand. With theta = 1 the
    switch of the pivotal flag, else of the residual supply index below theta. The exact answer is (1 -
    s_max) / theta.

    Parameters
    ----------
    share : float
        Of the lessor; more than any fringe seller's.
    """
    if not 1.0 / (fringe + 1.0) < share < 1.0:
        raise ValueError(
            f"share is {share}; it must exceed a fringe seller's, 1/{fringe + 1}, and be below 1."
        )
    held = capacity * np.concatenate([[share], np.full(fringe, (1.0 - share) / fringe)])

    def needed(tau: float) -> bool:
        wanted = np.array([tau * capacity])
        if theta == 1.0:
            return bool(pivotal(held, wanted)[0])
        return bool(rsi(held, wanted)[0] < theta)

    low, high = 0.0, 2.0
    while high - low > tolerance:
        middle = 0.5 * (low + high)
        if needed(middle):
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def _rung(
    count: int, tau: float, elasticity: float, per_owner: int, thresholds: Thresholds, user_cost: float
) -> Rung:
    allocation = clear(ladder_problem(count, tau, elasticity, user_cost=user_cost))
    owner: ArrayLike = np.arange(count) // per_owner
    removals = merchant_removals(allocation, 0, owner=owner)
    price = index_price(allocation.problem, allocation, 0)
    rise = removals.price_effect
    tight = price >= thresholds.tight * user_cost
    window = thresholds.window
    grade = grade_market(
        np.full(window, tight),
        np.tile(removals.loss_of_others, (window, 1)),
        np.tile(rise, (window, 1)),
        thresholds=thresholds,
    )
    worst = int(np.argmax(grade))
    return Rung(
        sellers=count,
        owners=-(-count // per_owner),
        tightness=tau,
        hhi=hhi(owner_shares(allocation.problem.capacity, owner)),
        price_over_user_cost=price / user_cost,
        tight=bool(tight),
        price_effect=float(rise[worst]),
        loss_of_others=float(removals.loss_of_others[worst]),
        grade=GRADES[int(grade[worst])],
    )
