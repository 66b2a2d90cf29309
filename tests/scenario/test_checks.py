"""Checks across the parts: names, shares, dates, capacities."""

from __future__ import annotations

import pytest

from market_abm.scenario import scenario_from

from .worlds import path_set, refusal, world

LEASE = {"supplier": "Cloud", "buyer": "Users", "volume": 3, "price": 1}
SOON = {"quarter": "2027Q1"}
CHIP = {"Maker": {"deliveries": {"2026Q3": 10}}}


def test_the_pair_world_is_sound():
    scenario = scenario_from(world())
    assert scenario.firms["Cloud"].owner == "Cloud"
    assert scenario.contracts["K1"].start == "2026Q3"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("firms.Lab.kind", "provider", "a firm of kind provider needs a fleet"),
        ("firms.Idle", {"kind": "lab"}, "the firm has neither fleet nor lab"),
        ("firms.Cloud.lab", {"rnd": 1}, "a provider has no lab"),
        ("firms.Lab.kind", "hyperscaler", "a firm of kind hyperscaler needs a fleet"),
        ("firms.Cloud.stakes", {"Lba": 0.1}, 'Did you mean "Lab"?'),
        ("firms.Lab.stakes", {"Lab": 0.1}, "a firm cannot name itself"),
        ("firms.Cloud.rival_harm", {"Users": 0.1}, "is not a firm with a lab"),
        ("firms.Cloud.fleet.pipeline", {"2026Q1": 5}, "2026Q1 lies before the start"),
        ("firms.Cloud.fleet.enters", "soon", '"soon" is not a date of entry'),
        ("firms.Cloud.fleet.chips", {"Maker": 0.5}, "is not a chip supplier of upstream.chips"),
        ("firms.Cloud.fleet.regions", {"US": 0.7, "EU": 0.6}, "the shares sum to 1.3"),
        ("firms.Lab.lab.blocks", [[1, 5], [2, 5]], "the values of the blocks rise"),
        ("firms.Lab.lab.blocks", [[1, 5, 2]], "is not a pair"),
        ("firms.*", {"kind": "lab", "lab": {}}, "is not a name"),
        ("firms.A>B", {"kind": "lab", "lab": {}}, "is not a name"),
        ("segments.Lab", {"use": 1}, "a firm has the same name"),
        ("segments.Own", {"use": 1, "kind": "captive"}, "a captive segment needs an owner"),
        (
            "segments.Own",
            {"use": 1, "kind": "captive", "owner": "Cloud", "reach": "all"},
            "on its owner's fleet",
        ),
        ("segments.Users.owner", "Lab", "is not a firm with a fleet"),
        ("links.0.buyer", "Nobody", '"Nobody" is not a firm with a lab or a segment'),
        ("links.0", {"supplier": "Cloud", "buyer": "Lab"}, "are equally specific"),
        ("links.1.qualified", False, "the pair has a contract"),
        ("contracts.K1.supplier", "Lab", '"Lab" is not a firm with a fleet'),
        ("contracts.K1.buyer", "Cloud", '"Cloud" is not a firm with a lab or a segment'),
        ("contracts.K1.fee", 100, "price and fee are both given"),
        ("contracts.K1.price", None, "neither price nor fee is given"),
        ("contracts.K1.kind", "internal", "supplier and buyer have different owners"),
        ("contracts.K1.volume", 101, "in force at the start take 101 kH100e"),
        ("contracts.K1.end", "2026Q1", "2026Q1 lies before its start 2026Q3"),
        ("contracts.K1", {**LEASE, "start": "2024Q1", "end": "2026Q2"}, "ended before the scenario starts"),
        ("contracts.K1.firm_until", "2030Q1", "the firm term ends after the contract"),
        ("contracts.K1.ramp", {"2026Q3": 20}, "is not later than the volume itself"),
        ("contracts.K1.ramp", {"2030Q1": 20}, "lies after the end"),
        ("contracts.K1.estimated", ["volum"], 'Did you mean "volume"?'),
        ("upstream.chips", {"Maker": {"deliveries": {}}}, "no delivery is dated"),
        ("upstream.chips", {"Maker": {**CHIP["Maker"], "serves": ["Nobody"]}}, '"Nobody" is not a firm'),
        ("upstream.regions", {"US": {"power": {}}}, "no power is dated"),
        ("product.xi", 0.9, "the market would tip by assumption"),
        ("product.zeta", {"value": 0.6, "low": 0.5, "high": 0.9}, "the market would tip by assumption"),
        ("behaviour.thresholds", {"watch": 0.2}, "watch exceeds price_effect"),
        ("behaviour.protocol", "nash", 'Did you mean "nash_in_nash"?'),
        ("behaviour.motives", {"wedge": "on"}, "must be true or false"),
        ("timeline.1.contract", "K9", '"K9" is not a contract or lease'),
        ("timeline.0.quarter", "2026Q1", "2026Q1 lies before the start"),
        ("timeline.0.until", "2026Q4", "2026Q4 lies before 2027Q1"),
        ("timeline.0.kind", "nul", 'Did you mean "null"?'),
        ("timeline.0", {"quarter": "2027Q1"}, 'required key "kind" is missing'),
        ("timeline.0", {"kind": "lease", **SOON, "contract": {**LEASE, "end": "2026Q4"}}, "before its start"),
        ("timeline.0", {"kind": "lease", **SOON, "id": "K1", "contract": LEASE}, "is there already"),
        ("timeline.0", {"kind": "entry", **SOON, "firm": "Cloud"}, "does not wait to enter"),
        (
            "timeline.0",
            {"kind": "merger", **SOON, "acquirer": "X", "target_firm": "Lab"},
            '"X" is not a firm',
        ),
        ("timeline.0", {"kind": "chip_shock", **SOON, "chip": "Maker", "change": 0.1}, "not a chip supplier"),
        ("sources.s1.titel", "x", 'Did you mean "title"?'),
        ("schema_version", 2, "is not one of the allowed words"),
        ("horizon.quarters", 0, "0 lies outside the allowed range"),
        ("behavior", {"beta": 0.5}, 'Did you mean "behaviour"?'),
    ],
)
def test_what_is_refused(path, value, says):
    assert says in refusal(path_set(world(), path, value))


