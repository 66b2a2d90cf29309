"""One seller, one buyer, one block: the full model pays c + kappa + beta (v - c - kappa - s/T) under four protocols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from market_abm.scenario import load_scenario
from tests.model.tables import cell, ran

PROTOCOLS = ("split", "nash_in_nash", "nntr", "competitive")
COST, VALUE, SWITCHING, TERM, INDEX = 0.5, 4.5, 0.8, 4, 1.45


def signed(protocol: str, changes: dict[str, Any]) -> tuple[float, float]:
    """Price and wedge of the first contract, USD per GPU-hour."""
    scenario = load_scenario("bilateral-monopoly", {"behaviour.protocol": protocol, **changes})
    model = ran(scenario, 0, quarters=1)
    link = {"supplier": "Seller", "buyer": "Buyer"}
    price = cell(model, 0, "links", "new_price_usd_per_gpu_hour", **link)
    assert cell(model, 0, "contracts", "price_usd_per_gpu_hour", **link) == pytest.approx(price, rel=1e-12)
    return float(price), float(cell(model, 0, "links", "wedge_usd_per_gpu_hour", **link))


def expected(beta: float, kappa: float) -> float:
    return COST + kappa + beta * (VALUE - COST - kappa - SWITCHING / TERM)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("beta", [0.0, 0.25, 0.5, 1.0])
def test_the_first_price_splits_the_surplus_by_the_bargaining_weight(protocol: str, beta: float) -> None:
    price, kappa = signed(protocol, {"behaviour.beta": beta})
    assert kappa == 0.0
    assert price == pytest.approx(expected(beta, 0.0), abs=2e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("stake", "harm"), [(0.4, 0.0), (0.0, 0.3), (0.4, 0.3)])
def test_the_wedge_shifts_the_floor_and_is_shared_like_a_cost(
    protocol: str, stake: float, harm: float
) -> None:
    changes = {
        "firms.Buyer.lab.product_share": 1,
        "firms.Buyer.lab.revenue": 50,
        "firms.Seller.stakes.Buyer": stake,
        "firms.Seller.rival_harm.Buyer": harm,
        "behaviour.omega": 0.5,
        "behaviour.beta": 0.25,
    }
    price, kappa = signed(protocol, changes)
    assert kappa == pytest.approx(INDEX * (harm - 0.5 * stake), abs=2e-6)
    assert price == pytest.approx(expected(0.25, kappa), abs=2e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_buyer_pays_that_price_for_the_whole_block_and_nothing_else(protocol: str) -> None:
    scenario = load_scenario("bilateral-monopoly", {"behaviour.protocol": protocol})
    model = ran(scenario, 0, quarters=1)
    paid = cell(model, 0, "firms", "compute_spend_musd", firm="Buyer")
    assert paid == cell(model, 0, "firms", "compute_income_musd", firm="Seller")
    assert paid == pytest.approx(10 * 2.19 * expected(0.25, 0.0), rel=1e-6)
    assert np.isclose(cell(model, 0, "firms", "served_khq", firm="Buyer"), 10.0)
