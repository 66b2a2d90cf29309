"""Stage 13: measurement. Reads only; every number of the results tables is made here and in `relations`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from market_abm.economy.marketwide import WholeMarket, whole_markets
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import relations
from market_abm.economy.span import Span
from market_abm.economy.tables.decisions import decisions as decisions_tables
from market_abm.economy.tables.firms import firms as firms_tables
from market_abm.economy.tables.links import contracts as contracts_tables
from market_abm.economy.tables.links import links as links_tables
from market_abm.economy.tables.shared import Figures, thresholds
from market_abm.economy.tables.steps import steps as steps_tables
from market_abm.measures import chokepoint
from market_abm.measures.registry import recorded, registered_measures

GRADES = np.array(chokepoint.GRADES, dtype=object)
"""Names of the grades, by code."""

KEPT = 4
"""Quarters of history that a grade looks at."""


class History(NamedTuple):
    """What grades remember of the last `KEPT` measured quarters, the newest last."""

    tight: tuple[bool, ...] = ()
    loss: tuple[Any, ...] = ()
    """Loss of others, (S,) each."""
    effect: tuple[Any, ...] = ()
    """Price effect, (S,) each."""

    def grown(self, market: WholeMarket) -> History:
        """With one more measured quarter."""
        assert market.removals is not None  # measured
        now = (market.tight, market.removals.loss_of_others, market.removals.price_effect)
        return History(*((*old, value)[-KEPT:] for old, value in zip(self, now)))


def survey(
    quarters: Sequence[Quarter], measured: Sequence[bool], history: History
) -> list[tuple[dict[str, Any], History | None]]:
    """The tables of some quarters of a run, one after the other, each with what grades remember after it.

    Where third parties registered measures, also the table ``measures``.

    Parameters
    ----------
    measured : sequence of bool
        Without measurement the columns of solves (removals, splits, dependence) of a quarter are NaN, grades are
        empty, and nothing is remembered (None).
    history : History
        What grades remember from before.
    """
    span = Span(quarters)
    markets = whole_markets(span, measured)
    links = relations(span, measured)
    limits = thresholds(span.world)
    figures = Figures.of(span, markets)
    histories: list[History | None] = []
    grades = []
    for q, market, wanted in zip(quarters, markets, measured):
        if wanted:
            history = history.grown(market)
        grades.append(_grades(q, market, history, limits))
        histories.append(history if wanted else None)
    graded = chokepoint.grade_relation(links.loss_before, links.loss_after, limits)
    tables: dict[str, list[Any]] = {
        "steps": steps_tables(span, markets, links, figures, grades, graded),
        "firms": firms_tables(span, markets, links, figures, grades),
        "links": links_tables(span, links, graded),
        "contracts": contracts_tables(span),
        "events": [q.events for q in quarters],
        "decisions": decisions_tables(span),
    }
    return [
        (
            {name: table[k] for name, table in tables.items()} | _others(q, markets[k]),
            histories[k],
        )
        for k, q in enumerate(quarters)
    ]


def _others(q: Quarter, market: WholeMarket) -> dict[str, Any]:
    """The table of registered measures where there are any; those that failed say so in an event."""
    if not registered_measures():
        return {}
    columns, failures = recorded(market.allocation)
    told = [{"stage": 13, "kind": "measure failed", "detail": failure} for failure in failures]
    return {"measures": columns, "events": [*q.events, *told]}


def _grades(q: Quarter, market: WholeMarket, history: History, limits: chokepoint.Thresholds) -> np.ndarray:
    """Grade of every seller node by the market-level rule, by name, (S,)."""
    if market.removals is None:
        return np.array([""] * len(q.world.sellers.key), dtype=object)
    tight = np.array(history.tight, dtype=bool)
    # Nobody left to serve the open segments: the price has no upper bound.
    loss, effect = np.array(history.loss), np.array(history.effect)
    effect[np.isnan(effect)] = np.inf
    grades = chokepoint.grade_market(tight, loss, effect, None, limits)
    if (grades == chokepoint.CHOKEPOINT).any():
        robust = market.loss_in_a_year(q) >= limits.loss_of_others
        grades = chokepoint.grade_market(tight, loss, effect, robust, limits)
    return GRADES[grades]
