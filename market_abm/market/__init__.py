"""How compute is traded: pure functions on arrays that know no firm by name.

The public names are imported on first use, so that ``import market_abm.market`` loads no compiler.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "TradeProblem": "problem",
    "Allocation": "clearing",
    "clear": "clearing",
    "Variants": "variants",
    "clear_variants": "variants",
    "Contributions": "contribution",
    "Withdrawal": "contribution",
    "marginal_contributions": "contribution",
    "competitive_interval": "contribution",
    "withdraw": "contribution",
    "replacement_loss": "contribution",
    "flow_problem": "flow",
    "max_flow": "flow",
    "bargain": "bargaining",
    "Bargain": "bargaining",
    "Terms": "bargaining",
    "core_interval": "bargaining",
    "hold": "bargaining",
    "pairs_in_force": "bargaining",
    "protocol": "bargaining",
    "protocols": "bargaining",
    "rational_pair": "bargaining",
    "clear_spot": "spot",
    "clear_spot_on_links": "spot",
    "CapacityGame": "withholding",
    "capacity_payoffs": "withholding",
    "cournot": "withholding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
