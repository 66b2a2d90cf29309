"""What is still to be run, in chunks: sized by how long runs take, suspects alone."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from market_abm.experiments.crumbs import Trace
from market_abm.experiments.plan import Run

TARGET = 1.5
"""Seconds that a chunk should take: what an interruption can cost at most, once runs are shorter than that."""

LARGEST = 2000
"""Runs in a chunk at most."""

ATTEMPTS = 2
"""Times that a run may take its process down before it is recorded as failed."""

PATIENCE = 120.0
"""Seconds that a run may take at least where the experiment sets no limit."""

SLOWER = 30.0
"""Multiple of the mean run that a run may take where the experiment sets no limit."""


class Backlog:
    """Runs to do.

    Parameters
    ----------
    runs : iterable of Run
        In the order in which they are started.
    limit : float, optional
        Seconds that a run may take; None takes a generous multiple of the others.
    target : float
        Seconds of a chunk.
    attempts : int
        Times that a run may take its process down.
    """

    def __init__(
        self,
        runs: Iterable[Run],
        limit: float | None = None,
        target: float = TARGET,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._runs: deque[Run] = deque(runs)
        self._alone: deque[Run] = deque()
        self.limit, self.target, self.attempts = limit, target, attempts
        self.strikes: Counter[str] = Counter()
        self._mean: float | None = None
        self._largest = 1

    def __len__(self) -> int:
        return len(self._runs) + len(self._alone)

    def take(self, workers: int) -> tuple[Run, ...]:
        """The next chunk: one suspect, or as many runs as should take the target time.

        Towards the end chunks shrink, so that all workers finish at about the same time.
        """
        if self._alone:
            return (self._alone.popleft(),)
        size = 1
        if self._mean is not None:
            self._largest = min(self._largest * 4, LARGEST)
            share = math.ceil(len(self._runs) / (2 * max(workers, 1)))
            size = max(1, min(int(self.target / max(self._mean, 1e-6)), self._largest, share))
        return tuple(self._runs.popleft() for _ in range(min(size, len(self._runs))))

    def learn(self, runs: int, seconds: float) -> None:
        """A chunk of so many runs took so long."""
        if runs:
            mean = seconds / runs
            self._mean = mean if self._mean is None else 0.7 * self._mean + 0.3 * mean

    def run_limit(self) -> float:
        """Seconds that one run may take."""
        if self.limit is not None:
            return self.limit
        return max(PATIENCE, SLOWER * (self._mean or 0.0))

    def lost(self, runs: tuple[Run, ...], trace: Trace, hung: bool) -> list[dict[str, Any]]:
        """A chunk whose process died or was ended: its suspect runs alone, the others as before.

        Returns
        -------
        list of dict
            Failures to record: a run that took its process down as often as it may.
        """
        guilty = [run for run in runs if run.key == trace.key] if len(runs) > 1 else list(runs)
        failures: list[dict[str, Any]] = []
        if not guilty:  # nobody knows whose doing it was: each alone, and none is blamed yet
            self._alone.extend(runs)
            return failures
        for run in guilty:
            self.strikes[run.key] += 1
            if self.strikes[run.key] >= self.attempts:
                failures.append(self._failure(run, trace, hung))
            else:
                self._alone.append(run)
        self._runs.extendleft(run for run in reversed(runs) if run not in guilty)
        return failures

    def give_back(self, runs: tuple[Run, ...]) -> None:
        """Runs of a chunk that was never started."""
        self._runs.extendleft(reversed(runs))

    def _failure(self, run: Run, trace: Trace, hung: bool) -> dict[str, Any]:
        kind, message = (
            "WorkerDied",
            trace.fatal or ("the process ended without a word: os._exit, a kill from outside, or memory"),
        )
        if hung:
            kind, message = "RunTooLong", f"the run took longer than {self.run_limit():g} s and was ended"
        return {
            "key": run.key, "point": run.point, "seed": run.seed, "type": kind, "message": message,
            "stage": trace.stage, "quarter": trace.quarter, "where": "", "attempts": self.strikes[run.key],
        }  # fmt: skip
