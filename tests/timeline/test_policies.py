"""Every policy moves its own target in a planted world, and holds as long as it says."""

from __future__ import annotations

from typing import Any

import pytest

from market_abm.scenario import scenario_from
from market_abm.scenario.errors import ScenarioError
from tests.model.planted import lab, pair, provider, run, users, world
from tests.model.tables import cell, column, rows

LINK = {"supplier": "Seller", "buyer": "Buyer"}


def kinds(model: Any, t: int, stage: int = 0) -> list[str]:
    """Kinds of events of a stage in a quarter."""
    return [event["kind"] for event in model.records[t]["events"] if event["stage"] == stage]


def contract(**terms: Any) -> dict[str, Any]:
    """A term contract for the whole fleet."""
    whole = {**LINK, "volume": 10, "price": 1.0, "start": "2026Q1", "end": "2029Q4", "firm_until": "2029Q4"}
    return {**whole, **terms}


def bought(model: Any, t: int, who: str = "Buyer") -> float:
    """What a buyer takes from others, kHQ."""
    return float(cell(model, t, "firms", "bought_khq", firm=who))


# ---- notice


def test_a_minimum_notice_binds_a_recall() -> None:
    recall = {"kind": "recall", "quarter": "2026Q4", "contract": "K", "notice": 1}
    least = {"kind": "minimum_notice", "quarter": "2026Q3", "notice": 3}
    ends = {}
    for name, timeline in {
        "short": [recall],
        "long": [recall, least],
        "other order": [least, recall],
    }.items():
        model = run(pair(contracts={"K": contract()}, timeline=timeline), 6)
        held = [t for t in range(6) if "K" in model.records[t]["contracts"]["contract"]]
        ends[name] = max(held)
    assert ends == {"short": 1, "long": 3, "other order": 3}


def test_a_minimum_notice_lengthens_contracts_in_force_and_new_ones() -> None:
    data = pair(contracts={"K": contract(volume=4, notice=1)})
    data["timeline"] = [{"kind": "minimum_notice", "quarter": "2026Q3", "notice": 3, "supplier": "Seller"}]
    table = rows(run(data).records[0]["contracts"])
    assert [row["notice_quarters"] for row in table if row["kind"] == "term"] == [3, 3]


# ---- separation and access


def test_separation_takes_the_wedge_off_without_opening_a_link() -> None:
    def of(*timeline: dict[str, Any]) -> Any:
        firms = {
            "Seller": provider(),
            "Buyer": lab([4.5, 10], product_share=1, revenue=50),
            "Out": lab([9, 5]),
        }
        firms["Seller"]["rival_harm"] = {"Buyer": 0.25}
        data = world(firms, timeline=list(timeline))
        data["links"].append({"supplier": "Seller", "buyer": "Out", "qualified": False})
        return run(data)

    before, after = of(), of({"kind": "functional_separation", "quarter": "2026Q3"})
    assert cell(before, 0, "links", "wedge_usd_per_gpu_hour", **LINK) == pytest.approx(0.5)
    assert cell(after, 0, "links", "wedge_usd_per_gpu_hour", **LINK) == 0.0
    assert bought(after, 0, "Out") == 0.0
    assert bought(of({"kind": "access_obligation", "quarter": "2026Q3"}), 0, "Out") > 4.9


# ---- prices


def test_transparency_makes_a_seller_post_while_it_holds() -> None:
    data = world({"Seller": provider(), "Buyer": lab([4.5, 3])}, segments={"Users": users(10)})
    before = run(data, 3)
    data["timeline"] = [{"kind": "transparency", "quarter": "2026Q4", "until": "2026Q4"}]
    after = run(data, 3)
    option = [
        next(d["option"] for d in record["decisions"] if (d["firm"], d["verb"]) == ("Seller", "sell"))
        for record in after.records
    ]
    assert ["posted" in text for text in option] == [False, True, False]
    assert (
        column(after, "price_index_usd_per_gpu_hour")[0] == column(before, "price_index_usd_per_gpu_hour")[0]
    )


def test_a_price_cap_binds_what_is_sold_forward() -> None:
    data = world({"Seller": provider(pipeline={"2026Q3": 5})}, segments={"Users": users(20, rollover=1)})
    data["behaviour"]["forward_sale"] = 1.0
    data["contracts"]["K"] = {
        "supplier": "Seller",
        "buyer": "Users",
        "kind": "rolling",
        "volume": 10,
        "price": 0.5,
    }
    data["timeline"] = [{"kind": "price_cap", "quarter": "2026Q3", "price": 0.6}]
    model = run(data, 2)
    paid = [
        row["price_usd_per_gpu_hour"]
        for row in rows(model.records[1]["contracts"])
        if row["buyer"] == "Users"
    ]
    assert max(paid) <= 0.6 + 1e-9


