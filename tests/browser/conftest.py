"""One browser and one server for the tests of the page; each test has a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.driver import Server, Tab, browsing, page_of, serving, visitor

SMALL = "two-clouds-three-labs"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving(SMALL) as found:
        yield found


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """One visitor, who opens a page a test: what was loaded for the first need not be for the others."""
    with visitor(browser) as found:
        yield found


@pytest.fixture
def page(context: Any, server: Server) -> Iterator[Tab]:
    """The page of the small world, at its first quarter."""
    with page_of(context, server.address) as found:
        yield found.open()


@pytest.fixture
def blank(context: Any, server: Server) -> Iterator[Tab]:
    """A page that has not gone anywhere yet."""
    with page_of(context, server.address) as found:
        yield found
