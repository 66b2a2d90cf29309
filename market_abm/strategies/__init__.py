"""How firms decide: strategies by verb. Every module of this folder is imported, so that what it registers is known."""

from market_abm.decorated import import_modules
from market_abm.strategies import building, building_ahead, buying, renewing, selling
from market_abm.strategies.registry import get, names, strategy
from market_abm.strategies.view import Bids, Menu, Notices, Offer, Orders, View

import_modules("strategies")

__all__ = [
    "Bids", "Menu", "Notices", "Offer", "Orders", "View", "building", "building_ahead", "buying", "get", "names",
    "renewing", "selling", "strategy",
]  # fmt: skip
