"""The world as columns: everything of a scenario that does not change while it runs.

Firms and segments share one table of F rows, sorted by key. S of them have a fleet (seller nodes) and B of
them use compute (buyer nodes); an integrated firm has both. Money is in MUSD, compute in kHQ or kH100e,
prices in MUSD per kHQ, rates per quarter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_abm.scenario.calendar import quarter_name
from market_abm.units import ordered_sum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = 1_000_000
"""A quarter that does not come."""


@dataclass(frozen=True)
class Rows:
    """All firms and segments (F rows, T quarters of horizon)."""

    key: tuple[str, ...]
    kind: tuple[str, ...]
    owner: tuple[str, ...]
    owner_code: Ints
    aggregate_of: Floats
    cash: Floats
    debt: Floats
    wacc: Floats
    other_cash_flow: Floats
    inflow: Floats
    """Dated equity and grants, (F, T)."""
    interest: Floats
    """Financial interest of row f in the lab of row k, (F, F): 1 in its own, else omega times the stake."""
    rival_harm: Floats
    """Weight phi of row f on harm to the lab of row k, (F, F)."""

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def firm(self) -> Bools:
        """Rows of firms, not of segments, (F,)."""
        return np.array([kind != "segment" for kind in self.kind], dtype=bool)

    @cached_property
    def keys(self) -> NDArray[np.object_]:
        """The keys as a column, (F,)."""
        return np.array(self.key, dtype=object)

    @cached_property
    def kinds(self) -> NDArray[np.object_]:
        """The kinds as a column, (F,)."""
        return np.array(self.kind, dtype=object)

    @cached_property
    def owners(self) -> NDArray[np.object_]:
        """The owners as a column, (F,)."""
        return np.array(self.owner, dtype=object)

    def row(self, key: str) -> int:
        """Row of a firm or segment."""
        return self.key.index(key)


@dataclass(frozen=True)
class Sellers:
    """Seller nodes (S): fleets, built to sell or for own use."""

    row: Ints
    key: tuple[str, ...]
    owner_code: Ints
    aggregate_of: Floats
    online: Floats
    pipeline: Floats
    """Announced arrivals by quarter, kH100e, (S, T)."""
    unit_cost: Floats
    capex: Floats
    kw: Floats
    power_cap: Floats
    """Most power that the firm can have energised, MW, (S,)."""
    sells: Bools
    sellable: Floats
    """Share of online capacity that can be allocated."""
    term: Ints
    notice: Ints
    growth_cap: Floats
    lead_time: Ints
    wacc: Floats
    enters: Ints
    """Quarter of entry: 0 for incumbents, -1 where entry waits for a positive net present value."""
    chips: Floats
    """Shares of new orders by chip supplier, (S, U)."""
    regions: Floats
    """Shares of new power by region, (S, R)."""

    @cached_property
    def cheapest(self) -> Ints:
        """Nodes by running cost, the lowest first, (S,)."""
        return np.argsort(self.unit_cost, kind="stable")

    @cached_property
    def in_region(self) -> Bools:
        """Sellers whose new power comes from a region of the scenario, (S,)."""
        return self.regions.any(axis=1)

    @cached_property
    def names_chips(self) -> Bools:
        """Sellers whose new orders name a chip supplier, (S,)."""
        return self.chips.any(axis=1)


@dataclass(frozen=True)
class Buyers:
    """Buyer nodes (B): labs and segments."""

    row: Ints
    key: tuple[str, ...]
    label: tuple[str, ...]
    owner_code: Ints
    lab: Bools
    product: Bools
    """Takes part in the product market."""
    captive: Bools
    index: Bools
    """The open segments, whose marginal price is the price index."""
    inference: Floats
    rnd: Floats
    use: Floats
    """Use of a segment at the start."""
    unmet: Floats
    share: Floats
    monetisation: Floats
    """Revenue over (market revenue x share) at the start: gross-up of a lab that books resellers' share."""
    margin: Floats
    head_start: Floats
    """Capability at the start beyond what the training stock explains, log units."""
    growth_cap: Floats
    elasticity: Floats
    growth: Floats
    """Level of a segment's demand relative to the start, (B, T)."""
    rollover: Floats
    blocks: tuple[Any, ...]
    """Explicit (value, quantity) blocks in place of a curve, or None."""

    @cached_property
    def trains(self) -> Bools:
        """Labs with a training budget at the start; a pure reseller of its own service only serves, (B,)."""
        return self.lab & (self.rnd > 0)

    @cached_property
    def open_segment(self) -> Bools:
        """Segments that buy on the market, (B,)."""
        return ~(self.lab | self.captive)

    @cached_property
    def competing(self) -> Ints:
        """Nodes that take part in the product market: labs all of them, (L,)."""
        return np.flatnonzero(self.product)

    @cached_property
    def revenue_margin(self) -> Floats:
        """Margin on a user's revenue as the lab books it, before compute, (B,)."""
        return self.margin * self.monetisation

    @cached_property
    def given(self) -> Bools:
        """Buyers whose demand is given as blocks, (B,)."""
        return np.array([blocks is not None for blocks in self.blocks], dtype=bool)


