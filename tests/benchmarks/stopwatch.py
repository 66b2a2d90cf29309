"""Where the time of a run goes: compiled kernel, strategies, measures, recording, the rest."""

from __future__ import annotations

import functools
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PARTS = ("kernel", "strategies", "measures", "recording", "rest")


class Stopwatch:
    """Seconds of each part, without those of parts called from it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time counts for ``part``."""

        @functools.wraps(call)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                spent = time.perf_counter() - began
                self.seconds[part] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        return wrapper

    def split(self, total: float) -> dict[str, float]:
        """Seconds of every part; what none of them took is the rest."""
        known = {part: self.seconds[part] for part in PARTS[:-1]}
        return {**known, "rest": max(total - sum(known.values()), 0.0)}


@contextmanager
def watched() -> Iterator[Stopwatch]:
    """Time the parts of every run inside the block.

    Everything must have been called before, so that it is loaded and compiled: compiled functions that Python
    calls are wrapped in the namespaces of the package, and a compiler must not meet the wrappers.
    """
    from market_abm.agents.desk import Desk
    from market_abm.economy import records
    from market_abm.results.recorder import Recorder

    watch = Stopwatch()
    places: list[tuple[Any, str, str]] = [
        (Desk, "ask", "strategies"),
        (records, "survey", "measures"),
        (Recorder, "record", "recording"),
        (Recorder, "tables", "recording"),
    ]
    places += [(module, name, "kernel") for module, name in compiled()]
    before = [(where, name, getattr(where, name)) for where, name, _ in places]
    try:
        for (where, name, part), (_, _, call) in zip(places, before):
            setattr(where, name, watch.timed(part, call))
        yield watch
    finally:
        for where, name, call in before:
            setattr(where, name, call)


def compiled() -> list[tuple[Any, str]]:
    """Every name of a loaded module of the package that is bound to a compiled function."""
    from numba.core.registry import CPUDispatcher

    return [
        (module, name)
        for path, module in list(sys.modules.items())
        if path.startswith("market_abm") and module is not None
        for name, value in list(vars(module).items())
        if isinstance(value, CPUDispatcher)
    ]
