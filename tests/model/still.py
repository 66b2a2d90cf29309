"""A world in which nothing grows and nothing is random."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.model import ComputeMarket
from market_abm.scenario import Scenario, load_scenario, scenario_from


def still(name: str, *, frictions: bool = False) -> Scenario:
    """The shipped scenario with shocks and growth off.

    Parameters
    ----------
    frictions : bool
        Keep tastes for suppliers and the strategic wedge. The calibration knows neither: it says what buyers want
        at the index.
    """
    data: dict[str, Any] = load_scenario(name).content()
    data["product"].update(market_growth=0, growth_floor=0, efficiency_gain=0)
    data["behaviour"].update(retirement=0)
    data["behaviour"]["shocks"] = {"quality": 0, "demand": 0, "market": 0, "segment": 0, "persistence": 0}
    data["upstream"].update(capex_decline=0)
    for segment in data["segments"].values():
        segment.update(growth=0, growth_floor=0, unmet=0)
    for firm in data["firms"].values():
        if firm.get("fleet"):
            firm["fleet"]["pipeline"] = {}
        if firm.get("lab"):
            firm["lab"]["unmet"] = 0
    if not frictions:
        data["behaviour"].update(taste_sd=0)
        data["behaviour"]["motives"]["wedge"] = False
    return scenario_from(data)


def opening_use(model: ComputeMarket) -> np.ndarray:
    """What each buyer uses at the start, kHQ (B,): its contracts in force, and leases that start with the run."""
    world, book = model.world, model.states[0].book
    use = np.zeros(len(world.buyers.key))
    np.add.at(use, book.buyer, np.where(book.start <= 0, book.volume, 0.0))
    for entry in world.scenario.timeline:
        if entry.kind == "lease" and entry.quarter <= world.scenario.horizon.start:
            use[world.buyers.key.index(entry.contract.buyer)] += float(entry.contract.volume)
    return use
