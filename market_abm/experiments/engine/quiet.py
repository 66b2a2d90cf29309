"""Loaded by local workers as they start: Ctrl-C is for the parent, and Dask's own log is silent."""

from __future__ import annotations

import logging
import signal
import threading


def dask_setup(worker: object) -> None:
    """Called by Dask in a worker's main thread."""
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
