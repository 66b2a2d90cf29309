"""The steps table: one row a quarter, the market."""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import Relations
from market_abm.economy.tables.shared import BOUNDS, NAN, Figures, averages, owner_shares
from market_abm.economy.world import Bools, Floats
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
    shares = owner_shares(q, figures.bases)
    hhi = dict(zip(figures.bases, concentration.hhi(shares).tolist()))
    merchant = shares[list(figures.bases).index("merchant")]
    online, sellable, free, capex = _sums(q.position.online, q.position.sellable, q.problem.capacity, q.capex)
    served, demand, revenue = _sums(q.delivery.used, market.demand, q.revenue)
    book = state.book
    signed = np.where(book.in_force(state.t) & (book.kind == TERM), book.volume, 0.0)
    contract_volume, contract_paid, estimated = _sums(
        signed, signed * book.price, np.where(book.estimated, signed, 0.0)
    )
    # Who would build: a fleet that pays, or capacity on its way. Nothing holds back a firm without any.
    would = (q.outlook.q > 1.0) & state.active & (q.outlook.online > 0)
    building = (q.orders > 0) | (state.pipeline[:, state.t] > 0) | would
    builders = _count(building)
    held_back = np.add.reduce(figures.held_back & building, 1).tolist()
    bind = {name: count / builders if builders else NAN for name, count in zip(BOUNDS, held_back)}
    weight = np.where(np.isfinite(links.seller_secured), links.volume, 0.0)
    seller_secured, buyer_secured, contested, realised = averages(
        [links.seller_secured, links.buyer_secured, links.contested, links.realised], weight
    )
    levels, ranking, grade = figures.levels, figures.ranking, grades.tolist()
    happened = [event["kind"] for event in q.events]
    return {
        "price_index_usd_per_gpu_hour": usd_per_gpu_hour(q.new_price),
        "price_long_run_usd_per_gpu_hour": usd_per_gpu_hour(market.long_run_price),
        "spot_price_usd_per_gpu_hour": usd_per_gpu_hour(q.delivery.spot_price),
        "contract_price_usd_per_gpu_hour": usd_per_gpu_hour(contract_paid / contract_volume)
        if contract_volume > 0
        else NAN,
        "capacity_kh100e": online,
        "capacity_sellable_khq": sellable,
        "demand_long_run_khq": demand,
        "demand_going_price_khq": market.demand_going,
        "tightness": market.tightness,
        "tightness_going": market.demand_going / sellable if sellable > 0 else NAN,
        "tight": market.tight,
        "free_share": free / sellable if sellable > 0 else NAN,
        "utilisation": served / sellable if sellable > 0 else NAN,
        "served_khq": served,
        "hhi_fleet": hhi["fleet"],
        "hhi_merchant": hhi["merchant"],
        "hhi_free": hhi["free"],
        "hhi_sales": hhi["sales"],
        "n_eff_merchant": concentration.equal_firms(hhi["merchant"]),
        "cr4_merchant": concentration.cr(merchant, 4),
        "max_share_merchant": float(np.maximum.reduce(merchant, initial=0.0)),
        "rsi_min": _least(figures.rsi),
        "network_rsi_min": _least(figures.network_rsi),
        "pivotal_firms": _count(market.pivotality.pivotal) if market.pivotality is not None else 0,
        "surplus_resource_musd": market.welfare.surplus if market.welfare is not None else NAN,
        "chokepoint_firms": grade.count("chokepoint") + grade.count("critical"),
        "watch_firms": grade.count("watch"),
        "relation_chokepoints": _count(graded),
        "relations": _count(np.isfinite(links.loss_before)),
        "leader": world.buyers.key[ranking[0]] if ranking else "",
        "capability_gap": float(levels[ranking[0]] - levels[ranking[1]]) if len(ranking) > 1 else NAN,
        "velocity_mean": _mean(q.velocity[world.buyers.lab]),
        "frontier_velocity": float(q.velocity[ranking[0]]) if ranking else NAN,
        "product_revenue_musd": revenue,
        "consumer_surplus_musd": consumer_surplus(q),
        "chips_bind_share": bind["chips"],
        "power_bind_share": bind["power"],
        "finance_bind_share": bind["finance"],
        "growth_bind_share": bind["growth"],
        "capex_musd": capex,
        "ledger_residual_musd": q.ledger.residual(),
        "compute_residual_khq": compute_residual(q),
        "estimated_volume_share": estimated / contract_volume if contract_volume > 0 else NAN,
        "seller_secured_share": seller_secured,
        "buyer_secured_share": buyer_secured,
        "contested_share": contested,
        "realised_seller_share": realised,
        "out_of_line_relations": _count(links.out_of_line),
        "credit_limit_firms": _count(state.credit_limited),
        "entries": happened.count("entry"),
        "exits": happened.count("exit"),
    }  # fmt: skip


def compute_residual(q: Quarter) -> float:
    """Compute delivered beyond what can be allocated, or below zero, kHQ: zero when conserved."""
    delivered = ordered_sum(q.delivery.flow, axis=1)
    over = np.maximum(delivered - q.position.sellable, 0.0)
    into = float(ordered_sum(ordered_sum(q.delivery.flow, axis=0))) - float(ordered_sum(q.delivery.used))
    return float(ordered_sum(over)) + abs(into) - float(np.minimum(q.delivery.flow, 0.0).sum())


def consumer_surplus(q: Quarter) -> float:
    """Static consumer surplus relative to the opening outside good: M / eta x -ln(outside share), MUSD.

    With logit demand the log-sum over the outside good is minus the log of its share (Small and Rosen 1981).
    """
    inside = float(ordered_sum(np.where(q.world.buyers.product, q.state.share, 0.0)))
    if inside <= 0:
        return NAN
    return q.state.market / float(q.world.scenario.product.eta) * -float(log(1.0 - inside))


def _sums(*columns: Floats) -> list[float]:
    """The sum of each of some columns of one length."""
    return ordered_sum(np.array(columns), axis=1).tolist()


def _count(mask: Bools) -> int:
    return int(np.count_nonzero(mask))


def _least(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if len(known) else NAN


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(ordered_sum(known)) / len(known) if len(known) else NAN
