"""The page stands alone: one plotly.js, no request, every text escaped, a table beside every figure."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import plotly.graph_objects as go
import pytest

from market_abm.analysis.answer import answer
from market_abm.analysis.compare import Comparison, compare
from market_abm.experiments.replicate import replicate, replicate_all, run
from market_abm.report import style
from market_abm.report.compare_report import compare_page
from market_abm.report.page import LIMITS
from market_abm.report.run_report import run_page
from market_abm.results.result import Result
from tests.results.feed import FakeModel, HopelessModel, ShiftedModel, world

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
    listing = re.search(r"const figures = \[(.*)\];\n\"use strict\"", script, re.S)[1].rstrip(",")
    return json.loads(f"[{listing}]")


@pytest.fixture(scope="module")
def pair():
    return Comparison(
        replicate(world(), [1, 2, 3], model=FakeModel),
        (replicate(world(8, "shifted"), [1, 2, 3], model=ShiftedModel),),
    )


@pytest.fixture(scope="module")
def pair_page(pair):
    return compare_page(pair)


def y_title(figure: dict) -> str:
    return figure["layout"].get("yaxis", {}).get("title", {}).get("text", "")


def test_plotly_is_embedded_once_and_nothing_is_requested(page):
    reader = read(page)
    assert len([script for script in reader.scripts if "plotly.js v" in script[:400]]) == 1
    assert len(reader.scripts) == 2
    for tag, attributes in reader.tags:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base", "form")
        assert "src" not in attributes
        if "href" in attributes:
            assert tag == "a"
            assert attributes["href"].startswith(("https://", "#"))
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?http", "".join(re.findall(r"<style>.*?</style>", page, re.S)))


def test_a_policy_forbids_requests(page):
    policy = next(
        a["content"] for tag, a in read(page).tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "http" not in policy


def test_disclaimer_answer_limits_licence_and_sources_are_there(page, result):
    text = " ".join(read(page).texts)
    assert text.count("not a forecast, not a finding about anybody's conduct, no affiliation") == 2
    for sentence in answer(result).sentences:
        assert sentence.text in text
    first, rest = page.split('<section id="chokepoints"')
    for limit in LIMITS:
        assert limit in html.unescape(first)
    assert "LICENSE-DATA" in first
    assert "A count of chips" in rest
    assert any(a.get("href") == "https://example.org/count" for tag, a in read(page).tags if tag == "a")


def test_every_figure_has_a_table_twin_and_words_made_of_its_numbers(page, result):
    reader = read(page)
    twins = [tag for tag, _ in reader.tags if tag == "figure"]
    assert len(twins) == 9
    assert (
        len([tag for tag, _ in reader.tags if tag == "details"]) == len(twins) + 1
    )  # and one for the sources
    described = [a["aria-describedby"] for _, a in reader.tags if a.get("role") == "img"]
    names = {a["id"] for _, a in reader.tags if "id" in a}
    assert len(described) == len(figures_of(page))
    assert set(described) <= names
    cells = " ".join(reader.texts)
    quarter = result.steps.iloc[0]
    for column in ("price_index_usd_per_gpu_hour", "price_long_run_usd_per_gpu_hour"):
        assert f"{quarter[column]:.2f}" in cells
    assert f"{quarter['hhi_fleet']:,.0f}" in cells
    price = result.steps["price_index_usd_per_gpu_hour"]
    assert (
        f"Price index: {price.iloc[0]:.2f} USD per GPU-hour in 2026Q3, {price.iloc[-1]:.2f} in 2028Q2"
        in cells
    )


@pytest.mark.parametrize("which", ["page", "pair_page"])
def test_numbers_in_the_words_of_a_figure_stand_in_its_table(which, request):
    page = request.getfixturevalue(which)
    found = re.findall(r'<p class="alt"[^>]*>(.*?)</p>(.*?)</details>', page, re.S)
    assert len(found) >= 8
    for words, table in found:
        cells = set(re.findall(r"[+-]?\d[\d,.]*\d|\d", html.unescape(re.sub(r"<[^>]+>", " ", table))))
        for number in re.findall(r"(?<![\w.+-])[+-]?\d+\.\d+", html.unescape(words)):
            assert number in cells, (number, words[:200])


def test_every_figure_is_valid_plotly(page, pair_page):
    for figure in (*figures_of(page), *figures_of(pair_page)):
        go.Figure({"data": figure["data"], "layout": figure["layout"]})


def test_axes_carry_units_and_lines_differ_without_colour(page):
    figures = figures_of(page)
    wanted = {"USD per GPU-hour", "HHI, points", "Capability, log units", "kH100e online"}
    assert wanted <= {y_title(figure) for figure in figures}
    for figure in figures:
        lines = [t for t in figure["data"] if t.get("mode") == "lines+markers"]
        looks = {(line["line"]["dash"], line["marker"]["symbol"]) for line in lines}
        assert len(looks) == len(lines)


def test_no_two_of_many_series_look_alike_without_colour():
    assert len({style.look(step)[1:] for step in range(48)}) == 48


def test_colours_can_be_read_on_white():
    for colour in (*style.COLOURS, style.RISE, style.FALL, style.FLAT):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        luminance = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))
        assert 1.05 / (luminance + 0.05) >= 4.0, colour  # large marks need 3 (WCAG 1.4.11), text 4.5


def test_figures_hold_what_the_tables_hold(page, result):
    price = next(f for f in figures_of(page) if y_title(f) == "USD per GPU-hour")
    index = next(trace for trace in price["data"] if trace["name"] == "Price index")
    assert index["y"] == pytest.approx(result.steps["price_index_usd_per_gpu_hour"].tolist(), rel=1e-5)
    spot = next(trace for trace in price["data"] if trace["name"] == "Spot")
    assert spot["y"][1] is None  # missing, and not zero


def test_the_heat_map_holds_the_grades(page, result):
    heat = next(f for f in figures_of(page) if f["data"][0]["type"] == "heatmap")["data"][0]
    row = heat["z"][heat["y"].index("Google")]
    words = result.firms[result.firms["firm"] == "Google"]["grade"].map(
        {"watch": 1, "chokepoint": 2, "critical": 3}
    )
    assert row == words.tolist()
    assert set(heat["text"][heat["y"].index("Google")]) == {"W", "C", "!"}


def test_the_leverage_split_fills_the_whole(page):
    splits = [f for f in figures_of(page) if f["layout"].get("barmode") == "stack"]
    assert len(splits) == 4
    for split in splits:
        bars = [trace for trace in split["data"] if trace["type"] == "bar"]
        assert [bar["name"] for bar in bars] == ["Secured by the seller", "Contested", "Secured by the buyer"]
        assert [sum(values) for values in zip(*(bar["y"] for bar in bars))] == pytest.approx([100.0] * 8)


def test_the_network_keeps_every_firm_in_its_place(page):
    dates = [f for f in figures_of(page) if f["layout"].get("annotations") and not y_title(f)]
    assert len(dates) == 3
    places = [[(a["text"], a["x"], a["y"]) for a in f["layout"]["annotations"]] for f in dates]
    assert places[0] == places[1] == places[2]
    assert "Oracle" in {text for text, _, _ in places[0]}


def test_the_flows_are_the_deliveries(page, result):
    flows = next(f for f in figures_of(page) if f["data"][0]["type"] == "sankey")["data"][0]
    links = result.links[result.links["quarter"].isin(result.quarters[-4:])]
    assert sum(flows["link"]["value"]) == pytest.approx(links["volume_khq"].sum() / 4, rel=1e-4)


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
    assert figures_of(page)
    assert not any("javascript:" in a.get("href", "") for _, a in reader.tags)


def test_replications_show_bands():
    many = replicate(world(), range(1, 5), model=FakeModel)
    figures = figures_of(run_page(many))
    price = next(f for f in figures if y_title(f) == "USD per GPU-hour")
    ribbons = [trace for trace in price["data"] if trace.get("fill") == "tonexty"]
    assert len(ribbons) == 4
    heat = next(f for f in figures if f["data"][0]["type"] == "heatmap")["data"][0]
    assert max(max(row) for row in heat["z"]) <= 1.0
    numbers = {text for row in heat["text"] for text in row if text}
    assert "100" in numbers and all(0 < float(text) <= 100 for text in numbers)


def test_worlds_without_grades_relations_or_labs_still_have_a_page(result):
    firms = result.firms.assign(grade="", capability=float("nan"))
    links = result.links.iloc[:0]
    page = run_page(Result(result.setting, result.tables | {"firms": firms, "links": links}))
    assert [y_title(f) for f in figures_of(page)] == ["USD per GPU-hour", "HHI, points", "kH100e online"]


def test_the_page_of_a_comparison(pair_page):
    text = " ".join(read(pair_page).texts)
    assert "shifted against fake-world" in text
    assert "not a forecast" in text
    for question in ("What was compared?", "How sure are we?", "Which assumption reverses it?"):
        assert question in text
    assert "Which option is robust?" in text and "What it must not be used for" in text
    gains = next(f for f in figures_of(pair_page) if "capability" in y_title(f))
    lead = next(trace for trace in gains["data"] if trace.get("name") == "Anthropic")
    assert lead["y"] == pytest.approx([0.25 * (step + 1) for step in range(8)])


def test_one_seed_says_so_instead_of_an_interval():
    pair = compare(world(), world(8, "shifted"), replications=1, model=FakeModel)
    page = compare_page(pair)
    text = " ".join(read(page).texts)
    assert "one seed, so no interval" in text
    assert "With one seed there is no variance" in text
    assert not re.search(r"\bnan\b", re.sub(r"<script>.*?</script>", "", page, flags=re.S), re.I)


def test_scenarios_whose_runs_all_fail_are_shown(pair):
    hopeless = replicate_all([world(8, "hopeless")], [1, 2, 3], model=HopelessModel, hopeless=True)[0]
    for some in (
        Comparison(pair.baseline, (hopeless,)),
        Comparison(hopeless, (pair.baseline,)),
        Comparison(pair.baseline, (hopeless, *pair.others)),
    ):
        text = " ".join(read(compare_page(some)).texts)
        assert "seed 2 was made to fail" in text
        assert "3 of its runs failed" in text
    assert "exactly the same" in text or "falls" in text or "rises" in text


def test_twelve_scenarios_have_a_page(pair):
    others = tuple(
        Result(replace(pair.others[0].setting, name=f"scenario number {step}"), pair.others[0].tables)
        for step in range(11)
    )
    page = compare_page(Comparison(pair.baseline, others))
    text = " ".join(read(page).texts)
    assert "of 11" in text
    assert all(other.setting.name in text for other in others)
