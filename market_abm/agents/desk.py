"""The desk sends each verb to the rows that play it and gathers the answers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from market_abm.agents.firm import Firm
from market_abm.economy.conditions import Conditions
from market_abm.strategies import registry
from market_abm.strategies.view import RESULTS, View, stacked, validated


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
        self._segments = {key for key, kind in zip(world.rows.key, world.rows.kind) if kind == "segment"}
        self._groups: dict[str, list[tuple[str | None, np.ndarray]]] = {}

    def strategy_of(self, verb: str, row: int) -> str:
        """Name of the strategy that a row plays."""
        return self._names[verb][row]

    def ask(self, verb: str, view: View, rows: np.ndarray) -> tuple[Any, list[dict]]:
        """Decide a verb for ``rows`` (ascending): the stacked result and a decision record a firm."""
        parts: list[Any] = []
        order: list[int] = []
        records: list[dict] = []
        for name, group in self._split(verb, rows, view.conditions):
            if name is None:
                for row in group:
                    result = stacked(getattr(self.agents[int(row)], verb)(view))
                    parts.append(self._checked(verb, result, view, np.array([row])))
            else:
                parts.append(self._checked(verb, registry.get(verb, name)(view, group), view, group))
            order.extend(int(row) for row in group)
        back = np.argsort(np.array(order, dtype=np.int64), kind="stable")
        fields = [f.name for f in dataclasses.fields(RESULTS[verb]) if f.name != "alternatives"]
        columns = {n: np.concatenate([np.asarray(getattr(p, n)) for p in parts])[back] for n in fields}
        at = 0
        for part in parts:
            count = len(getattr(part, fields[0]))
            keys = [self.world.rows.key[row] for row in order[at : at + count]]
            at += count
            if part.alternatives is not None:
                records += part.alternatives.records(verb, keys)
        records = [r for r in records if r["firm"] not in self._segments]
        return RESULTS[verb](**columns), sorted(records, key=lambda r: r["firm"])

    def _split(
        self, verb: str, rows: np.ndarray, conditions: Conditions
    ) -> list[tuple[str | None, np.ndarray]]:
        """Rows by strategy; None for rows whose class overrides the verb. Who must post a price posts it."""
        names = self._names[verb]
        if verb == "sell" and conditions.posted.any():
            bound = set(self.world.sellers.row[conditions.posted].tolist())
            names = ["posted" if row in bound else name for row, name in enumerate(names)]
        elif verb in self._groups:
            return self._groups[verb]
        groups: dict[str | None, list[int]] = {}
        for row in rows:
            agent = self.agents.get(int(row))
            own = agent is not None and getattr(type(agent), verb) is not getattr(Firm, verb)
            groups.setdefault(None if own else names[row], []).append(int(row))
        found = [
            (name, np.array(group, dtype=np.int64))
            for name, group in sorted(groups.items(), key=lambda item: item[0] or "")
        ]
        if names is self._names[verb]:
            self._groups[verb] = found
        return found

    def _checked(self, verb: str, result: Any, view: View, rows: np.ndarray) -> Any:
        world, n = self.world, len(rows)
        b = world.shape[1]
        shapes: dict[str, dict[str, tuple[int, ...]]] = {
            "renew": {"give": (n, len(view.state.book))},
            "buy": {"quantity": (n, view.blocks.shape[1]), "value": (n, view.blocks.shape[1])},
            "sell": {
                "capacity": (n,),
                "reserve_price": (n,),
                "wedge": (n, b),
                "allowed": (n, b),
                "term": (n,),
                "notice": (n,),
                "posted": (n,),
            },
            "build": {
                "kh100e": (n,),
                "chip": (n, len(world.upstream.chip)),
                "region": (n, len(world.upstream.region)),
                "debt": (n,),
            },
        }
        keys = [world.rows.key[row] for row in rows]
        return validated(verb, result, keys, shapes[verb])
