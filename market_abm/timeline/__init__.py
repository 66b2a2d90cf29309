"""Dated shocks, deals and policies: stage 0 of a quarter. Every module of this folder is imported, for its kinds."""

from market_abm.decorated import import_modules
from market_abm.timeline import deals, mergers, policies, shocks
from market_abm.timeline.registry import kind, kinds, take_effect

import_modules("timeline")

__all__ = ["deals", "kind", "kinds", "mergers", "policies", "shocks", "take_effect"]
