"""Interrupts from the keyboard: the first one asks, a second one stops."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ECHO = 0.3
"""Seconds within which a second interrupt is taken for the first one."""


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """The first interrupt asks to stop after what is running; a second one stops at once.

    Programs that pass a signal on, and the terminal besides them, send one and the same interrupt twice.
    """
    asked = threading.Event()
    since = [0.0]
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def interrupt(number: int, frame: object) -> None:
        now = time.monotonic()
        if asked.is_set() and now - since[0] > ECHO:
            raise KeyboardInterrupt
        if not asked.is_set():
            since[0] = now
            asked.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
