"""Building: order capacity where its value exceeds its cost.

With convex adjustment costs the order is K [retirement + g_0 + (q - 1) / psi] (Hayashi 1982); announced
arrivals come first. Alternatives: all or nothing at q >= 1, and the real-option hurdle of Dixit and Pindyck
(1994).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from market_abm.economy.world import Floats, Ints
from market_abm.market.investment import real_option
from market_abm.strategies.buying import node_of
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Menu, Orders, View

OPTIONS = ("none", "half", "full", "half as much again", "double")
"""Shares of the order in question: the best one, or a small one where the best is to order nothing."""
LEVELS = np.array([0.0, 0.5, 1.0, 1.5, 2.0])

SMALL_ORDER = 0.05
"""Order that is weighed where the best is to order nothing, as a share of the fleet."""


def worth(view: View, node: Ints, order: Floats) -> Floats:
    """Value of ordering ``order`` (n, M) on top of what is announced, MUSD.

    (q - 1) I o less the cost of growing faster than retirement and trend, psi/2 I K (o/K - ret - g_0)^2; a firm
    without a fleet K has no pace of growth, and no such cost.
    """
    b, ahead = view.world.scenario.behaviour, view.outlook
    fleet = ahead.online[node][:, None]
    cost, q = ahead.cost[node][:, None], ahead.q[node][:, None]
    total = order + ahead.planned[node][:, None]
    growth = np.divide(total, fleet, out=np.zeros(total.shape), where=fleet > 0.0)
    pace = growth - float(b.retirement) - float(b.base_growth)
    return cost * ((q - 1.0) * total - 0.5 * float(b.psi) * fleet * pace**2)


BOUNDS = ("growth", "finance", "power", "share cap")
"""What bounds an order; of alike bounds the first is said to bind."""


def limits(view: View, node: Ints) -> Floats:
    """Most that growth cap, finance, own power and a cap on shares let each builder order, (4, n)."""
    ahead = view.outlook
    planned = ahead.planned[node]
    growth = np.maximum(ahead.growth_cap[node] * ahead.online[node] - planned, 0.0)
    limited = view.state.credit_limited[view.world.sellers.row[node]]
    finance = np.where(limited, 0.0, np.maximum(ahead.affordable[node] - planned, 0.0))
    return np.array([growth, finance, ahead.powerable[node], ahead.permitted[node]])


def bounded(view: View, node: Ints, target: Floats, bounds: Floats | None = None) -> tuple[Floats, list[str]]:
    """The order within `limits`, (n,), and which of them binds; ``bounds`` are these where they are known."""
    bounds = limits(view, node) if bounds is None else bounds
    want = np.maximum(target - view.outlook.planned[node], 0.0)
    order = np.minimum(want, bounds.min(axis=0))
    tightest = np.where(order >= want, -1, bounds.argmin(axis=0))
    return order, ["" if k < 0 else BOUNDS[k] for k in tightest.tolist()]


def _answer(view: View, rows: Ints, node: Ints, target: Floats, value: Callable[[Floats], Floats]) -> Orders:
    """The best of the options around the bounded target; ``value`` scores orders (n, M) in MUSD."""
    bounds = limits(view, node)
    order, binding = bounded(view, node, target, bounds)
    room = bounds.min(axis=0)
    small = np.minimum(SMALL_ORDER * view.outlook.online[node], room)
    size = np.where(order > 0, order, small)
    options = size[:, None] * LEVELS[None, :]
    scores = value(options)
    scores = np.where(options <= np.maximum(room, order)[:, None] * (1 + 1e-12), scores, np.nan)
    scores[:, 1:] = np.where(size[:, None] > 0, scores[:, 1:], np.nan)
    menu = Menu.choose(view, "build", rows, OPTIONS, scores, "MUSD", binding)
    sellers = view.world.sellers
    return Orders(
        kh100e=options[np.arange(len(node)), menu.chosen],
        chip=sellers.chips[node],
        region=sellers.regions[node],
        debt=np.zeros(len(node)),
        alternatives=menu,
    )


@strategy("build", "default")
def default(view: View, rows: Ints) -> Orders:
    """Tobin's q with convex adjustment costs."""
    b, ahead = view.world.scenario.behaviour, view.outlook
    node = node_of(view.world.sellers.row, rows)
    rate = float(b.retirement) + float(b.base_growth) + (ahead.q[node] - 1.0) / float(b.psi)
    target = np.maximum(ahead.online[node] * rate, 0.0)
    return _answer(view, rows, node, target, lambda order: worth(view, node, order))


@strategy("build", "npv")
def npv(view: View, rows: Ints) -> Orders:
    """All that the growth cap allows when it pays, nothing otherwise."""
    ahead = view.outlook
    node = node_of(view.world.sellers.row, rows)
    gain = ahead.cost[node] * (ahead.q[node] - 1.0)
    target = np.where(gain >= 0.0, ahead.growth_cap[node] * ahead.online[node], 0.0)
    return _answer(view, rows, node, target, lambda order: gain[:, None] * order)


@strategy("build", "real_option")
def wait(view: View, rows: Ints) -> Orders:
    """Like `npv`, but only above the option value of waiting (Dixit and Pindyck 1994, sigma 0.3 a year)."""
    ahead = view.outlook
    node = node_of(view.world.sellers.row, rows)
    annual = (1.0 + view.world.sellers.wacc[node]) ** 4 - 1.0
    hurdle = np.array([real_option(float(r), float(r), 0.3, 1.0).threshold for r in annual])
    gain = ahead.cost[node] * (ahead.q[node] - hurdle)
    target = np.where(gain >= 0.0, ahead.growth_cap[node] * ahead.online[node], 0.0)
    return _answer(view, rows, node, target, lambda order: gain[:, None] * order)
