"""Does a strategy keep the contract?"""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from market_abm.conformance import worlds
from market_abm.conformance.finding import Finding, Findings, close, same_bits
from market_abm.conformance.worlds import Asked
from market_abm.model import ComputeMarket
from market_abm.strategies import registry
from market_abm.strategies.view import View

SEED = 3
SLACK = 1e-9
"""Share of a limit by which rounding may pass it."""

Strategy = Callable[[View, np.ndarray], Any]


def check_strategy(verb: str, name: str) -> list[Finding]:
    """Findings on a registered strategy; empty where it conforms.

    It is asked what the firms of the small world are asked in three quarters.

    * determinism: the same view gives the same bits, and the view is not written into;
    * budget: no seller offers more than it has free, no buyer bids for more than its caps allow, no builder
      orders more than growth, finance and power allow, notice is given on own contracts only;
    * relabelling: rows in another order, rows asked one by one, and firms under other names (with their
      draws) give the same answers to 1e-9;
    * limits: nothing to sell, nothing to want, one seller facing one buyer; answers have the right shapes and
      signs and no NaN.

    Raises
    ------
    ValueError
        If no strategy of the verb has that name.
    """
    function = registry.get(verb, name)
    findings = Findings(f"{verb} strategy {name}")
    scenario = worlds.calm()
    model = ComputeMarket(scenario, rng=SEED, pin=True)
    questions = [item for item in worlds.asked(model) if item.verb == verb]
    answers = []
    for step, question in enumerate(questions, start=1):
        where = f"quarter {step}"
        answer = _answer(findings, model, function, where, question)
        answers.append(answer)
        if answer is not None:
            _determinism(findings, model, function, where, question, answer)
            _budget(findings, where, question, answer)
            _order_of_rows(findings, model, function, where, question, answer)
        _limits(findings, model, function, where, question)
    _names(findings, model, function, questions, answers)
    _runs(findings, verb, name)
    return findings.found


def _answer(findings: Findings, model: ComputeMarket, function: Strategy, where: str, question: Asked) -> Any:
    def work() -> Any:
        result = function(question.view, question.rows)
        return model.desk._checked(question.verb, result, question.view, question.rows)

    return findings.call("limits", where, work)


def _columns(answer: Any) -> dict[str, np.ndarray]:
    fields = [item.name for item in dataclasses.fields(answer) if item.name != "alternatives"]
    return {name: np.asarray(getattr(answer, name)) for name in fields}


def _determinism(findings, model, function, where: str, question: Asked, answer: Any) -> None:
    # A deep copy, since a strategy that writes into its view must not spoil the next check.
    view = copy.deepcopy(question.view)
    before = pickle.dumps(_plain(view))
    again = _answer(findings, model, function, where, dataclasses.replace(question, view=view))
    if pickle.dumps(_plain(view)) != before:
        findings.add("determinism", f"{where}: the strategy writes into its view")
    if again is None:
        return
    for name, value in _columns(again).items():
        if not same_bits(value, _columns(answer)[name]):
            findings.add("determinism", f"{where}: asked twice, {name} differs")


def _plain(view: View) -> list[Any]:
    """What a strategy could write into."""
    parts: list[Any] = [view.liquidity, view.free, view.committed, view.ceiling, view.blocks, view.values]
    nodes = (view.world.sellers, view.world.buyers, view.world.links)
    for table in (view.state, view.state.book, view.conditions, view.outlook, *nodes):
        if table is not None:
            values = [getattr(table, field.name) for field in dataclasses.fields(table)]
            parts += [value for value in values if isinstance(value, np.ndarray)]
    return [part.tobytes() if isinstance(part, np.ndarray) else part for part in parts]


def _budget(findings: Findings, where: str, question: Asked, answer: Any) -> None:
    view, rows = question.view, question.rows
    keys = [view.world.rows.key[row] for row in rows]

    def over(what: str, given: np.ndarray, most: np.ndarray, unit: str) -> None:
        for i in np.flatnonzero(given > most * (1.0 + SLACK) + SLACK):
            findings.add("budget", f"{where}: {keys[i]} {what} {given[i]:g} {unit}; it can {most[i]:g}")

    if question.verb == "sell":
        over("offers", answer.capacity, view.free, "kHQ")
    elif question.verb == "buy":
        wanted = view.blocks.sum(axis=1)
        room = np.where(np.isfinite(view.ceiling), view.ceiling - view.committed, wanted)
        over("bids for", answer.quantity.sum(axis=1), np.maximum(room, wanted), "kHQ")
        if (np.diff(answer.value, axis=1) > SLACK).any():
            findings.add("budget", f"{where}: values rise from block to block; they must fall")
    elif question.verb == "build":
        over("orders", answer.kh100e, _buildable(view), "kH100e")
    else:
        book, world = view.state.book, view.world
        parties = (world.sellers.row[book.supplier], world.buyers.row[book.buyer])
        own = (rows[:, None] == parties[0]) | (rows[:, None] == parties[1])
        for i, _ in np.argwhere(answer.give & ~own):
            findings.add("budget", f"{where}: {keys[i]} gives notice on a contract of others")


