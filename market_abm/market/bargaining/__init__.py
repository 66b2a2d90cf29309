"""Who gets what of a trade: the rational pair of outside options, and protocols that choose a price.

Every module of this folder is imported, so that the protocols that it registers are known.
"""

from market_abm.decorated import import_modules
from market_abm.market.bargaining import auction, competitive, cooperative, nash, posted
from market_abm.market.bargaining.base import (
    Bargain,
    Talks,
    bargain,
    find_protocol,
    protocol,
    protocols,
)
from market_abm.market.bargaining.cooperative import (
    Core,
    Value,
    core_interval,
    market_shapley,
    myerson,
    shapley,
)
from market_abm.market.bargaining.games import Game, market_game
from market_abm.market.bargaining.held import Held, hold
from market_abm.market.bargaining.in_force import pairs_in_force
from market_abm.market.bargaining.rational import (
    LeverageSplit,
    RationalPair,
    rational_pair,
    with_terms,
)
from market_abm.market.bargaining.terms import Terms

import_modules("market.bargaining")

__all__ = [
    "Bargain",
    "Core",
    "Game",
    "Held",
    "LeverageSplit",
    "RationalPair",
    "Talks",
    "Terms",
    "Value",
    "auction",
    "bargain",
    "competitive",
    "cooperative",
    "core_interval",
    "find_protocol",
    "hold",
    "market_game",
    "market_shapley",
    "myerson",
    "nash",
    "pairs_in_force",
    "posted",
    "protocol",
    "protocols",
    "rational_pair",
    "shapley",
    "with_terms",
]
