"""Every mechanism of building, money and upstream moves a named output in a planted case."""

from __future__ import annotations

from typing import Any

import pytest

from market_abm.model import ComputeMarket
from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell, column

CAPEX = 36.0
COMING: dict[str, float] = {"2026Q3": 10}


def builder(cash: float = 10_000, *, quarters: int = 2, **sections: Any) -> ComputeMarket:
    """A seller with ten kH100e on its way, and users who want more than there is."""
    seller = provider(pipeline=COMING) | {"cash": cash, **sections.pop("seller", {})}
    return run(world({"Seller": seller}, segments={"Users": users(30)}, **sections), quarters)


def online(model: ComputeMarket) -> list[float]:
    """Capacity online, kH100e, by quarter."""
    return [float(value) for value in column(model, "capacity_kh100e")]


def firm(model: ComputeMarket, name: str, t: int = 0, who: str = "Seller") -> Any:
    """A cell of the firms table."""
    return cell(model, t, "firms", name, firm=who)


def test_a_buyers_finance_cap_moves_what_it_buys() -> None:
    served = []
    for cash in (10_000, 15, 0):
        data = pair(index=1.45)
        data["firms"]["Buyer"]["cash"] = cash
        model = run(data)
        served.append(firm(model, "served_khq", who="Buyer"))
        bound = cell(model, 0, "decisions", "binding", firm="Buyer", verb="buy")
        assert bound == ("" if cash > 1000 else "finance")
    assert served == pytest.approx([10.0, 15 / (1.45 * 2.19), 0.0], abs=1e-5)


def test_what_lenders_lend_moves_what_is_built() -> None:
    capex = {}
    for multiple in (0.0, 0.5, 1.0):
        model = builder(0, behaviour={"credit_multiple": multiple, "collateral_rate": 0.5}, quarters=1)
        capex[multiple] = firm(model, "capex_musd")
    # Running the fleet costs less than users pay: receipts of the quarter are there to build with.
    receipts = capex[0.0]
    assert 0 < receipts < 100
    assert capex[0.5] == pytest.approx(receipts + 0.5 * 0.5 * 10 * CAPEX, rel=1e-6)
    assert capex[1.0] == pytest.approx(receipts + 1.0 * 0.5 * 10 * CAPEX, rel=1e-6)


def test_the_collateral_rate_moves_what_is_built() -> None:
    capex = [
        firm(
            builder(0, behaviour={"credit_multiple": 0.5, "collateral_rate": rate}, quarters=1), "capex_musd"
        )
        for rate in (0.0, 0.4, 0.8)
    ]
    assert capex[1] - capex[0] == pytest.approx(0.5 * 0.4 * 10 * CAPEX, rel=1e-6)
    assert capex[2] - capex[1] == pytest.approx(0.5 * 0.4 * 10 * CAPEX, rel=1e-6)


def test_a_credit_crunch_moves_capex_and_interest() -> None:
    crunch = {"kind": "credit_crunch", "quarter": "2026Q3", "change": -1, "spread": 0.1}
    before, after = builder(0, quarters=1), builder(0, quarters=1, timeline=[crunch])
    assert firm(after, "capex_musd") < firm(before, "capex_musd") - 80
    assert firm(after, "binding") == "finance"
    indebted = {"debt": 1000}
    calm, dear = (
        firm(builder(seller=indebted, quarters=1, timeline=entries), "cash_musd")
        for entries in ([], [crunch])
    )
    assert calm - dear == pytest.approx(1000 * (1.1**0.25 - 1.0), rel=1e-6)


def test_a_credit_limit_stops_building_for_good() -> None:
    model = builder(0, seller={"other_cash_flow": -500}, quarters=2)
    assert firm(model, "credit_limit_reached")
    assert column(model, "credit_limit_firms") == [1, 1]
    assert firm(model, "capex_musd", 1) == 0.0
    assert not firm(builder(0, quarters=2), "credit_limit_reached", 1)


def test_the_lead_time_moves_when_capacity_arrives() -> None:
    first = {}
    for lead in (1, 2, 4):
        seller = provider(lead_time=lead, growth_cap=0.5)
        data = world(
            {"Seller": seller}, index=4.0, segments={"Users": users(10)}, behaviour={"base_growth": 0.1}
        )
        capacity = online(run(data, 7))
        first[lead] = next(t for t, k in enumerate(capacity) if k > 10.0)
    assert first == {1: 2, 2: 3, 4: 5}


