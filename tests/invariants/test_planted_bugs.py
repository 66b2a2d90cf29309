"""Five planted bugs, each caught by a named check that the model as it is passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from market_abm import model as model_module
from market_abm.economy import finance, motives
from market_abm.market.bargaining import nash
from tests.invariants import checks
from tests.invariants.money import ledgers_watched, money_is_conserved, no_contract_is_delivered_twice
from tests.model.tables import ran


def test_a_wrong_sign_in_the_wedge_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    checks.wedge_signs()
    right = motives.strategic_wedge
    monkeypatch.setattr(motives, "strategic_wedge", lambda *args, **kw: -right(*args, **kw))
    with pytest.raises(AssertionError, match="wedge signs"):
        checks.wedge_signs()


@pytest.mark.parametrize("bug", ["newcomers first", "incumbents forgotten"])
def test_incumbents_losing_ties_are_caught(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    checks.incumbents_keep_ties()
    checks.incumbents_keep_their_users()
    right = model_module.trade_problem

    def wrong(*args: Any) -> Any:
        problem = right(*args)
        newcomers = None if bug == "incumbents forgotten" else np.where(problem.incumbent > 0, 0.0, 1.0)
        return problem.replace(incumbent=newcomers)

    monkeypatch.setattr(model_module, "trade_problem", wrong)
    with pytest.raises(AssertionError, match="incumbents keep ties"):
        checks.incumbents_keep_their_users()


def test_a_contract_delivered_twice_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        with ledgers_watched() as ledgers:
            model = ran("two-clouds-three-labs", 1, quarters=3, measure_every=1000)
        no_contract_is_delivered_twice(model, ledgers)

    check()
    right = model_module.deliver

    def twice(world: Any, state: Any, *rest: Any) -> Any:
        delivery = right(world, state, *rest)
        book = state.book
        row = int(np.argmax(np.where(book.in_force(state.t), book.volume, 0.0)))
        flow, used = delivery.flow.copy(), delivery.used.copy()
        flow[book.supplier[row], book.buyer[row]] += book.volume[row]
        used[book.buyer[row]] += book.volume[row]
        return replace(delivery, flow=flow, used=used)

    monkeypatch.setattr(model_module, "deliver", twice)
    with pytest.raises(AssertionError, match="no contract is delivered twice"):
        check()


def test_money_created_at_the_credit_limit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        with ledgers_watched() as ledgers:
            model = checks.at_the_credit_limit()
        assert model.record is not None and model.record["steps"]["credit_limit_firms"] == 1
        money_is_conserved(model, ledgers)

    check()
    right = finance.close_quarter

    def forgiving(world: Any, state: Any, credit: Any, ledger: Any) -> Any:
        """The shortfall beyond the limit is not booked: cash is simply set to zero."""
        after, events = right(world, state, credit, ledger)
        lost = next((t for t in ledger.transfers if t.purpose == "lenders' loss"), None)
        if lost is not None:
            ledger.transfers.remove(lost)
        return after, events

    monkeypatch.setattr(model_module, "close_quarter", forgiving)
    with pytest.raises(AssertionError, match="money is conserved"):
        check()


def test_floor_and_ceiling_swapped_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    checks.floor_below_ceiling()
    right = nash.split_difference
    monkeypatch.setattr(nash, "split_difference", lambda floor, ceiling, beta: right(ceiling, floor, beta))
    with pytest.raises(AssertionError, match="floor below ceiling"):
        checks.floor_below_ceiling()
