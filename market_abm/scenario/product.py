"""The product market and what labs do with compute."""

from __future__ import annotations

from pydantic import Field

from market_abm.scenario.fields import Compute, Factor, Growth, Part, Quarters, Rate, Share
from market_abm.scenario.quantity import guess


class Product(Part):
    """Logit product market with an outside good, and its growth."""

    market_growth: Growth = Field(
        default=guess(0.13, 0.09, 0.17), description="growth of the market's revenue at the start"
    )
    growth_floor: Growth = Field(default=guess(0.015, 0.01, 0.02), description="growth that it decays to")
    growth_half_life: Quarters = Field(
        default=guess(9, 6, 12), description="quarters in which it halves its distance to the floor"
    )
    outside_share: Share = Field(
        default=guess(0.3, 0.2, 0.4), description="share of the outside good at the start"
    )
    xi: Factor = Field(default=guess(0.6, 0.5, 0.7), description="weight of capability in the users' choice")
    zeta: Share = Field(
        default=guess(0.6, 0.5, 0.65), description="stickiness of users: weight of the last quarter's share"
    )
    eta: Factor = Field(
        default=guess(1.0, 0.5, 2.0), description="weight of the product's price in the users' choice"
    )
    efficiency_gain: Rate = Field(
        default=guess(0.03, 0.02, 0.04), description="fall of compute per unit of revenue, a quarter"
    )
    churn_cap: Share = Field(
        default=guess(0.12, 0.1, 0.15),
        description="most of its share that a lab loses a quarter to unserved need",
    )
    share_floor: Share = Field(default=0.001, description="smallest share that stickiness counts")
    training_run: Compute = Field(
        default=guess(100, 30, 300), description="compute of one frontier-size training run"
    )
    training_run_growth: Growth = Field(
        default=guess(0.1, 0.05, 0.15), description="growth of that size a quarter"
    )
    experiment_share: Share = Field(
        default=guess(0.5, 0.3, 0.7), description="share of R&D compute for experiments and safety work"
    )
