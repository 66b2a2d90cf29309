"""Files: names, extends, order, YAML 1.2."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from market_abm.scenario import ScenarioError, Series, check_file, load_scenario, scenario_from, shipped
from market_abm.scenario.calendar import is_quarter, quarter_index, quarter_name, shifted
from market_abm.scenario.catalogue import shipped_folder

from .malformed import SMALL
from .worlds import loaded, refusal, world, write, yaml

HANG = 20.0
"""Seconds of processor time that no file can need: a blow-up, not a measurement."""


def test_quarters():
    assert quarter_name(quarter_index("2026Q3")) == "2026Q3"
    assert shifted("2026Q3", 2) == "2027Q1" and shifted("2027Q1", -1) == "2026Q4"
    assert not is_quarter("2026Q5") and not is_quarter(2026)
    with pytest.raises(ValueError, match="is not a quarter"):
        quarter_index("2026")


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenarios_load_by_name_and_by_file(name):
    scenario = loaded(name)
    assert scenario.name == name
    assert scenario == load_scenario(shipped_folder() / f"{name}.yaml")
    assert len(scenario.quarters) == scenario.horizon.quarters


def test_unknown_name_suggests_the_nearest():
    assert 'Did you mean "lone-lessor"?' in refusal("lone-lesor")
    assert "not a regular file" in refusal("/")


@pytest.mark.parametrize("name", shipped())
def test_order_of_the_file_does_not_matter(name, tmp_path):
    def shuffled(value, draw):
        if isinstance(value, dict):
            entries = list(value.items())
            draw.shuffle(entries)
            return {key: shuffled(item, draw) for key, item in entries}
        return value

    scenario = loaded(name)
    for seed in range(3 if name in SMALL else 1):
        draw = random.Random(seed)
        data = shuffled(scenario.content(), draw)
        for rows in ("links", "timeline"):
            draw.shuffle(data[rows])
        again = load_scenario(write(tmp_path, f"{seed}.yaml", data))
        assert again == scenario and again.hash() == scenario.hash()
        assert list(again.firms) == list(scenario.firms) == sorted(scenario.firms)
        assert again.drawn(5).hash() == scenario.drawn(5).hash()


def test_yaml_is_version_1_2(tmp_path):
    text = yaml(world()).replace("Cloud", "NO").replace("rnd:", "unmet: 1e1\n      rnd:")
    scenario = load_scenario(write(tmp_path, "a.yaml", text))
    assert "NO" in scenario.firms
    assert scenario.firms["Lab"].lab.unmet == 10.0


def test_child_over_parent(tmp_path):
    write(tmp_path, "base.yaml", world())
    child = {
        "name": "child",
        "extends": "base",
        "firms": {
            "Lab": {"lab": {"rnd": 6}},
            "Cloud": {"stakes": None, "fleet": {"pipeline": {"2027Q1": 7}}},
        },
        "contracts": {"K1": None, "K2": {"supplier": "Cloud", "buyer": "Lab", "volume": 20, "price": 1}},
        "links": [
            {"supplier": "Cloud", "buyer": "Lab", "cap": 30},
            {"supplier": "Cloud", "buyer": "*", "cap": 90},
        ],
        "timeline": [{"kind": "demand_shock", "quarter": "2027Q2", "buyer": "Lab", "change": 0.1}],
    }
    child["timeline"].append({"kind": "terminate", "quarter": "2027Q3", "contract": "K2"})
    write(tmp_path, "base.yaml", world(timeline=[{"kind": "null", "quarter": "2027Q1"}]))
    scenario = load_scenario(write(tmp_path, "child.yaml", child))
    assert scenario.firms["Lab"].lab.rnd == 6.0 and scenario.firms["Lab"].lab.inference == 10.0
    assert dict(scenario.firms["Cloud"].fleet.pipeline) == {"2026Q4": 5.0, "2027Q1": 7.0}
    assert not scenario.firms["Cloud"].stakes and list(scenario.contracts) == ["K2"]
    link = next(link for link in scenario.links if link.key == "Cloud>Lab")
    assert (link.cap, float(link.switching_cost)) == (30.0, 0.1)
    assert [entry.kind for entry in scenario.timeline] == ["null", "demand_shock", "terminate"]
    assert [name.rsplit("/", 1)[-1] for name in scenario.lineage] == ["child.yaml", "base.yaml"]
    assert scenario.origin("firms.Lab.lab.rnd").file.endswith("child.yaml")
    assert scenario.origin("firms.Lab.lab.inference").file.endswith("base.yaml")
    assert scenario.origin("links.Cloud>Lab.switching_cost").file.endswith("base.yaml")
    assert scenario.origin("behaviour.beta") is None


def test_an_error_of_the_parent_names_the_parent(tmp_path):
    text = yaml(world()).replace("online: 100", "online: -100")
    write(tmp_path, "base.yaml", text)
    problem = check_file(write(tmp_path, "child.yaml", "name: child\nextends: base\n"))[0]
    assert problem.file.endswith("base.yaml")
    assert "-100" in text.splitlines()[problem.line - 1]


def test_a_chain_of_parents_is_bounded(tmp_path):
    for step in range(20):
        write(tmp_path, f"s{step}.yaml", f"name: s\nextends: s{step + 1}\n")
    assert "scenarios extend each other" in refusal(tmp_path / "s0.yaml")


def test_a_shipped_name_wins_over_a_file_beside(tmp_path):
    write(tmp_path, "lone-lessor.yaml", "nonsense: 1\n")
    scenario = load_scenario(write(tmp_path, "mine.yaml", "name: mine\nextends: lone-lessor\n"))
    assert "Fringe 01" in scenario.firms
    assert "nonsense" in refusal(write(tmp_path, "mine.yaml", "name: mine\nextends: lone-lessor.yaml\n"))


def test_problems_are_all_reported_at_their_place(tmp_path):
    text = yaml(world()).replace("online:", "onlin:").replace("inference: 10", "inference: ten")
    problems = check_file(write(tmp_path, "a.yaml", text))
    assert [(problem.key, problem.line) for problem in problems] == sorted(
        ((problem.key, problem.line) for problem in problems), key=lambda pair: pair[1]
    )
    lines = text.splitlines()
    unknown = next(problem for problem in problems if problem.key == "firms.Cloud.fleet.onlin")
    assert unknown.nearest == "online" and "onlin:" in lines[unknown.line - 1]
    wrong = next(problem for problem in problems if problem.key == "firms.Lab.lab.inference")
    assert wrong.value == "ten" and "ten" in lines[wrong.line - 1]
    assert lines[wrong.line - 1][wrong.column - 1 :].startswith("ten")
    assert wrong.as_dict()["allowed"] == "numbers from 0 to 10,000,000 (kHQ)"


def test_series():
    series = Series({"2027Q1": 3.0, "2026Q3": 1.0})
    assert list(series) == ["2026Q3", "2027Q1"]
    assert [series.at(quarter, before=9.0) for quarter in ("2026Q2", "2026Q4", "2028Q1")] == [9.0, 1.0, 3.0]
    assert (series.on("2026Q3"), series.on("2026Q4")) == (1.0, 0.0)
    assert series.grown("2027Q3", 0.1) == pytest.approx(3.63)
    with pytest.raises(TypeError, match="frozen"):
        series["2026Q3"] = 2.0


def test_a_scenario_is_frozen_and_errors_survive_a_process_border():
    import pickle

    scenario = scenario_from(world())
    with pytest.raises(ValueError, match="frozen"):
        scenario.name = "other"
    with pytest.raises(TypeError, match="frozen"):
        scenario.firms["New"] = scenario.firms["Lab"]
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    with pytest.raises(ScenarioError) as caught:
        scenario_from(world(name=3))
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems and str(again) == str(caught.value)


def test_checking_a_file_loads_no_heavy_library():
    code = (
        "import sys; from market_abm.scenario import check_file;"
        "assert not check_file('two-clouds-three-labs');"
        "print(sorted({'numba', 'mesa', 'pandas', 'scipy', 'numpy', 'plotly'} & set(sys.modules)))"
    )
    began = time.process_time()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert time.process_time() - began < HANG
