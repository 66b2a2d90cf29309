"""Selling strategies that distort quantity or price, in planted markets where their closed forms are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from market_abm.scenario import load_scenario
from tests.model.planted import lab, provider, run, world
from tests.model.tables import cell, column, differences, ran

SMALL = "two-clouds-three-labs"
FLUID = {"behaviour.own_rollover": 0, "behaviour.cloud_rollover": 0, "behaviour.forward_sale": 0,
         "segments.Enterprise.rollover": 0, "contracts": {}}  # fmt: skip


def linear(sell: str, sellers: int = 1, **fleet: Any) -> dict[str, Any]:
    """Equal sellers at cost 0.5 facing P = 6 - Q / 2 (USD per GPU-hour, kHQ), all of it free."""
    firms = {f"Seller {k}": provider(**{"online": 15} | fleet) for k in range(sellers)}
    firms["Buyer"] = lab(*[[6 - 0.05 * (k + 0.5), 0.1] for k in range(119)])
    return world(firms, behaviour={"strategies": {"sell": sell}, "contracted_share": 0.8})


def step(data: dict[str, Any], name: str) -> float:
    """A number of the first quarter."""
    return float(column(run(data), name)[0])


@pytest.mark.parametrize("sellers", [1, 2, 3])
def test_withholding_sells_cournots_quantity_at_cournots_price(sellers: int) -> None:
    data = linear("withhold", sellers)
    assert step(data, "served_khq") == pytest.approx(11 * sellers / (sellers + 1), rel=0.03)
    assert step(data, "price_index_usd_per_gpu_hour") == pytest.approx(0.5 + 5.5 / (sellers + 1), rel=0.05)


@pytest.mark.parametrize("sell", ["withhold", "posted"])
def test_a_sole_seller_cuts_output_and_raises_the_price(sell: str) -> None:
    """The monopoly price is 3.25 at a volume of 5.5; an efficient allocation sells 11 kHQ."""
    assert step(linear("default"), "served_khq") == pytest.approx(11.0)
    assert step(linear(sell), "served_khq") == pytest.approx(5.5, rel=0.03)
    assert step(linear(sell), "spot_price_usd_per_gpu_hour") == pytest.approx(3.25, rel=0.03)


def test_what_is_withheld_is_kept_off_the_spot_market() -> None:
    """A fifth of demand is left to spot; the seller offers there no more than the rest of its offer."""
    model = run(linear("withhold"))
    signed = cell(model, 0, "links", "new_volume_khq", supplier="Seller 0", buyer="Buyer")
    sold = cell(model, 0, "firms", "sold_khq", firm="Seller 0")
    assert signed == pytest.approx(0.8 * sold)
    assert sold == pytest.approx(5.5, rel=0.03)


def test_who_plays_it_withholds_alone() -> None:
    """Facing P = 6 - Q / 2 less a rival's 4 kHQ, the best reply is (11 - 4) / 2."""
    data = linear("default", 2)
    data["firms"]["Seller 1"]["fleet"]["online"] = 4
    data["firms"]["Seller 0"]["strategies"] = {"sell": "withhold"}
    model = run(data)
    sold = [cell(model, 0, "firms", "sold_khq", firm=f"Seller {k}") for k in (0, 1)]
    assert sold == pytest.approx([3.5, 4.0], rel=0.05)


def test_nobody_withholds_in_a_thin_free_market_and_somebody_does_when_all_is_free() -> None:
    """Contracts in force fix what most capacity earns, so a higher price pays on little (Allaz and Vila 1993)."""
    moved = {}
    for name, changes in (("thin", {}), ("fluid", FLUID)):
        base = load_scenario(
            SMALL, {"horizon.quarters": 1, "firms.Cloud North.fleet.online": 1500, **changes}
        )
        served = [
            column(ran(base.with_set({"behaviour.strategies.sell": sell}), 1), "served_khq")[0]
            for sell in ("default", "withhold")
        ]
        moved[name] = served[1] / served[0] - 1.0
    assert moved["thin"] == 0.0
    assert moved["fluid"] < -0.05


def test_a_firm_does_not_withhold_from_its_own_lab() -> None:
    data = linear("withhold", online=8)
    owner = data["firms"].pop("Seller 0")
    data["firms"]["Owner"] = owner | {"kind": "hyperscaler", "lab": lab([5.0, 6])["lab"]}
    model = run(data)
    assert cell(model, 0, "firms", "own_use_khq", firm="Owner") == pytest.approx(6.0)


def test_a_posted_price_is_not_bargained_over() -> None:
    """Whatever the weight, every outsider pays the one price, and the owner's lab pays none."""
    data = linear("posted", 2, online=8)
    owner = data["firms"].pop("Seller 0")
    data["firms"]["Owner"] = owner | {"kind": "hyperscaler", "lab": lab([3.0, 2])["lab"]}
    data["firms"]["Other Buyer"] = lab([4.0, 3])
    prices = []
    for beta in (0.1, 0.9):
        data["behaviour"]["beta"] = beta
        model = run(data)
        links = model.records[0]["links"]
        for name in ("Owner", "Seller 1"):
            here = np.array(links["supplier"]) == name
            named = np.unique(np.asarray(links["new_price_usd_per_gpu_hour"])[here])
            prices.append(named[np.isfinite(named)].tolist())
        assert cell(model, 0, "firms", "own_use_khq", firm="Owner") == pytest.approx(2.0)
    assert all(len(named) <= 1 for named in prices)
    assert prices[:2] == prices[2:]
    assert any(prices)


def test_a_price_cap_binds_a_posted_price() -> None:
    data = linear("posted")
    data["timeline"] = [{"kind": "price_cap", "quarter": "2026Q3", "price": 1.2}]
    model = run(data)
    assert cell(model, 0, "contracts", "price_usd_per_gpu_hour", supplier="Seller 0") == pytest.approx(1.2)


def test_rivals_who_do_not_post_ask_cost() -> None:
    """Beside a rival that asks cost and has room, a posted price stays near cost."""
    data = linear("default", 2)
    data["firms"]["Seller 0"]["strategies"] = {"sell": "posted"}
    alone = step(linear("posted"), "spot_price_usd_per_gpu_hour")
    assert step(data, "price_index_usd_per_gpu_hour") < 0.6 < alone


@pytest.mark.parametrize("sell", ["withhold", "posted"])
def test_the_next_best_option_forced_has_the_stated_score(sell: str) -> None:
    scenario = load_scenario(SMALL, {"horizon.quarters": 1, "behaviour.strategies.sell": sell, **FLUID})
    base = ran(scenario, 1)
    open_ = [d for d in base.records[0]["decisions"] if d["verb"] == "sell" and d["next_option"]]
    assert open_
    forced = {(0, d["firm"], "sell"): d["next_option"] for d in open_}
    again = {
        d["firm"]: d for d in ran(scenario, 1, forced=forced).records[0]["decisions"] if d["verb"] == "sell"
    }
    for record in open_:
        assert again[record["firm"]]["option"] == record["next_option"]
        assert again[record["firm"]]["score"] == record["next_score"]
        assert record["score"] >= record["next_score"]


@pytest.mark.parametrize("sell", ["withhold", "posted"])
def test_the_same_seed_gives_the_same_bits(sell: str) -> None:
    scenario = load_scenario(SMALL, {"horizon.quarters": 2, "behaviour.strategies.sell": sell})
    assert differences(ran(scenario, 3), ran(scenario, 3)) == []
