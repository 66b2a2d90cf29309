"""Behaviour: bargaining protocol, rules of thumb, motives, shocks, thresholds. Guesses carry their range."""

from __future__ import annotations

from pydantic import Field

from market_abm.scenario.fields import (
    Annual,
    Capacity,
    Change,
    Count,
    Elasticity,
    Factor,
    Flag,
    Growth,
    Money,
    Part,
    Price,
    Quarters,
    Rate,
    Share,
    Spread,
    WholeQuarters,
)
from market_abm.scenario.quantity import guess
from market_abm.scenario.registered import (
    BuildStrategy,
    BuyStrategy,
    Protocol,
    RenewStrategy,
    SellStrategy,
)
from market_abm.scenario.registered import BuiltIn as BuiltIn


class Strategies(Part):
    """Names of the strategies that decide for every firm which does not say otherwise."""

    renew: RenewStrategy = Field(default="default", description="strategy for renewing contracts")
    buy: BuyStrategy = Field(default="default", description="strategy for buying")
    sell: SellStrategy = Field(default="default", description="strategy for selling")
    build: BuildStrategy = Field(default="default", description="strategy for building")


class Motives(Part):
    """The explanations of a lease to a rival, each of which can be switched off."""

    wedge: Flag = Field(
        default=True, description="sellers count the effect of a sale on their labs and stakes"
    )
    own_use: Flag = Field(
        default=True, description="a seller's own use has the value that its lab puts on it"
    )
    cash_need: Flag = Field(default=True, description="a seller short of cash values money today more")
    rival_harm: Flag = Field(
        default=True, description="weights on a rival's loss count (all zero unless a scenario sets them)"
    )


class Shocks(Part):
    """Standard deviations of the quarterly shocks (log units) and their persistence; all zero = calm."""

    quality: Spread = Field(default=guess(0.03, 0.02, 0.04), description="quality of a lab's product")
    demand: Spread = Field(default=guess(0.06, 0.04, 0.08), description="a buyer's need in a quarter")
    market: Spread = Field(default=guess(0.03, 0.02, 0.04), description="size of the product market")
    segment: Spread = Field(default=guess(0.04, 0.03, 0.05), description="a segment's demand")
    persistence: Share = Field(
        default=guess(0.8, 0.7, 0.9), description="persistence of quality shocks from quarter to quarter"
    )


class Thresholds(Part):
    """Where a measure becomes a word; parameters, shown with their sensitivity."""

    tight_price: Factor = Field(
        default=1.1, description="tight: price index over the long-run user cost at least this"
    )
    loss: Share = Field(default=0.05, description="chokepoint: loss of others at least this share")
    price_effect: Share = Field(default=0.10, description="chokepoint: price effect of removal at least this")
    watch: Share = Field(default=0.05, description="watch: price effect of removal at least this")
    quarters_in: Count = Field(default=2, description="graded when met in this many quarters ...")
    quarters_of: Count = Field(default=4, description="... of the last so many")
    relation_before: Share = Field(default=0.25, description="relation: loss of the buyer before rerouting")
    relation_after: Share = Field(default=0.10, description="relation: loss of the buyer after rerouting")
    free_floor: Share = Field(
        default=0.002, description="below this share of capacity free there is no new price"
    )
    elasticity_low: Elasticity = Field(
        default=0.5, description="low end of the elasticity band of the removal measure"
    )
    elasticity_high: Elasticity = Field(
        default=1.3, description="high end of the elasticity band of the removal measure"
    )


