"""What each explanation of a lease to a rival predicts for the price that the lessor asks.

Three explanations are nested in the model: an idle fleet, a need of cash, harm to a rival. They are told apart by what
moves the price asked. Only harm to a rival makes it depend on how many of the target's users the tenant would win
(diversion), and lowers it; scarcity raises what own use is worth. Both are read off the seller's own rule, at the
opening of the market, by moving one thing at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.table import Column, Table

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

MORE_SHARE = 0.05
"""Product share by which the target is made larger, taken from the outside good."""

SCARCER = 0.10
"""Rise of the price index."""


def asks(
    scenario: Scenario | str, supplier: str, target: str, seed: int = 1, pin: bool = True
) -> pd.DataFrame:
    """What a supplier asks of each lab, and what moves it, in the first quarter.

    Parameters
    ----------
    scenario : Scenario or name
    supplier : str
        The lessor.
    target : str
        The lab whose harm may be weighed.
    seed : int
    pin : bool
        Hold central values of guesses.

    Returns
    -------
    DataFrame
        A row a lab in the product market that belongs to somebody else: ``ask`` (unit cost, wedge, and own use
        forgone, USD/GPU-h), ``by_diversion`` (change when the target's product share is :data:`MORE_SHARE` larger), and
        ``by_scarcity`` (change when the price index is :data:`SCARCER` higher).
    """
    from market_abm.model import ComputeMarket
    from market_abm.units import usd_per_gpu_hour

    model = ComputeMarket(scenario, rng=seed, pin=pin, measure_every=1000)
    model.step()
    world, view = model.world, model.view()
    s, k = world.sellers.key.index(supplier), world.buyers.key.index(target)
    share = view.state.share.copy()
    share[k] += MORE_SHARE
    base = _ask(view, s)
    diverted = _ask(view.with_(state=view.state.change(share=share)), s)
    scarcer = _ask(view.with_(price=view.price * (1.0 + SCARCER)), s)
    others = np.flatnonzero(world.buyers.product & ~world.links.internal[s])
    return pd.DataFrame(
        {
            "lab": [world.buyers.key[b] for b in others],
            "ask": usd_per_gpu_hour(base[others]),
            "by_diversion": usd_per_gpu_hour((diverted - base)[others]),
            "by_scarcity": usd_per_gpu_hour((scarcer - base)[others]),
        }
    )


def _ask(view: Any, s: int) -> np.ndarray:
    """Least price of one seller for every buyer, MUSD per kHQ, (B,)."""
    from market_abm.strategies import get

    offer = get("sell", "default")(replace(view, forced={}), view.world.sellers.row[s : s + 1])
    return offer.reserve_price[0] + offer.wedge[0]


def identification(
    scenarios: Iterable[Scenario | str], supplier: str, target: str, labs: Iterable[str], seed: int = 1
) -> Table:
    """The price asked under each explanation, for some labs."""
    wanted, rows = list(labs), []
    for scenario in scenarios:
        found = asks(scenario, supplier, target, seed).set_index("lab")
        name = scenario if isinstance(scenario, str) else scenario.name
        rows += [(name, lab, *(float(found[column][lab]) for column in found.columns)) for lab in wanted]
    columns = (
        Column("scenario", "Explanation"),
        Column("lab", "Tenant"),
        Column("ask", "Asked", "usd"),
        Column("by_diversion", f"Target {MORE_SHARE:.0%} larger", "signed_usd"),
        Column("by_scarcity", f"Index {SCARCER:.0%} higher", "signed_usd"),
    )
    note = f"What {supplier} asks in the first quarter; the target is {target}. Central values of guesses."
    return Table("identification", "What moves the price asked", columns, tuple(rows), note)
