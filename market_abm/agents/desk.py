"""The desk sends each verb to the rows that play it and gathers the answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from market_abm.agents.firm import Firm
from market_abm.economy.conditions import Conditions
from market_abm.strategies import registry
from market_abm.strategies.view import RESULTS, Decision, View, stacked, validated

FIELDS = {
    verb: tuple(field.name for field in dataclasses.fields(result) if field.name != "alternatives")
    for verb, result in RESULTS.items()
}
"""Columns of an answer, by verb."""


class Desk:
    """Who decides what, with which strategy.

    Rows whose agent class overrides a verb call the method; all others are decided by their strategy in one
    array call each. Both kinds of answer pass the same validation.
    """

    def __init__(self, world: Any, agents: dict[int, Firm]) -> None:
        self.world = world
        self.agents = agents
        chosen = world.scenario.behaviour.strategies
        self._names: dict[str, list[str]] = {}
        for verb in RESULTS:
            names = []
            for key in world.rows.key:
                firm = world.scenario.firms.get(key)
                own = getattr(firm.strategies, verb) if firm is not None else None
                names.append(own or getattr(chosen, verb))
            self._names[verb] = names
            for name in sorted(set(names)):
                registry.get(verb, name)
        # Segments keep no record.
        self._firms = np.where(world.rows.firm, world.rows.keys, "")
        self._groups: dict[str, list[tuple[str | None, np.ndarray]]] = {}

    def strategy_of(self, verb: str, row: int) -> str:
        """Name of the strategy that a row plays."""
        return self._names[verb][row]

    def ask(self, verb: str, view: View, rows: np.ndarray) -> tuple[Any, list[Decision]]:
        """Decide a verb for ``rows`` (ascending): the stacked result, and what was chosen from."""
        answers = [
            answer
            for name, whole in self._split(verb, rows, view.conditions)
            for seen, group in self._seen(view, verb, whole)
            for answer in self._decided(verb, name, seen, group)
        ]
        decisions = [
            Decision(verb, self._firms[decided].tolist(), part.alternatives.copy())
            for part, decided in answers
            if part.alternatives is not None
        ]
        return _joined(verb, answers), decisions

    def alone(self, verb: str, view: View, row: int) -> str:
        """The option that one firm takes, asked by itself; empty where it keeps no record."""
        rows = np.array([row], dtype=np.int64)
        ((name, _),) = self._grouped(verb, rows, view.conditions)
        ((seen, group),) = self._seen(view, verb, rows)
        ((part, _),) = self._decided(verb, name, seen, group)
        menu = part.alternatives
        return "" if menu is None else str(menu.options[menu.chosen[0]])

    def _decided(
        self, verb: str, name: str | None, view: View, rows: np.ndarray
    ) -> Iterator[tuple[Any, np.ndarray]]:
        """Checked answers: of a strategy for all its rows at once, of agents row by row."""
        if name is not None:
            yield self._checked(verb, registry.get(verb, name)(view, rows), view, rows), rows
            return
        for row in rows:
            result = stacked(getattr(self.agents[int(row)], verb)(view))
            yield self._checked(verb, result, view, np.array([row])), np.array([row])

    def _seen(self, view: View, verb: str, rows: np.ndarray) -> list[tuple[View, np.ndarray]]:
        """Rows with the view that they decide on: that of the market, or with a move of their own."""
        if not view.nudged:
            return [(view, rows)]
        moved = {int(row): view.nudged.get((self.world.rows.key[row], verb)) for row in rows}
        rest = np.array([row for row, move in moved.items() if move is None], dtype=np.int64)
        found = [(view, rest)] if len(rest) else []
        for row, move in moved.items():
            if move is not None:
                found.append((move.seen(view, verb, row), np.array([row])))
        return found

    def _split(
        self, verb: str, rows: np.ndarray, conditions: Conditions
    ) -> list[tuple[str | None, np.ndarray]]:
        """Rows by strategy, the same in every quarter but under a duty to post prices."""
        if verb == "sell" and conditions.posted.any():
            return self._grouped(verb, rows, conditions)
        if verb not in self._groups:
            self._groups[verb] = self._grouped(verb, rows, conditions)
        return self._groups[verb]

    def _grouped(
        self, verb: str, rows: np.ndarray, conditions: Conditions
    ) -> list[tuple[str | None, np.ndarray]]:
        """Rows by strategy; None for rows whose class overrides the verb. Who must post a price posts it."""
        bound = set(self.world.sellers.row[conditions.posted].tolist()) if verb == "sell" else set()
        groups: dict[str | None, list[int]] = {}
        for row in rows:
            agent = self.agents.get(int(row))
            own = agent is not None and getattr(type(agent), verb) is not getattr(Firm, verb)
            name = "posted" if int(row) in bound else self._names[verb][row]
            groups.setdefault(None if own else name, []).append(int(row))
        return [
            (name, np.array(group, dtype=np.int64))
            for name, group in sorted(groups.items(), key=lambda item: item[0] or "")
        ]

    def _checked(self, verb: str, result: Any, view: View, rows: np.ndarray) -> Any:
        return validated(verb, result, self.world.rows.keys[rows], self._shapes(verb, len(rows), view))

    def _shapes(self, verb: str, n: int, view: View) -> dict[str, tuple[int, ...]]:
        """Shapes of the columns of an answer for ``n`` rows."""
        world = self.world
        if verb == "renew":
            return {"give": (n, len(view.state.book))}
        if verb == "buy":
            return dict.fromkeys(("quantity", "value"), (n, view.blocks.shape[1]))
        if verb == "sell":
            shapes: dict[str, tuple[int, ...]] = dict.fromkeys(FIELDS[verb], (n,))
            shapes["wedge"] = shapes["allowed"] = (n, world.shape[1])
            return shapes
        chip, region = len(world.upstream.chip), len(world.upstream.region)
        return {"kh100e": (n,), "chip": (n, chip), "region": (n, region), "debt": (n,)}


def _joined(verb: str, answers: list[tuple[Any, np.ndarray]]) -> Any:
    """One answer in the order of the rows from the answers of several groups of them."""
    if len(answers) == 1:
        return answers[0][0]
    back = np.argsort(np.concatenate([rows for _, rows in answers]), kind="stable")
    return RESULTS[verb](
        **{
            name: np.concatenate([np.asarray(getattr(part, name)) for part, _ in answers])[back]
            for name in FIELDS[verb]
        }
    )
