"""A plain SolaraViz, as in Mesa's tutorials, works on our model, with Mesa's components and with ours."""

from __future__ import annotations

from typing import Any

from tests.browser.driver import serving, tab


def test_solara_viz_shows_the_model_and_steps_it(browser: Any) -> None:
    with (
        serving(program=("-m", "tests.browser.stock_server")) as server,
        tab(browser, server.address) as found,
    ):
        page = found.page
        page.goto(server.address)
        page.wait_for_selector("text=Time: 0")
        page.wait_for_selector("text=seed 3")
        page.click("button:has-text('Step')")
        page.wait_for_selector("text=Time: 1")
        page.click("button:has-text('Step')")
        page.wait_for_selector("text=Time: 2")
        page.wait_for_selector("img")  # Mesa's own plots
        page.wait_for_selector(".js-plotly-plot svg.main-svg")
        labels = page.inner_text(".js-plotly-plot")
        assert "Cloud North" in labels
        page.click("button:has-text('Reset')")
        page.wait_for_selector("text=Time: 0")
        page.wait_for_selector("text=seed 7")  # with the page's parameters
        page.click("button:has-text('Step')")
        page.wait_for_selector("text=Time: 1")
