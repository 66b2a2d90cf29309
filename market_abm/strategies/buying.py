"""Buying: bid what compute is worth."""

from __future__ import annotations

import numpy as np

from market_abm.economy.world import Floats, Ints
from market_abm.strategies.registry import strategy
from market_abm.strategies.view import Bids, Menu, View

LEVELS = (1.0, 0.5, 0.0)


@strategy("buy", "default")
def default(view: View, rows: Ints) -> Bids:
    """Bid private values on all that is still wanted inside the finance and growth caps.

    The options are shares of it; each is scored by the surplus expected at the last price.
    """
    node = node_of(view.world.buyers.row, rows)
    quantity, value = view.blocks[node], view.values[node]
    surplus = np.maximum(value - view.price, 0.0) * quantity
    until = np.cumsum(quantity, axis=1)
    wanted = until[:, -1]
    scores = surplus_of_first(surplus, quantity, until, np.array(LEVELS))
    scores[wanted <= 0, 1:] = np.nan  # nothing is wanted: there is no choice
    binding = [view.binding[b] for b in node.tolist()]
    menu = Menu.choose(view, "buy", rows, ("all", "half", "nothing"), scores, "MUSD", binding)
    total = np.array(LEVELS)[menu.chosen] * wanted
    kept = np.minimum(until, total[:, None])
    kept[:, 1:] -= kept[:, :-1].copy()
    return Bids(np.maximum(kept, 0.0), value, menu)


def surplus_of_first(surplus: Floats, quantity: Floats, until: Floats, levels: Floats) -> Floats:
    """Surplus of the first share of each row's quantity, a column a level, (n, M).

    ``until`` is the running sum of ``quantity``, both (n, K).
    """
    of_all = levels[:, None, None] * until[:, -1:]
    taken = np.clip(of_all - (until - quantity), 0.0, quantity)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(quantity > 0, taken / quantity, 0.0)
    return np.cumsum(surplus * share, axis=2)[:, :, -1].T


def node_of(node_rows: Ints, rows: Ints) -> Ints:
    """Nodes that belong to the rows, in the order of the rows."""
    place = {row: i for i, row in enumerate(node_rows.tolist())}
    return np.array([place[row] for row in np.asarray(rows).tolist()], dtype=np.int64)
