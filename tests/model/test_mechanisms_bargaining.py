"""Every mechanism of the bargain moves a named output in a planted case."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell

LINK = {"supplier": "Seller", "buyer": "Buyer"}


def price(data: dict[str, Any], **link: str) -> float:
    """Newly bargained price in the first quarter."""
    return float(cell(run(data), 0, "links", "new_price_usd_per_gpu_hour", **(link or LINK)))


def two_sellers(**fleet: Any) -> dict[str, Any]:
    """The buyer could outbid low-value users at a second seller: its ceiling is what that costs, once rerouted."""
    firms = {"Seller": provider(**fleet), "Other": provider(), "Buyer": lab([4.5, 10])}
    data = world(firms, segments={"Users": users(10, [2.0, 10])})
    data["links"].append({"supplier": "Other", "buyer": "Buyer", "switching_cost": 0.4})
    return data


def test_bargaining_weight_moves_the_price() -> None:
    prices = [price(pair(behaviour={"beta": beta})) for beta in (0.0, 0.25, 0.5, 1.0)]
    assert prices == pytest.approx([0.5, 1.5, 2.5, 4.5], abs=2e-6)


def test_notice_moves_the_ceiling_and_the_buyers_secured_share() -> None:
    rows = [run(two_sellers(offer_notice=notice)) for notice in (0, 1)]
    ceiling = [cell(m, 0, "links", "ceiling_usd_per_gpu_hour", **LINK) for m in rows]
    secured = [cell(m, 0, "links", "buyer_secured_share", **LINK) for m in rows]
    assert ceiling[1] < ceiling[0] - 0.3
    assert secured[1] > secured[0] + 0.05
    assert price(two_sellers(offer_notice=1)) < price(two_sellers(offer_notice=0)) - 0.1


def test_the_wedge_moves_floor_and_price() -> None:
    data = pair()
    data["firms"]["Buyer"]["lab"].update(product_share=1, revenue=50)
    neutral = run(data)
    data["firms"]["Seller"]["rival_harm"] = {"Buyer": 0.25}
    harmed = run(data)
    for column, moved in (("floor_usd_per_gpu_hour", 0.5), ("new_price_usd_per_gpu_hour", 0.25)):
        change = cell(harmed, 0, "links", column, **LINK) - cell(neutral, 0, "links", column, **LINK)
        assert change == pytest.approx(moved, abs=2e-6)


def test_switching_cost_moves_the_price_and_the_choice_of_supplier() -> None:
    data = pair()
    free = price(data)
    data["links"][0]["switching_cost"] = 0.8
    assert price(data) == pytest.approx(free - 0.5 * 0.8 / 4, abs=2e-6)
    firms = {"Seller": provider(), "Other": provider(unit_cost=0.6), "Buyer": lab([4.5, 10])}
    choice = world(firms)
    assert cell(run(choice), 0, "firms", "sold_khq", firm="Seller") == pytest.approx(10.0)
    choice["links"].append({**LINK, "switching_cost": 0.8})
    assert cell(run(choice), 0, "firms", "sold_khq", firm="Seller") == 0.0


def test_a_cap_on_switching_costs_gives_the_price_back() -> None:
    data = pair(timeline=[{"kind": "switching_cap", "quarter": "2026Q3", "switching_cost": 0.4}])
    data["links"][0]["switching_cost"] = 0.8
    assert price(data) == pytest.approx(2.5 - 0.5 * 0.4 / 4, abs=2e-6)


def test_a_price_cap_binds_new_contracts() -> None:
    capped = pair(timeline=[{"kind": "price_cap", "quarter": "2026Q3", "price": 1.2}])
    model = run(capped)
    assert cell(model, 0, "contracts", "price_usd_per_gpu_hour", **LINK) == pytest.approx(1.2)
    assert cell(model, 0, "firms", "compute_spend_musd", firm="Buyer") == pytest.approx(12 * 2.19)


def test_a_price_cap_binds_spot_sales() -> None:
    data = world(
        {"Seller": provider(), "Buyer": lab([4.5, 20])}, behaviour={"contracted_share": 0.0}, timeline=[]
    )
    free = run(data)
    assert cell(free, 0, "firms", "compute_spend_musd", firm="Buyer") > 12.1 * 2.19
    data["timeline"] = [{"kind": "price_cap", "quarter": "2026Q3", "price": 1.2}]
    capped = run(data)
    assert cell(capped, 0, "firms", "served_khq", firm="Buyer") == pytest.approx(10.0)
    assert cell(capped, 0, "firms", "compute_spend_musd", firm="Buyer") == pytest.approx(12 * 2.19)
    assert cell(capped, 0, "steps", "spot_price_usd_per_gpu_hour") == pytest.approx(1.2)


def test_the_protocol_moves_the_price_where_there_are_outside_options() -> None:
    prices = {}
    for protocol in ("split", "nash_in_nash", "nntr", "competitive"):
        data = two_sellers()
        data["behaviour"]["protocol"] = protocol
        prices[protocol] = round(price(data), 6)
    assert len(set(prices.values())) >= 3


def test_the_share_contracted_before_the_shock_moves_what_is_signed() -> None:
    for share in (0.3, 0.8):
        model = run(pair(behaviour={"contracted_share": share}))
        assert cell(model, 0, "links", "new_volume_khq", **LINK) == pytest.approx(10 * share)


def test_a_low_value_of_own_use_explains_a_lease_and_without_that_motive_there_is_none() -> None:
    signed = {}
    for switched_on in (True, False):
        owner = provider() | {"kind": "hyperscaler", "lab": lab([0.9, 10])["lab"]}
        data = world({"Seller": owner, "Buyer": lab([1.5, 10])})
        data["behaviour"]["motives"]["own_use"] = switched_on
        signed[switched_on] = cell(run(data), 0, "firms", "sold_khq", firm="Seller")
        assert cell(run(data), 0, "firms", "own_use_khq", firm="Seller") == pytest.approx(
            10 - signed[switched_on]
        )
    assert signed == pytest.approx({True: 10.0, False: 0.0})
