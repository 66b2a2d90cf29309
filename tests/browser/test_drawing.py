"""A figure that is patched from frame to frame looks, says and holds what Plotly's own pass would have made of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from market_abm.app import compose
from market_abm.app.archive import Archive, Run
from market_abm.app.curves import drawn
from market_abm.app.layout import layout
from tests.browser.conftest import SMALL
from tests.browser.driver import Tab

ALIKE = 0.004
"""Part of the pixels that may differ: Plotly leaves out points of a line that nobody can see, which shifts its dashes."""

COUNTED = """() => {
  const patch = window.marketPatch.patch;
  window.patched = 0;
  window.marketPatch.patch = (...what) => { const done = patch(...what); window.patched += done; return done; };
}"""

AGAIN = """(element) => window.Plotly.react(element, element.data, element.layout,
  { displayModeBar: false, responsive: false, staticPlot: !!element.closest('.abm-canvas') }).then(() => null)"""
"""Plotly's own pass over what a figure holds."""


def picture(element: Any) -> np.ndarray:
    """Pixels of an element, shape (height, width, 3)."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(int)


def part(one: np.ndarray, other: np.ndarray) -> float:
    """Part of the pixels that differ to the eye."""
    height = min(len(one), len(other))  # a card stands between two rows of pixels
    return float((np.abs(one[:height] - other[:height]).max(axis=2) > 48).mean())


def walk(tab: Tab) -> int:
    """Step, choose, step back and on; the number of figures that were patched meanwhile."""
    tab.page.evaluate(COUNTED)
    for name in ("step", "step", "four", "step"):
        tab.act(name)
        tab.settle()
    tab.page.click("[data-node^='seller:'] >> nth=1", force=True)
    tab.settle()
    tab.page.click(".abm-drawer >> text=Close")
    tab.page.wait_for_selector(".abm-drawer", state="detached")
    for name in ("step", "four"):
        tab.act(name)
        tab.settle()
    tab.page.mouse.move(2, 2)
    return int(tab.page.evaluate("() => window.patched"))


@pytest.mark.parametrize("query", ["", "scenario=colossus-lease&compare=no-colossus-lease"])
def test_it_looks_as_if_plotly_had_drawn_it(blank: Tab, query: str) -> None:
    blank.open(query)
    assert walk(blank) > 20
    figures = blank.page.query_selector_all(".js-plotly-plot")
    assert len(figures) == (6 if not query else 11)
    for figure in figures:
        before = picture(figure)
        figure.evaluate(AGAIN)
        after = picture(figure)
        assert part(before, after) < ALIKE, figure.evaluate("(e) => e.closest('section, article').className")


def test_a_picture_of_another_quarter_is_another_one(page: Tab) -> None:
    """The comparison above sees what differs between two quarters."""
    [network] = page.page.query_selector_all(".abm-network .js-plotly-plot")
    before = picture(network)
    page.act("four")
    page.settle()
    page.page.mouse.move(2, 2)
    assert part(before, picture(network)) > ALIKE


def test_lines_have_the_same_places_as_in_python(page: Tab) -> None:
    page.act("four")
    page.settle()
    archive = Archive()
    run = archive.run(Run(SMALL, (), 1))
    run.advance(1)
    while len(run) < 5:
        run.advance(len(run) + 1)
    placed = layout(run.scenario, run.at(1))
    panel, _ = compose.network_panel(run.at(5), run, placed, "", "")
    [shown] = page.figures(".abm-network")
    wanted = [drawn(trace) for trace in panel["figure"]["data"]]
    assert len(shown["data"]) == len(wanted)
    lines = [(a, b) for a, b in zip(shown["data"], wanted) if b["mode"] == "lines" and b["visible"]]
    assert len(lines) > 5
    for a, b in lines:
        for axis in "xy":
            assert [v is None for v in a[axis]] == [v is None for v in b[axis]]
            there = [(u, v) for u, v in zip(a[axis], b[axis]) if v is not None]
            assert max(abs(u - v) for u, v in there) < 0.06


def test_what_is_said_under_the_pointer_is_of_this_quarter(page: Tab) -> None:
    page.page.evaluate(COUNTED)
    for _ in range(3):
        page.act("step")
        page.settle()
    assert page.page.evaluate("() => window.patched") > 5
    chart = page.page.query_selector("[data-chart=price] .js-plotly-plot")
    box = chart.bounding_box()
    along = chart.evaluate(
        "(e) => e._fullLayout.xaxis._offset + e._fullLayout.xaxis.d2p(e._fullLayout.xaxis._categories[3])"
    )
    page.page.mouse.move(box["x"] + along - 3, box["y"] + box["height"] / 2)
    page.page.mouse.move(box["x"] + along, box["y"] + box["height"] / 2)
    page.page.wait_for_selector("[data-chart=price] .hoverlayer text")
    said = page.page.text_content("[data-chart=price] .hoverlayer")
    [price] = [t for t in page.figures("[data-chart=price]")[0]["data"] if t["name"] == "Price index"]
    assert page.quarter in said
    assert f"Price index : {price['y'][3]:.2f}"[:17] in said


def test_what_is_not_as_expected_is_left_to_plotly(page: Tab) -> None:
    page.act("step")
    page.settle()
    page.page.evaluate(COUNTED)
    page.page.evaluate(
        "() => document.querySelectorAll('.abm-network .scatterlayer .trace').forEach((t) => t.replaceChildren())"
    )
    page.act("step")
    page.settle()
    shapes = page.page.evaluate(
        "() => document.querySelectorAll('.abm-network .scatterlayer .trace path').length"
    )
    assert shapes > 20
