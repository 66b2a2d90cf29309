"""Planted worlds of two or three firms, in which one mechanism at a time is all that happens.

Prices in USD per GPU-hour, compute in kHQ. Nothing grows, retires or is random unless a test says so.
"""

from __future__ import annotations

from typing import Any

from market_abm.model import ComputeMarket
from market_abm.scenario import load_scenario, scenario_from
from tests.model.tables import ran

FLEET: dict[str, Any] = {
    "online": 10, "unit_cost": 0.5, "power_kw_per_h100e": 1.25, "capex": 36, "offer_term": 4, "offer_notice": 1,
    "growth_cap": 0, "lead_time": 3,
}  # fmt: skip


def provider(**fleet: Any) -> dict[str, Any]:
    """A seller with ten kH100e online; money is no object."""
    return {"kind": "provider", "cash": 10_000, "wacc": 0.1, "fleet": {**FLEET, **fleet}}


def lab(*blocks: list[float], cash: float = 10_000, **fields: Any) -> dict[str, Any]:
    """A buyer with explicit blocks (value, kHQ)."""
    need = {"inference": sum(q for _, q in blocks), "margin": 0.9, "growth_cap": 1, "blocks": list(blocks)}
    return {"kind": "lab", "cash": cash, "wacc": 0.1, "lab": {**need, **fields}}


def users(use: float, *blocks: list[float], **fields: Any) -> dict[str, Any]:
    """A segment: with blocks, or isoelastic around ``use`` at the index."""
    shape = {"use": use, "elasticity": 0.9, "growth": 0, "growth_floor": 0, "half_life": 9, "rollover": 0}
    return {**shape, "blocks": list(blocks) or None, **fields}


def world(firms: dict[str, Any], *, index: float = 2.0, **sections: Any) -> dict[str, Any]:
    """Plain values of a world; ``behaviour`` and ``upstream`` are merged into those of bilateral-monopoly."""
    data = load_scenario("bilateral-monopoly").content()
    wildcard = [{"supplier": "*", "buyer": "*", "qualified": True, "switching_cost": 0}]
    data.update(name="planted", firms=firms, links=wildcard, contracts={}, segments={}, timeline=[])
    data["behaviour"].update({"beta": 0.5, "index_price": index} | sections.pop("behaviour", {}))
    data["upstream"].update(sections.pop("upstream", {}))
    data.update(sections)
    return data


def run(data: dict[str, Any], quarters: int = 1, **options: Any) -> ComputeMarket:
    """A planted world after some quarters."""
    return ran(scenario_from(data), 0, quarters=quarters, **options)


def pair(**sections: Any) -> dict[str, Any]:
    """Seller and Buyer: ten kHQ, worth 4.5, cost 0.5."""
    return world({"Seller": provider(), "Buyer": lab([4.5, 10])}, **sections)
