"""Stress tests: hand-worked losses, variants that differ by what they say, tables and words that agree."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from market_abm.analysis.statistics import middle
from market_abm.analysis.stress import Plan, StressTest, stress
from market_abm.analysis.stress.causes import causes, pairs, shares_of
from market_abm.analysis.stress.losses import losses, quarters_to_recover, welfare_lost
from market_abm.analysis.stress.plan import CHIP, REGION, SUPPLIER, Target, both, targets
from market_abm.analysis.stress.simulate import FIXED, OPEN, ROUTED, Base, baseline, cut, without
from market_abm.analysis.stress.tables import ranked, value
from market_abm.analysis.stress.work import part
from market_abm.cli import app
from market_abm.economy.compile import compile_world
from market_abm.experiments.pool import RunError
from market_abm.measures.externality import diversion, vertical_arithmetic, vguppi_upstream
from market_abm.measures.resilience import no_rerouting
from market_abm.scenario import load_scenario, scenario_from
from market_abm.strategies import get, strategy
from tests.model.planted import provider, users, world

SMALL = Plan(quarter="2027Q1", duration=2, window=4, pairs=1, firms=3)


def base_of(data: dict[str, Any], plan: Plan) -> Base:
    """Baseline of a planted world."""
    return baseline(compile_world(scenario_from(data), 0, pin=True), 0, plan)


@cache
def clouds() -> Base:
    """Baseline of the small world."""
    return baseline(compile_world(load_scenario("two-clouds-three-labs"), 1), 1, SMALL)


@cache
def small_test() -> StressTest:
    """A small stress test."""
    return stress("two-clouds-three-labs", 1, plan=SMALL)


def supplier(base: Base, name: str) -> Target:
    """A supplier by its owner's name."""
    return next(t for t in targets(base.model.world) if (t.kind, t.name) == (SUPPLIER, name))


# ---- forks


@pytest.mark.parametrize("variant", [ROUTED, OPEN])
def test_without_anything_gone_a_fork_is_the_baseline_bit_for_bit(variant: str) -> None:
    base = clouds()
    for was, now in zip(base.looks, without(base, (), variant), strict=True):
        assert np.array_equal(was.flow, now.flow) and was.price == now.price
        assert np.array_equal(was.capability, now.capability, equal_nan=True)
    found = losses(base, without(base, (), variant))
    assert {name: number for name, number in found.items() if number} == {"recovered": 1.0}


def test_a_fork_starts_from_the_state_that_it_names() -> None:
    model = clouds().model
    with pytest.raises(ValueError, match="quarter 99 has not been reached"):
        model.fork(99)
    assert model.fork(2).state is model.states[2]


def test_where_nobody_reroutes_what_came_from_the_supplier_is_missing() -> None:
    base = clouds()
    target = supplier(base, "Cloud South")
    looks = cut(base, shares_of(base.model.world, target), SMALL)
    share = no_rerouting(base.looks[0].flow)[base.model.world.sellers.key.index("Cloud South")]
    found = losses(base, looks, frozen_labs=True)
    assert found["served_lost_peak"] >= share - 1e-12
    assert looks[0].used.sum() == pytest.approx((1 - share) * base.looks[0].used.sum())
    assert looks[2].used.sum() == base.looks[2].used.sum()
    assert found["quarters_to_recover"] == 2.0 and np.isnan(found["velocity_lost"])


# ---- planted worlds


def two_sellers(use: float) -> dict[str, Any]:
    """Two fleets of ten, and users of ``use`` kHQ who value it at 4.5."""
    data = world({"One": provider(), "Two": provider()}, segments={"Users": users(use, [4.5, use])})
    data["horizon"] = {"start": "2026Q3", "quarters": 8}
    return data


@pytest.mark.parametrize(("use", "missing"), [(10.0, 0.0), (16.0, 6 / 16), (20.0, 0.5)])
def test_rerouting_makes_up_for_what_others_have_to_spare(use: float, missing: float) -> None:
    plan = Plan(quarter="2027Q1", duration=2, window=4)
    base = base_of(two_sellers(use), plan)
    target = supplier(base, "One")
    fixed = losses(base, cut(base, shares_of(base.model.world, target), plan), frozen_labs=True)
    routed = losses(base, without(base, target.entries(base.model.world, plan), ROUTED))
    one = float(base.looks[0].flow[0].sum()) / use
    assert fixed["served_lost_peak"] == pytest.approx(one)
    assert routed["served_lost_peak"] == pytest.approx(missing, abs=1e-6)
    assert routed["served_lost_khq"] == pytest.approx(2 * missing * use, abs=1e-3)
    # Each unit is worth 4.5 and costs 0.5 to run, in USD/GPU-h.
    assert routed["welfare_lost_musd"] == pytest.approx(2 * missing * use * 4.0 * 2.19, rel=0.02, abs=0.1)
    assert routed["quarters_to_recover"] == (2.0 if missing else 0.0)


