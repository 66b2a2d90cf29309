"""The page stands alone: one plotly.js, no request, every text escaped, a table beside every figure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from market_abm.analysis.answer import answer
from market_abm.analysis.compare import Comparison
from market_abm.experiments.replicate import replicate, run
from market_abm.report.page import compare_page, run_page
from market_abm.results.result import Result
from tests.results.feed import FakeModel, ShiftedModel, world

EVIL = '</script><img src=x onerror="alert(1)">&'


class Reader(HTMLParser):
    """Tags with their attributes, texts outside scripts, and the scripts."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.scripts, self.open = [], [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.open = ""

    def handle_data(self, data):
        if self.open == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module")
def result():
    return run(world(), 7, model=FakeModel)


@pytest.fixture(scope="module")
def page(result):
    return run_page(result)


def figures_of(page: str) -> list[dict]:
    script = read(page).scripts[-1]
    listing = re.search(r"const figures = \[(.*)\];\nconst config", script, re.S)[1].rstrip(",")
    return json.loads(f"[{listing}]")


def test_plotly_is_embedded_once_and_nothing_is_requested(page):
    reader = read(page)
    assert len([script for script in reader.scripts if "plotly.js v" in script[:400]]) == 1
    assert len(reader.scripts) == 2
    for tag, attributes in reader.tags:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "form")
        assert "src" not in attributes
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"].startswith("https://")
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?http", "".join(re.findall(r"<style>.*?</style>", page, re.S)))


def test_a_policy_forbids_requests(page):
    policy = next(
        a["content"] for tag, a in read(page).tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "http" not in policy


def test_disclaimer_answer_and_sources_are_there(page, result):
    text = " ".join(read(page).texts)
    assert text.count("not a forecast, not a finding about anybody's conduct, no affiliation") == 2
    for sentence in answer(result).sentences:
        assert sentence.text in text
    assert "A count of chips" in text
    assert any(a.get("href") == "https://example.org/count" for tag, a in read(page).tags if tag == "a")


def test_every_figure_has_a_table_twin_with_its_numbers(page, result):
    figures = figures_of(page)
    assert len(figures) == 7
    reader = read(page)
    assert len([tag for tag, _ in reader.tags if tag == "details"]) == 8  # and one for the sources
    cells = " ".join(reader.texts)
    quarter = result.steps.iloc[0]
    for column in ("price_index_usd_per_gpu_hour", "price_long_run_usd_per_gpu_hour"):
        assert f"{quarter[column]:.2f}" in cells
    assert f"{quarter['hhi_fleet']:,.0f}" in cells


def test_axes_carry_units_and_lines_differ_without_colour(page):
    figures = figures_of(page)
    titles = [figure["layout"]["yaxis"].get("title", {}).get("text", "") for figure in figures]
    assert {"USD per GPU-hour", "HHI, points", "Capability, log units", "kH100e online"} <= set(titles)
    for figure in figures:
        lines = [t for t in figure["data"] if t.get("mode") == "lines+markers"]
        looks = {(line["line"]["dash"], line["marker"]["symbol"]) for line in lines}
        assert len(looks) == len(lines)


def test_figures_hold_what_the_tables_hold(page, result):
    price = next(
        f for f in figures_of(page) if f["layout"]["yaxis"]["title"].get("text") == "USD per GPU-hour"
    )
    index = next(trace for trace in price["data"] if trace["name"] == "Price index")
    assert index["y"] == result.steps["price_index_usd_per_gpu_hour"].tolist()
    spot = next(trace for trace in price["data"] if trace["name"] == "Spot")
    assert spot["y"][1] is None  # missing, and not zero


def test_the_heat_map_holds_the_grades(page, result):
    heat = figures_of(page)[0]["data"][0]
    row = heat["z"][heat["y"].index("Google")]
    words = result.firms[result.firms["firm"] == "Google"]["grade"].map(
        {"watch": 1, "chokepoint": 2, "critical": 3}
    )
    assert row == words.tolist()
    assert set(heat["text"][heat["y"].index("Google")]) == {"W", "C", "!"}


def test_the_leverage_split_fills_the_whole(page):
    split = next(f for f in figures_of(page) if f["layout"].get("barmode") == "stack")
    bars = [trace for trace in split["data"] if trace["type"] == "bar"]
    assert {bar["name"] for bar in bars} == {"Secured by the seller", "Contested", "Secured by the buyer"}
    for part in range(0, len(bars), 3):
        sums = [sum(values) for values in zip(*(bar["y"] for bar in bars[part : part + 3]))]
        assert sums == pytest.approx([100.0] * 8)


def test_no_text_can_break_out(result):
    tables = {name: table.copy() for name, table in result.tables.items()}
    tables["firms"]["owner"] = tables["firms"]["owner"].replace("Oracle", EVIL)
    tables["firms"]["firm"] = tables["firms"]["firm"].replace("OpenAI", EVIL)
    tables["links"]["supplier"] = tables["links"]["supplier"].replace("Oracle", EVIL)
    sources = ({"id": "x", "title": EVIL, "url": "javascript:alert(1)", "date": EVIL, "grade": "A"},)
    setting = replace(result.setting, name=EVIL, question=EVIL, sources=sources)
    page = run_page(Result(setting, tables))
    reader = read(page)
    assert not [tag for tag, _ in reader.tags if tag == "img"]
    assert len(reader.scripts) == 2
    assert len(figures_of(page)) == 7
    assert not any("javascript:" in a.get("href", "") for _, a in reader.tags)


def test_replications_show_bands():
    many = replicate(world(), range(1, 5), model=FakeModel)
    page = run_page(many)
    price = next(
        f for f in figures_of(page) if f["layout"]["yaxis"]["title"].get("text") == "USD per GPU-hour"
    )
    ribbons = [trace for trace in price["data"] if trace.get("fill") == "tonexty"]
    assert len(ribbons) == 4
    heat = figures_of(page)[0]["data"][0]
    assert max(max(row) for row in heat["z"]) <= 1.0
    assert "%" in "".join(text for row in heat["text"] for text in row)


def test_worlds_without_grades_relations_or_labs_still_have_a_page(result):
    firms = result.firms.assign(grade="", capability=float("nan"))
    links = result.links.iloc[:0]
    page = run_page(Result(result.setting, result.tables | {"firms": firms, "links": links}))
    assert len(figures_of(page)) == 3  # prices, concentration, fleet


def test_the_page_of_a_comparison():
    pair = Comparison(
        replicate(world(), [1, 2, 3], model=FakeModel),
        (replicate(world(8, "shifted"), [1, 2, 3], model=ShiftedModel),),
    )
    page = compare_page(pair)
    text = " ".join(read(page).texts)
    assert "shifted against fake-world" in text
    assert "not a forecast" in text
    figures = figures_of(page)
    assert len(figures) == 4
    gains = next(f for f in figures if "capability" in f["layout"]["yaxis"]["title"].get("text", ""))
    lead = next(trace for trace in gains["data"] if trace.get("name") == "Anthropic")
    assert lead["y"] == pytest.approx([0.25 * (step + 1) for step in range(8)])
