"""Messages that leave together: in order, at the end, and also where one page is gone."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import warnings
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from market_abm.app.sending import send_at_once, together
from market_abm.app.server import settle

with patch.dict(os.environ), warnings.catch_warnings(action="ignore"):  # of what Solara's server uses
    settle()
    from solara.server.starlette import WebsocketWrapper
    from solara.server.websocket import WebSocketDisconnect


class Line(WebsocketWrapper):
    """The end of a connection: what has left over it."""

    def __init__(self, event_loop: asyncio.AbstractEventLoop, gone: bool = False) -> None:
        self.event_loop, self.gone, self.left = event_loop, gone, list[str]()

    async def _send_text_exc(self, data: str) -> None:
        if self.gone:
            raise WebSocketDisconnect
        self.left.append(data)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.AbstractEventLoop]:
    monkeypatch.setattr(WebsocketWrapper, "send_text", WebsocketWrapper.send_text)
    send_at_once()
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever, daemon=True)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join(10)
    found.close()


def settled(loop: asyncio.AbstractEventLoop) -> None:
    """Everything that was handed over has left."""
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10)


def test_what_is_said_together_leaves_at_the_end_and_in_order(loop: asyncio.AbstractEventLoop) -> None:
    line = Line(loop)
    with together():
        line.send_text("one")
        with together():
            line.send_text("two")
        time.sleep(0.05)
        settled(loop)
        assert line.left == []
        line.send_text("three")
    line.send_text("four")
    settled(loop)
    assert line.left == ["one", "two", "three", "four"]


def test_another_thread_is_not_held_back(loop: asyncio.AbstractEventLoop) -> None:
    line = Line(loop)
    with together():
        line.send_text("held")
        other = threading.Thread(target=line.send_text, args=("at once",))
        other.start()
        other.join(10)
        settled(loop)
        assert line.left == ["at once"]
    settled(loop)
    assert line.left == ["at once", "held"]


def test_a_page_that_is_gone_keeps_nothing_from_the_others(loop: asyncio.AbstractEventLoop) -> None:
    gone, here = Line(loop, gone=True), Line(loop)
    with together():
        gone.send_text("lost")
        here.send_text("heard")
    settled(loop)
    assert (gone.left, here.left) == ([], ["heard"])


def test_what_was_said_before_a_failure_leaves(loop: asyncio.AbstractEventLoop) -> None:
    line = Line(loop)
    with pytest.raises(ZeroDivisionError), together():
        line.send_text("said")
        raise ZeroDivisionError
    line.send_text("after")
    settled(loop)
    assert line.left == ["said", "after"]
