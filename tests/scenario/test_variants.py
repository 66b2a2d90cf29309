"""--set, diff, dump, describe: scenarios taken apart and put together."""

from __future__ import annotations

import pytest

from market_abm.scenario import load_scenario, paths, scenario_from, shipped
from market_abm.scenario.describe import describe, estimated_volume_share, provenance, said
from market_abm.scenario.diff import diff
from market_abm.scenario.dump import dump
from market_abm.scenario.quantity import Quantity

from .worlds import loaded, refusal, world, write


@pytest.mark.parametrize("parts", [["a", "b c", "d.e", 'f"g', "h>i"], ["x"]])
def test_paths_go_both_ways(parts):
    assert paths.split(paths.join(parts)) == parts


@pytest.mark.parametrize("text", ["", ".", "a..b", 'a."b', "a."])
def test_bad_paths(text):
    with pytest.raises(ValueError, match="not a dotted path"):
        paths.split(text)


def test_set_reaches_everything():
    scenario = scenario_from(world()).with_set(
        [
            "behaviour.beta=0.3",
            "behaviour.motives.wedge=false",
            "firms.Cloud.fleet.pipeline.2027Q1=9",
            "links.Cloud>Lab.switching_cost=0.5",
            "links.Cloud>Users.cap=4",
            "timeline.recall@2027Q1:K1.by=supplier",
            "firms.Cloud.stakes=",
            "product.xi={value: 0.5, low: 0.4, high: 0.6}",
        ]
    )
    assert scenario.behaviour.beta == 0.3 and scenario.behaviour.motives.wedge is False
    assert scenario.firms["Cloud"].fleet.pipeline["2027Q1"] == 9.0
    links = {link.key: link for link in scenario.links}
    assert links["Cloud>Lab"].switching_cost == 0.5 and links["Cloud>Users"].cap == 4.0
    assert next(entry.by for entry in scenario.timeline if entry.kind == "recall") == "supplier"
    assert not scenario.firms["Cloud"].stakes
    assert scenario.product.xi.high == 0.6


def test_set_on_the_way_in_equals_set_afterwards():
    changes = ["behaviour.beta=0.3", "timeline=[{kind: null, quarter: 2027Q1}]"]
    name = "two-clouds-three-labs"
    assert load_scenario(name, changes) == load_scenario(name).with_set(changes)
    assert load_scenario(name).with_set({"behaviour.beta": 0.3}) == load_scenario(
        name, ["behaviour.beta=0.3"]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("behaviour.bta=1", 'Did you mean "beta"?'),
        ("behaviour.beta=2", "2 lies outside the allowed range"),
        ("behaviour.beta=lots", "--set behaviour.beta=lots: behaviour.beta: must be a number"),
        ("behaviour.beta", "is not of the form key=value"),
        ("=3", "is not of the form key=value"),
        ("a..b=3", "is not a dotted path"),
        ("behaviour.beta={a: [", "not valid YAML"),
        ("behaviour.beta=&x 1", "anchors"),
        ("timeline.recal@2027Q1:K1.by=buyer", "there is no entry"),
        ("links.Cloud>Lab=3", "names an entry, not one of its keys"),
        ("contracts.K1.volume=1000", "in force at the start take 1000 kH100e"),
        ("behaviour.beta.value.x=1", "must be a number"),
    ],
)
def test_what_cannot_be_set(change, says):
    assert says in refusal(world(), [change])


def test_values_cannot_be_set_after_the_draw():
    with pytest.raises(ValueError, match=r"Set them before drawn\(\)"):
        scenario_from(world()).drawn(1).with_set(["behaviour.beta=0.3"])


@pytest.mark.parametrize("name", shipped())
def test_dump_loads_to_the_same_scenario(name, tmp_path):
    scenario = loaded(name)
    again = load_scenario(write(tmp_path, "copy.yaml", dump(scenario)))
    assert again == scenario and again.hash() == scenario.hash()


def test_diff_names_what_differs():
    scenario = scenario_from(world())
    assert diff(scenario, scenario_from(world())) == []
    signed = "contracts.K2={supplier: Cloud, buyer: Lab, volume: 1, price: 1}"
    changes = ["behaviour.beta=0.3", "links.Cloud>Lab.cap=4", signed, "firms.Lab.lab.rnd=5"]
    other = scenario.with_set(changes)
    found = {item.path: (item.a, item.b) for item in diff(scenario, other)}
    assert set(found) == {"behaviour.beta", "links.Cloud>Lab.cap", "contracts.K2", "firms.Lab.lab.rnd"}
    assert found["links.Cloud>Lab.cap"] == (None, 4.0)
    assert found["contracts.K2"][0] is None and found["contracts.K2"][1]["volume"] == 1.0
    assert found["firms.Lab.lab.rnd"] == ({"value": 5.0, "low": 4.0, "high": 7.0, "source": "s1"}, 5.0)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_can_be_described(name):
    description = describe(loaded(name))
    assert description.sentences[0].startswith(name)
    for table in description.tables:
        assert all(
            len(row) == len(table.columns) and all(isinstance(cell, str) for cell in row)
            for row in table.rows
        )


def test_numbers_in_words():
    assert said(Quantity(541, 276, 541, ("s1", "s2"), "2026-07", True), "kH100e") == (
        "541 kH100e (276 to 541, guess, 2026-07) [s1, s2]"
    )
    assert (said(True), said(None), said(1, "quarters"), said(12345.6, "MUSD")) == (
        "yes",
        "-",
        "1 quarter",
        "12,346 MUSD",
    )


def test_what_share_is_estimated():
    data = world()
    data["contracts"]["K2"] = {
        "supplier": "Cloud",
        "buyer": "Lab",
        "volume": 30,
        "price": 1,
        "estimated": ["volume"],
    }
    scenario = scenario_from(data)
    assert estimated_volume_share(scenario.contracts.values()) == pytest.approx(0.75)
    found = provenance(scenario)
    assert found.sourced == 1 and found.guessed > 50
