"""The links and contracts tables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from market_abm.economy.book import INTERNAL, KINDS
from market_abm.economy.relations import Relations
from market_abm.economy.span import Span, by_quarter
from market_abm.economy.world import NEVER
from market_abm.scenario.calendar import quarter_name
from market_abm.units import usd_per_gpu_hour

KIND = np.array(KINDS, dtype=object)
"""Names of the kinds of contract, by code."""

STATUS = np.array(("in force", "notice given", "starts later"), dtype=object)
"""Where a contract stands in its life, by code."""


def links(span: Span, r: Relations, graded: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Of each quarter: one row a relation that carried compute."""
    world = span.world
    price, new_price, floor, ceiling, value, unit_cost, wedge, switching, surplus = usd_per_gpu_hour(
        np.array([
            r.price, r.new_price, r.floor, r.ceiling, r.value, r.unit_cost, r.wedge, r.switching,
            r.value - r.unit_cost - r.wedge,
        ])
    )  # fmt: skip
    columns = {
        "supplier": world.rows.keys[world.sellers.row[r.supplier]],
        "buyer": world.rows.keys[world.buyers.row[r.buyer]],
        "volume_khq": r.volume,
        "new_volume_khq": r.new_volume,
        "price_usd_per_gpu_hour": price,
        "new_price_usd_per_gpu_hour": new_price,
        "floor_usd_per_gpu_hour": floor,
        "ceiling_usd_per_gpu_hour": ceiling,
        "value_usd_per_gpu_hour": value,
        "unit_cost_usd_per_gpu_hour": unit_cost,
        "wedge_usd_per_gpu_hour": wedge,
        "switching_usd_per_gpu_hour": switching,
        "gross_surplus_usd_per_gpu_hour": surplus,
        "seller_secured_share": r.seller_secured,
        "buyer_secured_share": r.buyer_secured,
        "contested_share": r.contested,
        "realised_seller_share": r.realised,
        "lambda_index": r.bargaining_index,
        "dependence_before": r.loss_before,
        "dependence_after": r.loss_after,
        "supplier_dependence": r.supplier_dependence,
        "notice_quarters": r.notice,
        "relation_chokepoint": graded,
        "out_of_line": r.out_of_line,
        "estimated": r.estimated,
    }
    return by_quarter(columns, r.quarter, len(span))


def contracts(span: Span) -> list[dict[str, np.ndarray]]:
    """Of each quarter: one row a contract that is in the book, signed to start later included."""
    world, book = span.world, span.book
    dates = np.array([book.start, book.ends, book.firm_until])
    known = np.where((dates < 0) | (dates >= NEVER), -1, dates)
    start, end, firm_until = _quarters(world.start, int(known.max(initial=-1)) + 1)[known]
    status = np.where(book.start > span.t[span.book_quarter], 2, book.noticed < NEVER)
    used = np.concatenate([q.delivery.used_by_contract for q in span])
    columns = {
        "contract": np.array(book.id, dtype=object),
        "supplier": world.rows.keys[world.sellers.row[book.supplier]],
        "buyer": world.rows.keys[world.buyers.row[book.buyer]],
        "kind": KIND[book.kind],
        "volume_kh100e": book.volume,
        "price_usd_per_gpu_hour": np.where(book.kind == INTERNAL, np.nan, usd_per_gpu_hour(book.price)),
        "start": start,
        "end": end,
        "firm_until": firm_until,
        "notice_quarters": book.notice,
        "take_or_pay": book.take_or_pay,
        "status": STATUS[status],
        "used_share": used / np.where(span.in_force, book.volume, np.nan),
        "payment_musd": span.payment,
        "estimated": book.estimated,
    }
    return by_quarter(columns, span.book_quarter, len(span))


@lru_cache(maxsize=64)
def _quarters(start: int, count: int) -> np.ndarray:
    """Names of as many quarters, and at the end, which is also position -1, that of none."""
    return np.array([*(quarter_name(start + t) for t in range(count)), ""], dtype=object)
