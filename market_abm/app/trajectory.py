"""A run that grows quarter by quarter, and keeps what it measured."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from market_abm.app.snapshot import Snapshot, snapshot
from market_abm.results.recorder import Recorder
from market_abm.results.result import Result
from market_abm.results.setting import setting_of

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Model = Callable[..., Any]
"""``model(scenario, rng=seed)`` with ``step()`` and ``record``."""


class Trajectory:
    """One run of a scenario under a seed; sessions share it, since the same inputs give the same bits.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    model : callable, optional
        Default :class:`market_abm.ComputeMarket`, loaded when the first quarter is asked for.
    """

    def __init__(self, scenario: Scenario, seed: int, model: Model | None = None) -> None:
        self.scenario, self.seed = scenario, int(seed)
        self.quarters: tuple[str, ...] = scenario.quarters
        self.error = ""
        self.seconds = math.inf
        """What the last quarter took to compute."""
        self._snapshots: list[Snapshot] = []
        self._make = model
        self._model: Any = None
        self._recorder = Recorder(scenario.name, self.seed, self.quarters[0])
        self._lock = threading.Lock()
        self._result: Result | None = None

    def __len__(self) -> int:
        return len(self._snapshots)

    @property
    def complete(self) -> bool:
        """Whether the horizon is reached."""
        return len(self._snapshots) == len(self.quarters)

    @property
    def stuck(self) -> bool:
        """Whether no further quarter can be had: the horizon is reached, or a step failed."""
        return self.complete or bool(self.error)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every quarter so far."""
        return tuple(self._snapshots)

    def at(self, step: int) -> Snapshot | None:
        """The quarter after ``step`` quarters, or the last one before it that is there."""
        found = min(step, len(self._snapshots))
        return self._snapshots[found - 1] if found > 0 else None

    def advance(self, step: int) -> bool:
        """Play a quarter unless ``step`` of them are there already; False where no more can be had.

        What goes wrong inside a step (a strategy of one's own, say) is kept as a sentence in ``error``.
        """
        with self._lock:
            if len(self._snapshots) >= step:
                return True
            if self.stuck:
                return False
            quarter = self.quarters[len(self._snapshots)]
            began = time.monotonic()
            try:
                if self._model is None:
                    self._model = self._opened()
                self._model.step()
                self._recorder.record([quarter], [self._model.record])
            except Exception as error:
                self.error = f"{quarter} could not be played. {type(error).__name__}: {error}"
                self._model = None
                return False
            self.seconds = time.monotonic() - began
            self._snapshots.append(snapshot(len(self._snapshots) + 1, quarter, self._recorder.last))
            if self.complete:
                self._model = None  # the states of every quarter are of no more use
            return True

    def _opened(self) -> Any:
        if self._make is None:
            from market_abm.model import ComputeMarket

            self._make = ComputeMarket
        return self._make(self.scenario, rng=self.seed)

    def result(self) -> Result:
        """The tables so far: what :func:`market_abm.run` gives, over the quarters that were played.

        Raises
        ------
        ValueError
            Before the first quarter.
        """
        with self._lock:
            count = len(self._snapshots)
            if not count:
                raise ValueError("no quarter has been played yet; play one first")
            if self._result is None or len(self._result.quarters) != count:
                setting = setting_of(self.scenario, [self.seed])
                self._result = Result(setting, self._recorder.tables())
            return self._result
