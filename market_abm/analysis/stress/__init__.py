"""Stress tests: what is lost without a supplier, a chip supplier or a power region, and for how long."""

from market_abm.analysis.stress.plan import Plan
from market_abm.analysis.stress.result import StressTest, stress

__all__ = ["Plan", "StressTest", "stress"]
