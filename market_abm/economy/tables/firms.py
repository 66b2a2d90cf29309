"""The firms table: one row a firm or segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import SUPPLIER, Relations
from market_abm.economy.tables.shared import NAN, Figures, averages, building_bound
from market_abm.economy.world import Floats
from market_abm.units import ordered_sum


def firms(
    q: Quarter, market: WholeMarket, links: Relations, figures: Figures, grades: np.ndarray
) -> dict[str, np.ndarray]:
    """One row a firm or segment."""
    world, state = q.world, q.state
    rows, sellers, buyers = world.rows, world.sellers, world.buyers
    f = len(rows)
    flow, internal = q.delivery.flow, world.links.internal
    income, spend = _income_and_spend(q)

    def at_sellers(values: Any, default: Any = NAN) -> np.ndarray:
        values = np.asarray(values)
        out = np.full(
            f, default, dtype=object if values.dtype.kind in "UO" else np.result_type(values, type(default))
        )
        out[sellers.row] = values
        return out

    def at_buyers(values: Any, default: Any = NAN) -> np.ndarray:
        out = np.full(f, default, dtype=np.result_type(np.asarray(values), type(default)))
        out[buyers.row] = values
        return out

    with np.errstate(divide="ignore", invalid="ignore"):
        served = np.where(q.need > 0, np.minimum(q.delivery.used / q.need, 1.0), np.nan)
        served = np.where(buyers.lab, np.where(q.need > 0, q.inference / q.need, np.nan), served)
    by_base = {name: owner_total_share(q, values) for name, values in figures.bases.items()}
    removed = market.removals
    count, largest, hhi = _sourcing(q.delivery.contracted)
    split = _firm_splits(q, links)
    ahead = min(state.t + 1, world.horizon)
    trained = _training_runs(q)
    nothing = np.full(len(sellers.key), NAN)
    return {
        "firm": np.array(rows.key, dtype=object),
        "kind": np.array(rows.kind, dtype=object),
        "owner": np.array(rows.owner, dtype=object),
        "active": at_sellers(state.active, True),
        "cash_musd": state.cash,
        "debt_musd": state.debt,
        "capacity_kh100e": at_sellers(q.position.online, 0.0),
        "pipeline_kh100e": at_sellers(
            ordered_sum(state.pipeline[:, ahead:], axis=1) + state.power_queue, 0.0
        ),
        "power_mw": at_sellers(q.position.online * sellers.kw, 0.0),
        "own_use_khq": at_sellers(ordered_sum(np.where(internal, flow, 0.0), axis=1), 0.0),
        "sold_khq": at_sellers(ordered_sum(np.where(internal, 0.0, flow), axis=1), 0.0),
        "bought_khq": at_buyers(ordered_sum(np.where(internal, 0.0, flow), axis=0), 0.0),
        "served_khq": at_buyers(q.delivery.used, 0.0),
        "need_khq": at_buyers(q.need, 0.0),
        "served_share": at_buyers(served),
        "inference_khq": at_buyers(np.where(buyers.lab, q.inference, NAN)),
        "rnd_khq": at_buyers(np.where(buyers.lab, q.rnd, NAN)),
        "capability": at_buyers(figures.levels),
        "velocity": at_buyers(q.velocity),
        "capability_gap": at_buyers(_gap_to_best(figures.levels)),
        "product_share": at_buyers(np.where(buyers.product, state.share, NAN)),
        "revenue_musd": at_buyers(np.where(buyers.lab, q.revenue, NAN)),
        "compute_spend_musd": spend,
        "compute_income_musd": income,
        "capex_musd": at_sellers(q.capex, 0.0),
        "orders_kh100e": at_sellers(q.orders, 0.0),
        "binding": at_sellers(_binding(q), ""),
        "credit_limit_reached": state.credit_limited,
        "share_fleet": at_sellers(by_base["fleet"]),
        "share_merchant": at_sellers(by_base["merchant"]),
        "rsi": at_sellers(figures.rsi),
        "network_rsi": at_sellers(figures.network_rsi),
        "pivotal": at_sellers(
            market.pivotality.pivotal if market.pivotality is not None else np.zeros(len(sellers.key), bool),
            False,
        ),
        "served_loss_share": at_sellers(market.served_loss),
        "welfare_loss_share": at_sellers(
            market.welfare.loss_share if market.welfare is not None else nothing
        ),
        "loss_of_others_share": at_sellers(removed.loss_of_others if removed is not None else nothing),
        "marginal_contribution_musd": at_sellers(
            market.welfare.marginal_contribution if market.welfare is not None else nothing
        ),
        "price_effect": at_sellers(_bounded(removed.price_effect if removed is not None else nothing)),
        "price_effect_low": at_sellers(_bounded(market.effect_low)),
        "price_effect_high": at_sellers(_bounded(market.effect_high)),
        "price_effect_one_quarter": at_sellers(_bounded(market.effect_one_quarter)),
        "grade": at_sellers(grades, ""),
        "seller_secured_share": at_sellers(split[0]),
        "buyer_secured_share": at_buyers(split[1]),
        "realised_seller_share": at_sellers(split[2]),
        "supplier_count": at_buyers(count.astype(np.float64), 0.0),
        "largest_supplier_share": at_buyers(largest),
        "supplier_hhi": at_buyers(hhi),
        "largest_customer_share": at_sellers(_largest_customer(q)),
        "training_runs": at_buyers(trained),
    }


def _bounded(values: Floats) -> Floats:
    """NaN where nobody is left to serve the open segments and the price has no upper bound."""
    return np.where(np.isfinite(values), values, NAN)


def owner_total_share(q: Quarter, values: Floats) -> Floats:
    """Share of a base that each seller's ultimate owner holds, (S,)."""
    owner = q.conditions.owner_of_sellers(q.world)
    total = float(ordered_sum(values))
    sums = np.zeros(int(owner.max(initial=0)) + 1)
    np.add.at(sums, owner, values)
    return sums[owner] / total if total > 0 else np.zeros(len(values))


