"""The firms table: one row a firm or segment."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import SUPPLIER, Relations
from market_abm.economy.tables.shared import BOUNDS, NAN, Figures, averages_by
from market_abm.economy.world import Floats, Ints
from market_abm.units import ordered_sum

COLUMNS = (
    "firm", "kind", "owner", "active", "cash_musd", "debt_musd", "capacity_kh100e", "pipeline_kh100e",
    "power_mw", "own_use_khq", "sold_khq", "bought_khq", "served_khq", "need_khq", "served_share",
    "inference_khq", "rnd_khq", "capability", "velocity", "capability_gap", "product_share", "revenue_musd",
    "compute_spend_musd", "compute_income_musd", "capex_musd", "orders_kh100e", "binding",
    "credit_limit_reached", "share_fleet", "share_merchant", "rsi", "network_rsi", "pivotal",
    "served_loss_share", "welfare_loss_share", "loss_of_others_share", "marginal_contribution_musd",
    "price_effect", "price_effect_low", "price_effect_high", "price_effect_one_quarter", "grade",
    "seller_secured_share", "buyer_secured_share", "realised_seller_share", "supplier_count",
    "largest_supplier_share", "supplier_hhi", "largest_customer_share", "training_runs",
)  # fmt: skip
"""Columns in the order of the data dictionary."""

_WITHOUT_NODE: dict[str, Any] = {"active": True, "pivotal": False, "binding": "", "grade": ""} | dict.fromkeys(
    (
        "capacity_kh100e", "pipeline_kh100e", "power_mw", "own_use_khq", "sold_khq", "capex_musd",
        "orders_kh100e", "bought_khq", "served_khq", "need_khq", "supplier_count",
    ),
    0.0,
)  # fmt: skip
"""What a column says of a row without a fleet, or without a need; of those not named here NaN."""


_BOUNDS = np.array(["", *BOUNDS], dtype=object)
_BOUND_CODES = np.arange(1, len(_BOUNDS))


def firms(
    q: Quarter, market: WholeMarket, links: Relations, figures: Figures, grades: np.ndarray
) -> dict[str, np.ndarray]:
    """One row a firm or segment."""
    world, state = q.world, q.state
    rows, sellers, buyers = world.rows, world.sellers, world.buyers
    count, lab, sales = len(rows), buyers.lab, figures.bases["sales"]
    suppliers, largest, hhi = _sourcing(q.delivery.contracted)
    seller_secured, buyer_secured, realised = _firm_splits(q, links)
    welfare, removed, needed = market.welfare, market.removals, market.pivotality
    nothing = np.full(len(sellers.key), NAN)
    effects = _bounded(
        nothing if removed is None else removed.price_effect,
        market.effect_low,
        market.effect_high,
        market.effect_one_quarter,
    )
    ahead = min(state.t + 1, world.horizon)
    coming = ordered_sum(state.pipeline[:, ahead:], axis=1) + state.power_queue
    income, spend = _income_and_spend(q)
    found = {
        "firm": rows.keys.copy(),
        "kind": rows.kinds.copy(),
        "owner": rows.owners.copy(),
        "cash_musd": state.cash,
        "debt_musd": state.debt,
        "compute_spend_musd": spend,
        "compute_income_musd": income,
        "credit_limit_reached": state.credit_limited,
        **_placed(sellers.row, count, {
            "active": state.active,
            "pivotal": np.zeros(len(sellers.key), dtype=bool) if needed is None else needed.pivotal,
        }),
        **_placed(sellers.row, count, {"binding": _binding(figures), "grade": grades}),
        **_placed(sellers.row, count, {
            "capacity_kh100e": q.position.online,
            "pipeline_kh100e": coming,
            "power_mw": q.position.online * sellers.kw,
            "own_use_khq": figures.own_use,
            "sold_khq": sales,
            "capex_musd": q.capex,
            "orders_kh100e": q.orders,
            "share_fleet": owner_total_share(q, figures.bases["fleet"]),
            "share_merchant": owner_total_share(q, figures.bases["merchant"]),
            "rsi": figures.rsi,
            "network_rsi": figures.network_rsi,
            "served_loss_share": market.served_loss,
            "welfare_loss_share": nothing if welfare is None else welfare.loss_share,
            "loss_of_others_share": nothing if removed is None else removed.loss_of_others,
            "marginal_contribution_musd": nothing if welfare is None else welfare.marginal_contribution,
            "price_effect": effects[0],
            "price_effect_low": effects[1],
            "price_effect_high": effects[2],
            "price_effect_one_quarter": effects[3],
            "seller_secured_share": seller_secured,
            "realised_seller_share": realised,
            "largest_customer_share": _share(np.maximum.reduce(figures.sold, 1, initial=0.0), sales),
        }),
        **_placed(buyers.row, count, {
            "bought_khq": ordered_sum(figures.sold, axis=0),
            "served_khq": q.delivery.used,
            "need_khq": q.need,
            "supplier_count": suppliers,
            "served_share": _served(q),
            "inference_khq": np.where(lab, q.inference, NAN),
            "rnd_khq": np.where(lab, q.rnd, NAN),
            "capability": figures.levels,
            "velocity": q.velocity,
            "capability_gap": _gap_to_best(figures),
            "product_share": np.where(buyers.product, state.share, NAN),
            "revenue_musd": np.where(lab, q.revenue, NAN),
            "buyer_secured_share": buyer_secured,
            "largest_supplier_share": largest,
            "supplier_hhi": hhi,
            "training_runs": _training_runs(q),
        }),
    }  # fmt: skip
    return {name: found[name] for name in COLUMNS}


def _placed(nodes: Ints, count: int, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns by node, all of one type, as columns by row of the table, (F,)."""
    table = _without_nodes(tuple(columns), count).copy()
    table[:, nodes] = list(columns.values())
    return dict(zip(columns, table))


