"""Runs and replications: the tables do not hang on workers, and one bad seed does not cost the others."""

from __future__ import annotations

import pytest

from market_abm.experiments.replicate import RunError, replicate, replicate_all, run
from market_abm.results.dictionary import TABLES
from tests.results.feed import FailingModel, FakeModel, HopelessModel, world


def test_the_number_of_workers_does_not_change_the_tables():
    alone = replicate(world(), [3, 1, 2], workers=1, model=FakeModel)
    together = replicate(world(), [3, 1, 2], workers=2, model=FakeModel)
    assert together.seeds == alone.seeds == (3, 1, 2)
    for name in TABLES:
        assert together.tables[name].equals(alone.tables[name])


def test_failures_are_recorded_and_the_rest_stands():
    result = replicate(world(), [2, 3, 4], model=FailingModel)
    assert result.seeds == (2, 4)
    assert result.failures == ({"seed": 3, "error": "ValueError: seed 3 was made to fail"},)
    assert set(result.setting.beta) == {2, 4}


def test_no_seed_left_is_an_error():
    with pytest.raises(RunError, match=r"fake-world: no seed finished\. ValueError: seed 1 was made to fail"):
        replicate(world(), [1, 2], model=HopelessModel)
    with pytest.raises(ValueError, match="seed 1 was made to fail"):
        run(world(), 1, model=HopelessModel)


def test_several_scenarios_share_the_seeds():
    first, second = replicate_all([world(), world(8, "other-world")], [5, 6], model=FakeModel)
    assert first.seeds == second.seeds == (5, 6)
    assert (first.setting.name, second.setting.name) == ("fake-world", "other-world")


def test_progress_is_told():
    told = []
    run(world(), 1, model=FakeModel, progress=lambda done, of: told.append((done, of)))
    assert told == [(step, 8) for step in range(1, 9)]
    told.clear()
    replicate(world(), [1, 2], model=FakeModel, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def test_pinned_runs_hold_central_values():
    pinned = replicate(world(), [1, 2], pin=True, model=FakeModel)
    assert set(pinned.setting.beta.values()) == {0.5}
    drawn = replicate(world(), [1, 2], model=FakeModel)
    assert len(set(drawn.setting.beta.values())) == 2


@pytest.mark.parametrize(
    ("seeds", "workers", "words"),
    [([], 1, "no seeds"), ([1, 2, 1], 1, "stand there twice: 1"), ([1], 0, "workers must be at least 1")],
)
def test_bad_arguments_are_refused(seeds, workers, words):
    with pytest.raises(ValueError, match=words):
        replicate(world(), seeds, workers, model=FakeModel)
