"""Robustness: the 80 % rule on planted grids, thresholds without runs, a whole small run, discovery in words."""

from __future__ import annotations

import builtins
import json

import numpy as np
import pytest

import market_abm as ma
from market_abm.analysis.outcomes import OUTCOMES
from market_abm.analysis.robustness.discovery import DiscoveryError, box_sentence, discover
from market_abm.analysis.robustness.findings import findings, findings_sentence, findings_table
from market_abm.analysis.robustness.runs import Robustness, Sample, robustness
from market_abm.analysis.robustness.tornado import Turn, main_effect, turns_sentence
from market_abm.analysis.robustness.values import (
    AS_SET,
    levels,
    market_grades,
    outcome_values,
    relation_grades,
    values_of,
)
from market_abm.report.robustness_files import write_robustness
from market_abm.report.robustness_report import survey
from market_abm.scenario.assumptions import Assumption

PROTOCOLS, BETAS = ("split", "nntr", "competitive", "nash_in_nash"), (0.25, 0.5, 0.75)
SMALL = ["horizon.quarters=2"]


@pytest.fixture(scope="module")
def worlds():
    base = ma.load_scenario("two-clouds-three-labs", SMALL)
    return base, base.with_set({"name": "bigger", "firms.Neocloud.fleet.online": 450})


def planted(worlds, differences):
    """A grid in which only the HHI of the fleet differs, by a function of protocol, weight and level."""
    few, nan = (1, 2, 3), float("nan")

    def sample(protocol, beta):
        base, other = {}, {}
        for item in OUTCOMES:
            for level in levels(item.key):
                key = item.key if level == AS_SET else f"{item.key}@{level}"
                shift = differences(protocol, beta, level) if item.key == "hhi_fleet" else 0.0
                base[key] = np.full(3, 1000.0 if item.key != "entry_lag" else nan)
                other[key] = base[key] + shift
        return Sample((base, other))

    grid = {(protocol, beta): sample(protocol, beta) for protocol in PROTOCOLS for beta in BETAS}
    return Robustness(worlds, few, few, sample("split", 0.5), grid)


def fleet(made):
    return next(item for item in findings(made, 1) if item.outcome.key == "hhi_fleet")


def test_a_sign_that_holds_everywhere_is_a_finding(worlds):
    made = planted(worlds, lambda protocol, beta, level: 150.0)
    found = fleet(made)
    assert found.signs.shape == (4, 3, 3)
    assert found.verdict == "rises"
    assert "HHI, whole fleet rises (in 100 % of the grid)" in findings_sentence(findings(made, 1))


@pytest.mark.parametrize(("good", "verdict"), [(29, "rises"), (28, "depends")])
def test_eighty_percent_of_the_grid_is_the_limit(worlds, good, verdict):
    cells = iter(range(1000))
    order = {}

    def shift(protocol, beta, level):
        place = order.setdefault((protocol, beta, level), next(cells) if protocol else 0)
        return 150.0 if place % 36 < good else -150.0

    made = planted(worlds, shift)
    found = fleet(made)
    assert found.share[1] == pytest.approx(good / 36)
    assert found.verdict == verdict


def test_what_a_sign_depends_on_is_named(worlds):
    found = fleet(planted(worlds, lambda protocol, beta, level: -150.0 if protocol == "nntr" else 150.0))
    assert found.verdict == "depends"
    assert found.hangs_on.startswith(
        "the bargaining protocol: rises with split, competitive and nash_in_nash"
    )
    assert found.hangs_on.endswith("falls with nntr")
    by_beta = fleet(planted(worlds, lambda protocol, beta, level: 400.0 * (beta - 0.5)))
    assert (
        by_beta.hangs_on
        == "the bargaining weight: rises with beta 0.75, no effect with beta 0.5, falls with beta 0.25"
    )
    by_horizon = fleet(planted(worlds, lambda protocol, beta, level: 150.0 if level == AS_SET else 0.0))
    assert by_horizon.hangs_on.startswith(
        "the horizon: rises with what the scenario sets, no effect with first 40 %"
    )


def test_zeros_and_small_effects_have_no_sign(worlds):
    none = fleet(planted(worlds, lambda protocol, beta, level: 0.0))
    assert (none.verdict, none.zeros) == ("identical", True)
    small = fleet(planted(worlds, lambda protocol, beta, level: 99.0))
    assert (small.verdict, small.zeros) == ("no effect", False)
    assert set(small.signs.ravel()) == {0}


def test_power_stands_in_the_table(worlds):
    made = planted(worlds, lambda protocol, beta, level: 150.0)
    table = findings_table(findings(made, 1), 3)
    keys = [column.key for column in table.columns]
    assert "power" in keys and "smallest" in keys
    assert "power of 80 %" in table.note


