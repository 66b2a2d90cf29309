"""Named checks of conservation; each raises with its name where it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from market_abm import model as model_module
from market_abm.economy.ledger import Ledger
from market_abm.model import ComputeMarket

GRAIN = 2e-6
"""Two steps of the quantity grid, kHQ."""


class Watched(Ledger):
    """A ledger that knows what was sold on the spot market beside what was paid there, kHQ by firm row."""

    spot: np.ndarray


@contextmanager
def ledgers_watched() -> Iterator[list[Watched]]:
    """Every ledger that a model opens meanwhile, in order."""
    opened: list[Watched] = []

    class Opened(Watched):
        def __init__(self, rows: int) -> None:
            super().__init__(rows)
            self.spot = np.zeros(rows)
            opened.append(self)

    def delivered(world: Any, *rest: Any) -> Any:
        delivery = deliver(world, *rest)
        np.add.at(opened[-1].spot, world.sellers.row, delivery.spot.sum(axis=1))
        return delivery

    ledger, deliver = model_module.Ledger, model_module.deliver
    model_module.Ledger, model_module.deliver = Opened, delivered  # type: ignore[misc]
    try:
        yield opened
    finally:
        model_module.Ledger, model_module.deliver = ledger, deliver  # type: ignore[misc]


def money_is_conserved(model: ComputeMarket, ledgers: list[Ledger]) -> None:
    """Every ledger sums to zero exactly, and cash changes by what the ledger says and by nothing else."""
    for t, (ledger, record) in enumerate(zip(ledgers, model.records, strict=True)):
        total = int(ledger.balances().sum())
        assert total == 0, f"money is conserved: quarter {t} leaves {total / 1e6} MUSD"
        assert record["steps"]["ledger_residual_musd"] == 0.0
        change = model.states[t + 1].cash - model.states[t].cash
        created = change - ledger.receipts()
        worst = int(np.argmax(np.abs(created)))
        tolerance = 1e-9 * (1.0 + np.abs(model.states[t].cash) + np.abs(model.states[t + 1].cash))
        assert (np.abs(created) <= tolerance).all(), (
            f"money is conserved: {model.world.rows.key[worst]} has {created[worst]} MUSD from nowhere in quarter {t}"
        )
        borrowed = model.states[t + 1].debt - model.states[t].debt
        lent = ledger.total("credit drawn") - ledger.total("debt repaid", payer=True)
        assert np.allclose(borrowed, lent, rtol=1e-12, atol=2e-6), (
            f"money is conserved: debt moves in quarter {t} without a loan"
        )


def compute_is_conserved(model: ComputeMarket) -> None:
    """What sellers deliver is what buyers use, within what is online."""
    for t, record in enumerate(model.records):
        firms, steps = record["firms"], record["steps"]
        size = 1.0 + steps["capacity_sellable_khq"]
        residual = abs(steps["compute_residual_khq"])
        assert residual <= 1e-12 * size + GRAIN, f"compute is conserved: quarter {t} is {residual} kHQ off"
        delivered = firms["own_use_khq"] + firms["sold_khq"]
        over = delivered - firms["capacity_kh100e"]
        worst = int(np.argmax(over))
        assert over[worst] <= GRAIN, (
            f"compute is conserved: {firms['firm'][worst]} delivers {over[worst]} kHQ that are not online in quarter {t}"
        )
        used = float(np.cumsum(firms["served_khq"])[-1])
        assert abs(float(np.cumsum(delivered)[-1]) - used) <= 1e-12 * size + GRAIN, (
            f"compute is conserved: quarter {t} delivers {delivered.sum()} kHQ and uses {used}"
        )
        assert (delivered >= 0).all() and (firms["served_khq"] >= 0).all()


def no_contract_is_delivered_twice(model: ComputeMarket, ledgers: list[Watched]) -> None:
    """What a supplier delivers is what its contracts used, each once, and what it sold on the spot market, for money."""
    for t, (ledger, record) in enumerate(zip(ledgers, model.records, strict=True)):
        book, firms = record["contracts"], record["firms"]
        names = list(book["contract"])
        twice = sorted({name for name in names if names.count(name) > 1})
        assert not twice, f"no contract is delivered twice: {twice[0]} is in the book twice in quarter {t}"
        share = book["used_share"][np.isfinite(book["used_share"])]
        assert (share <= 1.0 + 1e-9).all(), (
            f"no contract is delivered twice: {share.max()} of a volume in quarter {t}"
        )
        used = np.nan_to_num(book["used_share"]) * book["volume_kh100e"]
        spot, price = ledger.spot, model.states[t + 1].spot_price
        paid = float(ledger.total("spot").sum())
        assert abs(paid - price * float(spot.sum())) <= 1e-9 * paid + 1e-3, (
            f"no contract is delivered twice: {paid} MUSD were paid on the spot market for {spot.sum()} kHQ at {price}"
        )
        for row, firm in enumerate(firms["firm"]):
            delivered = float(firms["own_use_khq"][row] + firms["sold_khq"][row])
            owed = float(np.cumsum(np.append(used[book["supplier"] == firm], spot[row]))[-1])
            assert abs(delivered - owed) <= 1e-9 * owed + 50 * GRAIN, (
                f"no contract is delivered twice: {firm} delivers {delivered} kHQ and owes {owed} in quarter {t}"
            )
        paid = float(np.cumsum(book["payment_musd"])[-1]) if len(names) else 0.0
        booked = float(np.cumsum(ledger.total("contracts"))[-1])
        assert booked <= paid * (1.0 + 1e-12) + len(names) * GRAIN, (
            f"no contract is delivered twice: {booked} MUSD are paid on contracts worth {paid} in quarter {t}"
        )