def test_a_supplier_comes_back_in_steps() -> None:
    plan = Plan(quarter="2027Q1", duration=1, recovery=3, window=5)
    assert [plan.share_out(step) for step in range(6)] == pytest.approx([1, 0.75, 0.5, 0.25, 0, 0])
    base = base_of(two_sellers(20.0), plan)
    target = supplier(base, "One")
    looks = without(base, target.entries(base.model.world, plan), ROUTED)
    assert [float(look.used.sum()) for look in looks] == pytest.approx([10, 12.5, 15, 17.5, 20], abs=1e-3)


def test_entry_helps_where_a_builder_can_respond() -> None:
    """A firm without capacity waits until it pays; when half the market is out for long, it does."""
    data = two_sellers(20.0)
    data["firms"]["New"] = provider(online=0, enters="npv", lead_time=1, growth_cap=1)
    data["segments"]["Users"] = users(20)
    data["behaviour"].update(entry_scale=5, index_price=1.2)
    plan = Plan(quarter="2026Q4", duration=4, window=7)
    base = base_of(data, plan)
    entries = supplier(base, "One").entries(base.model.world, plan)
    closed, open_ = (losses(base, without(base, entries, variant)) for variant in (ROUTED, OPEN))
    assert open_["served_lost_khq"] < closed["served_lost_khq"] - 1.0


def test_two_suppliers_that_stand_in_for_each_other_cost_more_together() -> None:
    data = two_sellers(10.0)
    data["firms"]["Three"] = provider(online=2)
    for name in ("One", "Two", "Three"):
        data["firms"][name]["fleet"]["chips"] = {"Chips": 1}
    data["upstream"]["chips"] = {"Chips": {"deliveries": {"2026Q3": 10}, "growth_after": 0}}
    base = base_of(data, Plan(quarter="2027Q1", window=2))
    found = pairs(base, targets(base.model.world))
    first = found[0]
    assert first.target.name == "One and Two" and first.causes == ("Chips",)
    assert (first.one, first.other) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert first.served_lost == first.beyond == pytest.approx(0.8, abs=1e-4)
    assert causes(base) == {"Chips": pytest.approx(1.0)}


def test_without_a_common_cause_there_is_no_pair() -> None:
    data = two_sellers(10.0)
    base = base_of(data, Plan(quarter="2027Q1", window=2))
    assert pairs(base, targets(base.model.world)) == () and causes(base) == {}


def test_one_owner_of_an_aggregate_is_knocked_out() -> None:
    data = two_sellers(20.0)
    data["firms"]["Two"]["aggregate_of"] = 4
    made = compile_world(scenario_from(data), 0, pin=True)
    assert [(t.name, t.parts) for t in targets(made)] == [
        ("One", (("One", 1.0),)), ("One of Two", (("Two", 0.25),))
    ]  # fmt: skip
    assert both(*targets(made)).parts == (("One", 1.0), ("Two", 0.25))


def test_quarters_to_recover_are_counted_from_the_start() -> None:
    assert quarters_to_recover([0.0, 0.0]) == 0.0
    assert quarters_to_recover([0.5, 0.2, 0.005]) == 2.0
    assert quarters_to_recover([0.0, 0.2, 0.0, 0.3]) == 4.0


# ---- the small world


def test_every_supplier_chip_supplier_and_region_is_there_in_every_variant() -> None:
    rows = small_test().knockouts
    by_kind = {kind: set(part["target"]) for kind, part in rows.groupby("kind")}
    assert by_kind[SUPPLIER] == {"Cloud North", "Cloud South", "Neocloud"}
    assert by_kind[CHIP] == {"General Chips", "North Silicon"}
    assert by_kind[REGION] == {"Home Grid", "Far Grid"}
    for kind, variants in (
        (SUPPLIER, {FIXED, ROUTED, OPEN}),
        (CHIP, {ROUTED, OPEN}),
        (REGION, {ROUTED, OPEN}),
    ):
        assert set(rows[rows["kind"] == kind]["variant"]) == variants
    assert (rows[(rows["kind"] != SUPPLIER) & (rows["variant"] == OPEN)]["served_lost_peak"] > 0.001).all()


def test_jobs_dealt_out_otherwise_make_the_same_rows() -> None:
    scenario = load_scenario("two-clouds-three-labs")
    world_ = compile_world(scenario, 1)
    some = [t for t in targets(world_) if t.name in ("Neocloud", "Home Grid")]
    one = part(scenario, 1, False, SMALL, some[:1], False)
    assert isinstance(one, dict)
    found = pd.DataFrame(one["knockouts"]).set_index(["kind", "target", "variant"])
    whole = small_test().knockouts.set_index(["kind", "target", "variant"]).loc[found.index]
    pd.testing.assert_frame_equal(found, whole)


