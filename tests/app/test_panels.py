"""What the panels draw is what was measured."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from market_abm.analysis.answer import DISCLAIMER
from market_abm.app import charts, curves, happenings, network, nodes, words
from market_abm.app.archive import Archive, Run
from market_abm.app.edges import edges
from market_abm.app.layout import BOTTOM, HEIGHT, SHOWN, TOP, WIDTH, layout
from market_abm.app.trajectory import Trajectory
from market_abm.report.style import SPLIT_COLOURS


@pytest.fixture(scope="module")
def run() -> Trajectory:
    found = Archive().run(Run("colossus-lease", (("behaviour.beta", "0.4"),), 1))
    found.advance(1), found.advance(2), found.advance(3)
    return found


@pytest.fixture(scope="module")
def drawn(run: Trajectory) -> tuple[Any, ...]:
    now = run.at(3)
    assert now is not None
    placed = layout(run.scenario, run.at(1))  # type: ignore[arg-type]
    flows = edges(now, run.scenario, placed)
    return now, placed, flows, {row["firm"]: row for row in now.rows("firms")}


def test_every_firm_has_a_place_inside_the_canvas_and_none_is_shared(run: Trajectory, drawn: Any) -> None:
    _, placed, _, rows = drawn
    assert {firm for spot in placed.values() for firm in spot.firms} == set(rows)
    assert all(0 < s.x < WIDTH and TOP <= s.y <= BOTTOM < HEIGHT for s in placed.values())
    for tier in range(4):
        column = sorted((s.y, s.slot) for s in placed.values() if s.tier == tier)
        gaps = [b[0] - a[0] for a, b in pairwise(column)]
        assert all(gap > 9.0 for gap in gaps)


def test_all_volume_between_owners_is_on_an_edge(drawn: Any) -> None:
    now, _, flows, _ = drawn
    links = sum(row["volume_khq"] for row in now.rows("links"))
    between = sum(e.volume for e in flows if e.style in ("cloud", "lease"))
    assert between == pytest.approx(links)
    own = sum(r["volume_kh100e"] * r["used_share"] for r in now.rows("contracts") if r["kind"] == "internal")
    assert sum(e.volume for e in flows if e.style == "own") == pytest.approx(own)


def test_a_lease_is_dashed_own_use_double_and_a_chokepoint_a_diamond(drawn: Any) -> None:
    now, placed, flows, rows = drawn
    [lease] = [e for e in flows if (e.start, e.end) == ("seller:SpaceX/xAI", "buyer:Anthropic")]
    assert lease.style == "lease"
    assert network.DASH["lease"] != "solid"
    figure = network.figure(now, placed, flows)
    white = [t for t in figure["data"] if t.get("line", {}).get("color") == "#FFFFFF" and t["curves"]]
    assert white  # the core of a double line
    marks = next(t for t in figure["data"] if t.get("meta") == "scaled")
    shapes = dict(zip(placed, marks["marker"]["symbol"]))
    graded = {f"seller:{f}" for f, row in rows.items() if row["grade"] in ("chokepoint", "critical")}
    assert {key for key, shape in shapes.items() if shape == "diamond"} == graded
    names = next(t for t in figure["data"] if t.get("meta") == "names")
    assert {n[0] for n in names["customdata"] if "chokepoint" in n[1]} == {
        placed[key].label for key in graded
    }


def test_area_is_capacity(drawn: Any) -> None:
    _, placed, flows, rows = drawn
    radius = network.radii(placed, rows, flows)
    sizes = {k: rows[s.firms[0]]["capacity_kh100e"] for k, s in placed.items() if s.role == "seller"}
    big = max(sizes, key=lambda key: sizes[key])
    for key, size in sizes.items():
        ratio = (radius[key] - network.SMALLEST) / (radius[big] - network.SMALLEST)
        assert ratio**2 == pytest.approx(size / sizes[big], abs=1e-9)


def test_a_ring_goes_round_as_far_as_outside_options_secure(drawn: Any) -> None:
    now, placed, flows, rows = drawn
    figure = network.figure(now, placed, flows)
    [sellers] = [t for t in figure["data"] if t.get("line", {}).get("color") == SPLIT_COLOURS["seller"]]
    measured = [s for s in placed.values() if s.role == "seller" and network.leverage(s, rows) > 0]
    shares = sorted(network.leverage(s, rows) for s in measured)
    assert sorted(share for *_, share in sellers["arcs"]) == pytest.approx(shares, abs=1e-4)
    assert curves.drawn(sellers)["x"].count(None) == len(measured)


def test_traces_never_change_in_number_or_order(run: Trajectory, drawn: Any) -> None:
    _, placed, _, _ = drawn
    shapes = []
    for step in (1, 2, 3):
        now = run.at(step)
        assert now is not None
        for chosen in ("", "Google"):
            figure = network.figure(now, placed, edges(now, run.scenario, placed), chosen)
            shapes.append([(t["type"], t["mode"], t.get("line", {}).get("dash")) for t in figure["data"]])
    assert all(shape == shapes[0] for shape in shapes)


def test_the_table_twin_has_every_flow_and_firm(drawn: Any) -> None:
    _, placed, flows, rows = drawn
    twin = nodes.table(placed, rows, flows)
    assert len(twin["firms"]) == sum(bool(spot.firms) for spot in placed.values())
    assert len(twin["flows"]) == sum(edge.style != "upstream" for edge in flows)


def test_beyond_so_many_firms_the_smaller_ones_stand_together() -> None:
    from tests.benchmarks.scale import made_up

    found = Trajectory(made_up(300, 1), 1)
    assert found.advance(1), found.error
    first = found.at(1)
    assert first is not None
    placed = layout(found.scenario, first)
    single = [s for s in placed.values() if len(s.firms) == 1]
    bundles = [s for s in placed.values() if len(s.firms) > 1]
    assert SHOWN <= len(single) <= SHOWN + 4  # the last one of a tier stands by itself
    assert bundles
    assert {f for s in (*single, *bundles) for f in s.firms} == set(first.tables["firms"]["firm"])
    flows = edges(first, found.scenario, placed)
    links = sum(row["volume_khq"] for row in first.rows("links"))
    assert sum(e.volume for e in flows if e.style in ("cloud", "lease")) == pytest.approx(links)
    network.figure(first, placed, flows)


def test_charts_show_the_recorded_columns(run: Trajectory) -> None:
    limits = run.scenario.behaviour.thresholds
    for panel in charts.panels(run.quarters, run.snapshots[:2], run.snapshots, limits, "Google"):
        lines = [t for t in panel.data if t.get("showlegend")]
        ghosts = [t for t in panel.data if "baseline" in t["name"]]
        assert all(len(t["y"]) == 2 for t in lines)
        assert all(len(t["y"]) == 3 for t in ghosts)
        assert panel.caption
    price = charts.price(run.quarters, run.snapshots, run.snapshots, limits)
    [index] = [t for t in price.data if t["name"] == "Price index"]
    expected = run.result().steps["price_index_usd_per_gpu_hour"].tolist()
    assert index["y"] == pytest.approx(expected, abs=1e-4)


def test_every_deal_notice_and_onset_is_on_the_timeline(run: Trajectory) -> None:
    items = [item for quarter in happenings.happenings(run.snapshots) for item in quarter.items]
    signed = sum(row["kind"] == "contract signed" for s in run.snapshots for row in s.rows("events"))
    assert sum(item.text.startswith("contract signed") for item in items) == signed > 0
    onset = [item for item in items if item.lane == 0 and "whole market" in item.text]
    first = {
        row["firm"]
        for s in run.snapshots
        for row in s.rows("firms")
        if row["grade"] in ("chokepoint", "critical")
    }
    assert {item.firm for item in onset} == first


def test_the_cards_say_what_the_tables_say(run: Trajectory) -> None:
    now = run.at(3)
    assert now is not None
    choke, lever, pairs, price = words.cards(now, None, False)
    graded = [row["firm"] for row in now.rows("firms") if row["grade"] in ("chokepoint", "critical")]
    assert all(name in choke.answer for name in graded)
    assert f"{100 * now.steps['seller_secured_share']:.0f}\N{NO-BREAK SPACE}%" in lever.answer
    assert sum(part for _, part in lever.parts) == pytest.approx(1.0)
    assert str(now.steps["relation_chokepoints"]) in pairs.answer or "None" in pairs.answer
    assert f"{now.steps['price_index_usd_per_gpu_hour']:.2f}" in price.answer
    assert not math.isnan(now.steps["seller_secured_share"])


def test_the_page_says_the_same_disclaimer_as_the_reports() -> None:
    assert words.DISCLAIMER == DISCLAIMER
