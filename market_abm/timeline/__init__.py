"""Dated shocks, deals and policies: stage 0 of a quarter."""

from market_abm.timeline import deals, mergers, policies, shocks
from market_abm.timeline.registry import kind, kinds, take_effect

__all__ = ["deals", "kind", "kinds", "mergers", "policies", "shocks", "take_effect"]
