"""A server of the page in a process of its own, and a browser that may talk to nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]

PATIENCE = 180_000
"""Milliseconds: a first quarter may have to be compiled, on a machine that does other things too."""

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
"""Names of the browser, as .ci/run looks for them."""

HARMLESS = ("Failed to evaluate Vue script and find module.exports",)
"""Warnings of Solara's own templates."""


@dataclass
class Server:
    """A running server: its address, and how long it took to answer."""

    address: str
    process: subprocess.Popen[str]
    seconds: float

    @property
    def memory(self) -> float:
        """Resident memory, MB."""
        text = Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(text.split()[1]) * 4096 / 1e6


@contextmanager
def serving(*words: str, program: tuple[str, ...] = ("-m", "market_abm", "view")) -> Iterator[Server]:
    """``market-abm view`` with some words after it, on a port that is free."""
    began = time.monotonic()
    command = [sys.executable, *program, *words, "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    told = []
    try:
        for line in process.stdout:
            told.append(line)
            if "http://" in line:
                break
        else:
            raise AssertionError(f"{' '.join(command)} did not start:\n{''.join(told)}")
        address = line.split(" at ")[1].split(" ")[0]
        answer(address)
        yield Server(address, process, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()


def answer(address: str, patience: float = 60.0) -> None:
    """Wait until the server answers."""
    from urllib.request import urlopen

    until = time.monotonic() + patience
    while True:
        try:
            with urlopen(address, timeout=10) as response:
                assert response.status == 200
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@dataclass
class Tab:
    """A page of the browser, what it asked for elsewhere, and what went wrong in it."""

    page: Any
    address: str
    foreign: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def open(self, query: str = "", settle: bool = True) -> Tab:
        """Go to the page, and wait until it has drawn what it can."""
        self.page.goto(self.address + (f"?{query}" if query else ""))
        if settle:
            self.page.wait_for_selector(".abm-network svg.main-svg", timeout=PATIENCE)
            self.settle()
        return self

    def settle(self) -> None:
        """Wait until nothing is being computed and the last frame is drawn."""
        script = (
            "() => document.body.dataset.frame === document.body.dataset.drawn "
            "&& !document.querySelector('.abm-busy')"
        )
        self.page.wait_for_function(script, timeout=PATIENCE)
        self.page.wait_for_timeout(250)  # a frame that is on its way
        self.page.wait_for_function(script, timeout=PATIENCE)

    def act(self, name: str) -> None:
        """Press a button of the bar."""
        self.page.click(f"[data-act={name}]")

    def text(self, selector: str) -> str:
        """Text of the first match."""
        return " ".join(self.page.inner_text(selector).split())

    @property
    def quarter(self) -> str:
        """Quarter that is shown."""
        return self.text(".abm-now b")

    def at(self, quarter: str) -> None:
        """Wait for a quarter."""
        script = "(q) => document.querySelector('.abm-now b').innerText === q"
        self.page.wait_for_function(script, arg=quarter, timeout=PATIENCE)

    def past(self, quarter: str) -> None:
        """Wait for any later quarter: play does not wait until somebody looks at the next one."""
        script = "(q) => document.querySelector('.abm-now b').innerText > q"
        self.page.wait_for_function(script, arg=quarter, timeout=PATIENCE)

    def link(self) -> str:
        """Query of the link that the page offers."""
        return urlsplit(self.page.input_value("#abm-link")).query

    def figures(self, selector: str) -> list[dict[str, Any]]:
        """Data and layout of the drawn figures below an element."""
        script = (
            "(s) => [...document.querySelectorAll(s + ' .js-plotly-plot')]"
            ".map(e => JSON.parse(JSON.stringify({data: e.data, layout: e.layout})))"
        )
        return self.page.evaluate(script, selector)


@contextmanager
def browsing() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise RuntimeError("Chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Any, width: int = 1440, height: int = 900) -> Iterator[Any]:
    """Somebody with cookies and a cache of his own."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, accept_downloads=True, reduced_motion="reduce"
    )
    try:
        yield context
    finally:
        context.close()


@contextmanager
def tab(browser: Any, address: str, width: int = 1440, height: int = 900) -> Iterator[Tab]:
    """A page of a visitor of its own; see :func:`page_of`."""
    with visitor(browser, width, height) as context, page_of(context, address) as found:
        yield found


@contextmanager
def page_of(context: Any, address: str) -> Iterator[Tab]:
    """A page from which every foreign host is unreachable; it must end without errors."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    found = Tab(page, address)
    home = urlsplit(address).netloc

    def local(route: Any) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != home:
            found.foreign.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def said(message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in HARMLESS):
            found.wrong.append(message.text)

    page.route("**/*", local)
    page.on("console", said)
    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    page.on("websocket", lambda ws: urlsplit(ws.url).netloc == home or found.foreign.append(ws.url))
    try:
        yield found
    finally:
        page.close()
    assert not found.foreign, found.foreign
    assert not found.wrong, found.wrong
