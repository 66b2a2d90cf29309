"""Agents that decide as always and keep what they saw."""

from __future__ import annotations

from typing import Any

from market_abm.agents import Hyperscaler
from market_abm.model import ComputeMarket
from market_abm.strategies import Offer, View


def first_offers(scenario: Any, *firms: str, seed: int = 0) -> dict[str, tuple[View, Offer]]:
    """View and offer of each firm in the first quarter, guesses at their central values."""
    seen: dict[str, tuple[View, Offer]] = {}

    class Spy(Hyperscaler):
        def sell(self, view: View) -> Offer:
            offer = super().sell(view)
            seen[self.name] = (view, offer)
            return offer

    ComputeMarket(scenario, rng=seed, pin=True, agents=dict.fromkeys(firms, Spy)).step()
    return seen


def first_wedges(scenario: Any, *firms: str, seed: int = 0) -> dict[str, dict[str, float]]:
    """Strategic wedge of each firm for each buyer in the first quarter, MUSD per kHQ."""
    return {
        name: dict(zip(view.world.buyers.key, (float(k) for k in offer.wedge)))
        for name, (view, offer) in first_offers(scenario, *firms, seed=seed).items()
    }