def _buildable(view: View) -> np.ndarray:
    """Most that each seller can order under growth cap, finance and power, kH100e, (S,)."""
    ahead = view.outlook
    growth = np.maximum(ahead.growth_cap * ahead.online - ahead.planned, 0.0)
    limited = view.state.credit_limited[view.world.sellers.row]
    finance = np.where(limited, 0.0, np.maximum(ahead.affordable - ahead.planned, 0.0))
    return np.minimum.reduce([growth, finance, ahead.powerable, ahead.permitted])


def _order_of_rows(findings, model, function, where: str, question: Asked, answer: Any) -> None:
    n = len(question.rows)
    groups = {"in another order": [np.arange(n)[::-1]], "one by one": [np.array([i]) for i in range(n)]}
    for how, parts in groups.items():
        for part in parts:
            asked = dataclasses.replace(question, rows=question.rows[part])
            again = _answer(findings, model, function, f"{where}, rows {how}", asked)
            for name, value in _columns(again).items() if again is not None else ():
                if not close(value, _columns(answer)[name][part]):
                    findings.add("relabelling", f"{where}: asked for its rows {how}, {name} differs")


def _names(findings: Findings, model: ComputeMarket, function: Strategy, questions, answers) -> None:
    """The same firms under other names, and so in other rows, must decide the same."""
    scenario, names = worlds.renamed(worlds.calm())
    other = worlds.relabelled(model, scenario, names)
    moved = [item for item in worlds.asked(other) if item.verb == questions[0].verb]
    a, b = model.world, other.world
    i = worlds.order(a.buyers.key, b.buyers.key, names)
    for step, (first, second, answer) in enumerate(zip(questions, moved, answers), start=1):
        where = f"quarter {step}"
        again = _answer(findings, other, function, f"{where}, firms renamed", second)
        if again is None or answer is None:
            continue
        keys = [tuple(w.rows.key[r] for r in q.rows) for w, q in ((a, first), (b, second))]
        rows = worlds.order(keys[0], keys[1], names)
        for name, value in _columns(answer).items():
            expected = value[rows]
            if name in ("wedge", "allowed"):
                expected = expected[:, i]
            elif name == "give":
                expected = expected[:, _contracts(first.view.state.book, second.view.state.book, names)]
            if not close(expected, _columns(again)[name]):
                findings.add("relabelling", f"{where}: with firms renamed, {name} differs")


def _contracts(old: Any, new: Any, names: dict[str, str]) -> np.ndarray:
    """Place in the old book of every contract of the new one; ids of signed contracts hold names."""

    def told(text: str) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, names[name])
        return text

    place = {told(text): i for i, text in enumerate(old.id)}
    return np.array([place[text] for text in new.id], dtype=np.int64)


def _limits(findings, model, function, where: str, question: Asked) -> None:
    """Nothing free and nothing wanted: nothing may be offered or bid for."""
    view = question.view
    if question.verb == "sell":
        empty = view.with_(free=np.zeros_like(view.free))
        field, what = "capacity", "offers capacity where nothing is free"
    elif question.verb == "buy":
        empty = view.with_(
            blocks=np.zeros_like(view.blocks), ceiling=np.array(view.committed), committed=view.committed
        )
        field, what = "quantity", "bids where nothing is wanted"
    else:
        return
    answer = _answer(findings, model, function, f"{where}, {what.split(' where ')[1]}",
                     dataclasses.replace(question, view=empty))  # fmt: skip
    if answer is not None and (_columns(answer)[field] > SLACK).any():
        findings.add("limits", f"{where}: {what}")


def _runs(findings: Findings, verb: str, name: str) -> None:
    """Played by everybody, the strategy gets through a year of the small world and of a pair alone."""
    changes = {f"behaviour.strategies.{verb}": name, "horizon.quarters": 4}
    scenarios = {
        "a run of the small world": worlds.calm().with_set(changes),
        "one seller facing one buyer": worlds.pair_alone(changes),
    }
    for where, scenario in scenarios.items():
        findings.call("limits", where, partial(_run, scenario))


def _run(scenario: Any) -> None:
    ComputeMarket(scenario, rng=SEED).run()
