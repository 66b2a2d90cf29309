"""The steps table: one row a quarter, the market."""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import Relations
from market_abm.economy.tables.shared import NAN, Figures, average, building_bound, owner_shares
from market_abm.economy.world import Floats
from market_abm.elementary import log
from market_abm.measures import concentration
from market_abm.units import ordered_sum, usd_per_gpu_hour


def steps(
    q: Quarter,
    market: WholeMarket,
    links: Relations,
    figures: Figures,
    grades: np.ndarray,
    graded: np.ndarray,
) -> dict:
    """One row: the market."""
    world, state = q.world, q.state
    shares = {name: owner_shares(q, values) for name, values in figures.bases.items()}
    sellable, served = float(ordered_sum(q.position.sellable)), float(ordered_sum(q.delivery.used))
    book = state.book
    live = book.in_force(state.t) & (book.kind == TERM)
    contract_volume = float(ordered_sum(np.where(live, book.volume, 0.0))) if len(book) else 0.0
    contract_paid = float(ordered_sum(np.where(live, book.volume * book.price, 0.0))) if len(book) else 0.0
    estimated = float(ordered_sum(np.where(live & book.estimated, book.volume, 0.0))) if len(book) else 0.0
    # Who would build: a fleet that pays, or capacity on its way. Nothing holds back a firm without any.
    would = (q.outlook.q > 1.0) & state.active & (q.outlook.online > 0)
    building = (q.orders > 0) | (q.state.pipeline[:, state.t] > 0) | would
    labs = world.buyers.lab
    weight = np.where(np.isfinite(links.seller_secured), links.volume, 0.0)
    return {
        "price_index_usd_per_gpu_hour": usd_per_gpu_hour(q.new_price),
        "price_long_run_usd_per_gpu_hour": usd_per_gpu_hour(market.long_run_price),
        "spot_price_usd_per_gpu_hour": usd_per_gpu_hour(q.delivery.spot_price),
        "contract_price_usd_per_gpu_hour": usd_per_gpu_hour(contract_paid / contract_volume)
        if contract_volume > 0
        else NAN,
        "capacity_kh100e": float(ordered_sum(q.position.online)),
        "capacity_sellable_khq": sellable,
        "demand_long_run_khq": float(ordered_sum(market.demand)),
        "demand_going_price_khq": market.demand_going,
        "tightness": market.tightness,
        "tightness_going": market.demand_going / sellable if sellable > 0 else NAN,
        "tight": market.tight,
        "free_share": float(ordered_sum(q.problem.capacity)) / sellable if sellable > 0 else NAN,
        "utilisation": served / sellable if sellable > 0 else NAN,
        "served_khq": served,
        "hhi_fleet": concentration.hhi(shares["fleet"]),
        "hhi_merchant": concentration.hhi(shares["merchant"]),
        "hhi_free": concentration.hhi(shares["free"]),
        "hhi_sales": concentration.hhi(shares["sales"]),
        "n_eff_merchant": concentration.effective_number(shares["merchant"]),
        "cr4_merchant": concentration.cr(shares["merchant"], 4),
        "max_share_merchant": float(np.max(shares["merchant"], initial=0.0)),
        "rsi_min": _least(figures.rsi),
        "network_rsi_min": _least(figures.network_rsi),
        "pivotal_firms": int(market.pivotality.pivotal.sum()) if market.pivotality is not None else 0,
        "surplus_resource_musd": market.welfare.surplus if market.welfare is not None else NAN,
        "chokepoint_firms": int(np.isin(grades, ("chokepoint", "critical")).sum()),
        "watch_firms": int((grades == "watch").sum()),
        "relation_chokepoints": int(graded.sum()),
        "relations": int(np.isfinite(links.loss_before).sum()),
        "leader": figures.leader,
        "capability_gap": figures.lead,
        "velocity_mean": _mean(q.velocity[labs]),
        "frontier_velocity": _frontier_velocity(q, figures.levels),
        "product_revenue_musd": float(ordered_sum(q.revenue)),
        "consumer_surplus_musd": consumer_surplus(q),
        "chips_bind_share": _share((q.held_by_chips | q.rationed)[building]),
        "power_bind_share": _share((q.held_by_power | building_bound(q, "power"))[building]),
        "finance_bind_share": _share((q.held_by_finance | building_bound(q, "finance"))[building]),
        "growth_bind_share": _share(building_bound(q, "growth")[building]),
        "capex_musd": float(ordered_sum(q.capex)),
        "ledger_residual_musd": q.ledger.residual(),
        "compute_residual_khq": compute_residual(q),
        "estimated_volume_share": estimated / contract_volume if contract_volume > 0 else NAN,
        "seller_secured_share": average(links.seller_secured, weight),
        "buyer_secured_share": average(links.buyer_secured, weight),
        "contested_share": average(links.contested, weight),
        "realised_seller_share": average(links.realised, weight),
        "out_of_line_relations": int(links.out_of_line.sum()),
        "credit_limit_firms": int(state.credit_limited.sum()),
        "entries": sum(e["kind"] == "entry" for e in q.events),
        "exits": sum(e["kind"] == "exit" for e in q.events),
    }  # fmt: skip


def compute_residual(q: Quarter) -> float:
    """Compute delivered beyond what can be allocated, or below zero, kHQ: zero when conserved."""
    delivered = ordered_sum(q.delivery.flow, axis=1)
    over = np.maximum(delivered - q.position.sellable, 0.0)
    into = float(ordered_sum(ordered_sum(q.delivery.flow, axis=0))) - float(ordered_sum(q.delivery.used))
    return float(ordered_sum(over)) + abs(into) + float(np.abs(np.minimum(q.delivery.flow, 0.0)).sum())


def consumer_surplus(q: Quarter) -> float:
    """Static consumer surplus relative to the opening outside good: M / eta x -ln(outside share), MUSD.

    With logit demand the log-sum over the outside good is minus the log of its share (Small and Rosen 1981).
    """
    inside = float(ordered_sum(np.where(q.world.buyers.product, q.state.share, 0.0)))
    if inside <= 0:
        return NAN
    return q.state.market / float(q.world.scenario.product.eta) * -float(log(1.0 - inside))


def _frontier_velocity(q: Quarter, levels: Floats) -> float:
    """Velocity of the lab that leads."""
    if not np.isfinite(levels).any():
        return NAN
    return float(q.velocity[int(np.nanargmax(levels))])


def _least(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if len(known) else NAN


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(ordered_sum(known)) / len(known) if len(known) else NAN


def _share(mask: np.ndarray) -> float:
    """Share of building firms that a bound held back; NaN where nobody builds."""
    return float(mask.sum()) / len(mask) if len(mask) else NAN
