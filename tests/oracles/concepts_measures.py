"""Oracle concepts of `market_abm.measures` and the threshold estimators: translation of inputs only."""

from __future__ import annotations

import numpy as np

from market_abm import measures as m
from market_abm.experiments.threshold import continuous_kink, logit_threshold


def short_side(inputs) -> dict:
    """Unit capacities and demands; edges are [buyer, seller]."""
    buyers, sellers = inputs["buyers"], inputs["sellers"]
    linked = np.zeros((len(sellers), len(buyers)), dtype=bool)
    for buyer, seller in inputs["edges"]:
        linked[sellers.index(seller), buyers.index(buyer)] = True
    found = m.short_side(np.ones(len(sellers)), np.ones(len(buyers)), linked)
    words = {1: "short", 0: "even", -1: "long"}
    classes = dict(zip(sellers, found.seller)) | dict(zip(buyers, found.buyer))
    return {
        "class": {name: words[int(code)] for name, code in classes.items()},
        "seller_surplus_share": dict(zip(sellers, found.seller_share.tolist())),
    }


def rsi_psi(inputs) -> dict:
    """Residual supply of firms in one period, or of the largest over many."""
    if "demand_series" in inputs:
        total, largest = inputs["total"], inputs["largest"]
        capacity = np.array([largest, total - largest], float)
        series = np.array([m.rsi(capacity, demand)[0] for demand in inputs["demand_series"]])
        screen = m.rsi_frequency(series)
        return {
            "share_of_periods_RSI_below_1p1": screen.below_screen,
            "fails_5pct_screen": screen.fails,
            "PSI_frequency": screen.pivotal,
            "RSI": series,
        }
    capacity, demand = np.asarray(inputs["capacity"], float), inputs["demand"]
    index = m.rsi(capacity, demand)
    return {
        "RSI": index,
        "pivotal": m.pivotal(capacity, np.array([demand], float)),
        "RSI_below_1p1": [m.rsi_frequency([value]).below_screen == 1.0 for value in index],
        "min_RSI": index.min(),
        "residual_demand": m.residual_demand(capacity, demand),
    }


def rsi_lerner(inputs) -> dict:
    """Residual monopolist; the identity L = (1 - RSI) / elasticity."""
    found = m.residual_monopolist(inputs["a"], inputs["b"], inputs["c"], inputs["rival_capacity"])
    return {
        "price": found.price,
        "demand": found.demand,
        "RSI": found.rsi,
        "elasticity": found.elasticity,
        "lerner": found.lerner,
        "one_minus_RSI_over_eps": (1.0 - found.rsi) / found.elasticity,
    }


def n_minus_1(inputs) -> dict:
    """Served demand without each supplier; links are [buyer, seller]."""
    linked = np.zeros((len(inputs["cap"]), len(inputs["demand"])), dtype=bool)
    for buyer, seller in inputs["links"]:
        linked[seller, buyer] = True
    found = m.n_minus_one(np.asarray(inputs["cap"], float), np.asarray(inputs["demand"], float), linked)
    return {
        "served": found.served,
        "served_without": found.served_without,
        "n1_loss_share": found.loss_share,
    }


def hhi_merger(inputs) -> dict:
    """Concentration before and after a merger, and the 2023 screen."""
    part = np.asarray(inputs["shares_pct"], float) / 100.0
    screen = m.merger_presumption(part, *inputs["merge"])
    return {
        "HHI_pre": screen.hhi_before,
        "HHI_post": screen.hhi_after,
        "delta": screen.delta,
        "presumption": screen.presumption,
        "effective_number_pre": m.effective_number(part),
        "CR4_pre": 100.0 * m.cr(part),
    }


def mhhi(inputs) -> dict:
    """HHI with common owners."""
    part = np.asarray(inputs["shares_pct"], float) / 100.0
    return {
        "HHI": m.hhi(part),
        "MHHI": m.mhhi(part, inputs["ownership_beta"], inputs["control_gamma"]),
    }


def chokepoint_phase_boundary(inputs) -> dict:
    """Tightness from which the largest firm is pivotal."""
    low, high = m.phase_boundary_range(m.hhi(inputs["shares"]), inputs["theta"])
    return {
        "tightness_threshold": m.phase_boundary(inputs["shares"], inputs["theta"]),
        "HHI": m.hhi(inputs["shares"]),
        "threshold_low": low,
        "threshold_high": high,
    }


