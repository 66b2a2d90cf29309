"""Runs that grow: the same tables as the library's own, frozen snapshots, failures as sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import market_abm as ma
from market_abm.app.archive import KEPT, Archive, Run
from market_abm.app.trajectory import Trajectory

SHORT = (("horizon.quarters", "3"),)
SMALL = "two-clouds-three-labs"


@pytest.fixture(scope="module")
def played() -> Trajectory:
    run = Archive().run(Run(SMALL, SHORT, 7))
    while run.advance(len(run) + 1) and not run.stuck:
        pass
    return run


def test_the_tables_are_those_of_a_run(played: Trajectory) -> None:
    expected = ma.run(ma.load_scenario(SMALL, ["horizon.quarters=3"]), seed=7)
    for name, table in expected.tables.items():
        pd.testing.assert_frame_equal(played.result().tables[name], table, check_exact=True)


def test_nobody_can_change_a_snapshot(played: Trajectory) -> None:
    now = played.at(2)
    assert now is not None
    with pytest.raises(ValueError, match="read-only"):
        now.tables["firms"]["cash_musd"][0] = 1.0
    with pytest.raises(TypeError):
        now.tables["firms"]["cash_musd"] = np.zeros(1)  # type: ignore[index]
    with pytest.raises(TypeError):
        now.tables["firms"]["firm"][0] = "Somebody"  # type: ignore[index]
    with pytest.raises(AttributeError):
        now.step = 5  # type: ignore[misc]


def test_what_is_played_is_not_computed_again(played: Trajectory) -> None:
    before = played.snapshots
    assert played.advance(2)
    assert all(a is b for a, b in zip(before, played.snapshots))
    assert played.complete
    assert not played.advance(4)


def test_a_failure_is_a_sentence_and_the_quarters_before_it_stay() -> None:
    class Breaking(ma.ComputeMarket):
        def step(self) -> None:
            if self.state.t == 0:
                raise RuntimeError("out of ideas")
            super().step()

    archive = Archive(model=Breaking)
    key = Run(SMALL, SHORT, 7)
    run = archive.run(key)
    assert run.advance(1)
    assert not run.advance(2)
    assert run.error == "2026Q4 could not be played. RuntimeError: out of ideas"
    assert len(run) == 1
    archive.forget(key)
    assert archive.run(key) is not run


def test_the_archive_keeps_what_is_in_use_and_forgets_the_oldest() -> None:
    archive = Archive()
    first = archive.run(Run(SMALL, SHORT, 0))
    for seed in range(1, KEPT + 3):
        archive.run(Run(SMALL, SHORT, seed))
    assert archive.run(Run(SMALL, SHORT, 0)) is first  # we hold it
    assert len(archive._runs) <= KEPT


def test_a_name_that_is_not_on_offer_opens_no_file() -> None:
    with pytest.raises(KeyError, match="on offer"):
        Archive().scenario("/etc/passwd")


def test_the_scenario_with_changes_is_that_of_the_command_line() -> None:
    changes: Any = (
        ("behaviour.beta", "0.3"),
        ("timeline.cap", "{kind: price_cap, quarter: 2026Q4, price: 2}"),
    )
    ours = Archive().scenario(SMALL, changes)
    assert ours.hash() == ma.load_scenario(SMALL, [f"{key}={value}" for key, value in changes]).hash()
