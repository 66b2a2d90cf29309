"""Hypothesis everywhere: no deadlines (a first call may compile), and the same examples in every run.

Set ``HYPOTHESIS_SEARCH=1`` to look for new ones, ``HYPOTHESIS_SHRINK=0`` where a failure need not be small.
"""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize="HYPOTHESIS_SEARCH" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    phases=tuple(Phase)[: None if os.environ.get("HYPOTHESIS_SHRINK", "1") != "0" else 3],
)
settings.load_profile("repeatable")

# A shell that starts a job in the background has it ignore interrupts; tests of Ctrl-C want them heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REAL = [Path(__file__).parent / name for name in ("browser", "experiments/sweeping")]
"""Tests with a real browser, or with processes that are killed: they hang on the machine too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What hangs on the machine gets a second try, which the summary names: it is to be looked into."""
    for item in items:
        if any(place in item.path.parents for place in REAL):
            item.add_marker(pytest.mark.flaky(reruns=1))
