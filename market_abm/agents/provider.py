"""A provider: builds compute to sell it."""

from market_abm.agents.firm import Firm


class Provider(Firm):
    """A seller of compute."""
