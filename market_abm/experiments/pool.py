"""The same work on many jobs, on one core or several; results in the order of the jobs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

Progress = Callable[[int, int], None]
"""Called with the number of parts done and of all parts."""


class RunError(RuntimeError):
    """A scenario that no seed finished, or workers that ended early."""


def each(
    work: Callable[..., Any],
    jobs: Sequence[tuple[Any, ...]],
    workers: int = 1,
    progress: Progress | None = None,
) -> list[Any]:
    """``work(*job)`` for every job.

    Parameters
    ----------
    work : callable
        Importable by its name where there are several workers: processes are spawned.
    jobs : sequence of tuple
        Arguments.
    workers : int
        Processes; with one, or one job, everything happens here.
    progress : callable, optional
        Told the number of jobs done.

    Raises
    ------
    RunError
        When a process ended early.
    """
    if min(workers, len(jobs)) <= 1:
        return _in_turn(work, jobs, progress)
    return _in_pool(work, jobs, min(workers, len(jobs)), progress)


def count_of(workers: int | None) -> int:
    """Number of processes: as given, or one a core that this process may use.

    Raises
    ------
    ValueError
        Fewer than one.
    """
    if workers is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return int(workers)


def _in_turn(
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], progress: Progress | None
) -> list[Any]:
    done = []
    for job in jobs:
        done.append(work(*job))
        if progress is not None:
            progress(len(done), len(jobs))
    return done


def _in_pool(
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], workers: int, progress: Progress | None
) -> list[Any]:
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        with _interrupts_ignored():  # workers inherit it: an interrupt is the parent's to deal with
            futures: list[Future] = [pool.submit(work, *job) for job in jobs]
        waiting = set(futures)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            if progress is not None and finished:
                progress(len(jobs) - len(waiting), len(jobs))
        return [future.result() for future in futures]
    except KeyboardInterrupt:
        for process in list(getattr(pool, "_processes", {}).values()):
            process.terminate()
        raise
    except BrokenProcessPool:
        raise RunError(
            'a worker process ended early; guard a script with `if __name__ == "__main__":`, '
            "use fewer workers where memory is short, or workers=1"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
