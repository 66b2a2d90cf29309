"""Buying: bid what compute is worth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from market_abm.economy.world import Floats, Ints
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Bids, Menu, View
from market_abm.units import ordered_sum

LEVELS = np.array([1.0, 0.5, 0.0])


@strategy("buy", "default")
def default(view: View, rows: Ints) -> Bids:
    """Bid private values on all that is still wanted inside the finance and growth caps.

    The options are shares of it; each is scored by the surplus expected at the last price.
    """
    node = node_of(view.world.buyers.row, rows)
    quantity, value = view.blocks[node], view.values[node]
    surplus = np.maximum(value - view.price, 0.0) * quantity
    until = np.add.accumulate(quantity, axis=1)
    wanted = until[:, -1]
    scores = np.zeros((len(node), len(LEVELS)))  # and no surplus of nothing
    scores[:, :-1] = surplus_of_first(surplus, quantity, until, LEVELS[:-1])
    scores[wanted <= 0, 1:] = np.nan  # nothing is wanted: there is no choice
    binding = [view.binding[b] for b in node.tolist()]
    menu = Menu.choose(view, "buy", rows, ("all", "half", "nothing"), scores, "MUSD", binding)
    total = LEVELS[menu.chosen] * wanted
    kept = np.minimum(until, total[:, None])
    kept[:, 1:] -= kept[:, :-1].copy()
    return Bids(np.maximum(kept, 0.0), value, menu)


def surplus_of_first(surplus: Floats, quantity: Floats, until: Floats, levels: Floats) -> Floats:
    """Surplus of the first share of each row's quantity, a column a level, (n, M).

    ``until`` is the running sum of ``quantity``, both (n, K).
    """
    part = levels[:, None, None] * until[:, -1:] - (until - quantity)
    np.maximum(part, 0.0, out=part)
    np.minimum(part, quantity, out=part)
    part /= np.where(quantity > 0, quantity, 1.0)
    part *= surplus
    return ordered_sum(part, axis=2).T


def node_of(node_rows: Ints, rows: Ints) -> Ints:
    """Nodes that belong to the rows, in the order of the rows."""
    return _nodes(node_rows.tobytes(), np.asarray(rows, dtype=np.int64).tobytes())


@lru_cache(maxsize=64)
def _nodes(node_rows: bytes, rows: bytes) -> Ints:
    """The same rows are asked every quarter."""
    place = {row: i for i, row in enumerate(np.frombuffer(node_rows, dtype=np.int64).tolist())}
    nodes = np.array([place[row] for row in np.frombuffer(rows, dtype=np.int64).tolist()], dtype=np.int64)
    nodes.setflags(write=False)
    return nodes
