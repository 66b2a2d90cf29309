"""Everybody can use it: axe finds nothing serious, the keyboard reaches everything, three widths work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.driver import Server, Tab, tab

KNOWN = Path(__file__).with_name("third_party_findings.json")
"""Serious findings in what Solara puts around the page, by rule and selector: a list that can only shrink."""


def serious(page: Tab) -> set[tuple[str, str]]:
    """Rule and selector of every serious or critical finding."""
    found = Axe().run(page.page).response["violations"]
    return {
        (item["id"], " ".join(str(part) for part in node["target"]))
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    }


def test_axe_finds_nothing_serious(blank: Tab) -> None:
    """First screen, every group unfolded, drawer open, tables open, share panel open, a message shown."""
    blank.open("quarter=2027Q1&nonsense=1")
    found = serious(blank)
    blank.page.evaluate(
        "() => document.querySelectorAll('.abm details').forEach((item) => { item.open = true; })"
    )
    blank.page.click("[data-key='timeline.price-cap'] input")
    blank.page.evaluate("() => document.querySelector(\".abm-node[data-firm='Cloud North']\").click()")
    blank.page.wait_for_selector(".abm-drawer")
    blank.settle()
    found |= serious(blank)
    known = {tuple(item) for item in json.loads(KNOWN.read_text())}
    ours = {item for item in found if ".abm" in item[1]} | (found - known)
    assert not ours, sorted(ours)
    assert found == known, f"the list can shrink: take out {sorted(known - found)}"


REACHABLE = (
    "[...document.querySelectorAll('.abm button:enabled, .abm select, .abm input, .abm summary, .abm a[href]')]"
    ".filter((e) => e.checkVisibility({visibilityProperty: true}))"
)


def test_the_keyboard_reaches_every_control(page: Tab) -> None:
    """Tab from the start of the page meets every enabled button, field and link that can be seen."""
    count = page.page.evaluate(f"() => {REACHABLE}.length")
    assert count > 50
    page.page.evaluate(
        "() => { document.body.tabIndex = -1; document.body.focus(); window.met = new Set(); }"
    )
    page.page.evaluate("() => document.addEventListener('focusin', (e) => window.met.add(e.target))")
    for _ in range(count + 40):
        page.page.keyboard.press("Tab")
    left = page.page.evaluate(
        f"() => {REACHABLE}.filter((e) => !window.met.has(e)).map((e) => e.outerHTML.slice(0, 90))"
    )
    assert not left


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_usable_at_three_widths(browser: Any, server: Server, width: int) -> None:
    """Nothing is wider than the window (what is scrolls inside its card), and the run can be played."""
    with tab(browser, server.address, width, 900) as page:
        page.open()
        script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.page.evaluate(script) <= 0
        page.page.click("[data-act=step]")
        page.at("2026Q4")
        if width < 860:
            page.page.click(".abm-fold")
        page.page.fill("#abm-behaviour-beta", "0.3")
        page.page.dispatch_event("#abm-behaviour-beta", "change")
        page.page.wait_for_selector(".abm-fold .abm-badge")
        page.page.evaluate("() => document.querySelector(\".abm-node[data-firm='Lab East']\").click()")
        page.page.wait_for_selector(".abm-drawer")
        box = page.page.query_selector(".abm-drawer").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1


def test_the_table_twin_says_what_the_network_draws(page: Tab) -> None:
    page.page.click(".abm-network .abm-twin summary")
    page.page.wait_for_selector(".abm-network tbody th button")
    names = [cell.inner_text() for cell in page.page.query_selector_all(".abm-network tbody th button")]
    there = {node.get_attribute("data-firm") for node in page.page.query_selector_all(".abm-node")} - {""}
    assert len(set(names)) >= len(there)
    page.page.click(".abm-network tbody th button >> nth=0")
    page.page.wait_for_selector(".abm-drawer")
