"""What is asked of the market: pure functions on arrays, at prices in MUSD/kHQ and quantities in kHQ.

The public names are imported on first use, so that ``import market_abm.measures`` loads no compiler.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "concentration": "shares owner_shares hhi effective_number cr delta_hhi Merger merger_presumption mhhi",
    "pivotality": "rsi residual_demand contract_adjusted Pivotality pivotal network_rsi "
    "FrequencyScreen rsi_frequency ResidualMonopolist residual_monopolist",
    "resilience": "ServedLoss n_minus_one losses_of n_minus_cause no_rerouting WelfareLoss welfare_losses "
    "outlook own_links",
    "price_effect": "Removals merchant_removals merchant_capacity own_use index_price "
    "approximate_price_effect band price_resolution",
    "rerouting": "Rebids rebid RelationLosses relation_losses recall_loss relations",
    "leverage": "gross_surplus realised_share lambda_index out_of_line FirmSplit firm_split "
    "firm_realised_share payoff_over_contribution",
    "dependence": "emerson_dependence PowerDependence power_dependence supplier_dependence Spread "
    "supply_spread customer_spread notice_exposure",
    "chokepoint": "GRADES Thresholds grade_market grade_relation share_cut disagreement "
    "threshold_sensitivity phase_boundary phase_boundary_range",
    "innovation": "velocity capability_gap leader leadership_switches training_runs quarters_to_first "
    "labs_within entropy effective_labs CapabilityGrowth capability_growth consumer_surplus "
    "foreclosure_index hold_up_index",
    "externality": "logit_shares diversion diversion_to_outside logsum_loss weighted_interest "
    "strategic_wedge neutral_stake VerticalArithmetic vertical_arithmetic vguppi_upstream "
    "RivalsRival rivals_rival",
    "network": "Cut min_cut Bottleneck bottleneck betweenness bipartite",
    "sides": "ShortSide short_side",
    "systemic_risk": "SystemicRisk esri",
    "user_cost": "long_run_user_cost demand_at tightness is_tight",
    "welfare": "resource_problem gross_value without_first resource_surplus buyer_surplus",
    "registry": "measure registered_measures find_measure",
    "controls": "Rung ladder ladder_problem isoelastic_blocks pivotal_switch",
}

_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
