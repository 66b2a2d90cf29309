"""A hyperscaler: builds, uses and sells compute in the same quarter."""

from market_abm.agents.lab import Lab
from market_abm.agents.provider import Provider


class Hyperscaler(Lab, Provider):
    """An integrated firm: a buyer node and a seller node joined by an internal link without price."""
