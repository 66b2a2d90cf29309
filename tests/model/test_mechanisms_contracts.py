"""Every mechanism of the contract book moves a named output in a planted case."""

from __future__ import annotations

from typing import Any

import pytest

from market_abm.model import ComputeMarket
from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell, column

LINK = {"supplier": "Seller", "buyer": "Buyer"}


def contract(**terms: Any) -> dict[str, Any]:
    """A term contract for the whole fleet."""
    whole = {**LINK, "volume": 10, "price": 1.0, "start": "2026Q1", "end": "2029Q4", "firm_until": "2026Q2"}
    return {**whole, **terms}


def tied(**terms: Any) -> dict[str, Any]:
    """A buyer that would use two kHQ more than its contract gives it."""
    data = pair(contracts={"K": contract(**terms)})
    data["firms"]["Buyer"] = lab([4.5, 12])
    return data


def kinds(model: ComputeMarket, t: int, stage: int = 2) -> list[str]:
    """Kinds of events of a stage in a quarter."""
    return [event["kind"] for event in model.records[t]["events"] if event["stage"] == stage]


def test_take_or_pay_moves_payment_and_use() -> None:
    rows = {}
    for theta in (1.0, 0.5, 0.0):
        data = pair(contracts={"K": contract(price=3.0, take_or_pay=theta, firm_until="2029Q4")})
        data["firms"]["Buyer"] = lab([2.0, 10])
        model = run(data)
        used = cell(model, 0, "contracts", "used_share", contract="K")
        rows[theta] = (used, cell(model, 0, "contracts", "payment_musd", contract="K"))
    assert rows[1.0] == pytest.approx((1.0, 30 * 2.19))
    assert rows[0.5] == pytest.approx((0.5, 15 * 2.19))
    assert rows[0.0] == pytest.approx((0.0, 0.0))


def test_the_firm_term_keeps_a_seller_from_giving_notice() -> None:
    for firm_until, expected in (("2026Q2", ["repriced"]), ("2028Q2", [])):
        model = run(tied(firm_until=firm_until))
        assert kinds(model, 0) == expected


def test_notice_protects_the_old_price() -> None:
    prices = []
    for notice in (0, 1, 3):
        model = run(tied(notice=notice))
        prices.append(cell(model, 0, "contracts", "price_usd_per_gpu_hour", contract="K"))
    assert prices[0] == pytest.approx(2.0)
    assert prices[0] > prices[1] + 0.1 > prices[2] + 0.2
    assert prices[2] > 1.0


def test_a_minimum_notice_is_written_into_what_is_signed() -> None:
    policy = {"kind": "minimum_notice", "quarter": "2026Q3", "notice": 3}
    model = run(pair(timeline=[policy]))
    assert cell(model, 0, "contracts", "notice_quarters", **LINK) == 3
    assert cell(run(pair()), 0, "contracts", "notice_quarters", **LINK) == 1


def test_a_recall_right_lets_the_seller_out_of_its_firm_term() -> None:
    for recall, expected in ((True, ["repriced"]), (False, [])):
        model = run(tied(firm_until="2029Q4", recall=recall))
        assert kinds(model, 0) == expected


@pytest.mark.parametrize("notice", [0, 1, 2])
def test_a_recall_brings_capacity_back_after_its_notice(notice: int) -> None:
    entry = {"kind": "recall", "quarter": "2026Q4", "contract": "K", "notice": notice}
    data = pair(contracts={"K": contract(firm_until="2029Q4")}, timeline=[entry])
    data["firms"]["Buyer"]["lab"]["blocks"] = [[1.5, 10]]
    data["firms"]["Other"] = lab([4.5, 10])
    model = run(data, 5)
    served = [cell(model, t, "firms", "served_khq", firm="Buyer") for t in range(5)]
    assert served == pytest.approx([10.0 if t < 1 + notice else 0.0 for t in range(5)])


