"""Failures, several visitors, and a long stay."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.browser.driver import Server, serving, tab
from tests.browser.soak import soak


def test_a_strategy_that_raises_is_told_and_the_page_recovers_on_reset(browser: Any) -> None:
    with serving(program=("-m", "tests.browser.faulty")) as server, tab(browser, server.address) as page:
        page.open()
        page.act("four")
        page.page.wait_for_selector(".abm-alert")
        told = page.text(".abm-alert")
        assert "2027Q1 could not be played" in told
        assert "there is nothing left to divide by" in told
        assert page.quarter == "2026Q4"
        page.page.click(".abm-alert button")
        page.page.wait_for_selector(".abm-alert", state="detached")
        page.act("four")
        page.at("2027Q3")


def test_two_sessions_do_not_see_each_other(browser: Any, server: Server) -> None:
    with tab(browser, server.address) as one, tab(browser, server.address) as two:
        one.open()
        two.open()
        one.page.fill("#abm-behaviour-beta", "0.2")
        one.page.dispatch_event("#abm-behaviour-beta", "change")
        one.act("step")
        one.at("2026Q4")
        two.page.click(".abm-node[data-firm='Lab West']")
        two.page.wait_for_selector(".abm-drawer")
        one.settle()
        two.settle()
        assert two.quarter == "2026Q3"
        assert two.page.query_selector(".abm-fold .abm-badge") is None
        assert one.page.query_selector(".abm-drawer") is None
        assert "firm=" not in one.link()
        assert "beta" not in two.link()


def test_a_page_that_is_left_is_forgotten(browser: Any) -> None:
    """The session's thread ends with the page: counted from outside, by the threads of the server."""
    with serving(program=("-m", "tests.browser.forgetful")) as server:

        def threads() -> int:
            text = Path(f"/proc/{server.process.pid}/status").read_text()
            return int(text.split("Threads:")[1].split()[0])

        with tab(browser, server.address) as first:
            first.open()
            most = threads()
        for _ in range(6):
            with tab(browser, server.address) as again:
                again.open()
        until = time.monotonic() + 60.0  # threads that handed out files stay for ten idle seconds
        while threads() > most + 3 and time.monotonic() < until:
            time.sleep(0.1)
        assert threads() <= most + 3


def test_played_at_full_speed_with_a_user_clicking(browser: Any, server: Server) -> None:
    """A small sample; the long one is in .ci/long/browser."""
    with tab(browser, server.address) as page:
        found = soak(page, server, runs=2, quarters=8)
    print("\n" + found.told())
    assert found.runs == 2
    assert found.pauses
