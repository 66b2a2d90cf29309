"""How firms decide: strategies by verb."""

from market_abm.strategies import building, building_ahead, buying, renewing, selling
from market_abm.strategies.registry import get, names, strategy
from market_abm.strategies.view import Bids, Menu, Notices, Offer, Orders, View

__all__ = [
    "Bids", "Menu", "Notices", "Offer", "Orders", "View", "building", "building_ahead", "buying", "get", "names",
    "renewing", "selling", "strategy",
]  # fmt: skip