@lru_cache(maxsize=64)
def _without_nodes(columns: tuple[str, ...], count: int) -> np.ndarray:
    """What stands in rows that have no such node, (columns, F)."""
    blank = [_WITHOUT_NODE.get(name, NAN) for name in columns]
    return np.array(blank, dtype=object if blank[0] == "" else None)[:, None].repeat(count, axis=1)


def _bounded(*effects: Floats) -> Floats:
    """NaN where nobody is left to serve the open segments and the price has no upper bound; a row an effect."""
    values = np.array(effects)
    return np.where(np.isfinite(values), values, NAN)


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of the whole, element by element; NaN where there is none."""
    return part / np.where(whole > 0, whole, NAN)


def _served(q: Quarter) -> Floats:
    """Share of its need that each buyer uses, (B,): of a lab what it needs to serve its customers."""
    used = np.where(q.world.buyers.lab, q.inference, np.minimum(q.delivery.used, q.need))
    return _share(used, q.need)


def owner_total_share(q: Quarter, values: Floats) -> Floats:
    """Share of a base that each seller's ultimate owner holds, (S,)."""
    owner = q.conditions.owner_of_sellers(q.world)
    total = float(ordered_sum(values))
    return np.bincount(owner, values)[owner] / total if total > 0 else np.zeros(len(values))


def _income_and_spend(q: Quarter) -> tuple[Floats, Floats]:
    """Income from compute sold and spending on compute bought, MUSD, (F,)."""
    ledger = q.ledger
    income = ledger.total("contracts") + ledger.total("spot")
    spend = ledger.total("contracts", payer=True) + ledger.total("spot", payer=True)
    return income, spend


def _sourcing(flow: Floats) -> tuple[Ints, Floats, Floats]:
    """Number of suppliers, the largest one's share and supplier HHI of each buyer's contracts, (B,)."""
    share = _share(flow, ordered_sum(flow, axis=0))
    largest = np.maximum.reduce(share, 0, initial=0.0)
    return np.add.reduce(share >= SUPPLIER, 0), largest, 1e4 * ordered_sum(share**2, axis=0)


def _firm_splits(q: Quarter, r: Relations) -> list[Floats]:
    """Volume-weighted shares: secured by sellers (S,), by buyers (B,), realised by sellers (S,)."""
    s, b = q.world.shape
    return averages_by(
        (r.seller_secured, r.buyer_secured, r.realised),
        r.volume,
        (r.supplier, r.buyer, r.supplier),
        (s, b, s),
    )


def _gap_to_best(figures: Figures) -> Floats:
    """Log units behind the most capable lab, (B,)."""
    levels = figures.levels
    return levels[figures.ranking[0]] - levels if figures.ranking else levels


def _training_runs(q: Quarter) -> Floats:
    """Frontier-size training runs a quarter, after experiments and safety work, (B,)."""
    p = q.world.scenario.product
    size = float(p.training_run) * (1.0 + float(p.training_run_growth)) ** q.state.t
    runs = q.rnd * (1.0 - float(p.experiment_share)) / size
    return np.where(q.world.buyers.lab, runs, np.nan)


def _binding(figures: Figures) -> np.ndarray:
    """What held a seller's building back first: power, chips, finance or growth, (S,)."""
    # Where several did, the last one named.
    return _BOUNDS[np.maximum.reduce(figures.held_back * _BOUND_CODES[:, None], 0)]
