"""Equal sellers times tightness through the full model: one or two are a chokepoint when tight, sixteen never."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest

from market_abm.measures.controls import SELLERS, TIGHTNESS, ladder
from market_abm.measures.user_cost import long_run_user_cost
from market_abm.scenario import Scenario, scenario_from
from market_abm.units import musd_per_khq, quarterly_rate, usd_per_gpu_hour
from tests.model.shuffled import content
from tests.model.tables import ran

ELASTICITY, CAPACITY, TIGHT = 0.9, 1000.0, 1.1**0.9


def world(sellers: int, tightness: float, per_owner: int = 1) -> Scenario:
    """Equal providers and one elastic segment that wants ``tightness`` x capacity at the long-run user cost."""
    data: dict[str, Any] = content("lone-lessor")
    pattern = data["firms"]["Lessor"]
    fleet = pattern["fleet"]
    user_cost = long_run_user_cost(
        fleet["capex"], musd_per_khq(fleet["unit_cost"]), 0.9, quarterly_rate(pattern["wacc"]), 20, 0.0
    )
    data["firms"] = {}
    for k in range(sellers):
        firm = copy.deepcopy(pattern)
        firm["owner"] = f"Owner {k // per_owner:02d}"
        firm["fleet"]["online"] = CAPACITY / sellers
        data["firms"][f"Seller {k:02d}"] = firm
    users = {"use": tightness * CAPACITY, "elasticity": ELASTICITY, "blocks": None}
    data["segments"]["Users"].update(users)
    data["behaviour"].update(index_price=float(usd_per_gpu_hour(user_cost)), choke=10)  # as in the ladder
    return scenario_from(data)


@cache
def rung(sellers: int, tightness: float, per_owner: int = 1) -> dict[str, Any]:
    """Step row of the second quarter, and of its firms the sellers' grades, price effects and losses."""
    record = ran(world(sellers, tightness, per_owner), 0, quarters=2).records[-1]
    firms = record["firms"]
    held = [i for i, name in enumerate(firms["firm"]) if name.startswith("Seller")]
    columns = ("grade", "price_effect", "loss_of_others_share")
    return {**record["steps"], **{name: firms[name][held] for name in columns}}


@pytest.mark.parametrize("tightness", TIGHTNESS)
@pytest.mark.parametrize("sellers", SELLERS)
def test_the_model_flags_one_or_two_sellers_when_tight_and_never_sixteen_or_a_glut(
    sellers: int, tightness: float
) -> None:
    row = rung(sellers, tightness)
    assert row["tightness"] == pytest.approx(tightness, rel=0.01)
    assert bool(row["tight"]) == (tightness >= TIGHT)
    flagged = set(row["grade"]) <= {"chokepoint", "critical"}
    if not row["tight"]:
        assert set(row["grade"]) == {"none"}
    elif sellers <= 2:
        assert flagged
    elif sellers == 16:
        assert not set(row["grade"]) & {"chokepoint", "critical"}


@pytest.mark.parametrize("sellers", [4, 8])
def test_in_between_the_model_agrees_with_the_ladder_of_the_rule(sellers: int) -> None:
    for alone in ladder((sellers,), (1.2, 1.4), ELASTICITY):
        row = rung(sellers, alone.tightness)
        assert (row["chokepoint_firms"] > 0) == alone.chokepoint
        assert row["price_effect"] == pytest.approx(np.full(sellers, alone.price_effect), rel=0.1)


@pytest.mark.parametrize("sellers", [4, 8, 16])
def test_common_ownership_raises_the_price_part_and_the_loss_of_others(sellers: int) -> None:
    alone, pairs = rung(sellers, 1.2), rung(sellers, 1.2, per_owner=2)
    assert (pairs["price_effect"] > 1.8 * alone["price_effect"]).all()
    assert (pairs["loss_of_others_share"] > alone["loss_of_others_share"]).all()
    assert pairs["price_index_usd_per_gpu_hour"] == alone["price_index_usd_per_gpu_hour"]


def test_owning_pairs_turns_eight_sellers_that_are_no_chokepoint_into_four_that_are() -> None:
    assert rung(8, 1.2)["chokepoint_firms"] == 0
    assert rung(8, 1.2, per_owner=2)["chokepoint_firms"] == 8
