"""Scenarios and runs that the sessions of a server share; the oldest make room for new ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from market_abm.app.lever import Lever
from market_abm.app.levers import levers
from market_abm.app.trajectory import Model, Trajectory
from market_abm.scenario import load_scenario, shipped

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Changes = tuple[tuple[str, str], ...]
"""What differs from the scenario's file: dotted key and value as text, as after ``--set``, sorted by key."""

KEPT = 16
"""Runs that are kept; a finished one of 20 quarters and 40 firms takes about a megabyte."""


class Run(NamedTuple):
    """What determines a run: the name of a scenario, the changes to it, and a seed."""

    scenario: str
    changes: Changes
    seed: int


def words(changes: Changes) -> list[str]:
    """Changes as the command line takes them after ``--set``."""
    return [f"{key}={value}" for key, value in changes]


class Archive:
    """Scenarios by name, and runs by what determines them.

    Parameters
    ----------
    files : mapping of str to Path, optional
        Scenario files offered beside the shipped ones, by the name that the page shows. Nothing else can be
        opened: a name that comes from a link never becomes a path.
    model : callable, optional
        Builds the model of a run; default :class:`market_abm.ComputeMarket`.
    """

    def __init__(self, files: Mapping[str, Path] | None = None, model: Model | None = None) -> None:
        self.files = dict(files or {})
        self._model = model
        self._scenarios: dict[str, Scenario] = {}
        self._runs: OrderedDict[Run, Trajectory] = OrderedDict()
        self._alive: WeakValueDictionary[Run, Trajectory] = WeakValueDictionary()
        self._levers: OrderedDict[tuple[str, int], tuple[Lever, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Names of the scenarios on offer, files first."""
        return [*self.files, *(name for name in shipped() if name not in self.files)]

    def scenario(self, name: str, changes: Changes = ()) -> Scenario:
        """A scenario with changes.

        Raises
        ------
        KeyError
            A name that is not on offer.
        ScenarioError
            Changes that the schema refuses.
        """
        if name not in self.names():
            raise KeyError(f"there is no scenario {name!r} here; on offer: {', '.join(self.names())}")
        with self._lock:
            found = self._scenarios.get(name)
        if found is None:
            found = load_scenario(self.files.get(name, name))
            with self._lock:
                found = self._scenarios.setdefault(name, found)
        return found.with_set(words(changes)) if changes else found

    def levers(self, name: str, seed: int) -> tuple[Lever, ...]:
        """Controls of a scenario as its file has it."""
        with self._lock:
            found = self._levers.get((name, seed))
        if found is None:
            found = levers(self.scenario(name), seed)
            with self._lock:
                self._levers[name, seed] = found
                while len(self._levers) > KEPT:
                    self._levers.popitem(last=False)
        return found

    def run(self, run: Run) -> Trajectory:
        """The run, as far as somebody has played it."""
        found = self._found(run)
        if found is None:
            made = Trajectory(self.scenario(run.scenario, run.changes), run.seed, self._model)
            found = self._found(run, made)
        assert found is not None
        return found

    def forget(self, run: Run) -> None:
        """Drop a run that failed, so that it starts anew."""
        with self._lock:
            self._runs.pop(run, None)
            self._alive.pop(run, None)

    def _found(self, run: Run, made: Trajectory | None = None) -> Trajectory | None:
        """The run that is kept or in use somewhere; else the one just made."""
        with self._lock:
            held = self._runs.get(run), self._alive.get(run), made
            found = next((item for item in held if item is not None), None)
            if found is not None:
                self._alive[run] = self._runs[run] = found
                self._runs.move_to_end(run)
                while len(self._runs) > KEPT:
                    self._runs.popitem(last=False)
            return found
