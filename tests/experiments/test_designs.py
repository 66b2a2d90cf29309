"""Designs, experiments as files, and structural knobs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.experiments.design import layout, problem, sample, size, steps_of
from market_abm.experiments.knobs import KNOBS, KnobError
from market_abm.experiments.knobs.structure import leader_share, opening_demand, qualified
from market_abm.experiments.read import experiment_from, load_experiment, shipped_experiments
from market_abm.experiments.resolve import draw, resolve
from market_abm.measures import hhi, shares
from market_abm.scenario import load_scenario
from market_abm.scenario.errors import ScenarioError

BASE = {"schema_version": 1, "name": "test", "scenario": "lone-lessor"}


def points(design, factors, **more):
    """The points of a design."""
    return layout(experiment_from({**BASE, "design": design, "factors": factors, **more})).points


# ---- designs


def test_a_grid_is_every_combination_in_order():
    found = points("grid", {"beta": [0.2, 0.8], "notice": {"low": 1, "high": 3, "steps": 3}})
    assert found == tuple({"beta": b, "notice": n} for b in (0.2, 0.8) for n in (1, 2, 3))


def test_a_range_has_both_ends_and_a_log_range_equal_ratios():
    factors = {"beta": {"low": 0.1, "high": 0.9, "steps": 5}}
    experiment = experiment_from({**BASE, "factors": factors})
    assert steps_of("beta", experiment.factors["beta"]) == pytest.approx((0.1, 0.3, 0.5, 0.7, 0.9))
    factors = {"tightness": {"low": 0.1, "high": 1.6, "steps": 5, "scale": "log"}}
    experiment = experiment_from({**BASE, "factors": factors})
    assert steps_of("tightness", experiment.factors["tightness"]) == pytest.approx((0.1, 0.2, 0.4, 0.8, 1.6))


def test_a_latin_hypercube_has_one_point_in_every_row_and_level():
    factors = {
        "beta": {"low": 0.0, "high": 1.0},
        "notice": {"low": 1, "high": 4},
        "protocol": ["split", "nntr"],
    }
    found = points({"kind": "latin-hypercube", "points": 40, "seed": 3}, factors)
    assert sorted(int(40 * point["beta"]) for point in found) == list(range(40))
    assert np.bincount([point["notice"] for point in found])[1:].tolist() == [10, 10, 10, 10]
    assert sum(point["protocol"] == "nntr" for point in found) == 20
    again = points({"kind": "latin-hypercube", "points": 40, "seed": 3}, factors)
    assert found == again != points({"kind": "latin-hypercube", "points": 40, "seed": 4}, factors)


def test_one_at_a_time_moves_one_factor_from_the_base():
    factors = {"beta": {"low": 0.0, "high": 1.0, "steps": 3, "base": 0.4}, "notice": [1, 2, 3]}
    base, *moved = points("one-at-a-time", factors)
    assert base == {"beta": 0.4, "notice": 2}
    assert all(sum(point[name] != base[name] for name in base) == 1 for point in moved)
    assert len(moved) == 5  # three of beta, and two of notice that are not the base


def test_a_list_is_what_it_says():
    rows = [{"beta": 0.2, "notice": 1}, {"beta": 0.9, "notice": 4}]
    experiment = experiment_from({**BASE, "design": {"kind": "list", "rows": rows}})
    assert layout(experiment).points == tuple(rows)


def test_salib_designs_keep_every_row_in_its_order():
    factors = {"beta": {"low": 0.0, "high": 1.0}, "tightness": {"low": 0.5, "high": 1.5}}
    experiment = experiment_from({**BASE, "design": {"kind": "sobol", "base": 8}, "factors": factors})
    found, rows = layout(experiment), sample(experiment)
    assert len(found.rows) == 8 * (2 + 2) == len(rows)
    for place, row in zip(found.rows, rows):
        assert list(found.points[place].values()) == pytest.approx([row[0], 0.5 + row[1]])
    experiment = experiment_from(
        {**BASE, "design": {"kind": "morris", "trajectories": 5}, "factors": factors}
    )
    found = layout(experiment)
    assert len(found.rows) == 5 * 3 and len(found.points) <= 15


def test_seeds_are_common_to_all_points():
    experiment = experiment_from({**BASE, "factors": {"beta": [0.2, 0.8]}, "replications": 4, "seed": 11})
    assert list(experiment.seeds) == [11, 12, 13, 14]
    assert size(experiment) == {"points": 2, "seeds": 4, "runs": 8}


# ---- Ishigami, through our own designs and indices


def ishigami(u):
    """Ishigami and Homma 1990 with a = 7, b = 0.1 on [-pi, pi]^3."""
    x = np.pi * (2 * np.asarray(u) - 1)
    return np.sin(x[..., 0]) + 7 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


THREE = {
    "behaviour.beta": {"low": 0.0, "high": 1.0},
    "behaviour.alpha": {"low": 0.0, "high": 1.0},
    "behaviour.rho": {"low": 0.0, "high": 1.0},
}


def test_ishigami_by_sobol():
    """First order 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437 (Saltelli et al. 2008, closed form)."""
    from market_abm.analysis.sensitivity import indices

    experiment = experiment_from({**BASE, "design": {"kind": "sobol", "base": 2048}, "factors": THREE})
    found = layout(experiment)
    values = np.array([ishigami(list(found.points[place].values())) for place in found.rows])
    first, second, third = indices(problem(experiment), "sobol", values, seed=1)
    for item, alone, total in ((first, 0.3139, 0.5576), (second, 0.4424, 0.4424), (third, 0.0, 0.2437)):
        assert item.first == pytest.approx(alone, abs=0.02)
        assert item.total == pytest.approx(total, abs=0.02)
        assert abs(item.first - alone) <= item.first_half and abs(item.total - total) <= item.total_half


def test_ishigami_by_morris():
    """The second factor's effects cancel in sign, so that mu is small and mu* is not (Campolongo et al. 2007)."""
    from market_abm.analysis.sensitivity import indices

    design = {"kind": "morris", "trajectories": 400, "levels": 8}
    experiment = experiment_from({**BASE, "design": design, "factors": THREE})
    found = layout(experiment)
    values = np.array([ishigami(list(found.points[place].values())) for place in found.rows])
    first, second, third = indices(
        problem(experiment), "morris", values, sample=sample(experiment), levels=8, seed=1
    )
    assert abs(second.mu) < 0.3 * second.mu_star
    assert first.mu_star > 0 and third.sigma > third.mu_star  # x3 acts through x1 only


