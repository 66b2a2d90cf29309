"""Who gets what of a trade: the rational pair of outside options, and protocols that choose a price."""

from market_abm.market.bargaining import competitive, nash
from market_abm.market.bargaining.base import (
    Bargain,
    Talks,
    bargain,
    find_protocol,
    protocol,
    protocols,
)
from market_abm.market.bargaining.held import Held, hold
from market_abm.market.bargaining.rational import (
    LeverageSplit,
    RationalPair,
    rational_pair,
    with_terms,
)
from market_abm.market.bargaining.terms import Terms

__all__ = [
    "Bargain",
    "Held",
    "LeverageSplit",
    "RationalPair",
    "Talks",
    "Terms",
    "bargain",
    "competitive",
    "find_protocol",
    "hold",
    "nash",
    "protocol",
    "protocols",
    "rational_pair",
    "with_terms",
]
