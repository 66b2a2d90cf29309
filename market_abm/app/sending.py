"""Messages to a page leave without their sender waiting for it.

A frame is seven messages. Solara's own way waits twice for another thread at each, which takes longer than drawing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


def send_at_once() -> None:
    """Have all pages of this process sent to in that way; messages keep their order."""
    from solara.server.starlette import WebsocketWrapper
    from solara.server.websocket import WebSocketDisconnect

    async def sent(page: Any, text: str) -> None:
        with suppress(WebSocketDisconnect):  # the one who listens to it notices too
            await page._send_text_exc(text)

    def send_text(self: Any, text: str) -> None:
        asyncio.run_coroutine_threadsafe(sent(self, text), self.event_loop)

    WebsocketWrapper.send_text = send_text  # type: ignore[method-assign, assignment]
