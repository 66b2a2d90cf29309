"""A firm of the market: a real Mesa agent, thin on purpose.

It owns a row, a name and the verbs ``renew``, ``buy``, ``sell`` and ``build``. A subclass that overrides a
verb decides it for that firm alone; every other firm stays on the array path.
"""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np

from market_abm.strategies import registry
from market_abm.strategies.view import Bids, Notices, Offer, Orders, View, single


class Firm(mesa.Agent):
    """A row of the firm table.

    Parameters
    ----------
    model : ComputeMarket
    row : int
        Row in the firm table.
    """

    def __init__(self, model: Any, row: int) -> None:
        super().__init__(model)
        self.row = row
        self.name: str = model.world.rows.key[row]
        self.owner: str = model.world.rows.owner[row]

    def renew(self, view: View) -> Notices:
        """Contracts on which notice is given now, (C,)."""
        return self._default("renew", view)

    def buy(self, view: View) -> Bids:
        """Blocks bid for, (K,)."""
        return self._default("buy", view)

    def sell(self, view: View) -> Offer:
        """Capacity offered, and on which terms."""
        return self._default("sell", view)

    def build(self, view: View) -> Orders:
        """New capacity ordered."""
        return self._default("build", view)

    def _default(self, verb: str, view: View) -> Any:
        name = self.model.desk.strategy_of(verb, self.row)
        return single(registry.get(verb, name)(view, np.array([self.row])))

    def value(self, column: str) -> Any:
        """This firm's value of a column of the last quarter's firm table (for Mesa's data collector)."""
        record = self.model.record
        if record is None:
            return None
        value = record["firms"][column][self.row]
        return value.item() if hasattr(value, "item") else value
