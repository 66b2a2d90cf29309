"""A run surveys its quarters together when somebody looks: the tables are those of quarter after quarter."""

from __future__ import annotations

import copy
import gc
import weakref
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import market_abm as ma
from market_abm.economy import records as records_module
from market_abm.economy import survey as survey_module
from market_abm.economy.quarter import Quarter
from market_abm.strategies import Orders, View, get, strategy
from tests.model.tables import differences, ran

WORLD = "two-clouds-three-labs"


def looked_at(scenario: Any, seed: int, looks: set[int], **options: Any) -> ma.ComputeMarket:
    """A run in which somebody reads the record after some quarters."""
    model = ma.ComputeMarket(scenario, rng=seed, **options)
    for t in range(8):
        model.step()
        if t in looks:
            assert model.record is not None and model.record["steps"]
    return model


@cache
def each_alone(measure_every: int) -> ma.ComputeMarket:
    """Every quarter is read before the next one is played."""
    return looked_at(WORLD, 3, set(range(8)), measure_every=measure_every)


@given(st.sets(st.integers(0, 7)), st.integers(1, 3))
def test_it_makes_no_difference_when_somebody_looks(looks: set[int], measure_every: int) -> None:
    assert not differences(looked_at(WORLD, 3, looks, measure_every=measure_every), each_alone(measure_every))


def test_owners_that_change_between_quarters_that_are_read_together() -> None:
    """Three providers merge in the third and fourth quarter: every quarter has the owners of its own."""
    together = looked_at("neocloud-merger", 1, {5})
    assert not differences(together, looked_at("neocloud-merger", 1, set(range(8))))
    owned = [np.ptp(record["firms"]["share_fleet"][merging(together)]) for record in together.records]
    assert owned[1] > 0.0 and owned[4] == 0.0


def merging(model: ma.ComputeMarket) -> list[int]:
    return [model.world.rows.row(firm) for firm in ("CoreWeave", "Nebius", "IREN", "Crusoe", "Lambda")]


def test_nothing_is_surveyed_before_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[int] = []
    right = survey_module.survey

    def watched(quarters: tuple[Quarter, ...], *rest: Any) -> Any:
        spans.append(len(quarters))
        return right(quarters, *rest)

    monkeypatch.setattr(records_module, "survey", watched)
    model = ran(WORLD, 1, 4)
    assert not spans
    assert model.record is not None
    assert len(model.record["decisions"]) and spans == [4]
    assert model.records[0]["steps"] and spans == [4]
    model.step()
    assert list(model.record) == list(model.records[0]) and spans == [4, 1]


def test_a_large_market_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = ran(WORLD, 1, 6)
    sellers, buyers = reference.world.shape
    monkeypatch.setattr(records_module, "TOGETHER", 2 * sellers * buyers)
    model = ran(WORLD, 1, 6)
    assert [record._tables is None for record in model.records] == [False] * 6
    assert not differences(model, reference)


def test_a_run_that_goes_on_from_another_state_remembers_that_state_s_past() -> None:
    whole = ran(WORLD, 5, 8)
    other = ran(WORLD, 5, 3)
    other.state = whole.states[6]
    other.step()
    other.step()
    for mine, theirs in zip(other.records[3:], whole.records[6:], strict=True):
        assert mine["steps"]["chokepoint_firms"] == theirs["steps"]["chokepoint_firms"]
        np.testing.assert_array_equal(mine["firms"]["grade"], theirs["firms"]["grade"])


def test_a_fork_of_a_fork_that_measures_later_remembers_what_was_measured() -> None:
    whole = ran(WORLD, 5, 8)
    fork = whole.fork(5).fork(5)
    for _ in range(3):
        fork.step()
    for mine, theirs in zip(fork.records, whole.records[5:], strict=True):
        np.testing.assert_array_equal(mine["firms"]["grade"], theirs["firms"]["grade"])


def test_a_survey_that_fails_fails_for_everybody_who_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ArithmeticError("made to fail")

    monkeypatch.setattr(survey_module, "whole_markets", broken)
    model = ran(WORLD, 1, 2)
    for record in model.records:
        with pytest.raises(ArithmeticError, match="made to fail"):
            record["steps"]


def test_copies_of_a_state_share_its_record() -> None:
    model = ran(WORLD, 1, 2)
    assert copy.deepcopy(model.state).record is model.record


def test_a_state_that_is_kept_does_not_keep_the_records_of_all_quarters() -> None:
    model = ran(WORLD, 1, 4)
    assert model.record is not None and model.record["steps"]
    first, state = weakref.ref(model.records[0]), model.state
    del model
    gc.collect()
    assert state.record["steps"] and first() is None


def test_a_strategy_may_use_its_arrays_again() -> None:
    """What was chosen from is told when somebody looks, but as it was."""
    buffers: dict[tuple[int, ...], np.ndarray] = {}

    @strategy("build", "one-buffer-in-tests")
    def one_buffer(view: View, rows: np.ndarray) -> Orders:
        orders = get("build", "default")(view, rows)
        menu = orders.alternatives
        scores = buffers.setdefault(menu.scores.shape, np.empty(menu.scores.shape))
        scores[:] = menu.scores
        return replace(orders, alternatives=replace(menu, scores=scores))

    scenario = ma.load_scenario(WORLD, {"behaviour.strategies.build": "one-buffer-in-tests"})
    assert not differences(ran(scenario, 1, 4), ran(WORLD, 1, 4))
