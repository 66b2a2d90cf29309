"""The calm real world behaves: no wild prices, no large firm at its credit limit, a rule with content."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from market_abm.analysis.facts import CALM
from market_abm.measures.chokepoint import disagreement
from market_abm.model import ComputeMarket
from market_abm.scenario import load_scenario


@pytest.fixture(scope="module", params=["world-2026", "colossus-lease"])
def records(request):
    scenario = load_scenario(request.param).with_set(CALM)
    return ComputeMarket(scenario, rng=0, pin=True).run().records


def column(records, name):
    return np.array([record["steps"][name] for record in records], dtype=float)


def test_no_price_moves_more_than_40_percent_in_a_quarter(records):
    for kind in ("price_index", "spot_price", "contract_price"):
        price = column(records, f"{kind}_usd_per_gpu_hour")
        assert np.abs(price[1:] / price[:-1] - 1.0).max() <= 0.4, kind


def test_utilisation_stays_between_30_and_100_percent(records):
    used = column(records, "utilisation")
    assert (used > 0.3).all()
    assert (used <= 1.0 + 1e-12).all()


def test_none_of_the_ten_largest_firms_reaches_its_credit_limit(records):
    for record in records:
        firms = pd.DataFrame(record["firms"])
        largest = firms.nlargest(10, "capacity_kh100e")
        assert largest.loc[largest["credit_limit_reached"], "firm"].tolist() == []


def test_the_chokepoint_rule_is_not_empty_on_both_levels(records):
    assert column(records, "chokepoint_firms").sum() + column(records, "relation_chokepoints").sum() > 0


def test_the_chokepoint_rule_does_not_repeat_capacity_shares(records):
    """Flags differ somewhere from a cut of merchant shares at the same rise and the segments' elasticity."""
    frames = [pd.DataFrame(record["firms"]) for record in records]
    sellers = frames[0]["rsi"].notna().to_numpy()
    codes = {"none": 0, "watch": 1, "chokepoint": 2, "critical": 3, "": 0}
    grade = np.array([[codes[g] for g in frame["grade"][sellers]] for frame in frames])
    share = np.array([frame["share_merchant"][sellers].to_numpy(float) for frame in frames])
    tight = column(records, "tight").astype(bool)
    assert disagreement(grade, tight, share, 0.9) > 0.0


def test_bounds_on_building_are_recorded(records):
    for bound in ("chips", "power", "finance", "growth"):
        share = column(records, f"{bound}_bind_share")
        known = share[np.isfinite(share)]
        assert len(known) > 0
        assert ((known >= 0) & (known <= 1)).all()
    assert np.nanmax(column(records, "power_bind_share")) > 0
