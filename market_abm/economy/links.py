"""The supplier graph: who can supply whom, and at what cost of moving."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm import rng
from market_abm.economy.world import Buyers, Links, Rows, Sellers
from market_abm.units import musd_per_khq


def build_links(
    drawn: Any, rows: Rows, sellers: Sellers, buyers: Buyers, seed: int, index_price: float
) -> Links:
    """Lay the scenario's links out on seller and buyer nodes.

    The most specific entry decides each field: a named pair, then a named supplier, then a named buyer, then
    the wildcard. A contract on file qualifies its link, an owner's fleet always reaches its own lab and
    captive use, and a segment whose reach is ``all`` can use every fleet that sells.
    """
    shape = (len(sellers.key), len(buyers.key))
    linked = np.zeros(shape, dtype=bool)
    switching, cap = np.zeros(shape), np.full(shape, np.inf)
    exclusive, sole = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    internal = sellers.owner_code[:, None] == buyers.owner_code[None, :]
    entries = {(e.supplier, e.buyer): e for e in drawn.links}
    contracted = {(c.supplier, c.buyer) for c in drawn.contracts.values()}
    for s, supplier in enumerate(sellers.key):
        for b, buyer in enumerate(buyers.key):
            ladder = [
                entries[pair]
                for pair in ((supplier, buyer), (supplier, "*"), ("*", buyer), ("*", "*"))
                if pair in entries
            ]

            def field(name: str, default: Any, ladder: list = ladder) -> Any:
                return next((v for e in ladder if (v := getattr(e, name)) is not None), default)

            segment = drawn.segments.get(buyer)
            reached = segment is not None and segment.reach == "all" and sellers.sells[s]
            linked[s, b] = (
                bool(field("qualified", reached)) or internal[s, b] or (supplier, buyer) in contracted
            )
            switching[s, b] = musd_per_khq(float(field("switching_cost", 0.0)))
            cap[s, b] = float(field("cap", np.inf))
            exclusive[s, b] = bool(field("exclusive", False))
            sole[s, b] = bool(field("sole", False))
    pairs = [f"{s}|{b}" for s in sellers.key for b in buyers.key]
    taste = rng.normals(seed, "taste", pairs).reshape(shape)
    taste *= float(drawn.behaviour.taste_sd) * index_price
    taste[internal] = 0.0
    return Links(
        linked=linked,
        switching=np.where(internal, 0.0, switching),
        cap=cap,
        exclusive=exclusive,
        sole=sole,
        internal=internal,
        taste=_centred(taste, drawn, sellers, buyers),
        key=rng.uniforms(seed, "tie", pairs).reshape(shape),
    )


def _centred(taste: np.ndarray, drawn: Any, sellers: Sellers, buyers: Buyers) -> np.ndarray:
    """Tastes relative to those for the suppliers in use: they move nobody's demand at the start."""
    weight = np.zeros_like(taste)
    for _, contract in sorted(drawn.contracts.items()):
        s, b = sellers.key.index(contract.supplier), buyers.key.index(contract.buyer)
        weight[s, b] += float(contract.volume)
    total = np.cumsum(weight, axis=0)[-1] if len(weight) else np.zeros(taste.shape[1])
    weighted = np.cumsum(weight * taste, axis=0)[-1] if len(weight) else np.zeros(taste.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(total > 0, weighted / total, 0.0)
    return taste - mean[None, :]
