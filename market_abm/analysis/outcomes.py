"""Outcomes by which scenarios are compared: what each is, over which quarters, and what is too small to matter.

The smallest effect of interest is a judgement, not a measurement: it is printed wherever it decides a word, and
each says on what it rests. Differences of less than that are called "no effect of interest".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.derived import DERIVED
from market_abm.analysis.panel import Floats, mean_known, panel
from market_abm.analysis.statistics import first_year, last_year, span
from market_abm.analysis.table import Kind

if TYPE_CHECKING:
    from market_abm.results.result import Result

FIRST, LAST, ALL = "first year", "last year", "whole run"


@dataclass(frozen=True)
class Outcome:
    """A number a seed.

    Attributes
    ----------
    key, label : str
    column : str
        Column of the table, or a name in :data:`market_abm.analysis.derived.DERIVED`.
    kind : Kind
        How it is written.
    window : str
        Quarters that it is averaged over: first year, last year or whole run.
    group : str
        Question that it belongs to.
    smallest : float
        Smallest effect of interest, in the outcome's own unit, or as a share of the baseline's mean where
        ``relative``.
    basis : str
        What the smallest effect rests on.
    good : int
        1 where more of it is good for users and buyers, -1 where less is, 0 where that is not for us to say.
    table : str
        Table of the column.
    unit : tuple of str
        Firm, or supplier and buyer; empty for the market.
    """

    key: str
    label: str
    column: str
    kind: Kind
    window: str
    group: str
    smallest: float
    basis: str = "judgement"
    relative: bool = False
    good: int = 0
    table: str = "steps"
    unit: tuple[str, ...] = ()

    def quarters(self, quarters: Sequence[str]) -> tuple[str, ...]:
        """The quarters that it is averaged over."""
        windows = {FIRST: first_year(quarters), LAST: last_year(quarters), ALL: tuple(quarters)}
        return windows[self.window]

    def when(self, quarters: Sequence[str]) -> str:
        """Its window in words."""
        return span(self.quarters(quarters))

    def values(self, result: Result, quarters: Sequence[str] | None = None) -> Floats:
        """A value a seed (S,), in the order of the result's seeds; NaN where a seed has none."""
        window = self.quarters(result.quarters if quarters is None else quarters)
        if self.column in DERIVED:
            block = DERIVED[self.column].values(result)
            places = panel(result, "steps").places(window)
            return mean_known(block[places], axis=0)
        found = panel(result, self.table, KEYS[self.table])
        if self.unit and self.unit not in found.units:
            return np.full(len(result.seeds), np.nan)
        place = found.units.index(self.unit) if self.unit else 0
        return mean_known(found.values(self.column)[place, found.places(window)], axis=0)

    def threshold(self, baseline: float) -> float:
        """Smallest effect of interest in the outcome's unit, given the baseline's mean."""
        return self.smallest * abs(baseline) if self.relative else self.smallest


KEYS: dict[str, tuple[str, ...]] = {"steps": (), "firms": ("firm",), "links": ("supplier", "buyer")}
"""Columns that name a unit of each table."""

_GUIDELINE = "the change that the 2023 US Merger Guidelines screen for"

CHOKE, LEVERAGE, PRICES, CONCENTRATION, RACE, USERS = (
    "Chokepoints",
    "Leverage",
    "Prices",
    "Concentration",
    "Race of the labs",
    "Users and the market",
)