# ---- files


@pytest.mark.parametrize("name", shipped_experiments())
def test_shipped_experiments_are_sound_in_both_sizes(name):
    small, full = load_experiment(name)[0], load_experiment(name, full=True)[0]
    assert small.question and 100 <= size(small)["runs"] < size(full)["runs"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("desing: grid", r'file\.yaml:5:1: desing: unknown key "desing".*Did you mean "design"'),
        ("design: grit", "not one of the allowed words.*latin-hypercube"),
        ("factors: {hhi: [100, 20000]}", r"hhi is 20000; it must be a number from 1 to 10000"),
        ("factors: {leaders: [1.5]}", "whole number"),
        ("factors: {beta: {low: 1, high: 0}}", "low < high"),
        ("factors: {beta: [0.1, 0.1]}", "stands there twice"),
        ("keep: {stepps: all}", 'no table "stepps".*Did you mean "steps"'),
        ("keep: {steps: [tightnes]}", 'no column "tightnes".*Did you mean "tightness"'),
        ("headline: pivotal", 'no column "pivotal"'),
        ("outputs: ['firms.cash_musd:Seller']", r'"firms\.cash_musd:Seller" is not kept.*under keep'),
        ("outputs: [tightnes]", '"tightnes" is not kept'),
        ("design: {kind: sobol, base: 100}", "power of two"),
        ("design: {kind: list}", "a list needs rows"),
        ("set: {beta: 0.3}", "both set and varied"),
        ("replications: 0", "greater than or equal to 1"),
    ],
)
def test_a_faulty_file_says_where_and_what(tmp_path, change, message):
    key = change.split(":")[0]
    lines = {"schema_version": "1", "name": "x", "scenario": "lone-lessor", "factors": "{beta: [0.1, 0.9]}"}
    text = "".join(f"{name}: {value}\n" for name, value in lines.items() if name != key) + change + "\n"
    (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(ScenarioError, match=f"(?s){message}") as found:
        load_experiment(tmp_path / "file.yaml")
    assert "file.yaml:" in str(found.value)


def test_a_scenario_beside_the_experiment_is_found(tmp_path):
    from market_abm.experiments.plan import bases_of

    (tmp_path / "mine.yaml").write_text("extends: lone-lessor\nname: mine\nbehaviour: {beta: 0.9}\n")
    (tmp_path / "e.yaml").write_text(
        "schema_version: 1\nname: e\nscenario: mine\nfactors: {scenario: [mine, lone-lessor]}\n"
    )
    experiment, file = load_experiment(tmp_path / "e.yaml")
    bases = bases_of(experiment, file)
    assert [float(bases[name].behaviour.beta) for name in ("mine", "lone-lessor")] == [0.9, 0.5]


def test_an_impossible_point_is_refused_before_any_run(tmp_path):
    from market_abm.experiments.sweep import sweep

    experiment = experiment_from({**BASE, "factors": {"hhi": [1000, 6000], "leaders": [2]}})
    with pytest.raises(ScenarioError, match=r"hhi = 6000.*must lie between 909 and 5,000"):
        sweep(experiment, tmp_path / "s")
    experiment = experiment_from({**BASE, "factors": {"behaviour.betta": [0.1]}})
    with pytest.raises(ScenarioError, match=r'unknown key "betta".*Did you mean "beta"'):
        sweep(experiment, tmp_path / "s")
    assert not (tmp_path / "s").exists()


# ---- knobs


def capacities(scenario):
    """Merchant capacity by firm."""
    return {key: float(firm.fleet.online) for key, firm in scenario.firms.items() if firm.fleet}


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), st.floats(0.0, 1.0))
def test_hhi_is_hit_at_constant_total_by_equal_leaders(count, u):
    base = load_scenario("lone-lessor")
    low, high = 910.0, 1e4 / count - 1.0
    wanted = low + u * (high - low)
    held = capacities(resolve(base, {"hhi": wanted, "leaders": count}))
    assert hhi(shares(list(held.values()))) == pytest.approx(wanted, rel=1e-9)
    assert sum(held.values()) == pytest.approx(1000.0)
    sizes = sorted(held.values(), reverse=True)
    assert sizes[:count] == pytest.approx([sizes[0]] * count)
    assert sizes[count:] == pytest.approx([sizes[-1]] * len(sizes[count:]))


