"""How far a sweep is: what is told while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from market_abm.experiments.running_figure import RunningFigure


@dataclass
class State:
    """How far a sweep is.

    Attributes
    ----------
    planned, done, failed : int
        Runs in all, stored (those of earlier sessions too), recorded as failed.
    now : int
        Runs stored in this session.
    headline : RunningFigure
        The figure told so far, over everything that is stored.
    notes : list of str
        Damage found, warnings.
    interrupted, lost : str
        Why it ended early, if it did: by a key, or because the cluster is gone.
    first : tuple of (float, int), optional
        When the first part of this session came, and how many runs were stored then.
    """

    planned: int = 0
    done: int = 0
    failed: int = 0
    now: int = 0
    headline: RunningFigure = field(default_factory=lambda: RunningFigure(None))
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    lost: str = ""
    first: tuple[float, int] | None = None

    def stored(self, runs: int) -> None:
        """So many more runs are stored."""
        self.done += runs
        self.now += runs
        if self.first is None:
            self.first = (time.monotonic(), self.now)

    @property
    def rate(self) -> float:
        """Runs a second in this session, from the first part on; NaN before the second one."""
        if self.first is None or self.now <= self.first[1]:
            return float("nan")
        return (self.now - self.first[1]) / max(time.monotonic() - self.first[0], 1e-9)

    @property
    def left(self) -> int:
        """Runs still to do."""
        return self.planned - self.done - self.failed

    @property
    def remaining(self) -> float:
        """Seconds that the rest should take; NaN before anything is known."""
        return self.left / self.rate


Tell = Callable[[State], None]
