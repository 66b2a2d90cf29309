"""Links, the command line, downloads: what leaves the page leads back to the same numbers."""

from __future__ import annotations

import io
import random
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import networkx as nx
import pandas as pd
import pytest

import market_abm as ma
from market_abm.app.archive import Archive
from market_abm.app.place import Place, changed, read_link
from market_abm.experiments.read import load_experiment
from market_abm.results.dictionary import TABLES
from tests.browser.conftest import SMALL
from tests.browser.driver import Tab

ARCHIVE = Archive()


def somewhere(seed: int) -> Place:
    """A random place in a small scenario."""
    chance = random.Random(seed)
    name = chance.choice([SMALL, "lone-lessor", "bilateral-monopoly"])
    levers = [lever for lever in ARCHIVE.levers(name, 1) if lever.group == "uncertain"]
    changes: tuple[tuple[str, str], ...] = ()
    for lever in chance.sample(levers, min(3, len(levers))):
        value = max(lever.low, lever.start - 0.02 * chance.random() * (lever.high - lever.low))
        value = round(value) if "whole" in lever.allowed else round(value, 4)
        changes = changed(changes, lever.key, repr(value))
    if chance.random() < 0.5:
        changes = changed(
            changes, "timeline.minimum-notice", "{kind: minimum_notice, quarter: 2026Q4, notice: 3}"
        )
    scenario = ARCHIVE.scenario(name, changes)
    firm = chance.choice(["", *scenario.firms])
    compare = "lone-lessor" if name == SMALL and chance.random() < 0.4 else ""
    step = chance.randrange(1, min(5, len(scenario.quarters)) + 1)
    return Place(name, chance.randrange(10_000), changes, step, firm, compare)


def test_ten_random_places_survive_the_trip_through_a_link(blank: Tab) -> None:
    for seed in range(10):
        place = somewhere(seed)
        query = place.query(ARCHIVE.scenario(place.scenario, place.changes).quarters)
        blank.open(query)
        shown = blank.page.query_selector(".abm-alert")
        assert shown is None, shown.inner_text()
        assert read_link(blank.link(), ARCHIVE, SMALL) == place
        address = urlsplit(blank.page.url).query  # the address is the link too: a reload leads back
        assert read_link(address, ARCHIVE, SMALL) == place


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"scenario": "/etc/passwd"}, "scenario"),
        ({"seed": "-3"}, "seed"),
        ({"set": "behaviour.beta=7"}, "outside the allowed range"),
        ({"set": "horizon.quarters=400"}, "control"),
        ({"quarter": "1999Q1"}, "quarter"),
        ({"wizard": "1"}, "part"),
    ],
)
def test_a_link_with_impossible_values_is_refused(blank: Tab, query: dict[str, str], told: str) -> None:
    blank.open(urlencode(query))
    alert = blank.text(".abm-alert")
    assert "was not followed" in alert
    assert told in alert
    assert blank.quarter == "2026Q3"


def test_browser_and_command_line_give_identical_tables(blank: Tab, tmp_path: Path) -> None:
    cap = "{kind: price_cap, quarter: 2027Q1, price: 1.8}"
    changes = changed(changed((), "behaviour.beta", "0.3"), "timeline.price-cap", cap)
    place = Place(SMALL, 5, changes)
    blank.open(place.query(ARCHIVE.scenario(SMALL).quarters))
    words = shlex.split(blank.page.input_value("#abm-command"))
    assert words[0] == "market-abm"
    command = [sys.executable, "-m", "market_abm", *words[1:], "--quiet", "--out", str(tmp_path / "there")]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    with blank.page.expect_download() as waiting:
        blank.page.click(".abm-ways-open")
        blank.page.click("[data-export='tables.zip']")
    with zipfile.ZipFile(waiting.value.path()) as bundle:
        bundle.extractall(tmp_path / "here")
    here, there = ma.load_results(tmp_path / "here"), ma.load_results(tmp_path / "there")
    for name in TABLES:
        pd.testing.assert_frame_equal(here.tables[name], there.tables[name], check_exact=True)
        assert (tmp_path / "here" / "csv" / f"{name}.csv").stat().st_size > 0
    assert (here.setting.hash, here.setting.text) == (there.setting.hash, there.setting.text)


def test_report_network_sweep_and_figures_can_be_taken_away(blank: Tab, tmp_path: Path) -> None:
    blank.open("quarter=2026Q4&set=behaviour.beta%3D0.3")
    blank.page.click(".abm-ways-open")
    found = {}
    for name in ("report.html", "network.graphml", "sweep.yaml"):
        with blank.page.expect_download() as waiting:
            blank.page.click(f"[data-export='{name}']")
        found[name] = Path(waiting.value.path()).read_bytes()
    assert b"two-clouds-three-labs" in found["report.html"]
    graph = nx.read_graphml(io.BytesIO(found["network.graphml"]), force_multigraph=True)
    assert set(graph) == {*ma.load_scenario(SMALL).firms, *ma.load_scenario(SMALL).segments}
    assert graph.number_of_edges() > 5
    (tmp_path / "sweep.yaml").write_bytes(found["sweep.yaml"])
    experiment, _ = load_experiment(tmp_path / "sweep.yaml")
    assert set(experiment.factors) == {"behaviour.beta"}
    blank.page.keyboard.press("Escape")
    for selector, head in ((".abm-network", b"<svg"), (".abm-timeline", b"<svg"), (".abm-chart", b"\x89PNG")):
        kind = "SVG" if head == b"<svg" else "PNG"
        with blank.page.expect_download() as waiting:
            blank.page.click(f"{selector} .abm-tools button:text-is('{kind}') >> nth=0")
        assert Path(waiting.value.path()).read_bytes().startswith(head)