def test_shares_of_all_labs_sum_to_at_most_one():
    data = path_set(world(), "firms.Lab.lab.product_share", 0.6)
    data["firms"]["Other"] = {"kind": "lab", "lab": {"product_share": 0.4}}
    scenario_from(data)
    data["firms"]["Other"]["lab"]["product_share"] = 0.5
    assert "the product shares sum to 1.1" in refusal(data)


def test_owners_and_starts_are_filled_in():
    data = path_set(world(), "timeline.0", {"kind": "lease", "quarter": "2027Q1", "contract": LEASE})
    scenario = scenario_from(path_set(data, "segments.Own", {"kind": "captive", "owner": "Cloud", "use": 2}))
    lease = next(entry for entry in scenario.timeline if entry.kind == "lease")
    assert (lease.key, lease.contract.start) == ("L-Cloud-Users", "2027Q1")
    assert scenario.segments["Own"].reach == "links" and scenario.segments["Users"].reach == "all"


def test_a_recall_may_name_a_lease_and_a_later_contract_needs_no_capacity_now():
    data = world(timeline=[{"kind": "lease", "quarter": "2027Q1", "id": "L1", "contract": LEASE}])
    data["timeline"].append({"kind": "recall", "quarter": "2028Q1", "contract": "L1"})
    data["contracts"]["K2"] = {**LEASE, "volume": 500, "start": "2027Q1"}
    assert scenario_from(data).contracts["K2"].volume == 500.0


def test_price_of_a_fee():
    contract = scenario_from(
        path_set(
            world(),
            "contracts.K1",
            {"supplier": "Cloud", "buyer": "Lab", "volume": 50, "fee": 438, "ramp": {"2027Q1": 100}},
        )
    ).contracts["K1"]
    assert contract.peak_volume == 100.0
    assert contract.unit_price == pytest.approx(2.0)
    assert [contract.volume_at(quarter) for quarter in ("2026Q2", "2026Q4", "2027Q2")] == [0.0, 50.0, 100.0]
