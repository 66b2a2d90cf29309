"""A worker of a cluster as the parent knows it: what it does, and whether it hangs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from market_abm.experiments.crumbs import trace_of
from market_abm.experiments.plan import Run
from market_abm.experiments.work import Job

if TYPE_CHECKING:
    from distributed import Future

WARM_UP = 1800.0
"""Seconds that a worker may take to import, and to compile where nothing is compiled yet."""

GRACE = 60.0
"""Seconds beyond a run's limit that a worker may take between runs, to write a part."""


@dataclass
class Slot:
    """A worker: where it is and what it does."""

    address: str
    host: str = ""
    pid: int = 0
    ready: bool = False
    future: Future | None = None
    runs: tuple[Run, ...] = ()
    job: Job | None = None
    since: float = field(default_factory=time.monotonic)
    run: str = ""
    run_since: float = 0.0

    def hangs(self, folder: Path, limit: float) -> bool:
        """Whether its run has taken longer than it may.

        Looked up in what the worker notes, from half the limit on: a run counts from when it is first seen.
        """
        if self.future is None:
            return False
        now = time.monotonic()
        if self.job is None:
            return now - self.since > WARM_UP
        if now - self.since < 0.5 * limit:
            return False
        run = trace_of(folder, self.host, self.pid).key
        if run != self.run:
            self.run, self.run_since = run, now
        return now - max(self.run_since, self.since) > (limit if run else limit + GRACE)