def test_the_same_hhi_with_more_leaders_has_a_smaller_largest_share():
    base = load_scenario("lone-lessor")
    largest = [max(capacities(resolve(base, {"hhi": 2500, "leaders": m})).values()) for m in (1, 2, 3)]
    assert largest == sorted(largest, reverse=True) and largest[0] > largest[2] * 1.5
    alone = resolve(base, {"leaders": 2})
    before, after = (hhi(shares(list(capacities(item).values()))) for item in (base, alone))
    assert after == pytest.approx(before)


def test_leader_share_solves_its_equation():
    assert leader_share(0.5, 1, [1.0]) == pytest.approx(0.5)  # two equal sellers
    with pytest.raises(KnobError, match="must lie between"):
        leader_share(0.2, 1, [1.0])


@pytest.mark.parametrize("wanted", [0.4, 0.8, 1.3])
@pytest.mark.parametrize("name", ["lone-lessor", "two-clouds-three-labs"])
def test_tightness_is_demand_over_capacity_at_the_start(name, wanted):
    base = load_scenario(name)
    if name == "two-clouds-three-labs" and wanted < 1.0:
        captive, _, capacity = opening_demand(base)
        if captive >= wanted * capacity:
            with pytest.raises(KnobError, match="labs and captive use alone"):
                resolve(base, {"tightness": wanted})
            return
    captive, open_, capacity = opening_demand(resolve(base, {"tightness": wanted}))
    assert (captive + open_) / capacity == pytest.approx(wanted, rel=1e-9)


def test_users_split_a_segment_and_nothing_else():
    base = load_scenario("lone-lessor")
    split = resolve(base, {"users": 12})
    assert list(split.segments) == [f"Users {n:02d}" for n in range(1, 13)]
    assert sum(float(item.use) for item in split.segments.values()) == pytest.approx(800.0)
    assert opening_demand(split) == pytest.approx(opening_demand(base))
    assert resolve(base, {"users": 1}) == base


