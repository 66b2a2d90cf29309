"""The firms table: one row a firm or segment."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_abm.economy.ledger import received_and_paid
from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import SUPPLIER, Relations
from market_abm.economy.span import Span
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
    span: Span, markets: list[WholeMarket], links: Relations, figures: Figures, grades: list[np.ndarray]
) -> list[dict[str, np.ndarray]]:
    """Of each quarter: one row a firm or segment."""
    world, of = span.world, span.stacked
    rows, sellers, buyers = world.rows, world.sellers, world.buyers
    lab, sales = buyers.lab, figures.bases["sales"]
    suppliers, largest, hhi = _sourcing(span.contracted)
    seller_secured, buyer_secured, realised = _firm_splits(span, links)
    removed = _of_measured(markets, lambda market: market.removals, len(sellers.key))
    welfare = _of_measured(markets, lambda market: market.welfare, len(sellers.key))
    income, spend = _income_and_spend(span)
    found = {
        "cash_musd": of(lambda q: q.state.cash),
        "debt_musd": of(lambda q: q.state.debt),
        "compute_spend_musd": spend,
        "compute_income_musd": income,
        "credit_limit_reached": of(lambda q: q.state.credit_limited),
        **_placed(sellers.row, len(rows), {
            "active": span.active,
            "pivotal": np.array([
                np.zeros(len(sellers.key), dtype=bool) if m.pivotality is None else m.pivotality.pivotal
                for m in markets
            ]),
        }),
        **_placed(sellers.row, len(rows), {"binding": _binding(figures), "grade": np.array(grades)}),
        **_placed(sellers.row, len(rows), {
            "capacity_kh100e": span.online,
            "pipeline_kh100e": of(_coming),
            "power_mw": span.online * sellers.kw,
            "own_use_khq": figures.own_use,
            "sold_khq": sales,
            "capex_musd": of(lambda q: q.capex),
            "orders_kh100e": of(lambda q: q.orders),
            "share_fleet": owner_total_share(span, figures.bases["fleet"]),
            "share_merchant": owner_total_share(span, figures.bases["merchant"]),
            "rsi": figures.rsi,
            "network_rsi": figures.network_rsi,
            "served_loss_share": np.array([market.served_loss for market in markets]),
            "welfare_loss_share": welfare("loss_share"),
            "loss_of_others_share": removed("loss_of_others"),
            "marginal_contribution_musd": welfare("marginal_contribution"),
            "price_effect": _bounded(removed("price_effect")),
            "price_effect_low": _bounded([market.effect_low for market in markets]),
            "price_effect_high": _bounded([market.effect_high for market in markets]),
            "price_effect_one_quarter": _bounded([market.effect_one_quarter for market in markets]),
            "seller_secured_share": seller_secured,
            "realised_seller_share": realised,
            "largest_customer_share": _share(np.maximum.reduce(figures.sold, 2, initial=0.0), sales),
        }),
        **_placed(buyers.row, len(rows), {
            "bought_khq": ordered_sum(figures.sold, axis=1),
            "served_khq": span.used,
            "need_khq": of(lambda q: q.need),
            "supplier_count": suppliers,
            "served_share": _served(span),
            "inference_khq": np.where(lab, of(lambda q: q.inference), NAN),
            "rnd_khq": np.where(lab, of(lambda q: q.rnd), NAN),
            "capability": figures.levels,
            "velocity": of(lambda q: q.velocity),
            "capability_gap": _gap_to_best(figures),
            "product_share": np.where(buyers.product, span.share, NAN),
            "revenue_musd": np.where(lab, of(lambda q: q.revenue), NAN),
            "buyer_secured_share": buyer_secured,
            "largest_supplier_share": largest,
            "supplier_hhi": hhi,
            "training_runs": _training_runs(span),
        }),
    }  # fmt: skip
    return [
        {
            "firm": rows.keys.copy(),
            "kind": rows.kinds.copy(),
            "owner": rows.owners.copy(),
            **{name: found[name][k] for name in COLUMNS[3:]},
        }
        for k in range(len(span))
    ]


def _of_measured(
    markets: list[WholeMarket], part: Callable[[WholeMarket], Any], sellers: int
) -> Callable[[str], Floats]:
    """Reads a column of a part of each market, (T, S): NaN in quarters that were not measured."""
    parts, nothing = [part(market) for market in markets], np.full(sellers, NAN)
    return lambda name: np.array([nothing if one is None else getattr(one, name) for one in parts])


def _coming(q: Quarter) -> Floats:
    """Capacity on its way or waiting for power, kH100e, (S,)."""
    ahead = min(q.state.t + 1, q.world.horizon)
    return ordered_sum(q.state.pipeline[:, ahead:], axis=1) + q.state.power_queue


def _placed(nodes: Ints, count: int, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns by quarter and node, all of one type, as columns by quarter and row of the table, (T, F)."""
    values = np.array(list(columns.values()))
    table = _without_nodes(tuple(columns), count)[:, None].repeat(values.shape[1], axis=1)
    table[:, :, nodes] = values
    return dict(zip(columns, table))


