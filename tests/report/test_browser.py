"""The page in a real Chromium: nothing runs, nothing is asked for, nothing is cut, axe has nothing serious to say."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

import market_abm as ma
from market_abm.analysis.compare import Comparison
from market_abm.experiments.replicate import replicate
from market_abm.report.compare_report import compare_page
from market_abm.report.page import render
from market_abm.report.run_report import run_page
from market_abm.results.result import Result
from tests.report.hostile import NAMES, hostile_report
from tests.results.feed import FakeModel, ShiftedModel, world

WIDE, NARROW = 1440, 390
QUESTIONS = (Path(__file__).parent / "browser.js").read_text(encoding="utf-8")

TEXTS = {
    "firms": ("firm", "owner", "binding"),
    "links": ("supplier", "buyer"),
    "contracts": ("contract", "supplier", "buyer"),
    "events": ("kind", "firm", "counterparty", "unit", "detail"),
    "decisions": ("firm", "option", "next_option", "unit", "binding", "detail"),
    "steps": ("leader",),
}
"""Columns that hold names and words."""


@dataclass
class Heard:
    """What a page said, asked for and popped up."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def chromium() -> str:
    """Where Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return pytest.fail(
        "no Chromium here; install it (Debian, Ubuntu: apt-get install chromium) and try again"
    )


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pair = Comparison(
        replicate(world(), [1, 2, 3], model=FakeModel),
        tuple(replicate(world(8, name), [1, 2, 3], model=ShiftedModel) for name in ("shifted", "moved on")),
    )
    named = [renamed(result, step) for step, result in enumerate((pair.baseline, *pair.others))]
    real = ma.run(ma.load_scenario("colossus-lease", ["horizon.quarters=6"]), seed=1)
    texts = {
        "hostile": render(hostile_report()),
        "named": compare_page(Comparison(named[0], tuple(named[1:])), None, NAMES[0]),
        "comparison": compare_page(pair, None, "market-abm compare fake-world shifted"),
        "run": run_page(real, None, "market-abm run colossus-lease"),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def renamed(result: Result, step: int) -> Result:
    """The same results with a hostile name for every firm, contract, event, decision, source and failure."""
    known: dict[str, str] = {"": ""}
    tables = {}
    for table, columns in TEXTS.items():
        changed = result.tables[table].copy()
        for column in columns:
            for text in changed[column].unique():
                known.setdefault(text, NAMES[len(known) % len(NAMES)])
            changed[column] = changed[column].map(known).astype("str")
        tables[table] = changed
    name = NAMES[50 + step]
    source = {"id": name, "title": name, "url": "https://example.org/?" + name, "date": name, "grade": name}
    labels = {known[key]: f"{known[key]}!" for key in ("OpenAI", "Anthropic")}
    setting = replace(
        result.setting, name=name, question=" ".join(NAMES), protocol=name, sources=(source,), text="",
        labels=labels,
    )  # fmt: skip
    return Result(setting, tables, ({"seed": 9, "error": " ".join(NAMES)},))


def opened(browser: Browser, folder: Path, name: str, width: int = WIDE) -> tuple[Page, Heard]:
    """A page, drawn, with what was heard of it."""
    page, heard = browser.new_page(viewport={"width": width, "height": 1000}), Heard()
    page.on("console", lambda message: heard.console.append(message.text))
    page.on("pageerror", lambda error: heard.console.append(str(error)))
    page.on("request", lambda request: heard.requests.append(request.url))
    page.on("dialog", lambda dialog: (heard.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto((folder / f"{name}.html").as_uri())
    page.evaluate(QUESTIONS)
    page.wait_for_function("asked.drawn()")
    return page, heard


@pytest.mark.parametrize("name", ["hostile", "named", "comparison", "run"])
def test_nothing_is_asked_for_nothing_runs_and_nothing_is_complained_about(browser, pages, name):
    page, heard = opened(browser, pages, name)
    page.evaluate("asked.opened()")
    page.mouse.move(700, 500)
    assert heard.requests == [(pages / f"{name}.html").as_uri()]
    assert heard.console == []
    assert heard.dialogs == []
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.evaluate("document.scripts.length") == 2
    assert page.evaluate("asked.foreign()") == 0
    page.close()


def test_every_hostile_name_is_shown_as_it_is(browser, pages):
    assert len(set(NAMES)) == 100
    page, _ = opened(browser, pages, "hostile")
    assert set(NAMES) <= set(page.evaluate("asked.labels()"))
    page.close()


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["comparison", "run"])
def test_a_page_fits_its_screen_and_no_label_is_cut_covered_or_tiny(browser, pages, name, width):
    page, _ = opened(browser, pages, name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for question in ("cut", "overlapping", "empty", "small"):
        assert page.evaluate(f"asked.{question}()") == [], question
    page.close()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_long_names_do_not_widen_the_page(browser, pages, width):
    for name in ("hostile", "named"):
        page, _ = opened(browser, pages, name, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize("name", ["comparison", "run"])
def test_axe_finds_nothing_serious(browser, pages, name):
    page, _ = opened(browser, pages, name)
    page.evaluate("asked.opened()")
    found = Axe().run(page).response["violations"]
    grave = [item for item in found if item["impact"] in ("serious", "critical")]
    assert [(item["id"], item["nodes"][0]["html"][:200]) for item in grave] == []
    page.close()


def test_it_prints_on_paper(browser, pages):
    page, _ = opened(browser, pages, "comparison")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    assert max(page.evaluate("asked.widths()")) <= 690  # A4 less its margins, in CSS pixels
    assert page.evaluate("asked.cut()") == []
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    data = page.pdf(format="A4", print_background=True)
    assert data.startswith(b"%PDF")
    assert 4 <= data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") <= 40
    page.close()


def test_the_table_of_contents_leads_somewhere(browser, pages):
    page, _ = opened(browser, pages, "comparison")
    assert page.evaluate("asked.dangling()") == 0
    page.close()