def test_a_slip_moves_when_capacity_arrives() -> None:
    first = []
    for slip in (0.0, 1.0):
        data = world(
            {"Seller": provider(growth_cap=0.5)}, index=4.0, segments={"Users": users(10)},
            behaviour={"base_growth": 0.1}, upstream={"slip_probability": slip},
        )  # fmt: skip
        first.append(next(t for t, k in enumerate(online(run(data, 8))) if k > 10.0))
    assert first == [4, 5]


def test_the_growth_cap_moves_orders() -> None:
    orders = []
    for cap in (0.0, 0.05, 0.5):
        data = world(
            {"Seller": provider(growth_cap=cap)}, index=4.0, segments={"Users": users(10)},
            behaviour={"base_growth": 0.1},
        )  # fmt: skip
        orders.append(firm(run(data), "orders_kh100e"))
    assert orders[0] == 0.0
    assert orders[1] == pytest.approx(0.5)
    assert orders[2] > 1.0


def test_the_adjustment_cost_moves_orders() -> None:
    orders = []
    for psi in (3, 12):
        data = world(
            {"Seller": provider(growth_cap=1)}, index=4.0, segments={"Users": users(10)},
            behaviour={"psi": psi},
        )  # fmt: skip
        orders.append(firm(run(data), "orders_kh100e"))
    assert orders[0] == pytest.approx(4 * orders[1], rel=1e-6)
    assert orders[1] > 0


def test_a_chip_shock_moves_what_is_delivered_and_what_is_online() -> None:
    chips = {"chips": {"Chips": {"deliveries": {"2026Q3": 10}, "growth_after": 0}}}
    shock = {"kind": "chip_shock", "quarter": "2026Q3", "until": "2026Q3", "change": -0.6}
    calm, short = builder(upstream=chips), builder(upstream=chips, timeline=[shock])
    assert (firm(calm, "capex_musd"), firm(short, "capex_musd")) == pytest.approx((10 * CAPEX, 4 * CAPEX))
    assert online(calm)[1] - online(short)[1] == pytest.approx(6.0)
    assert firm(short, "binding") == "chips"
    assert column(short, "chips_bind_share")[0] == 1.0


def test_a_power_shock_moves_what_comes_online() -> None:
    grid = {"regions": {"Grid": {"power": {"2026Q3": 12.5}, "growth_after": 0}}}
    shock = {"kind": "power_shock", "quarter": "2026Q3", "until": "2026Q4", "change": -0.6}
    calm, short = builder(upstream=grid, quarters=3), builder(upstream=grid, quarters=3, timeline=[shock])
    assert online(calm) == pytest.approx([10, 20, 20])
    assert online(short) == pytest.approx([10, 14, 20])
    assert firm(short, "binding", 1) == "power"
    assert column(short, "power_bind_share")[1] == 1.0


def test_a_capex_shock_moves_capex() -> None:
    shock = {"kind": "capex_shock", "quarter": "2026Q3", "change": 0.5}
    assert firm(builder(quarters=1, timeline=[shock]), "capex_musd") == pytest.approx(15 * CAPEX)


def test_retirement_moves_capacity() -> None:
    assert online(builder(behaviour={"retirement": 0.1}))[1] == pytest.approx(9 + 10)


def test_a_short_chip_market_moves_the_price_of_capacity() -> None:
    spent = []
    for rise in (0.0, 1.0):
        chips = {"chips": {"Chips": {"deliveries": {"2026Q3": 1}, "growth_after": 0}}, "ration_price": rise}
        seller = provider(growth_cap=2.0, pipeline={"2026Q4": 5})
        data = world({"Seller": seller}, index=4.0, segments={"Users": users(10)}, upstream=chips,
                     behaviour={"base_growth": 0.5})  # fmt: skip
        spent.append(firm(run(data, 2), "capex_musd", 1))
    assert spent[1] > 1.5 * spent[0] > 0


def test_need_of_cash_keeps_a_seller_in_a_cheap_contract() -> None:
    kinds = {}
    for switched_on in (True, False):
        book = {"K": {"supplier": "Seller", "buyer": "Buyer", "volume": 10, "price": 1.9, "start": "2026Q1",
                      "end": "2029Q4", "firm_until": "2026Q2"}}  # fmt: skip
        data = world(
            {"Seller": provider(pipeline={"2026Q3": 10}) | {"cash": 0}, "Buyer": lab([4.5, 12])}, contracts=book,
            behaviour={"wacc_cash_need": 0.2},
        )  # fmt: skip
        data["behaviour"]["motives"]["cash_need"] = switched_on
        kinds[switched_on] = [e["kind"] for e in run(data).records[0]["events"] if e["stage"] == 2]
    assert kinds == {True: [], False: ["repriced"]}