def test_a_contract_can_be_ended_and_another_one_added_on_a_date() -> None:
    ends = {"kind": "terminate", "quarter": "2026Q4", "contract": "K"}
    lease = contract(price=1.7, start="2026Q4", volume=6, firm_until="2029Q4")
    adds = {"kind": "lease", "quarter": "2026Q4", "id": "N", "contract": lease}
    model = run(pair(contracts={"K": contract(firm_until="2029Q4")}, timeline=[ends, adds]), 2)
    names = [set(record["contracts"]["contract"]) for record in model.records]
    assert "K" in names[0] and "K" not in names[1] and "N" in names[1] - names[0]
    assert cell(model, 1, "contracts", "payment_musd", contract="N") == pytest.approx(6 * 1.7 * 2.19)


def test_prepayment_moves_cash_and_not_the_price() -> None:
    rows = {}
    for share in (0.0, 0.5):
        model = run(pair(contracts={"K": contract(prepaid=share, firm_until="2029Q4")}))
        rows[share] = cell(model, 0, "firms", "cash_musd", firm="Buyer")
        assert cell(model, 0, "contracts", "price_usd_per_gpu_hour", contract="K") == pytest.approx(1.0)
    assert rows[0.5] - rows[0.0] == pytest.approx(5 * 2.19)


def test_rollover_moves_the_share_that_is_free() -> None:
    free = {}
    for rollover in (0.9, 0.5):
        book = {"R": {"supplier": "Seller", "buyer": "Users", "kind": "rolling", "volume": 10, "price": 2.0}}
        data = world({"Seller": provider()}, segments={"Users": users(10, rollover=rollover)}, contracts=book)
        free[rollover] = cell(run(data), 0, "steps", "free_share")
    assert free == pytest.approx({0.9: 0.1, 0.5: 0.5}, abs=1e-6)


def test_rollover_of_own_use_moves_the_share_that_is_free() -> None:
    free = {}
    for rollover in (0.98, 0.5):
        firm = provider(sells=True) | {"kind": "hyperscaler"} | {"lab": lab([4.5, 10])["lab"]}
        book = {"I": {"supplier": "Seller", "buyer": "Seller", "kind": "internal", "volume": 10}}
        data = world({"Seller": firm}, contracts=book, behaviour={"own_rollover": rollover})
        free[rollover] = cell(run(data), 0, "steps", "free_share")
    assert free == pytest.approx({0.98: 0.02, 0.5: 0.5}, abs=1e-6)


def test_forward_sale_moves_the_share_of_arrivals_that_is_free() -> None:
    free = {}
    for forward in (0.0, 0.9):
        book = {"R": {"supplier": "Seller", "buyer": "Users", "kind": "rolling", "volume": 10, "price": 2.0}}
        data = world(
            {"Seller": provider(pipeline={"2026Q3": 10})},
            segments={"Users": users(25, rollover=1.0)},
            contracts=book,
            behaviour={"forward_sale": forward},
        )
        free[forward] = column(run(data, 2), "free_share")[1]
    assert free == pytest.approx({0.0: 0.5, 0.9: 0.05}, abs=1e-6)


def rivals(**sections: Any) -> dict[str, Any]:
    """Two labs that want the same fleet; the second one values it more."""
    return world({"Seller": provider(), "Buyer": lab([3.0, 10]), "Rival": lab([4.5, 10])}, **sections)


def bought(data: dict[str, Any]) -> dict[str, float]:
    model = run(data)
    return {
        name: round(float(cell(model, 0, "firms", "bought_khq", firm=name)), 6) for name in ("Buyer", "Rival")
    }


def test_an_exclusive_link_shuts_the_rival_out_and_a_ban_lets_it_in() -> None:
    assert bought(rivals()) == {"Buyer": 0.0, "Rival": 10.0}
    data = rivals()
    data["links"].append({**LINK, "exclusive": True})
    assert bought(data) == {"Buyer": 10.0, "Rival": 0.0}
    data["timeline"] = [{"kind": "exclusivity_ban", "quarter": "2026Q3"}]
    assert bought(data) == {"Buyer": 0.0, "Rival": 10.0}


def test_an_exclusive_contract_keeps_free_capacity_from_the_rival() -> None:
    for exclusive, expected in ((True, 0.0), (False, 8.0)):
        book = {"K": contract(volume=2, firm_until="2029Q4", exclusive=exclusive)}
        assert bought(rivals(contracts=book))["Rival"] == pytest.approx(expected)
