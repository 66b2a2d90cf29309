"""A pytest plugin for mutated copies: numba only in the kernel, and which test runs which function.

With ``MUTANTS_MAP`` set to a folder it writes there, for every test that passed, its seconds and the
functions of ``market/`` and ``measures/`` that it ran.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "market_abm.market.kernel"
WATCHED = tuple(str(ROOT / "market_abm" / room) + os.sep for room in ("market", "measures"))

_compile = numba.njit


def _njit(*arguments: Any, **options: Any) -> Any:
    """``numba.njit`` for the kernel and for numba itself, which compiles parts of NumPy on first use.

    Elsewhere the plain function, so that its mutants need no compiler.
    """

    def decorate(function: Any) -> Any:
        if function.__module__.startswith((KERNEL, "numba.")):
            return _compile(**options)(function)
        return function

    return decorate(arguments[0]) if arguments and callable(arguments[0]) else decorate


numba.njit = _njit


class Recorder:
    """Which functions each test runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: set[tuple[str, str]] = set()
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.tests: dict[str, list[tuple[str, str]]] = {}
        events = sys.monitoring.events.PY_START
        sys.monitoring.use_tool_id(sys.monitoring.COVERAGE_ID, "mutants")
        sys.monitoring.register_callback(sys.monitoring.COVERAGE_ID, events, self._started)
        sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, events)

    def _started(self, code: Any, _: int) -> Any:
        if code.co_filename.startswith(WATCHED):
            path = Path(code.co_filename).relative_to(ROOT).as_posix()
            self.ran.add((path, code.co_qualname.split(".<locals>")[0]))
        return sys.monitoring.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Collect what one test runs, its fixtures included."""
        self.ran = set()
        sys.monitoring.restart_events()
        result = yield
        self.tests[item.nodeid] = sorted(self.ran)
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add up the seconds of a test."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if not report.passed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write the map of this process."""
        sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
        rows = {
            test: {"seconds": self.seconds.get(test, 0.0), "ran": ran}
            for test, ran in self.tests.items()
            if test not in self.failed
        }
        name = os.environ.get("PYTEST_XDIST_WORKER", "main")
        (self.folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test another tree than the copy; record where asked to."""
    import market_abm

    home = Path(market_abm.__file__).resolve()
    if not home.is_relative_to(ROOT):
        raise pytest.UsageError(f"market_abm is imported from {home}, not from the copy {ROOT}")
    folder = os.environ.get("MUTANTS_MAP")
    if folder:
        config.pluginmanager.register(Recorder(Path(folder)))
