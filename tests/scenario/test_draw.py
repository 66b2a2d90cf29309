"""Guesses drawn per seed."""

from __future__ import annotations

import copy
import gc
import math
import pickle

import pytest

from market_abm import rng
from market_abm.scenario import Quantity, draw, load_scenario, scenario_from
from market_abm.scenario.draw import numbers

from .worlds import path_set, world

RND = "firms.Lab.lab.rnd"


def test_every_number_is_plain_after_the_draw():
    scenario = load_scenario("two-clouds-three-labs")
    assert any(isinstance(item.value, Quantity) for item in numbers(scenario))
    for drawn in (scenario.drawn(3), scenario.drawn(3, pin=True)):
        assert all(type(item.value) in (float, int) for item in numbers(drawn))
        assert drawn.drawn(9) == drawn


def test_draws_are_triangular_in_the_keyed_uniform():
    scenario = scenario_from(world())
    for seed in range(20):
        expected = rng.triangular(rng.uniform(seed, "input", RND), 4.0, 5.0, 7.0)
        assert scenario.drawn(seed).firms["Lab"].lab.rnd == expected
        assert 4.0 < expected < 7.0


def test_draws_of_many_quarters_are_those_of_each():
    keys = ["Lab", "Cloud|Lab", "Größe"]
    paths = rng.normal_paths(3, "demand", keys, 5)
    assert paths.shape == (5, 3)
    for quarter, draws in enumerate(paths):
        assert draws.tolist() == rng.normals(3, "demand", keys, quarter).tolist()
        each = [rng.uniform(3, "demand", key, quarter) for key in keys]
        assert rng.uniforms(3, "demand", keys, quarter).tolist() == each


def test_mean_of_the_draws():
    scenario = scenario_from(world())
    values = [scenario.drawn(seed).firms["Lab"].lab.rnd for seed in range(400)]
    spread = math.sqrt((4**2 + 5**2 + 7**2 - 4 * 5 - 4 * 7 - 5 * 7) / 18)
    assert sum(values) / len(values) == pytest.approx(16 / 3, abs=4 * spread / math.sqrt(400))


def test_the_same_draw_in_every_scenario_compared():
    one = scenario_from(world()).drawn(7)
    data = world(name="other", timeline=[])
    data["firms"]["Aaa"] = {"kind": "provider", "fleet": {"online": {"value": 5, "low": 1, "high": 9}}}
    data["links"].insert(
        0, {"supplier": "Aaa", "buyer": "*", "switching_cost": {"value": 1, "low": 0, "high": 2}}
    )
    two = scenario_from(data).drawn(7)
    assert two.firms["Lab"] == one.firms["Lab"] and two.behaviour == one.behaviour
    costs = {link.key: link.switching_cost for link in two.links}
    assert costs["Cloud>Lab"] == next(link.switching_cost for link in one.links if link.key == "Cloud>Lab")


def test_pins_hold_central_values():
    scenario = scenario_from(world())
    pinned = scenario.drawn(7, pin=True)
    assert pinned.firms["Lab"].lab.rnd == 5.0 and pinned.behaviour.beta == 0.5
    partly = scenario.drawn(7, pin=["behaviour"])
    assert partly.behaviour.beta == 0.5 and partly.firms["Lab"].lab.rnd != 5.0
    assert scenario.drawn(7, pin=["behav"]).behaviour.beta != 0.5


def test_a_value_that_is_set_is_held():
    scenario = scenario_from(world()).with_set([f"{RND}=6", "behaviour.beta=0.25"])
    for seed in range(5):
        drawn = scenario.drawn(seed)
        assert (drawn.firms["Lab"].lab.rnd, drawn.behaviour.beta) == (6.0, 0.25)


def test_whole_numbers_stay_whole():
    scenario = scenario_from(path_set(world(), "contracts.K1.notice", {"value": 1, "low": 0, "high": 4}))
    notices = {scenario.drawn(seed).contracts["K1"].notice for seed in range(60)}
    assert notices <= {0, 1, 2, 3, 4} and len(notices) >= 3
    assert all(isinstance(notice, int) for notice in notices)


def test_a_world_that_is_pinned_is_left_alone():
    scenario = load_scenario("bilateral-monopoly")
    assert scenario.pin and not load_scenario("two-clouds-three-labs").pin
    assert scenario.drawn(1).hash() == scenario.drawn(2).hash()


def test_two_entries_of_one_kind_and_quarter_have_draws_of_their_own():
    shock = {"kind": "demand_shock", "quarter": "2027Q1", "change": {"value": 0, "low": -0.5, "high": 0.5}}
    other = {**shock, "change": {"value": 0, "low": -0.5, "high": 0.6}}
    paths = [
        item.path
        for item in numbers(scenario_from(world(timeline=[shock, other])))
        if "timeline" in item.path and item.path.endswith("change")
    ]
    assert paths == ["timeline.demand_shock@2027Q1.change", "timeline.demand_shock@2027Q1#2.change"]


def plain(scenario, seed):
    """The draw written down number by number."""
    found = {}
    for item in numbers(scenario):
        value = float(item.value)
        if isinstance(item.value, Quantity) and item.value.ranged:
            u = rng.uniform(seed, "input", item.path)
            value = rng.triangular(u, item.value.low, value, item.value.high)
        found[item.path] = round(value) if item.type is not None and item.type.whole else value
    return found


@pytest.mark.parametrize("name", ["colossus-lease", "two-clouds-three-labs"])
def test_every_number_is_drawn_by_its_own_path_in_every_seed(name):
    scenario = load_scenario(name)
    for seed in (1, 2):
        assert {item.path: item.value for item in numbers(scenario.drawn(seed))} == plain(scenario, seed)


def test_a_changed_copy_is_drawn_as_it_stands():
    scenario = scenario_from(world())
    before = scenario.drawn(3)
    firms = dict(scenario.firms)
    lab = firms["Lab"].lab.model_copy(update={"rnd": Quantity(50.0, 40.0, 70.0)})
    firms["Lab"] = firms["Lab"].model_copy(update={"lab": lab})
    changed = scenario.model_copy(update={"firms": type(scenario.firms)(firms)})
    assert changed.drawn(3).firms["Lab"].lab.rnd == pytest.approx(10.0 * before.firms["Lab"].lab.rnd)
    assert scenario.drawn(3) == before
    pinned = scenario.model_copy(update={"pin": True})
    assert pinned.drawn(3).firms["Lab"].lab.rnd == 5.0


def test_copies_and_what_comes_from_another_process_draw_the_same():
    scenario = scenario_from(world())
    before = scenario.drawn(4)
    for same in (pickle.loads(pickle.dumps(scenario)), copy.copy(scenario), copy.deepcopy(scenario)):
        assert same.drawn(4) == before
    assert len(pickle.dumps(scenario)) == len(pickle.dumps(scenario_from(world())))


def test_what_a_scenario_draws_is_kept_no_longer_than_the_scenario():
    gc.collect()
    kept = len(draw._plans)
    scenario = scenario_from(world())
    scenario.drawn(1)
    scenario.drawn(2)
    assert len(draw._plans) == kept + 1
    del scenario
    gc.collect()
    assert len(draw._plans) == kept


def test_a_draw_keeps_no_file():
    scenario = load_scenario("two-clouds-three-labs")
    for drawn in (scenario.drawn(1), scenario.drawn(1, pin=True)):
        assert drawn._tree is None and drawn.lineage == scenario.lineage
        assert drawn is not scenario.drawn(1, pin=True)