def _income_and_spend(q: Quarter) -> tuple[Floats, Floats]:
    """Income from compute sold and spending on compute bought, MUSD, (F,)."""
    ledger = q.ledger
    income = ledger.total("contracts") + ledger.total("spot")
    spend = ledger.total("contracts", payer=True) + ledger.total("spot", payer=True)
    return income, spend


def _sourcing(flow: Floats) -> tuple[np.ndarray, Floats, Floats]:
    """Number of suppliers, the largest one's share and supplier HHI of each buyer's contracts, (B,)."""
    total = ordered_sum(flow, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, flow / total, np.nan)
    largest = np.where(total > 0, np.max(np.nan_to_num(share), axis=0, initial=0.0), np.nan)
    hhi = np.where(total > 0, 1e4 * ordered_sum(np.nan_to_num(share) ** 2, axis=0), np.nan)
    return (np.nan_to_num(share) >= SUPPLIER).sum(axis=0), largest, hhi


def _largest_customer(q: Quarter) -> Floats:
    """Largest buyer's share of what each seller sells, (S,)."""
    sold = np.where(q.world.links.internal, 0.0, q.delivery.flow)
    total = ordered_sum(sold, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, sold.max(axis=1, initial=0.0) / total, np.nan)


def _firm_splits(q: Quarter, r: Relations) -> tuple[Floats, Floats, Floats]:
    """Volume-weighted shares: secured by sellers (S,), by buyers (B,), realised by sellers (S,)."""
    s, b = q.world.shape
    return (
        averages(r.seller_secured, r.volume, r.supplier, s),
        averages(r.buyer_secured, r.volume, r.buyer, b),
        averages(r.realised, r.volume, r.supplier, s),
    )


def _gap_to_best(levels: Floats) -> Floats:
    """Log units behind the most capable lab, (B,)."""
    if not np.isfinite(levels).any():
        return levels
    return np.nanmax(levels) - levels


def _training_runs(q: Quarter) -> Floats:
    """Frontier-size training runs a quarter, after experiments and safety work, (B,)."""
    p = q.world.scenario.product
    size = float(p.training_run) * (1.0 + float(p.training_run_growth)) ** q.state.t
    runs = q.rnd * (1.0 - float(p.experiment_share)) / size
    return np.where(q.world.buyers.lab, runs, np.nan)


def _binding(q: Quarter) -> np.ndarray:
    """What held a seller's building back first: power, chips, finance or growth, (S,)."""
    out = np.array([""] * len(q.world.sellers.key), dtype=object)
    for mask, name in (
        (building_bound(q, "growth"), "growth"),
        (building_bound(q, "finance") | q.held_by_finance, "finance"),
        (q.held_by_chips | q.rationed, "chips"),
        (q.held_by_power | building_bound(q, "power"), "power"),
    ):
        out[mask] = name
    return out
