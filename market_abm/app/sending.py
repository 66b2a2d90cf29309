"""Messages to a page leave without their sender waiting for it.

A frame is seven messages. Solara's own way waits twice for another thread at each, which takes longer than drawing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_held = threading.local()
"""``messages``: what the present thread has to say and keeps back, page and text; absent while nothing is kept."""


def send_at_once() -> None:
    """Have all pages of this process sent to in that way; messages of a thread keep their order."""
    from solara.server.starlette import WebsocketWrapper

    def send_text(self: Any, text: str) -> None:
        kept = getattr(_held, "messages", None)
        if kept is None:
            _send([(self, text)])
        else:
            kept.append((self, text))

    WebsocketWrapper.send_text = send_text  # type: ignore[method-assign, assignment]


@contextmanager
def together() -> Iterator[None]:
    """What this thread sends leaves when all of it is said.

    The thread that sends would otherwise wake up at the first message and fight over the interpreter for the rest.
    """
    if hasattr(_held, "messages"):  # somebody further out sends
        yield
        return
    _held.messages = []
    try:
        yield
    finally:
        messages = _held.messages
        del _held.messages
        _send(messages)


def _send(messages: list[tuple[Any, str]]) -> None:
    """Hand messages to the thread that sends."""
    if messages:
        asyncio.run_coroutine_threadsafe(_sent(messages), messages[0][0].event_loop)


async def _sent(messages: list[tuple[Any, str]]) -> None:
    from solara.server.websocket import WebSocketDisconnect

    for page, text in messages:
        with suppress(WebSocketDisconnect):  # the one who listens to it notices too
            await page._send_text_exc(text)
