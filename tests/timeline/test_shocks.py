"""Shocks hold, fade and leave behind what they destroyed; the spot market keeps to the links."""

from __future__ import annotations

import re
from typing import Any

import pytest

from market_abm.scenario.timeline import KINDS, Fading
from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell, rows

FADING = sorted(name for name, kind in KINDS.items() if issubclass(kind, Fading))


def served(model: Any, quarters: int, who: str = "Buyer") -> list[float]:
    """What a buyer uses, quarter by quarter, kHQ."""
    return [float(cell(model, t, "firms", "served_khq", firm=who)) for t in range(quarters)]


def test_an_outage_fades_in_equal_steps_and_is_over() -> None:
    shock = {"kind": "capacity_shock", "quarter": "2026Q4", "until": "2027Q1", "recovery": 3, "change": -0.8}
    model = run(pair(timeline=[shock]), 7)
    assert served(model, 7) == pytest.approx([10.0, 2.0, 2.0, 4.0, 6.0, 8.0, 10.0])


def test_every_shock_has_a_recovery_and_every_kind_names_its_literature() -> None:
    assert FADING == [
        "capacity_shock", "capex_shock", "chip_shock", "credit_crunch", "demand_shock", "power_shock",
    ]  # fmt: skip
    for name, kind in KINDS.items():
        if name != "null":
            for text in (kind.__doc__ or "", kind.model_fields["kind"].description or ""):
                assert re.search(r"\b(19|20)\d\d\b", text), name


def chips(change: float, quarters: int) -> list[float]:
    """Capacity of a firm whose announced arrivals need a supplier that is disrupted for two quarters."""
    pipeline = {"2026Q3": 4, "2026Q4": 4, "2027Q1": 4, "2027Q2": 4, "2027Q3": 0}
    firms = {"Seller": provider(pipeline=pipeline, chips={"Chips": 1}), "Buyer": lab([4.5, 40])}
    shock = {"kind": "chip_shock", "quarter": "2026Q4", "until": "2027Q1", "change": change}
    data = world(
        firms, timeline=[shock], behaviour={"retirement": 0},
        upstream={"chips": {"Chips": {"deliveries": {"2026Q3": 5}, "growth_after": 0}}},
    )  # fmt: skip
    model = run(data, quarters)
    return [float(cell(model, t, "firms", "capacity_kh100e", firm="Seller")) for t in range(quarters)]


def test_what_a_chip_supplier_does_not_make_is_made_up_for_only_as_far_as_it_has_room() -> None:
    calm, shocked = chips(0.0, 10), chips(-1.0, 10)
    assert calm[:6] == pytest.approx([10, 14, 18, 22, 26, 26])
    # Eight are not made. Room beyond what is due: one in 2027Q2, then all five.
    assert shocked == pytest.approx([10, 14, 14, 14, 19, 24, 26, 26, 26, 26])


def spot(**links: Any) -> Any:
    """Everything is bought after the demand shock: two sellers, and two labs of which one reaches a seller only."""
    firms = {"Near": provider(), "Far": provider(), "One": lab([4.0, 10]), "Two": lab([3.0, 20])}
    data = world(firms, behaviour={"contracted_share": 0.0}, **links)
    return data


def flows(data: dict[str, Any]) -> dict[str, float]:
    """Spot purchases of each lab, kHQ."""
    model = run(data)
    return {who: float(cell(model, 0, "firms", "bought_khq", firm=who)) for who in ("One", "Two")}


def test_the_spot_market_keeps_to_qualified_links_and_their_caps() -> None:
    data = spot()
    assert flows(data) == pytest.approx({"One": 10.0, "Two": 10.0})
    data["links"] += [{"supplier": "Far", "buyer": "One", "qualified": False},
                      {"supplier": "Near", "buyer": "One", "qualified": True, "cap": 4}]  # fmt: skip
    assert flows(data) == pytest.approx({"One": 4.0, "Two": 16.0})


def test_the_spot_market_keeps_to_bans_and_to_exclusivity() -> None:
    data = spot(
        timeline=[{"kind": "export_control", "quarter": "2026Q3", "supplier": "Near", "buyer": "Two"}]
    )
    assert flows(data) == pytest.approx({"One": 10.0, "Two": 10.0})
    data["timeline"].append(
        {"kind": "export_control", "quarter": "2026Q3", "supplier": "Far", "buyer": "Two"}
    )
    assert flows(data) == pytest.approx({"One": 10.0, "Two": 0.0})
    alone = spot()
    alone["links"].append({"supplier": "Far", "buyer": "Two", "exclusive": True})
    alone["links"].append({"supplier": "Near", "buyer": "Two", "exclusive": True})
    assert flows(alone) == pytest.approx({"One": 0.0, "Two": 20.0})


def test_each_part_of_a_split_spot_market_has_its_own_price() -> None:
    firms = {"Near": provider(), "Far": provider(), "One": lab([4.0, 12]), "Two": lab([3.0, 12])}
    data = world(firms, behaviour={"contracted_share": 0.0})
    for supplier, buyer in (("Near", "Two"), ("Far", "One")):
        data["links"].append({"supplier": supplier, "buyer": buyer, "qualified": False})
    income = {
        who: cell(run(data), 0, "firms", "compute_income_musd", firm=who) / 21.9 for who in ("Near", "Far")
    }
    assert income == pytest.approx({"Near": 4.0, "Far": 3.0}, rel=1e-6)


def test_a_link_cap_counts_what_the_link_carries_already() -> None:
    data = pair(contracts={
        "K": {"supplier": "Seller", "buyer": "Buyer", "volume": 3, "price": 1, "start": "2026Q1", "end": "2029Q4"}
    })  # fmt: skip
    data["links"].append({"supplier": "Seller", "buyer": "Buyer", "cap": 5})
    model = run(data)
    assert served(model, 1) == pytest.approx([5.0])
    assert sum(row["volume_khq"] for row in rows(model.records[0]["links"])) == pytest.approx(5.0)


def test_a_segment_reached_by_nobody_buys_nothing_on_the_spot_market() -> None:
    data = world(
        {"Seller": provider(), "Buyer": lab([4.0, 4])}, behaviour={"contracted_share": 0.0},
        segments={"Users": users(10, reach="links")},
    )  # fmt: skip
    data["links"].append({"supplier": "Seller", "buyer": "Users", "qualified": False})
    assert served(run(data), 1, "Users") == [0.0]