# ---- structure


def builders(**entry: Any) -> Any:
    """Two builders of one size at prices that make both grow."""
    fleet = {"growth_cap": 0.5, "lead_time": 1}
    data = world(
        {"Seller": provider(**fleet), "Other": provider(**fleet)}, index=6.0, segments={"Users": users(20)},
        timeline=[{"quarter": "2026Q3", **entry}] if entry else [],
    )  # fmt: skip
    return run(data, 4)


def test_a_share_cap_keeps_an_owner_from_growing_beyond_it() -> None:
    free, capped = builders(), builders(kind="share_cap", firm="Seller", share=0.52)
    mine, other = (
        [cell(model, 3, "firms", "capacity_kh100e", firm=who) for model in (free, capped)]
        for who in ("Seller", "Other")
    )
    assert mine[0] == pytest.approx(other[0]), "two builders of one size grow alike"
    assert mine[1] < 0.521 * (mine[1] + other[1])
    tight = builders(kind="share_cap", firm="Seller", share=0.4)
    orders = [cell(tight, t, "firms", "orders_kh100e", firm="Seller") for t in range(2)]
    assert orders[0] == 0.0, "at half of all capacity it may order nothing until the other has grown"
    assert cell(tight, 0, "firms", "orders_kh100e", firm="Other") > 0.0
    bound = [
        d["binding"] for d in tight.records[0]["decisions"] if (d["firm"], d["verb"]) == ("Seller", "build")
    ]
    assert bound == ["share cap"]


def test_a_divestiture_moves_capacity_and_contracts_and_nothing_is_lost() -> None:
    firms = {"Seller": provider(), "Spin": provider(online=0, enters="npv"), "Buyer": lab([4.5, 10])}
    data = world(firms, contracts={"K": contract()})
    before = run(data, 2)
    data["timeline"] = [
        {"kind": "divestiture", "quarter": "2026Q4", "supplier": "Seller", "to": "Spin", "share": 0.3}
    ]
    after = run(data, 2)
    held = {row["contract"]: row["volume_kh100e"] for row in rows(after.records[1]["contracts"])}
    assert held == pytest.approx({"K": 7.0, "K/Spin": 3.0})
    assert cell(after, 1, "firms", "capacity_kh100e", firm="Spin") == pytest.approx(3.0)
    assert column(after, "capacity_kh100e") == column(before, "capacity_kh100e")
    assert bought(after, 1) == pytest.approx(bought(before, 1))
    assert column(after, "hhi_merchant")[1] == pytest.approx(1e4 * (0.7**2 + 0.3**2))


def rivals(sizes: dict[str, float], *timeline: dict[str, Any]) -> Any:
    """Sellers of stated size, and their users."""
    firms = {name: provider(online=size) for name, size in sizes.items()}
    return run(world(firms, segments={"Users": users(sum(sizes.values()))}, timeline=list(timeline)), 2)


MERGER = {"kind": "merger", "quarter": "2026Q4", "acquirer": "A", "target_firm": "B"}
CONTROL = {"kind": "merger_control", "quarter": "2026Q3"}


@pytest.mark.parametrize("order", [1, -1])
def test_merger_control_stops_what_the_guidelines_presume_harmful(order: int) -> None:
    model = rivals({"A": 30, "B": 20, "C": 25, "D": 25}, *[MERGER, CONTROL][::order])
    assert column(model, "hhi_fleet")[1] == pytest.approx(2550)
    (told,) = [event for event in model.records[1]["events"] if event["kind"] == "merger prohibited"]
    assert told["detail"] == "HHI of merchant capacity 2,550 to 3,750 (+1,200), joint share 50.0%"


def test_merger_control_lets_small_mergers_and_earlier_ones_pass() -> None:
    small = {f"S{i:02d}": 8.0 for i in range(10)} | {"A": 10.0, "B": 10.0}
    passed = rivals(small, CONTROL, MERGER)
    assert "merger" in kinds(passed, 1) and column(passed, "hhi_fleet")[1] == pytest.approx(640 + 400)
    before = rivals({"A": 30, "B": 70}, {**MERGER, "quarter": "2026Q3"}, {**CONTROL, "quarter": "2026Q4"})
    assert column(before, "hhi_fleet") == pytest.approx([10_000, 10_000])


def test_a_merged_partner_is_no_way_around_its_owner() -> None:
    """With another owner's seller rerouting takes a quarter, without one the qualification lag."""

    def ceiling(*timeline: dict[str, Any]) -> float:
        firms = {"A": provider(online=6), "B": provider(online=6), "Buyer": lab([4.5, 9])}
        data = world(firms, timeline=list(timeline), behaviour={"qualification_lag": 4})
        table = rows(run(data).records[0]["links"])
        return float(min(row["ceiling_usd_per_gpu_hour"] for row in table))

    assert ceiling({**MERGER, "quarter": "2026Q3"}) > ceiling() + 0.1