def logit_diversion(inputs) -> dict:
    """Where users go when an alternative is removed."""
    part, outside = m.logit_shares(inputs["delta"])
    gone = inputs["removed"]
    others = np.arange(len(part)) != gone
    return {
        "shares": part,
        "outside_share": outside,
        "diversion_from_removed": m.diversion(part)[gone][others],
        "diversion_to_outside": m.diversion_to_outside(part)[gone],
        "logsum_loss": m.logsum_loss(part[gone]),
    }


def vertical_arithmetic(inputs) -> dict:
    """Gain of refusing a rival."""
    found = m.vertical_arithmetic(
        inputs["upstream_margin"],
        inputs["units_refused"],
        inputs["rival_sales_lost"],
        inputs["diversion_to_own"],
        inputs["downstream_margin"],
    )
    return {
        "upstream_loss": found.upstream_loss,
        "downstream_gain": found.downstream_gain,
        "net_gain_refusal": found.net_gain,
        "critical_diversion": found.critical_diversion,
    }


def vguppi(inputs) -> dict:
    """Upward pressure on the input price."""
    return {
        "vGUPPIu": m.vguppi_upstream(
            inputs["diversion_upstream_to_downstream"],
            inputs["downstream_margin_pct"],
            inputs["downstream_price"],
            inputs["input_price"],
        )
    }


def strategic_externality(inputs) -> dict:
    """Strengthening a rival's rival."""
    found = m.rivals_rival(
        inputs["shares"],
        customer=inputs["rival_customer"],
        own=inputs["own_lab"],
        target=inputs["feud_target"],
        customer_gain=inputs["rival_gain"],
        own_margin=inputs["own_margin"],
        target_margin=inputs["target_margin"],
        upstream_margin=inputs["upstream_margin"],
        units=inputs["units"],
        weight=inputs["phi"],
    )
    return {
        "D_own": found.diversion_own,
        "D_target": found.diversion_target,
        "net_gain_lease_no_feud": found.net_gain,
        "feud_weight_threshold": found.threshold,
        "net_gain_at_phi": found.net_gain_at_weight,
    }


def min_cut(inputs) -> dict:
    """Largest flow between two nodes."""
    cut = m.min_cut([tuple(edge) for edge in inputs["edges"]], inputs["s"], inputs["t"])
    return {"max_flow": cut.value, "min_cut": cut.value}


def esri(inputs) -> dict:
    """Output left after a failure."""
    found = m.esri(inputs["W"], inputs["type"], inputs["essential"], inputs["fail"], inputs["rho"])
    return {"ESRI": found.index, "h": found.output}


def threshold_estimation(inputs) -> dict:
    """A continuous kink, or the threshold of a logit."""
    if "b0" in inputs:
        found = logit_threshold(inputs["b0"], inputs["b1"], inputs["cov"])
        return {"threshold": found.threshold, "se": found.se, "fieller": [found.low, found.high]}
    kink = continuous_kink(inputs["x"], inputs["y"])
    return {"breakpoint": kink.breakpoint, "slope_change": kink.slope_change}


def power_dependence(inputs) -> dict:
    """Emerson's dependence of a lab and a provider on each other."""
    having, lacking = inputs["payoff_with"], inputs["payoff_without"]
    found = m.power_dependence(having["lab"], lacking["lab"], having["provider"], lacking["provider"])
    return {
        "dep_lab_on_provider": found.first_on_second,
        "dep_provider_on_lab": found.second_on_first,
        "provider_power_share": found.second_power_share,
        "mutual_dependence": found.mutual,
        "imbalance": found.imbalance,
    }


def capability_growth(inputs) -> dict:
    """Gain of capability under constant growth of compute."""
    found = m.capability_growth(inputs["alpha"], inputs["growth_per_quarter"], inputs["quarters"])
    return {"capability_gain": found.gain, "velocity_per_quarter": found.velocity}


CONCEPTS = {
    "short_side": short_side,
    "rsi_psi": rsi_psi,
    "rsi_lerner": rsi_lerner,
    "n_minus_1": n_minus_1,
    "hhi_merger": hhi_merger,
    "mhhi": mhhi,
    "chokepoint_phase_boundary": chokepoint_phase_boundary,
    "logit_diversion": logit_diversion,
    "vertical_arithmetic": vertical_arithmetic,
    "vguppi": vguppi,
    "strategic_externality": strategic_externality,
    "min_cut": min_cut,
    "esri": esri,
    "threshold_estimation": threshold_estimation,
    "power_dependence": power_dependence,
    "capability_growth": capability_growth,
}