@dataclass(frozen=True)
class Links:
    """Directed links supplier to buyer, (S, B)."""

    linked: Bools
    switching: Floats
    cap: Floats
    exclusive: Bools
    sole: Bools
    """The buyer signs with this supplier alone."""
    internal: Bools
    """Own lab, own captive use: no price, no margin, no wedge."""
    taste: Floats
    key: Floats
    """Seeded numbers in [0, 1) that settle ties."""

    @cached_property
    def capped(self) -> bool:
        """Some link can carry so much and no more."""
        return bool(np.isfinite(self.cap).any())

    @cached_property
    def tied(self) -> bool:
        """Some buyer signs with one supplier alone."""
        return bool(self.sole.any())


@dataclass(frozen=True)
class Upstream:
    """Chip suppliers (U) and power regions (R) over the horizon (T)."""

    chip: tuple[str, ...]
    region: tuple[str, ...]
    deliveries: Floats
    """Chips delivered, kH100e a quarter, (U, T)."""
    serves: Bools
    """Rows that a chip supplier serves, (U, F)."""
    promised: Floats
    """Shares of deliveries promised to rows where the rule is priority, (U, F); zero under pro rata."""
    power: Floats
    """Power energised, MW a quarter, (R, T)."""
    capex_level: Floats
    """Price of a new unit relative to the start, (T,)."""
    kw: Floats
    """All-in power of a new unit, kW per H100e, (T,); NaN where the builder's own fleet is the measure."""


@dataclass(frozen=True)
class World:
    """A drawn scenario, compiled."""

    name: str
    seed: int
    start: int
    """Calendar index of the first quarter."""
    quarters: int
    horizon: int
    """T: quarters for which plans are kept, beyond the last simulated one."""
    scenario: Any
    rows: Rows
    sellers: Sellers
    buyers: Buyers
    links: Links
    upstream: Upstream
    stagger: Floats
    """Keyed fraction of a step by which a buyer's value blocks are shifted, (B,)."""
    market_growth: Floats
    """Growth of product-market revenue, per quarter, (T,)."""
    market_revenue: float
    index_price: float
    book: Any

    @cached_property
    def market_trend(self) -> Floats:
        """Revenue of the product market over that at the start, without shocks, after each quarter, (T,)."""
        return np.multiply.accumulate(1.0 + self.market_growth)

    @property
    def shape(self) -> tuple[int, int]:
        """(S, B)."""
        return self.links.linked.shape

    @cached_property
    def between_firms(self) -> Bools:
        """Links from a seller to a lab or an open segment of somebody else, (S, B)."""
        return ~self.links.internal & ~self.buyers.captive

    @cached_property
    def interest(self) -> Floats:
        """Financial interest of each seller in each buyer's lab at the start, (S, B)."""
        return self.rows.interest[np.ix_(self.sellers.row, self.buyers.row)]

    @cached_property
    def rival_harm(self) -> Floats:
        """Weight phi of each seller on harm to each buyer's lab, (S, B)."""
        return self.rows.rival_harm[np.ix_(self.sellers.row, self.buyers.row)]

    @cached_property
    def payer_of(self) -> Ints:
        """Row that pays for what each buyer takes on the market, (B,); -1 where it is the users of products.

        An owner's captive workloads that rent elsewhere are paid by their owner.
        """
        owner_row = {self.rows.owner_code[r]: r for r in reversed(self.sellers.row.tolist())}
        payer = np.where(self.buyers.lab, self.buyers.row, -1)
        for b in np.flatnonzero(self.buyers.captive):
            payer[b] = owner_row.get(self.buyers.owner_code[b], -1)
        return payer

    @cached_property
    def discount(self) -> float:
        """Discount factor per quarter in bargaining, at the capacity-weighted cost of capital of the sellers.

        Weighted, so that a firm without a fleet has no say.
        """
        weight, wacc = self.sellers.online, self.sellers.wacc
        if not weight.any():
            weight = np.ones(len(wacc))
        total = float(ordered_sum(weight))
        return 1.0 / (1.0 + float(ordered_sum(weight * wacc)) / total) if total > 0 else 1.0

    def quarter_name(self, t: int) -> str:
        """The name of the t-th quarter of the run."""
        return quarter_name(self.start + t)


def of_world[Answer](function: Callable[[World], Answer]) -> Callable[[World], Answer]:
    """A function of the world alone: worked out once a world, and kept with it."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def answer(world: World) -> Answer:
        known = world.__dict__
        if name not in known:
            known[name] = function(world)
        return known[name]

    return answer
