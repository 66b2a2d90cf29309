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
    internal = sellers.owner_code[:, None] == buyers.owner_code[None, :]
    open_to_all = [key in drawn.segments and drawn.segments[key].reach == "all" for key in buyers.key]
    qualified = np.array(open_to_all, dtype=bool)[None, :] & sellers.sells[:, None]
    switching, cap = np.zeros(shape), np.full(shape, np.inf)
    exclusive, sole = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    seller, buyer = ({key: i for i, key in enumerate(side.key)} for side in (sellers, buyers))
    suppliers, users = ({"*": slice(None)} | side for side in (seller, buyer))
    entries = {(entry.supplier, entry.buyer): entry for entry in drawn.links}
    for entry in sorted(entries.values(), key=_how_specific):
        if entry.supplier not in suppliers or entry.buyer not in users:
            continue  # a firm without a fleet, or without a lab
        at = suppliers[entry.supplier], users[entry.buyer]
        for field, value in (
            (qualified, entry.qualified),
            (switching, None if entry.switching_cost is None else musd_per_khq(float(entry.switching_cost))),
            (cap, entry.cap),
            (exclusive, entry.exclusive),
            (sole, entry.sole),
        ):
            if value is not None:
                field[at] = value
    linked = qualified | internal
    for contract in drawn.contracts.values():
        linked[seller[contract.supplier], buyer[contract.buyer]] = True
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
        taste=_centred(taste, drawn, seller, buyer),
        key=rng.uniforms(seed, "tie", pairs).reshape(shape),
    )


def _how_specific(entry: Any) -> tuple[bool, bool]:
    """A named supplier weighs more than a named buyer."""
    return entry.supplier != "*", entry.buyer != "*"


def _centred(taste: np.ndarray, drawn: Any, seller: dict[str, int], buyer: dict[str, int]) -> np.ndarray:
    """Tastes relative to those for the suppliers in use: they move nobody's demand at the start."""
    weight = np.zeros_like(taste)
    for _, contract in sorted(drawn.contracts.items()):
        weight[seller[contract.supplier], buyer[contract.buyer]] += float(contract.volume)
    total = np.cumsum(weight, axis=0)[-1] if len(weight) else np.zeros(taste.shape[1])
    weighted = np.cumsum(weight * taste, axis=0)[-1] if len(weight) else np.zeros(taste.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(total > 0, weighted / total, 0.0)
    return taste - mean[None, :]
