"""The links and contracts tables."""

from __future__ import annotations

import numpy as np

from market_abm.economy.book import INTERNAL, KINDS
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import Relations
from market_abm.economy.world import NEVER
from market_abm.units import usd_per_gpu_hour


def links(q: Quarter, r: Relations, graded: np.ndarray) -> dict[str, np.ndarray]:
    """One row a relation that carried compute."""
    world = q.world
    usd = usd_per_gpu_hour
    return {
        "supplier": world.rows.keys[world.sellers.row[r.supplier]],
        "buyer": world.rows.keys[world.buyers.row[r.buyer]],
        "volume_khq": r.volume,
        "new_volume_khq": r.new_volume,
        "price_usd_per_gpu_hour": usd(r.price),
        "new_price_usd_per_gpu_hour": usd(r.new_price),
        "floor_usd_per_gpu_hour": usd(r.floor),
        "ceiling_usd_per_gpu_hour": usd(r.ceiling),
        "value_usd_per_gpu_hour": usd(r.value),
        "unit_cost_usd_per_gpu_hour": usd(r.unit_cost),
        "wedge_usd_per_gpu_hour": usd(r.wedge),
        "switching_usd_per_gpu_hour": usd(r.switching),
        "gross_surplus_usd_per_gpu_hour": usd(r.value - r.unit_cost - r.wedge),
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


def contracts(q: Quarter) -> dict[str, np.ndarray]:
    """One row a contract that is in the book, signed to start later included."""
    world, book, t = q.world, q.state.book, q.state.t

    def name(quarters: np.ndarray) -> np.ndarray:
        known = np.where((quarters < 0) | (quarters >= NEVER), -1, quarters)
        names = [world.quarter_name(n) for n in range(known.max(initial=-1) + 1)]
        return np.array([*names, ""], dtype=object)[known]  # -1 is the last one

    live = book.in_force(t)
    status = np.where(
        book.start > t, "starts later", np.where(book.noticed < NEVER, "notice given", "in force")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(live & (book.volume > 0), q.delivery.used_by_contract / book.volume, np.nan)
    return {
        "contract": np.array(book.id, dtype=object),
        "supplier": np.array([world.sellers.key[s] for s in book.supplier], dtype=object),
        "buyer": np.array([world.buyers.key[b] for b in book.buyer], dtype=object),
        "kind": np.array([KINDS[k] for k in book.kind], dtype=object),
        "volume_kh100e": book.volume,
        "price_usd_per_gpu_hour": np.where(book.kind == INTERNAL, np.nan, usd_per_gpu_hour(book.price)),
        "start": name(book.start),
        "end": name(book.ends),
        "firm_until": name(book.firm_until),
        "notice_quarters": book.notice,
        "take_or_pay": book.take_or_pay,
        "status": status.astype(object),
        "used_share": used,
        "payment_musd": q.delivery.payment_by_contract,
        "estimated": book.estimated,
    }
