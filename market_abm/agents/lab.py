"""A lab: buys compute, serves users with it and trains."""

from market_abm.agents.firm import Firm


class Lab(Firm):
    """A buyer of compute; may build for itself."""