def test_a_merger_makes_a_seller_weigh_the_labs_of_its_new_owner() -> None:
    def wedge(*timeline: dict[str, Any]) -> float:
        firms = {
            "A": {**lab([4.5, 4], product_share=0.5, revenue=50), "kind": "hyperscaler",
                  "fleet": provider()["fleet"]},
            "B": provider(), "Buyer": lab([4.5, 10], product_share=0.5, revenue=50),
        }  # fmt: skip
        model = run(world(firms, timeline=list(timeline)))
        table = rows(model.records[0]["links"])
        return next(
            r["wedge_usd_per_gpu_hour"] for r in table if (r["supplier"], r["buyer"]) == ("B", "Buyer")
        )

    assert wedge() == 0.0
    assert wedge({**MERGER, "quarter": "2026Q3"}) > 0.1


# ---- supply and controls


def test_a_public_provider_starts_grows_and_sells_at_its_price() -> None:
    firms = {"Seller": provider(), "Public": provider(online=0, enters="npv")}
    data = world(firms, segments={"Users": users(10)}, behaviour={"retirement": 0.0})
    data["timeline"] = [
        {"kind": "public_provider", "quarter": "2026Q4", "until": "2027Q1", "firm": "Public", "online": 5,
         "added": 2, "price": 0.7}
    ]  # fmt: skip
    model = run(data, 4)
    fleet = [cell(model, t, "firms", "capacity_kh100e", firm="Public") for t in range(4)]
    assert fleet == pytest.approx([0.0, 5.0, 7.0, 7.0])
    sold = [row for row in rows(model.records[1]["links"]) if row["supplier"] == "Public"]
    assert sold and all(row["price_usd_per_gpu_hour"] <= 0.7 + 1e-9 for row in sold)


def test_a_promise_of_chips_moves_who_is_filled_first() -> None:
    def filled(*timeline: dict[str, Any]) -> list[float]:
        fleet = {"growth_cap": 0.5, "lead_time": 1, "chips": {"Chips": 1}}
        firms = {"Seller": provider(**fleet), "Other": provider(**fleet)}
        data = world(
            firms, index=6.0, segments={"Users": users(20)}, timeline=list(timeline),
            upstream={"chips": {"Chips": {"deliveries": {"2026Q3": 2}, "growth_after": 0}}},
        )  # fmt: skip
        model = run(data)
        return [float(cell(model, 0, "firms", "orders_kh100e", firm=who)) for who in ("Other", "Seller")]

    rule = {"kind": "chip_allocation", "quarter": "2026Q3", "rule": "promised", "shares": {"Seller": 0.75}}
    assert filled() == pytest.approx([1.0, 1.0])
    # Both ask for 5 of 2: 1.5 are promised, the other 0.5 are shared by what is still asked for, 5 and 3.5.
    assert filled(rule) == pytest.approx([0.5 * 5 / 8.5, 1.5 + 0.5 * 3.5 / 8.5])
    assert filled({**rule, "rule": "pro_rata", "shares": {}}) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("wind_down", [0, 2])
def test_an_export_control_ends_contracts_and_lets_nothing_through_until_it_lapses(wind_down: int) -> None:
    data = pair(contracts={"K": contract()}, segments={"Users": users(1)})
    data["timeline"] = [
        {"kind": "export_control", "quarter": "2026Q4", "until": "2027Q2", "wind_down": wind_down, **LINK}
    ]
    model = run(data, 6)
    use = [bought(model, t) for t in range(6)]
    assert use[0] == pytest.approx(10.0)
    assert use[1 : 1 + wind_down] == pytest.approx([10.0] * wind_down)
    assert use[1 + wind_down : 4] == [0.0] * (3 - wind_down)
    assert use[4] > 5.0


# ---- what is refused


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {"kind": "capacity_shock", "change": -1, "recovery": 2},
            "an effect without a last quarter cannot fade",
        ),
        (
            {"kind": "divestiture", "supplier": "Seller", "to": "Seller", "share": 0.5},
            "cannot divest to itself",
        ),
        (
            {"kind": "divestiture", "supplier": "Seller", "to": "Buyer", "share": 0.5},
            "is not a firm with a fleet",
        ),
        ({"kind": "public_provider", "firm": "Seller", "online": 1}, "Seller does not wait to enter"),
        ({"kind": "chip_allocation", "rule": "promised", "shares": {"Nobody": 0.5}}, "is not a firm"),
        ({"kind": "chip_allocation", "rule": "pro_rata", "shares": {"Seller": 0.5}}, "nobody is promised"),
    ],
)
def test_entries_that_make_no_sense_are_refused(entry: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        scenario_from(pair(timeline=[{"quarter": "2026Q3", **entry}]))
