"""Every control moves, is marked, and can be taken back; a dragged lever moves the market."""

from __future__ import annotations

import json
from typing import Any

from market_abm.app.archive import Archive
from tests.browser.conftest import SMALL
from tests.browser.driver import Tab

LEVERS = Archive().levers(SMALL, 1)

TOGETHER = 4
"""Controls that are changed before all of them are taken back at once."""


def unfold(page: Tab) -> None:
    """Open every group."""
    page.page.evaluate(
        "() => document.querySelectorAll('.abm-group').forEach((group) => { group.open = true; })"
    )
    page.page.wait_for_selector(f"[data-key='{LEVERS[-1].key}']")


def changes(page: Tab) -> int:
    """Number of changes that the page shows."""
    badge = page.page.query_selector(".abm-fold .abm-badge")
    return int(badge.inner_text().split()[0]) if badge else 0


def wait_changes(page: Tab, count: int) -> bool:
    """Wait for a number of changes; False where the schema refused instead, which is then dismissed."""
    script = (
        "(n) => { const badge = document.querySelector('.abm-fold .abm-badge'); "
        "return (badge ? parseInt(badge.innerText) : 0) === n || document.querySelector('.abm-alert'); }"
    )
    page.page.wait_for_function(script, arg=count)
    if page.page.query_selector(".abm-alert") is None:
        return True
    page.page.click(".abm-alert button")
    page.page.wait_for_selector(".abm-alert", state="detached")
    return False


def moved(lever: Any) -> list[float]:
    """Values beside where a number stands, below and above."""
    width = 0.02 * (lever.high - lever.low)
    if "whole" in lever.allowed:
        width = max(1.0, round(width))
    found = [lever.start - width, lever.start + width]
    found = [round(v) if "whole" in lever.allowed else round(v, 6) for v in found]
    return [value for value in found if lever.low <= value <= lever.high]


def number(page: Tab, box: str, values: list[float], count: int) -> None:
    """Type the first value that no rule of the scenario stands against."""
    for value in values:
        page.page.fill(f"{box} input[type=number]", json.dumps(value))
        page.page.dispatch_event(f"{box} input[type=number]", "change")
        if wait_changes(page, count):
            return


def move(page: Tab, lever: Any, box: str, count: int) -> None:
    """Change a control, as the one that makes so many changes; it is marked."""
    if lever.kind == "entry":
        page.page.check(f"{box} > div > label input")
    elif lever.kind == "switch":
        page.page.click(f"{box} input")
    elif lever.kind == "choice":
        page.page.select_option(f"{box} select", next(w for w in lever.choices if w != lever.start))
    else:
        number(page, box, moved(lever), count)
    assert wait_changes(page, count), lever.key
    assert "changed" in page.page.get_attribute(box, "class").split()


def test_there_is_a_control_for_every_kind(page: Tab) -> None:
    unfold(page)
    shown = page.page.evaluate(
        "() => [...document.querySelectorAll('.abm-lever-control')].map((e) => e.dataset.key)"
    )
    assert shown == [lever.key for lever in LEVERS]


def test_every_control_moves_is_marked_and_can_be_taken_back(page: Tab) -> None:
    """The boxes of numbers, the words, the switches and the dated entries: all in one page."""
    unfold(page)
    undone: set[str] = set()
    for at, lever in enumerate(LEVERS):
        box, count = f".abm-lever-control[data-key='{lever.key}']", at % TOGETHER + 1
        move(page, lever, box, count)
        for part in lever.fields:
            assert page.page.query_selector(f"{box} [data-part='{part.key}']"), f"{lever.key}: {part.key}"
        if lever.kind not in undone:  # one of each kind by itself, the others together
            undone.add(lever.kind)
            page.page.click(f"{box} > div > label input" if lever.kind == "entry" else f"{box} .abm-undo")
            assert wait_changes(page, count - 1), lever.key
            move(page, lever, box, count)
        if count == TOGETHER:
            page.act("restore")
            assert wait_changes(page, 0)
    page.settle()


def test_each_control_says_unit_default_range_and_source(page: Tab) -> None:
    text = page.text(".abm-lever-control[data-key='behaviour.beta']")
    assert "(fraction)" in text
    assert "this seed drew" in text
    assert "0.35 to 0.65" in text
    assert "assumption" in text
    assert "allowed: numbers from 0 to 1" in text


def test_dragging_a_lever_shifts_what_is_shown_against_the_ghost(blank: Tab) -> None:
    blank.open("quarter=2028Q2")
    before = blank.figures(".abm-chart")[2]["data"]
    unfold(blank)
    blank.page.fill(".abm-lever-control[data-key='behaviour.contracted_share'] input[type=range]", "0.5")
    assert wait_changes(blank, 1)
    blank.settle()
    after = blank.figures(".abm-chart")[2]["data"]
    assert [t["y"] for t in after if "baseline" in t["name"]] == [
        t["y"] for t in before if "baseline" in t["name"]
    ]
    assert [t["y"] for t in after if t["showlegend"]] != [t["y"] for t in before if t["showlegend"]]
    assert "against the baseline" in blank.text(".abm-cards")
    assert blank.quarter == "2028Q2"


def test_an_entry_of_the_timeline_with_its_fields(page: Tab) -> None:
    box = ".abm-lever-control[data-key='timeline.price-cap']"
    page.page.check(f"{box} > div > label input")
    assert wait_changes(page, 1)
    page.page.fill(f"{box} [data-part='price'] input[type=number]", "1.5")
    page.page.dispatch_event(f"{box} [data-part='price'] input[type=number]", "change")
    page.page.select_option(f"{box} [data-part='supplier'] select", "Cloud North")
    page.settle()
    command = page.page.input_value("#abm-command")
    assert "kind: price_cap" in command
    assert "price: 1.5" in command
    assert '"Cloud North"' in command


def test_what_the_schema_refuses_is_refused_with_a_sentence(page: Tab) -> None:
    page.page.fill("#abm-behaviour-beta", "3")
    page.page.dispatch_event("#abm-behaviour-beta", "change")
    page.page.wait_for_selector(".abm-alert")
    assert "lies outside the allowed range" in page.text(".abm-alert")
    assert changes(page) == 0
    page.page.click(".abm-alert button")
    page.page.wait_for_selector(".abm-alert", state="detached")


def test_another_scenario_and_another_seed(page: Tab) -> None:
    page.page.select_option("#abm-scenario", "lone-lessor")
    page.page.wait_for_function(
        "() => document.querySelector('.abm-network h2').innerText.includes('lone-lessor')"
    )
    page.page.click("[aria-label='Next seed']")
    page.page.wait_for_function("() => document.querySelector('#abm-seed').value === '2'")
    page.settle()
    assert "scenario=lone-lessor&seed=2" in page.link()