OUTCOMES: tuple[Outcome, ...] = (
    Outcome("choke_quarters", "Quarters with a chokepoint of the market", "chokepoint", "share", ALL, CHOKE,
            0.05, "one quarter in twenty", good=-1),
    Outcome("choke_relations", "Chokepoints between single firms", "relation_chokepoints", "number", ALL, CHOKE,
            0.25, "a quarter of a relation", good=-1),
    Outcome("seller_secured", "Leverage secured by sellers", "seller_secured_share", "share", ALL, LEVERAGE, 0.01,
            "one percentage point"),
    Outcome("buyer_secured", "Leverage secured by buyers", "buyer_secured_share", "share", ALL, LEVERAGE, 0.01,
            "one percentage point"),
    Outcome("realised", "Surplus that prices give to sellers", "realised_seller_share", "share", ALL, LEVERAGE,
            0.01, "one percentage point"),
    Outcome("price_first", "Price index, first year", "price_index_usd_per_gpu_hour", "usd", FIRST, PRICES, 0.01,
            "1 % of the baseline", relative=True, good=-1),
    Outcome("price_last", "Price index, last year", "price_index_usd_per_gpu_hour", "usd", LAST, PRICES, 0.01,
            "1 % of the baseline", relative=True, good=-1),
    Outcome("contract_price", "Price of contracts in force", "contract_price_usd_per_gpu_hour", "usd", ALL, PRICES,
            0.01, "1 % of the baseline", relative=True, good=-1),
    Outcome("hhi_fleet", "HHI, whole fleet", "hhi_fleet", "index", ALL, CONCENTRATION, 100.0, _GUIDELINE),
    Outcome("hhi_merchant", "HHI, merchant capacity", "hhi_merchant", "index", ALL, CONCENTRATION, 100.0,
            _GUIDELINE),
    Outcome("hhi_sales", "HHI, sales", "hhi_sales", "index", ALL, CONCENTRATION, 100.0, _GUIDELINE),
    Outcome("velocity_first", "Velocity of the labs, first year", "velocity_mean", "level", FIRST, RACE, 0.005,
            "half a hundredth of a log unit a quarter"),
    Outcome("velocity_last", "Velocity of the labs, last year", "velocity_mean", "level", LAST, RACE, 0.005,
            "half a hundredth of a log unit a quarter"),
    Outcome("gap", "Lead of the first lab over the second", "capability_gap", "level", LAST, RACE, 0.02,
            "two hundredths of a log unit", good=-1),
    Outcome("entropy", "Spread of compute over labs (entropy)", "entropy", "number", ALL, RACE, 0.02,
            "2 % more equal labs"),
    Outcome("proliferation", "Labs near the frontier", "labs_near_frontier", "number", LAST, RACE, 0.25,
            "a quarter of a lab"),
    Outcome("entry_lag", "Quarters to a lab's first compute", "entry_lag", "quarters", ALL, RACE, 0.5,
            "half a quarter", good=-1),
    Outcome("consumer_surplus", "Consumer surplus, a quarter", "consumer_surplus_musd", "money", ALL, USERS, 0.01,
            "1 % of the baseline", relative=True, good=1),
    Outcome("welfare", "Surplus of the compute market, a quarter", "surplus_resource_musd", "money", ALL, USERS,
            0.01, "1 % of the baseline", relative=True, good=1),
    Outcome("capacity", "Capacity online, last year", "capacity_kh100e", "compute", LAST, USERS, 0.01,
            "1 % of the baseline", relative=True, good=1),
)  # fmt: skip
"""Outcomes of the market, in the order in which a page shows them."""

LAB_OUTCOMES: tuple[Outcome, ...] = (
    Outcome("velocity_first", "Velocity, first year", "velocity", "level", FIRST, RACE, 0.005, table="firms"),
    Outcome("velocity_last", "Velocity, last year", "velocity", "level", LAST, RACE, 0.005, table="firms"),
    Outcome("behind", "Behind the leader, last year", "capability_gap", "level", LAST, RACE, 0.02, table="firms"),
    Outcome("product_share", "Product share, last year", "product_share", "share", LAST, RACE, 0.005,
            table="firms"),
    Outcome("served", "Need served, first year", "served_share", "share", FIRST, RACE, 0.01, table="firms"),
)  # fmt: skip
"""Outcomes of every lab, without their unit."""

RELATION_OUTCOME = Outcome(
    "seller_secured", "Secured by the seller", "seller_secured_share", "share", ALL, LEVERAGE, 0.01, table="links"
)  # fmt: skip
"""The outcome of every relation, without its unit."""


def outcome(key: str) -> Outcome:
    """An outcome of the market by its key.

    Raises
    ------
    KeyError
        When there is none; the message lists them.
    """
    for item in OUTCOMES:
        if item.key == key:
            return item
    raise KeyError(f"no outcome {key!r}; outcomes: {', '.join(item.key for item in OUTCOMES)}")
