"""Hypothesis everywhere: no deadlines (a first call may compile), and the same examples in every run.

Set ``HYPOTHESIS_SEARCH=1`` to look for new ones.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize="HYPOTHESIS_SEARCH" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
