"""Building against the fleet at arrival, and chip supply whose growth slows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from market_abm.economy.paths import decaying, held_then_slowing
from tests.model.planted import provider, run, users, world
from tests.model.tables import cell

SHORTAGE = {"index": 8.0, "segments": {"Users": users(100)}}


def orders(
    build: str, cap: float = 0.5, lead: int = 3, quarters: int = 1, scale: float = 1.0, **fleet: Any
) -> float:
    """What a lone seller in a shortage orders in the last quarter, kH100e: the growth cap binds."""
    seller = provider(growth_cap=cap, lead_time=lead, **fleet)
    rules = {"psi": 0.1, "entry_scale": scale, "strategies": {"build": build}}
    data = world({"Seller": seller}, behaviour=rules, **SHORTAGE)
    return cell(run(data, quarters), quarters - 1, "firms", "orders_kh100e", firm="Seller")


def test_what_is_on_order_counts_as_fleet():
    """Ten online, four coming before the arrival: half of fourteen instead of half of ten."""
    coming = {"2026Q3": 1, "2026Q4": 3}
    assert orders("default", pipeline=coming) == pytest.approx(5.0)
    assert orders("at_arrival", pipeline=coming) == pytest.approx(7.0)


def test_what_arrives_with_or_after_the_order_does_not():
    assert orders("at_arrival", pipeline={"2027Q3": 4}) == pytest.approx(5.0)


def test_without_anything_on_order_the_rules_agree():
    assert orders("at_arrival") == pytest.approx(orders("default")) == pytest.approx(5.0)


def test_growth_compounds_over_the_lead_time():
    """Orders of successive quarters: 5, 5 of the default rule while nothing arrives, 5 and 7.5 at arrival."""
    assert orders("default", quarters=2) == pytest.approx(5.0)
    assert orders("at_arrival", quarters=2) == pytest.approx(7.5)


def test_what_an_entrant_can_start_with_a_small_builder_can_add():
    assert orders("at_arrival", scale=8.0) == pytest.approx(8.0)
    assert orders("default", scale=8.0) == pytest.approx(5.0)
    assert orders("at_arrival", scale=8.0, cap=0.0) == 0.0  # who may not grow does not


def test_deliveries_slow_to_a_floor():
    """From 10 in the first quarter, growth 1, halving its distance to 0.2 every quarter: 1, 0.6, 0.4."""
    path = held_then_slowing({"2026Q3": 10.0}, 1.0, 0.2, 1.0, 2026 * 4 + 2, 4)
    assert path == pytest.approx([10.0, 20.0, 32.0, 44.8])
    late = held_then_slowing({"2026Q3": 10.0, "2026Q4": 12.0}, 1.0, 0.2, 1.0, 2026 * 4 + 2, 3)
    assert late == pytest.approx([10.0, 12.0, 24.0])
    assert np.allclose(decaying(1.0, 0.2, 1.0, 3), [1.0, 0.6, 0.4])


def test_a_floor_moves_what_a_chip_supplier_delivers():
    """Rationed builders order what is left: less where growth slows."""
    found = {}
    for floor in (None, 0.0):
        chips = {
            "Chips": {
                "deliveries": {"2026Q3": 2},
                "growth_after": 0.5,
                "growth_floor": floor,
                "growth_half_life": 1,
            }
        }
        data = world(
            {"Seller": provider(growth_cap=3)}, upstream={"chips": chips}, behaviour={"psi": 0.1}, **SHORTAGE
        )
        found[floor] = cell(run(data), 0, "firms", "orders_kh100e", firm="Seller")
    assert found[None] == pytest.approx(2 * 1.5**3)
    assert found[0.0] == pytest.approx(2 * 1.5 * 1.25 * 1.125)