def test_the_arithmetic_of_refusal_is_that_of_the_tested_functions() -> None:
    base, rows = clouds(), small_test().foreclosure
    q, world_ = base.before.quarter, base.model.world
    row = rows[rows["supplier"] == "Cloud North"].iloc[0]
    s, b = world_.sellers.key.index("Cloud North"), world_.buyers.key.index(row["customer"])
    own = world_.buyers.key.index("Cloud North")
    volume = float(q.delivery.contracted[s, b])
    price = float(q.state.book.matrix(q.delivery.payment_by_contract, world_.shape)[s, b]) / volume
    ratio = float(diversion(np.where(world_.buyers.product, q.state.share, 0.0))[b, own])
    margin = float(world_.buyers.margin[own])
    at_stake = float(q.revenue[b]) * row["loss_after"]
    found = vertical_arithmetic(price - float(world_.sellers.unit_cost[s]), volume, at_stake, ratio, margin)
    assert row["diversion"] == pytest.approx(ratio)
    assert row["net_gain_idle_musd"] == pytest.approx(found.net_gain)
    assert bool(row["pays_idle"]) == found.pays
    per_khq = float(q.revenue[own] / q.inference[own])
    assert row["vguppi"] == pytest.approx(float(vguppi_upstream(ratio, margin, per_khq, price)))
    without_lab = rows[rows["own_lab"] == ""]
    assert len(without_lab) and not without_lab["pays_idle"].any() and not without_lab["pays_resold"].any()


def test_a_refused_customer_loses_and_nobody_is_asked_to_gain() -> None:
    rows = small_test().foreclosure
    assert (rows["customer_loses_peak"] > 0.01).all()
    assert (rows["share_of_compute"] > 0).all()


def test_welfare_is_counted_at_the_baseline_s_willingness_to_pay() -> None:
    was = clouds().looks[0]
    lost, kept = welfare_lost(was, was)
    assert lost == 0.0 < kept


def test_the_sentences_say_what_the_tables_hold() -> None:
    found = small_test()
    first = ranked(found, SUPPLIER)[0]
    text = " ".join(found.sentences)
    for variant, column in (
        (OPEN, "served_lost_peak"),
        (OPEN, "welfare_lost_share"),
        (ROUTED, "welfare_lost_share"),
    ):
        number = 100 * middle(value(found, SUPPLIER, first, variant, column))
        assert f"{number:,.1f} %" in text
    assert f"Most is lost without {first}" in text
    said = re.search(r"Of the (\d+) relations .*, (\d+) hold a customer", text)
    assert said is not None
    groups = found.foreclosure.groupby(["supplier", "customer"])
    able = (groups["loss_after"].median().fillna(0) >= 0.1).sum()
    assert (int(said[1]), int(said[2])) == (len(groups), able)


def test_tables_and_parts_for_a_page() -> None:
    from market_abm.report.stress_report import parts, stress_report

    found = small_test()
    names = [table.name for table in found.tables()]
    assert names[:3] == ["without_supplier", "without_chip_supplier", "without_power_region"]
    assert {"pairs", "causes", "foreclosure"} <= set(names)
    pieces = parts(found)
    assert [title for title, _, _ in pieces] == [table.title for table in found.tables()]
    figures = [figure for _, _, figure in pieces if figure is not None]
    assert figures and all(len(figure.table.rows) == len(found.window) for figure in figures)
    assert stress_report(found).sections


# ---- the command


def test_the_command_writes_its_folder(tmp_path: Any) -> None:
    folder = tmp_path / "out"
    words = ["stress", "two-clouds-three-labs", "--replications", "1", "--duration", "1", "--window", "2", "--pairs", "0",
             "--firms", "1", "--workers", "1", "--out", str(folder), "--json"]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["answer"] and told["tables"]["without_supplier"]["rows"]
    for name in ("knockouts.csv", "paths.csv", "pairs.csv", "foreclosure.csv", "stress.xlsx", "report.html"):
        assert (folder / name).stat().st_size > 0
    frame = pd.read_csv(folder / "knockouts.csv")
    assert set(frame["variant"]) == {FIXED, ROUTED, OPEN}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Stress test: two-clouds-three-labs" in page and all(
        text[:40] in page for text in told["answer"][:1]
    )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--quarter", "2040Q1"], "the run has no quarter 2040Q1"),
        (["--quarter", "soon"], "is not a quarter"),
        (["--set", "horizon.quarters=1"], "needs at least 2 quarters"),
    ],
)
def test_bad_input_is_said(more: list[str], says: str, tmp_path: Any) -> None:
    done = CliRunner().invoke(app, ["stress", "two-clouds-three-labs", "--out", str(tmp_path), *more])
    assert done.exit_code == 2
    assert says in done.stderr


def test_seeds_that_do_not_finish_are_told() -> None:
    @strategy("sell", "falls-over")
    def falls_over(view: Any, rows: Any) -> Any:
        if view.world.seed == 2 or view.world.scenario.behaviour.beta == 0.25:
            raise ArithmeticError("nothing to divide by")
        return get("sell", "default")(view, rows)

    plan = Plan(quarter="2026Q4", window=1, duration=1, pairs=0, firms=0)
    falling = load_scenario("two-clouds-three-labs", ["behaviour.strategies.sell=falls-over"])
    found = stress(falling, 2, plan=plan)
    assert set(found.knockouts["seed"]) == {1}
    assert found.failures == ({"seed": 2, "error": "ArithmeticError: nothing to divide by"},)
    with pytest.raises(RunError, match=r"no seed finished\. ArithmeticError: nothing to divide by"):
        stress(falling.with_set({"behaviour.beta": 0.25}), 1, plan=plan)
