"""Every firm's drawer says, number for number, what `market-abm explain` says."""

from __future__ import annotations

import market_abm as ma
from market_abm.analysis.explain import explain
from market_abm.analysis.mind import with_minds
from tests.browser.conftest import SMALL
from tests.browser.driver import Tab

QUARTER = "2027Q1"


def test_every_firm_explained_as_on_the_command_line(blank: Tab) -> None:
    scenario = ma.load_scenario(SMALL, ["horizon.quarters=3"])
    result = ma.run(scenario, seed=1)
    blank.open(f"quarter={QUARTER}")
    for firm in (*scenario.firms, *scenario.segments):
        blank.page.click(f".abm-node[data-firm='{firm}'] >> nth=0")
        blank.page.wait_for_function(
            "(f) => document.querySelector('.abm-drawer h2')?.innerText === f", arg=firm
        )
        blank.page.wait_for_selector(".abm-drawer [data-pending]", state="detached")
        expected = with_minds(explain(result, firm, QUARTER), result, firm, QUARTER)
        shown = [p.inner_text() for p in blank.page.query_selector_all(".abm-drawer .sentence")]
        assert shown == list(expected.sentences)
        captions = [c.inner_text() for c in blank.page.query_selector_all(".abm-drawer caption")]
        assert captions == [table.title for table in expected.tables]
    blank.act("shut")
    blank.page.wait_for_selector(".abm-drawer", state="detached")


def test_the_drawer_opens_and_closes_by_keyboard_and_gives_the_focus_back(page: Tab) -> None:
    page.page.focus(".abm-node[data-firm='Lab East']")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector(".abm-drawer")
    page.page.wait_for_function("() => document.activeElement.closest('.abm-drawer')")
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector(".abm-drawer", state="detached")
    assert page.page.evaluate("() => document.activeElement.dataset.firm") == "Lab East"


def test_the_drawer_follows_the_quarter(page: Tab) -> None:
    page.page.click(".abm-node[data-firm='Neocloud']")
    page.page.wait_for_selector(".abm-drawer")
    assert "2026Q3" in page.text(".abm-drawer header")
    page.act("step")
    page.page.wait_for_function(
        "() => document.querySelector('.abm-drawer header').innerText.includes('2026Q4')"
    )
    head = page.text("[data-chart=leverage] h2")
    assert head in ("Leverage of Neocloud", "Leverage, whole market")
