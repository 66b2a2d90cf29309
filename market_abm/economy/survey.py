"""Stage 13: measurement. Reads only; every number of the results tables is made here and in `relations`."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.marketwide import WholeMarket, whole_market
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import relations
from market_abm.economy.tables.firms import firms as firms_table
from market_abm.economy.tables.links import contracts as contracts_table
from market_abm.economy.tables.links import links as links_table
from market_abm.economy.tables.shared import Figures, thresholds
from market_abm.economy.tables.steps import steps as steps_table
from market_abm.measures import chokepoint
from market_abm.measures.registry import recorded, registered_measures

GRADES = np.array(chokepoint.GRADES, dtype=object)
"""Names of the grades, by code."""

KEPT = 4
"""Quarters of history that a grade looks at."""


def survey(q: Quarter, measured: bool = True) -> dict[str, Any]:
    """The tables of one quarter (steps, firms, links, contracts, events, decisions) and what grades remember.

    Where third parties registered measures, also the table ``measures``.

    Parameters
    ----------
    measured : bool
        Without measurement the columns of solves (removals, splits, dependence) are NaN and grades are empty.
    """
    market = whole_market(q, measured)
    links = relations(q, measured)
    limits = thresholds(q)
    history = _history(q, market) if measured else q.state.history
    grades = _grades(q, market, history, limits)
    graded = chokepoint.grade_relation(links.loss_before, links.loss_after, limits)
    figures = Figures.of(q, market)
    return {
        "steps": steps_table(q, market, links, figures, grades, graded),
        "firms": firms_table(q, market, links, figures, grades),
        "links": links_table(q, links, graded),
        "contracts": contracts_table(q),
        "events": q.events,
        "decisions": q.decisions,
        "history": history,
        **_others(q, market),
    }


def _others(q: Quarter, market: WholeMarket) -> dict[str, Any]:
    """The table of registered measures where there are any; those that failed say so in an event."""
    if not registered_measures():
        return {}
    columns, failures = recorded(market.allocation)
    told = [{"stage": 13, "kind": "measure failed", "detail": failure} for failure in failures]
    return {"measures": columns, "events": [*q.events, *told]}


def _history(q: Quarter, market: WholeMarket) -> dict[str, Any]:
    """Columns of the last quarters, the newest last: tight, loss of others, price effect."""
    old = q.state.history
    assert market.removals is not None  # measured

    def grown(name: str, value: Any) -> Any:
        return (*old.get(name, ()), value)[-KEPT:]

    return {
        "tight": grown("tight", market.tight),
        "loss": grown("loss", market.removals.loss_of_others),
        "effect": grown("effect", market.removals.price_effect),
    }


def _grades(q: Quarter, market: WholeMarket, history: dict[str, Any], limits: Any) -> np.ndarray:
    """Grade of every seller node by the market-level rule, by name, (S,)."""
    if not history or market.removals is None:
        return np.array([""] * len(q.world.sellers.key), dtype=object)
    tight = np.array(history["tight"], dtype=bool)
    # Nobody left to serve the open segments: the price has no upper bound.
    loss, effect = np.array(history["loss"]), np.array(history["effect"])
    effect[np.isnan(effect)] = np.inf
    grades = chokepoint.grade_market(tight, loss, effect, None, limits)
    if (grades == chokepoint.CHOKEPOINT).any():
        robust = market.loss_in_a_year(q) >= limits.loss_of_others
        grades = chokepoint.grade_market(tight, loss, effect, robust, limits)
    return GRADES[grades]
