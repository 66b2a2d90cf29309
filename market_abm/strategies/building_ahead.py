"""Building for the fleet that will stand when the order arrives.

The default rule sets orders against the fleet of today. Where fleets grow by half a quarter and an order takes two
or three quarters, that fleet is a small part of the one that the order joins: growth is then held back by the
lead time itself, and only implausibly low adjustment costs and high caps follow history. In Hayashi (1982) the
capital that adjustment costs fall on is that of the date of installation (time to build: Kydland and Prescott 1982).
And what an entrant can start with, a small builder can add: its growth cap is not below the scale of an entry.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from market_abm.economy.world import Ints
from market_abm.strategies.building import default
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Orders, View
from market_abm.units import ordered_sum


@strategy("build", "at_arrival")
def at_arrival(view: View, rows: Ints) -> Orders:
    """Tobin's q with convex adjustment costs on the fleet expected at arrival: online less retirement, plus ordered."""
    ahead, state = view.outlook, view.state
    quarters = np.arange(state.pipeline.shape[1])
    coming = (quarters >= state.t) & (quarters < ahead.arrives[:, None])
    ordered = ordered_sum(np.where(coming, state.pipeline, 0.0), axis=1) + state.power_queue
    b = view.world.scenario.behaviour
    fleet = ahead.online * (1.0 - float(b.retirement)) ** (ahead.arrives - state.t) + ordered
    entry = float(b.entry_scale) / np.where(fleet > 0, fleet, np.inf)
    cap = np.where(ahead.growth_cap > 0, np.maximum(ahead.growth_cap, entry), 0.0)
    return default(view.with_(outlook=replace(ahead, online=fleet, growth_cap=cap)), rows)
