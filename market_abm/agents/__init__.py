"""Who decides: labs, providers and hyperscalers as Mesa agents."""

from market_abm.agents.desk import Desk
from market_abm.agents.firm import Firm
from market_abm.agents.hyperscaler import Hyperscaler
from market_abm.agents.lab import Lab
from market_abm.agents.provider import Provider

__all__ = ["Desk", "Firm", "Hyperscaler", "Lab", "Provider"]
