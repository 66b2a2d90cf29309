"""What is told while a sweep runs: rate, remaining time, the figure of everything stored, notes once."""

from __future__ import annotations

import math

import pytest

from market_abm.commands.sweeping.progress import SweepProgress, line, span
from market_abm.experiments.plan import Run
from market_abm.experiments.running_figure import RunningFigure
from market_abm.experiments.state import State
from market_abm.experiments.sweep import Options, _spread, sweep
from tests.experiments.sweeping import toys


def test_the_rate_is_known_from_the_second_part_on(monkeypatch):
    clock = [10.0]
    monkeypatch.setattr("market_abm.experiments.state.time.monotonic", lambda: clock[0])
    state = State(planned=100)
    assert math.isnan(state.rate) and "starting" in line(state)
    state.stored(1)
    assert math.isnan(state.rate) and math.isnan(state.remaining)
    clock[0] = 12.0
    state.stored(8)
    assert state.rate == pytest.approx(4.0)
    assert state.remaining == pytest.approx(91 / 4.0)
    assert "4.0 a second, 23 s left" in line(state)


@pytest.mark.parametrize(
    ("seconds", "words"), [(math.nan, "?"), (30, "30 s"), (600, "10 min"), (7200, "2.0 h")]
)
def test_spans(seconds, words):
    assert span(seconds) == words


def test_the_figure_is_that_of_all_stored_runs(tmp_path):
    """Taken up again, it is what one session would have told."""
    first = sweep(
        toys.toy(4, 3, headline="tightness"), tmp_path / "s", model=toys.Toy, options=Options(workers=0)
    )
    more = sweep(
        toys.toy(8, 3, headline="tightness"), tmp_path / "s", model=toys.Toy, options=Options(workers=0)
    )
    whole = sweep(
        toys.toy(8, 3, headline="tightness"), tmp_path / "t", model=toys.Toy, options=Options(workers=0)
    )
    assert more.now == 12 and whole.now == 24
    assert more.headline.mean == pytest.approx(whole.headline.mean, rel=1e-12)
    assert more.headline.interval == pytest.approx(whole.headline.interval, rel=1e-12)
    assert first.headline.mean != pytest.approx(whole.headline.mean, rel=1e-3)
    nothing = sweep(
        toys.toy(8, 3, headline="tightness"), tmp_path / "t", model=toys.Toy, options=Options(workers=0)
    )
    assert nothing.now == 0 and nothing.headline.words() == whole.headline.words()


def test_points_are_run_in_a_drawn_order():
    """A sweep that is stopped early has runs from the whole design, and each scenario is built once."""
    runs = [Run(point, seed, f"{point}-{seed}") for point in range(8) for seed in (1, 2)]
    order = [run.point for run in _spread(list(runs))]
    assert sorted(order) == sorted(run.point for run in runs) and order != sorted(order)
    assert order[::2] == order[1::2]  # seeds of a point together


def test_a_note_is_told_once(capsys):
    progress = SweepProgress()
    state = State(planned=2, notes=["part x cannot be read"], headline=RunningFigure(None))
    progress(state)
    progress(state)
    assert capsys.readouterr().err.count("part x cannot be read") == 1
    assert progress.notes == 1
