"""Dated shocks and policies: stage 0 of a quarter."""

from market_abm.timeline import policies, shocks
from market_abm.timeline.registry import kind, kinds, take_effect

__all__ = ["kind", "kinds", "policies", "shocks", "take_effect"]