@lru_cache(maxsize=64)
def _without_nodes(columns: tuple[str, ...], count: int) -> np.ndarray:
    """What stands in rows that have no such node, (columns, F)."""
    blank = [_WITHOUT_NODE.get(name, NAN) for name in columns]
    return np.array(blank, dtype=object if blank[0] == "" else None)[:, None].repeat(count, axis=1)


def _bounded(effects: ArrayLike) -> Floats:
    """Price effects, NaN where nobody is left to serve the open segments and the price has no upper bound."""
    values = np.array(effects)
    return np.where(np.isfinite(values), values, NAN)


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of the whole, element by element; NaN where there is none."""
    return part / np.where(whole > 0, whole, NAN)


def _served(span: Span) -> Floats:
    """Share of its need that each buyer uses, (T, B): of a lab what it needs to serve its customers."""
    need = span.stacked(lambda q: q.need)
    inference = span.stacked(lambda q: q.inference)
    return _share(np.where(span.world.buyers.lab, inference, np.minimum(span.used, need)), need)


def owner_total_share(span: Span, values: Floats) -> Floats:
    """Share of a base that each seller's ultimate owner holds, (T, S)."""
    owners = int(np.maximum.reduce(span.owner, None, initial=-1)) + 1
    quarter = np.arange(len(span))[:, None]
    owner = quarter * owners + span.owner
    held = np.bincount(owner.ravel(), values.ravel())[owner]
    total = ordered_sum(values, axis=1)[:, None]
    return np.where(total > 0, held / np.where(total > 0, total, 1.0), 0.0)


def _income_and_spend(span: Span) -> list[Floats]:
    """Income from compute sold and spending on compute bought, MUSD, (T, F) each."""
    by_purpose = received_and_paid([q.ledger for q in span], ("contracts", "spot"))
    return [contracts + spot for contracts, spot in by_purpose]


def _sourcing(flow: Floats) -> tuple[Ints, Floats, Floats]:
    """Number of suppliers, the largest one's share and supplier HHI of each buyer's contracts, (T, B)."""
    share = _share(flow, ordered_sum(flow, axis=1)[:, None])
    largest = np.maximum.reduce(share, 1, initial=0.0)
    return np.add.reduce(share >= SUPPLIER, 1), largest, 1e4 * ordered_sum(share**2, axis=1)


def _firm_splits(span: Span, r: Relations) -> list[Floats]:
    """Volume-weighted shares: secured by sellers (T, S), by buyers (T, B), realised by sellers (T, S)."""
    s, b = span.world.shape
    seller, buyer = r.quarter * s + r.supplier, r.quarter * b + r.buyer
    splits = averages_by(
        (r.seller_secured, r.buyer_secured, r.realised),
        r.volume,
        (seller, buyer, seller),
        (len(span) * s, len(span) * b, len(span) * s),
    )
    return [split.reshape(len(span), -1) for split in splits]


def _gap_to_best(figures: Figures) -> Floats:
    """Log units behind the most capable lab, (T, B)."""
    levels = figures.levels
    best = [level[ranking[0]] if ranking else NAN for level, ranking in zip(levels, figures.rankings)]
    return np.array(best)[:, None] - levels


def _training_runs(span: Span) -> Floats:
    """Frontier-size training runs a quarter, after experiments and safety work, (T, B)."""
    p = span.world.scenario.product
    growth = 1.0 + float(p.training_run_growth)
    size = np.array([float(p.training_run) * growth**t for t in span.t.tolist()])
    runs = span.stacked(lambda q: q.rnd) * (1.0 - float(p.experiment_share)) / size[:, None]
    return np.where(span.world.buyers.lab, runs, np.nan)


def _binding(figures: Figures) -> np.ndarray:
    """What held a seller's building back first: power, chips, finance or growth, (T, S)."""
    # Where several did, the last one named.
    return _BOUNDS[np.maximum.reduce(figures.held_back * _BOUND_CODES[:, None, None], 0)]
