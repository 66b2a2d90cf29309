"""Step, play, pause, four quarters, reset, scrub."""

from __future__ import annotations

import time

from tests.browser.driver import Tab


def test_a_step_is_a_quarter_and_four_are_a_year(page: Tab) -> None:
    page.act("step")
    page.at("2026Q4")
    page.act("four")
    page.at("2027Q4")
    page.settle()
    lines = [t for t in page.figures(".abm-chart")[0]["data"] if t.get("showlegend")]
    assert all(len(line["y"]) == 6 for line in lines)


def test_play_goes_on_and_pause_holds(page: Tab) -> None:
    page.page.select_option("[data-act=speed]", "0.1")
    page.act("play")
    page.past("2027Q1")
    began = time.monotonic()
    page.act("play")
    page.page.wait_for_function("() => document.querySelector('[data-act=play]').innerText === 'Play'")
    print(f"\npause answered in {time.monotonic() - began:.2f} s")
    page.settle()
    held = page.quarter
    page.page.wait_for_timeout(1500)
    assert page.quarter == held
    assert held < "2031Q2"


def test_play_ends_at_the_horizon(blank: Tab) -> None:
    blank.open("quarter=2030Q4")
    blank.page.select_option("[data-act=speed]", "0.1")
    blank.act("play")
    blank.at("2031Q2")
    blank.page.wait_for_selector("[data-act=step]:disabled")
    # The frame after that of the last quarter says that play has ended.
    blank.page.wait_for_selector("[data-act=play]:disabled")


def test_scrubbing_back_shows_the_same_again_without_computing(page: Tab) -> None:
    page.act("four")
    page.at("2027Q3")
    page.settle()
    there = page.figures(".abm-network")
    page.page.fill("[data-act=scrub]", "2")
    page.at("2026Q4")
    page.settle()
    assert page.figures(".abm-network") != there
    assert page.page.query_selector(".abm-busy") is None
    page.page.fill("[data-act=scrub]", "5")
    page.at("2027Q3")
    page.settle()
    assert page.figures(".abm-network") == there


def test_reset_keeps_controls_and_seed(page: Tab) -> None:
    page.page.fill("#abm-seed", "9")
    page.page.dispatch_event("#abm-seed", "change")
    page.page.fill("#abm-behaviour-beta", "0.3")
    page.page.dispatch_event("#abm-behaviour-beta", "change")
    page.act("four")
    page.at("2027Q3")
    page.act("reset")
    page.at("2026Q3")
    page.settle()
    assert page.page.input_value("#abm-seed") == "9"
    assert page.page.input_value("#abm-behaviour-beta") == "0.3"


def test_a_frame_does_not_write_over_what_is_being_typed(page: Tab) -> None:
    page.page.select_option("[data-act=speed]", "0.5")
    page.page.evaluate("() => document.querySelector('[data-act=play]').click()")
    page.page.focus("#abm-behaviour-beta")
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("0.3")
    page.past(page.quarter)
    assert page.page.input_value("#abm-behaviour-beta") == "0.3"
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector(".abm-fold .abm-badge")
    assert page.page.input_value("#abm-behaviour-beta") == "0.3"
    assert "behaviour.beta=0.3" in page.page.input_value("#abm-command")


def test_a_box_that_somebody_is_in_keeps_its_text_while_another_seed_draws_another_default(page: Tab) -> None:
    box = "#abm-behaviour-beta"
    before = page.page.input_value(box)
    page.page.focus(box)
    page.page.evaluate("() => document.querySelector('button[aria-label=\"Next seed\"]').click()")
    page.page.wait_for_function("() => document.querySelector('#abm-seed').value === '2'")
    page.settle()
    assert page.page.input_value(box) == before
    page.page.evaluate("() => document.activeElement.blur()")
    page.page.wait_for_function(
        "([box, text]) => document.querySelector(box).value !== text", arg=[box, before]
    )
    assert "behaviour.beta" not in page.page.input_value("#abm-command")


def test_a_mark_of_the_timeline_leads_to_its_quarter(page: Tab) -> None:
    page.act("four")
    page.at("2027Q3")
    page.settle()
    page.page.evaluate(
        "() => document.querySelector('.abm-timeline .js-plotly-plot').emit('plotly_click', {points: [{x: '2026Q4'}]})"
    )
    page.at("2026Q4")