def test_reach_draws_suppliers_per_seed_nested_and_by_size():
    base = resolve(load_scenario("lone-lessor"), {"users": 12, "hhi": 3000})

    def reached(value, seed):
        scenario = draw(base, {"reach": value}, seed)
        entries = {(item.supplier, item.buyer): item for item in scenario.links}
        return {
            (s, b) for s in base.firms for b in base.segments if qualified(scenario, entries, s, b)
        }  # fmt: skip

    two, four = reached(2, 5), reached(4, 5)
    assert two < four and len(two) == 24 and len(four) == 48
    assert reached(2, 5) == two != reached(2, 6)
    assert draw(base, {"reach": 11}, 5) == base  # full reach changes nothing
    leader = sum(("Lessor", b) in reached(2, seed) for seed in range(30) for b in base.segments)
    assert 0.6 < leader / 360 < 0.95  # it has half of capacity, and is drawn first or second


def test_terms_reach_every_contract_and_link():
    base = load_scenario("two-clouds-three-labs")
    found = resolve(
        base, {"notice": 4, "switching_cost": 1.5, "contestability": 0.3, "rival_harm": 0.2, "beta": 0.7}
    )
    assert {float(item.notice) for item in found.contracts.values()} == {4.0}
    assert {float(firm.fleet.offer_notice) for firm in found.firms.values() if firm.fleet} == {4.0}
    assert {float(item.switching_cost) for item in found.links} == {1.5}
    rules = found.behaviour
    assert (rules.own_rollover, rules.cloud_rollover, rules.forward_sale, rules.beta) == (0.7, 0.7, 0.7, 0.7)
    assert {float(item.rollover) for item in found.segments.values()} == {0.7}
    assert dict(found.firms["Cloud North"].rival_harm) == {"Lab East": 0.2, "Lab West": 0.2}
    assert not found.firms["Neocloud"].rival_harm  # no lab, no rival


LESSOR, CLOUDS = "lone-lessor", "two-clouds-three-labs"


@pytest.mark.parametrize(
    ("name", "base", "before", "after", "column"),
    [
        ("hhi", LESSOR, {"hhi": 1500}, {"hhi": 3000}, "hhi_merchant"),
        ("leaders", LESSOR, {"leaders": 1}, {"leaders": 2}, "max_share_merchant"),
        ("tightness", LESSOR, {"tightness": 0.6}, {"tightness": 0.9}, "tightness"),
        ("users", LESSOR, {"users": 2, "reach": 2}, {"users": 6, "reach": 2}, "network_rsi_min"),
        ("reach", LESSOR, {"users": 6, "reach": 11}, {"users": 6, "reach": 1}, "network_rsi_min"),
        ("notice", CLOUDS, {"notice": 0}, {"notice": 8}, "buyer_secured_share"),
        ("switching_cost", CLOUDS, {"switching_cost": 0.0}, {"switching_cost": 5.0}, "buyer_secured_share"),
        ("contestability", CLOUDS, {"contestability": 0.05}, {"contestability": 0.6}, "free_share"),
        ("rollover", CLOUDS, {"rollover": 0.95}, {"rollover": 0.4}, "free_share"),
        ("build_cost", CLOUDS, {"build_cost": 0.5}, {"build_cost": 2}, "price_long_run_usd_per_gpu_hour"),
        ("lead_time", CLOUDS, {"lead_time": 1}, {"lead_time": 6}, "capex_musd"),
        ("rival_harm", CLOUDS, {"rival_harm": 0.0}, {"rival_harm": 1.0}, "contested_share"),
    ],
)
def test_every_knob_moves_a_named_output(name, base, before, after, column):
    """A knob that moves nothing is not there."""
    from market_abm.model import ComputeMarket

    quarters = 4 if name == "lead_time" else 2  # capital spending in quarter two is the same for both
    world = load_scenario(base, {"horizon.quarters": quarters})
    found = []
    for values in (before, after):
        scenario = draw(resolve(world, values), values, 3)
        found.append(ComputeMarket(scenario, rng=3, pin=True).run().record["steps"][column])
    assert found[0] != found[1]
    assert np.isfinite(found).all()
    assert name in before and name in KNOBS


def test_every_knob_has_such_a_test():
    marks = test_every_knob_moves_a_named_output.pytestmark[0].args[1]
    assert {row[0] for row in marks} == set(KNOBS)
