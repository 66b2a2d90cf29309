"""market_abm: strategic simulation of the AI-compute market.

Public names load on first use, so that importing the package costs nothing:

>>> import market_abm as ma
>>> result = ma.run("two-clouds-three-labs", seed=7)  # doctest: +SKIP
>>> result.chokepoints()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "ComputeMarket": "market_abm.model",
    "Result": "market_abm.results.result",
    "Scenario": "market_abm.scenario",
    "ScenarioError": "market_abm.scenario",
    "compare": "market_abm.analysis.compare",
    "load_results": "market_abm.results.store",
    "load_scenario": "market_abm.scenario",
    "replicate": "market_abm.experiments.replicate",
    "run": "market_abm.experiments.replicate",
    "save_results": "market_abm.results.store",
    "scenarios": "market_abm.scenario",
}
_ELSEWHERE = {"load_results": "read", "save_results": "write", "scenarios": "shipped"}

__all__ = ["ComputeMarket", "Result", "Scenario", "ScenarioError", "compare", "load_results", "load_scenario"]
__all__ += ["replicate", "run", "save_results", "scenarios"]

if TYPE_CHECKING:
    from market_abm.analysis.compare import compare
    from market_abm.experiments.replicate import replicate, run
    from market_abm.model import ComputeMarket
    from market_abm.results.result import Result
    from market_abm.results.store import read as load_results
    from market_abm.results.store import write as save_results
    from market_abm.scenario import Scenario, ScenarioError, load_scenario
    from market_abm.scenario import shipped as scenarios


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'market_abm' has no attribute {name!r}")
    found = getattr(import_module(_PUBLIC[name]), _ELSEWHERE.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
