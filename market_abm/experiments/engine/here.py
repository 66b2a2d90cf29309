"""Runs in this process, one after the other: for debugging, and where a cluster is not worth its start."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from market_abm.experiments.engine.backlog import Backlog
from market_abm.experiments.plan import Run
from market_abm.experiments.work import Job, Report, work


class RunTooLong(RuntimeError):
    """A run that took longer than it may."""


def reports(
    backlog: Backlog, job_of: Callable[[tuple[Run, ...], float], Job], stopping: Callable[[], bool]
) -> Iterator[Report]:
    """Work through a backlog.

    A run that hangs in Python code is ended by an alarm where the system has one and this is the main
    thread; nothing here protects from a run that ends the process.
    """
    while len(backlog) and not stopping():
        runs = backlog.take(1)
        with _alarm(backlog.run_limit()) as begin:
            report = work(job_of(runs, 0.0), begin)
        backlog.learn(len(report.done), report.seconds)
        yield report


@contextmanager
def _alarm(seconds: float) -> Iterator[Callable[[], None]]:
    """An alarm that is set anew at the beginning of each run."""
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield lambda: None
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise RunTooLong(f"the run took longer than {seconds:g} s and was ended")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