class Behaviour(Part):
    """How firms trade, build and borrow."""

    protocol: Protocol = Field(default="split", description="bargaining protocol")
    beta: Share = Field(default=guess(0.5, 0.35, 0.65), description="bargaining weight of the seller")
    index_price: Price = Field(default=guess(2.2, 1.8, 2.65), description="price index at the start")
    utilisation: Share = Field(
        default=guess(0.9, 0.85, 0.95),
        description="utilisation in the long-run user cost and builders' margins",
    )
    sellable_share: Share = Field(
        default=guess(0.96, 0.94, 0.98), description="share of capacity online that can be sold"
    )
    d: Share = Field(
        default=guess(0.1, 0.05, 0.15), description="depreciation of the effective training stock, a quarter"
    )
    g_A: Growth = Field(default=guess(0.2, 0.1, 0.27), description="algorithmic progress, a quarter")
    alpha: Factor = Field(
        default=guess(0.5, 0.4, 0.5), description="capability per log of the effective training stock"
    )
    rho: Share = Field(
        default=guess(0.5, 0.3, 0.8),
        description="share of the prize of capability that an entrant chases too",
    )
    psi: Factor = Field(default=guess(4, 3, 6), description="adjustment cost of building")
    omega: Share = Field(
        default=guess(0.1, 0.0, 0.3), description="weight of a minority stake in the seller's motives"
    )
    inference_slope: Share = Field(
        default=0.25, description="spread of the value of inference around its mean, both ways"
    )
    choke: Factor = Field(
        default=guess(5, 3, 10),
        description="highest value of a segment's compute over the opening index",
    )
    unmet_quarters: Count = Field(default=4, description="quarters over which unmet need enters")
    lab_blocks: Count = Field(default=30, description="value blocks of a lab")
    segment_blocks: Count = Field(default=50, description="value blocks of a segment")
    own_rollover: Share = Field(
        default=guess(0.98, 0.96, 0.99), description="share of own use that stays put each quarter"
    )
    cloud_rollover: Share = Field(
        default=guess(0.9, 0.85, 0.95), description="share of uncontracted cloud use that stays put"
    )
    forward_sale: Share = Field(
        default=guess(0.9, 0.85, 0.98), description="share of arriving capacity sold forward"
    )
    price_decline: Rate = Field(
        default=guess(0.05, 0.03, 0.06), description="expected fall of rental prices, a quarter"
    )
    retirement: Rate = Field(
        default=guess(0.04, 0.03, 0.05), description="share of the fleet that retires a quarter"
    )
    life: Quarters = Field(default=guess(20, 16, 24), description="economic life of capacity")
    foresight: Share = Field(
        default=guess(0.5, 0.25, 1.0),
        description="weight that builders give to the price after known pipelines; the rest is today's price",
    )
    base_growth: Growth = Field(
        default=guess(0.04, 0.02, 0.06), description="building at q = 1 beyond retirement (g_0)"
    )
    credit_multiple: Factor = Field(
        default=guess(0.5, 0.3, 0.8), description="debt limit over contracted value plus collateral"
    )
    collateral_rate: Share = Field(
        default=guess(0.5, 0.3, 0.7), description="share of the fleet's value that lenders accept"
    )
    borrowing_spread: Annual = Field(
        default=guess(0.0, 0.0, 0.02), description="interest on debt above the WACC"
    )
    qualification_lag: WholeQuarters = Field(
        default=guess(3, 2, 4), description="quarters to qualify a new supplier"
    )
    qualification_cost: Money = Field(
        default=guess(50, 20, 100), description="cost of qualifying a new supplier"
    )
    link_horizon: WholeQuarters = Field(default=8, description="quarters over which a new link must pay")
    idle_link_quarters: WholeQuarters = Field(
        default=8, description="quarters after which an idle link is dropped"
    )
    taste_sd: Share = Field(
        default=guess(0.035, 0.02, 0.05),
        description="spread of tastes for suppliers, as a share of the price",
    )
    contracted_share: Share = Field(
        default=guess(0.8, 0.7, 0.9), description="share of demand contracted before the demand shock"
    )
    firm_term_unknown: WholeQuarters = Field(
        default=2, description="firm term of a contract that does not state one"
    )
    entry_scale: Capacity = Field(
        default=guess(20, 10, 50), description="smallest fleet at which an entrant starts"
    )
    wacc_cash_need: Change = Field(
        default=guess(0.1, 0.0, 0.2), description="extra value of a dollar today to a firm short of cash"
    )
    strategies: Strategies = Field(default=Strategies(), description="strategies by verb")
    motives: Motives = Field(default=Motives(), description="explanations that are switched on")
    shocks: Shocks = Field(default=Shocks(), description="random shocks")
    thresholds: Thresholds = Field(default=Thresholds(), description="where a measure becomes a word")