def test_regrading_is_what_the_run_graded():
    run = ma.run(ma.load_scenario("colossus-lease", ["horizon.quarters=5"]), seed=1)
    firms = run.firms.pivot(index="firm", columns="quarter", values="grade")
    graded = firms.isin(("chokepoint", "critical")).to_numpy()
    assert (market_grades(run) == graded).all()
    lax, strict = market_grades(run, 0.5), market_grades(run, 2.0)
    assert lax.sum() >= graded.sum() >= strict.sum()
    assert lax.sum() > strict.sum()
    assert relation_grades(run).sum() == run.links["relation_chokepoint"].sum()
    values = values_of(run)
    assert values["choke_quarters"] == (run.steps["chokepoint_firms"] > 0).mean()
    first = run.steps["hhi_fleet"].iloc[:2].mean()
    assert values["hhi_fleet@first 40 % of the run"] == pytest.approx(first)


def test_a_small_run_from_end_to_end(worlds, tmp_path):
    made = robustness(
        *worlds, replications=3, grid_seeds=2, protocols=("split", "nntr"), betas=(0.3, 0.7), moved=1
    )
    assert made.failures == ()
    assert list(made.grid) == [("split", 0.3), ("split", 0.7), ("nntr", 0.3), ("nntr", 0.7)]
    changed = worlds[1].with_set({"behaviour.protocol": "nntr", "behaviour.beta": 0.7})
    alone = outcome_values(changed, 2)
    assert made.grid["nntr", 0.7].values[1]["price_last"][1] == alone["price_last"]
    found = survey(made)
    write_robustness(found, tmp_path, "market-abm robustness a b")
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["scenarios"] == ["bigger"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "What survives",
        "Which option is robust?",
        "at least 80 % of the grid",
        "What it must not be used for",
    ):
        assert text in page
    assert (tmp_path / "robustness.xlsx").exists() and (tmp_path / "values.csv").exists()


def test_failed_runs_are_counted_and_shown(worlds, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "market_abm.analysis.robustness.runs.outcome_values",
        lambda world, seed: "ValueError: made to fail" if seed == 2 else outcome_values(world, seed),
    )
    made = robustness(*worlds, replications=2, grid_seeds=2, protocols=("split",), betas=(0.5,), moved=0)
    assert len(made.failures) == 4
    write_robustness(survey(made), tmp_path)
    assert "ValueError: made to fail" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (1, {}, "name a baseline and at least one other"),
        (2, {"replications": 0}, "both must be at least 1"),
        (2, {"protocols": ()}, "the grid is empty"),
    ],
)
def test_what_cannot_be_run_is_said(worlds, arguments, options, words):
    with pytest.raises(ValueError, match=words):
        robustness(*worlds[:arguments], **options)


def test_flips_are_said(worlds):
    made = planted(worlds, lambda protocol, beta, level: 150.0)
    main = main_effect(made.effects(1))
    assert main.outcome.key == "hhi_fleet"
    turn = Turn("bigger", main, "behaviour.rho", "share", 0.3, 0.8, -50.0, 20.0, 90.0, 0.43)
    assert turn.swing == 140.0
    assert "behaviour.rho at 0.43 that of HHI, whole fleet in bigger" in turns_sentence([turn])
    assert turns_sentence([]) == "No assumption was moved."


def test_an_end_that_no_world_can_have_is_a_failure_and_not_the_end(worlds, monkeypatch):
    fleets = Assumption(
        "firms.*.fleet.online", "capacity online"
    )  # at the low end contracts take more than there is
    monkeypatch.setattr("market_abm.analysis.robustness.tornado._chosen", lambda *_: [fleets])
    made = robustness(*worlds, replications=1, grid_seeds=1, protocols=("split",), betas=(0.5,), moved=1)
    [failure] = made.failures
    assert (failure["variant"], failure["seed"]) == ("firms.*.fleet.online at -1", -1)
    assert "contracts of Neocloud" in failure["error"]
    [turn] = made.turns
    assert np.isnan(turn.at_low) and np.isfinite(turn.at_high)


def test_a_planted_corner_is_found_in_words():
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, (200, 6))
    box = discover(x, (x[:, 1] > 0.6) & (x[:, 3] < 0.5), list("abcdef"))
    assert {name for name, _, _ in box.limits} == {"b", "d"}
    assert box.density > 0.9 and box.coverage > 0.7
    assert box_sentence(box, "the sign flips").startswith("Where b above 0.6")
    assert discover(x, rng.uniform(size=200) < 0.3, list("abcdef")) is None
    assert discover(x[:20], x[:20, 0] > 0.5, list("abcdef")) is None


def test_a_missing_library_says_how_to_install_it(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("ema_workbench"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DiscoveryError, match=r'pip install "market-abm\[discovery\]"'):
        discover(np.zeros((40, 1)), np.zeros(40, dtype=bool), ["a"])
