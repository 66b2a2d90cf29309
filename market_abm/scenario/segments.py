"""Segments: aggregate buyers that do not act strategically."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.fields import Blocks, Compute, Documented, Elasticity, Growth, Name, Quarters, Share
from market_abm.scenario.quantity import guess


class Segment(Documented):
    """Aggregate demand: enterprise cloud, start-ups, sovereign, or a firm's own captive workloads."""

    kind: Literal["market", "captive"] = Field(
        default="market", description="buys on the market, or runs on its owner's fleet only"
    )
    owner: Name | None = Field(
        default=None, description="of a captive segment: the firm whose workloads these are"
    )
    use: Compute = Field(description="compute used at the start, a quarter")
    unmet: Compute = Field(
        default=0.0, description="need known at the start beyond the use; enters as growth"
    )
    elasticity: Elasticity = Field(
        default=guess(0.9, 0.5, 1.3), description="price elasticity of demand, as a positive number"
    )
    growth: Growth = Field(default=guess(0.075, 0.05, 0.1), description="growth of demand at the start")
    growth_floor: Growth = Field(default=guess(0.02, 0.01, 0.03), description="growth that it decays to")
    half_life: Quarters = Field(
        default=guess(9, 6, 12), description="quarters in which growth halves its distance to the floor"
    )
    rollover: Share = Field(
        default=guess(0.9, 0.85, 0.95),
        description="share of the use that stays with its supplier each quarter",
    )
    reach: Literal["all", "links"] = Field(
        default="all", description="served by every seller, or over qualified links only (captive)"
    )
    blocks: Blocks | None = Field(
        default=None, description="explicit value blocks (value USD/GPU-h, kHQ) in place of the curve"
    )
