"""A second scenario beside the first, under the same seed."""

from __future__ import annotations

import numpy as np

import market_abm as ma
from tests.browser.driver import Tab

PAIR = "scenario=colossus-lease&compare=no-colossus-lease"
QUARTERS = ["horizon.quarters=3"]


def test_two_networks_the_differences_and_where_they_part(blank: Tab) -> None:
    blank.open(f"{PAIR}&quarter=2027Q1")
    blank.page.wait_for_selector(".abm-parting")
    blank.settle()
    heads = [head.inner_text() for head in blank.page.query_selector_all(".abm-network h2")]
    assert "in colossus-lease" in heads[0]
    assert "in no-colossus-lease" in heads[1]
    sentence = blank.text(".abm-parting")
    assert "first differ in 2026Q3" in sentence
    assert "K01" in sentence
    runs = [
        ma.run(ma.load_scenario(name, QUARTERS), seed=1) for name in ("colossus-lease", "no-colossus-lease")
    ]
    column = "price_index_usd_per_gpu_hour"
    expected = runs[0].steps[column].to_numpy() - runs[1].steps[column].to_numpy()
    [shown] = [
        t for t in blank.figures("[data-chart=difference-price]")[0]["data"] if t["name"] == "Price index"
    ]
    assert np.allclose(shown["y"], expected, atol=1e-4)


def test_it_can_be_left_again(page: Tab) -> None:
    page.page.select_option("#abm-compare", "lone-lessor")
    page.page.wait_for_selector(".abm-parting")
    page.settle()
    page.page.select_option("#abm-compare", "")
    page.page.wait_for_selector(".abm-parting", state="detached")
    page.settle()
    assert len(page.figures(".abm-network")) == 1
