"""What somebody sees who opens the page: paused at the start, the baseline's whole path drawn faintly."""

from __future__ import annotations

import time

import market_abm as ma
from tests.browser.conftest import SMALL
from tests.browser.driver import Server, Tab

QUARTERS = 20


def test_the_server_answers_and_the_controls_are_there_soon(server: Server, blank: Tab) -> None:
    """Times are printed, never judged: under 8 s and 4 s are asked of a quiet machine."""
    began = time.monotonic()
    blank.open(settle=False)
    blank.page.wait_for_selector("[data-key='behaviour.beta'] input[type=range]")
    print(f"\nserver ready in {server.seconds:.1f} s, controls in {time.monotonic() - began:.1f} s")
    blank.page.wait_for_selector(".abm-network svg.main-svg")
    blank.settle()


def test_it_is_paused_at_the_first_quarter(page: Tab) -> None:
    assert page.quarter == "2026Q3"
    assert page.text("[data-act=play]") == "Play"
    page.page.wait_for_timeout(1200)
    assert page.quarter == "2026Q3"


def test_the_question_stands_in_words_and_so_does_who_holds_the_levers(page: Tab) -> None:
    assert page.text("h1") == ma.load_scenario(SMALL).question
    cards = page.page.query_selector_all(".abm-lever .answer")
    assert len(cards) == 4
    assert all(card.inner_text().strip() for card in cards)
    assert "not a forecast" in page.text("footer")


def test_four_charts_with_the_whole_path_of_the_baseline(page: Tab) -> None:
    script = (
        "() => { const all = [...document.querySelectorAll('.abm-chart .js-plotly-plot')]; "
        "return all.length === 4 && all[0].data.some((t) => (t.name || '').includes('baseline') "
        f"&& t.y.length === {QUARTERS}); }}"
    )
    page.page.wait_for_function(script)
    figures = page.figures(".abm-chart")
    for figure in figures:
        ghosts = [t for t in figure["data"] if "baseline" in t.get("name", "")]
        lines = [t for t in figure["data"] if t.get("showlegend")]
        assert ghosts and lines
        assert all(len(ghost["y"]) == QUARTERS for ghost in ghosts)
        assert all(len(trace["y"]) == 1 for trace in lines)  # only the first quarter has been played
    thresholds = [shape for shape in figures[0]["layout"]["shapes"] if shape.get("y0") == shape.get("y1")]
    assert thresholds, "the concentration chart has no threshold"


def test_the_network_shows_every_firm_in_its_tier(page: Tab) -> None:
    [figure] = page.figures(".abm-network")
    heads = [note["text"] for note in figure["layout"]["annotations"]]
    assert [head.strip("</b>") for head in heads] == [
        "Chips and power",
        "Hyperscalers",
        "Providers",
        "Labs and segments",
    ]
    scenario = ma.load_scenario(SMALL)
    there = {node.get_attribute("data-firm") for node in page.page.query_selector_all(".abm-node")}
    assert {*scenario.firms, *scenario.segments} <= there


def test_the_panels_are_as_wide_as_their_cards_and_nothing_is_empty(page: Tab) -> None:
    for selector in (".abm-network", ".abm-chart", ".abm-timeline"):
        for card in page.page.query_selector_all(selector):
            box = card.query_selector("svg.main-svg").bounding_box()
            assert box["width"] > 0.85 * card.bounding_box()["width"]
            assert box["height"] > 90
