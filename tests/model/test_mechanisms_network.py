"""Every mechanism of the supplier network, shocks to it and policies on it moves a named output in a planted case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from market_abm.model import ComputeMarket
from market_abm.scenario import scenario_from
from market_abm.strategies import get, strategy
from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell, column, ran

NOW = {"quarter": "2026Q3"}
OTHER = {"supplier": "Other", "buyer": "Buyer"}


def firm(model: ComputeMarket, name: str, who: str, t: int = 0) -> Any:
    """A cell of the firms table."""
    return cell(model, t, "firms", name, firm=who)


def unqualified(**behaviour: Any) -> dict[str, Any]:
    """A buyer in need, and a supplier that grows, at which users pay less and which it has not qualified yet."""
    other = provider(online=20, pipeline={"2026Q3": 10})
    firms = {"Seller": provider(), "Other": other, "Buyer": lab([4.5, 40])}
    data = world(firms, segments={"Users": users(20)}, behaviour=behaviour)
    data["links"].append({**OTHER, "qualified": False})
    return data


def test_the_qualification_lag_moves_when_a_new_supplier_can_be_used() -> None:
    first = {}
    for lag in (1, 2, 4):
        model = run(unqualified(qualification_lag=lag), 7)
        bought = [firm(model, "bought_khq", "Buyer", t) for t in range(7)]
        first[lag] = next(t for t, q in enumerate(bought) if q > 10.001)
        assert "qualification" in [event["kind"] for event in model.records[1]["events"]]
    assert first == {1: 2, 2: 3, 4: 5}


def test_the_cost_of_qualification_moves_whether_a_link_is_opened() -> None:
    for cost, opened in ((50, True), (100_000, False)):
        events = run(unqualified(qualification_cost=cost), 2).records[1]["events"]
        assert ("qualification" in [event["kind"] for event in events]) == opened


def test_an_access_obligation_opens_the_link_at_once_and_takes_the_wedge_off() -> None:
    data = unqualified()
    data["firms"]["Buyer"]["lab"].update(product_share=1, revenue=50)
    data["firms"]["Seller"]["rival_harm"] = {"Buyer": 0.25}
    before = run(data)
    data["timeline"] = [{"kind": "access_obligation", **NOW}]
    after = run(data)
    bought = [firm(model, "bought_khq", "Buyer") for model in (before, after)]
    assert bought[0] == pytest.approx(10.0)
    assert bought[1] > 15.0
    link = {"supplier": "Seller", "buyer": "Buyer"}
    assert cell(before, 0, "links", "wedge_usd_per_gpu_hour", **link) == pytest.approx(0.5)
    assert cell(after, 0, "links", "wedge_usd_per_gpu_hour", **link) == 0.0


def test_the_cap_of_a_link_moves_what_is_signed_over_it() -> None:
    data = pair()
    link = {"supplier": "Seller", "buyer": "Buyer"}
    data["links"].append({**link, "cap": 4})
    assert cell(run(data), 0, "links", "new_volume_khq", **link) == pytest.approx(4.0)
    assert cell(run(pair()), 0, "links", "new_volume_khq", **link) == pytest.approx(10.0)


def test_an_outage_moves_what_is_delivered() -> None:
    model = run(pair(timeline=[{"kind": "capacity_shock", **NOW, "until": "2026Q3", "change": -0.4}]), 2)
    assert [firm(model, "served_khq", "Buyer", t) for t in (0, 1)] == pytest.approx([6.0, 10.0])


def test_a_demand_shock_moves_the_price() -> None:
    def index(change: float) -> float:
        shock = {"kind": "demand_shock", **NOW, "change": change}
        data = world({"Seller": provider()}, segments={"Users": users(10)}, timeline=[shock])
        return float(column(run(data), "price_index_usd_per_gpu_hour")[0])

    assert index(0.0) == pytest.approx(2.0, rel=0.02)
    assert index(0.5) == pytest.approx(2.0 * 1.5 ** (1 / 0.9), rel=0.05)


def test_a_merger_moves_concentration_and_not_the_price() -> None:
    data = world({"Seller": provider(), "Other": provider()}, segments={"Users": users(20)})
    before = run(data)
    data["timeline"] = [{"kind": "merger", **NOW, "acquirer": "Seller", "target_firm": "Other"}]
    after = run(data)
    assert column(before, "hhi_fleet") == pytest.approx([5000])
    assert column(after, "hhi_fleet") == pytest.approx([10_000])
    assert column(after, "price_index_usd_per_gpu_hour") == column(before, "price_index_usd_per_gpu_hour")
    assert column(after, "rsi_min")[0] < column(before, "rsi_min")[0]


def test_an_entrant_moves_price_and_concentration_from_its_date() -> None:
    waiting = provider(online=0, enters="npv")
    data = world({"Seller": provider(), "Entrant": waiting}, segments={"Users": users(20)})
    before = run(data, 3)
    entry = {"kind": "entry", "quarter": "2027Q1", "firm": "Entrant", "online": 10}
    after = run({**data, "timeline": [entry]}, 3)
    price = "price_index_usd_per_gpu_hour"
    assert column(after, price)[:2] == column(before, price)[:2]
    assert column(after, price)[2] < 0.8 * column(before, price)[2]
    assert column(after, "hhi_fleet") == pytest.approx([10_000, 10_000, 5000])


def test_a_stake_moves_the_wedge_with_its_weight() -> None:
    wedges = []
    for omega in (0.0, 0.1, 1.0):
        data = pair(behaviour={"omega": omega})
        data["firms"]["Buyer"]["lab"].update(product_share=1, revenue=50)
        data["firms"]["Seller"]["stakes"] = {"Buyer": 0.2}
        wedges.append(cell(run(data), 0, "links", "wedge_usd_per_gpu_hour", supplier="Seller", buyer="Buyer"))
    assert wedges == pytest.approx([0.0, -0.04, -0.4], abs=2e-6)


def test_taste_moves_who_supplies_whom() -> None:
    def flows(seed: int, spread: float) -> tuple[float, ...]:
        firms = {name: provider() for name in ("Seller", "Other")} | {
            "Buyer": lab([4.5, 5]),
            "Twin": lab([4.5, 5]),
        }
        data = world(firms, behaviour={"taste_sd": spread})
        model = ran(scenario_from(data), seed, quarters=1)
        return tuple(round(float(firm(model, "sold_khq", name)), 6) for name in ("Seller", "Other"))

    assert len({flows(seed, 0.05) for seed in range(6)}) > 1


def test_withheld_capacity_moves_price_and_quantity() -> None:
    @strategy("sell", "half-in-tests")
    def half(view: Any, rows: Any) -> Any:
        offer = get("sell", "default")(view, rows)
        return replace(offer, capacity=0.5 * offer.capacity)

    data = world({"Seller": provider()}, segments={"Users": users(10)}, behaviour={"contracted_share": 1.0})
    whole = run(data)
    data["firms"]["Seller"]["strategies"] = {"sell": "half-in-tests"}
    part = run(data)
    price = "price_index_usd_per_gpu_hour"
    assert column(part, price)[0] > 1.8 * column(whole, price)[0]
