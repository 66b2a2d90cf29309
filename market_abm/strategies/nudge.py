"""What if a firm had seen another price, lead time or notice: one decision asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from market_abm.economy.upstream import Outlook, annuities, expected_prices
from market_abm.economy.world import Floats
from market_abm.strategies.view import View

Moves = dict[tuple[int, str, str], "Nudge"]
"""Moves by quarter of the run, firm and verb."""


@dataclass(frozen=True)
class Nudge:
    """A move of what one firm sees when it decides.

    Attributes
    ----------
    price : float
        Added to the price that the firm looks at, MUSD per kHQ: the last price index, or, for building, the price that
        it expects on arrival.
    lead_time : int
        Added to its quarters from order to online (building).
    notice : int
        Added to the quarters of notice of its contracts (renewing).
    """

    price: float = 0.0
    lead_time: int = 0
    notice: int = 0

    def seen(self, view: View, verb: str, row: int) -> View:
        """The view as the firm of a row sees it."""
        if verb == "build":
            return view.with_(outlook=self._outlook(view, row))
        view = view.with_(price=max(view.price + self.price, 0.0))
        if not self.notice:
            return view
        book, world = view.state.book, view.world
        mine = (world.sellers.row[book.supplier] == row) | (world.buyers.row[book.buyer] == row)
        notice = np.where(mine, np.maximum(book.notice + self.notice, 0), book.notice)
        return view.with_(state=view.state.change(book=book.change(notice=notice)))

    def _outlook(self, view: View, row: int) -> Outlook:
        """The outlook in which this firm's price and lead time are moved."""
        world, state, ahead = view.world, view.state, view.outlook
        rules, sellers = world.scenario.behaviour, world.sellers
        s = int(np.flatnonzero(sellers.row == row)[0])
        now = max(int(sellers.lead_time[s]), 1)
        lead = max(now + self.lead_time, 1)
        price = float(ahead.price[s]) + self.price
        if lead != now:
            later, sooner = expected_prices(world, state, view.demand, [lead, now]).tolist()
            price += float(rules.foresight) * (later - sooner)
        wacc = float(sellers.wacc[s] + view.conditions.spread[row])
        a1, a2 = annuities(np.array([wacc]), float(rules.price_decline), float(rules.life))
        margin = float(rules.utilisation) * max(price, 0.0) * float(a1[0]) - float(
            sellers.unit_cost[s] * a2[0]
        )
        value = margin / (1.0 + wacc) ** lead
        arrives = min(state.t + lead, world.horizon - 1)
        return replace(
            ahead,
            price=_put(ahead.price, s, max(price, 0.0)),
            value=_put(ahead.value, s, value),
            q=_put(ahead.q, s, value / max(float(ahead.cost[s]), 1e-9)),
            arrives=_put(ahead.arrives, s, arrives),
            planned=_put(ahead.planned, s, float(state.pipeline[s, arrives])),
        )


def _put(column: Floats, s: int, value: float) -> Floats:
    out = column.copy()
    out[s] = value
    return out
