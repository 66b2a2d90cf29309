"""A session without a browser: back-pressure, pause, reset, changes, what it refuses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from market_abm.app.actions import act_on
from market_abm.app.archive import Archive
from market_abm.app.controller import Session
from market_abm.app.frame import Frame
from market_abm.app.place import Place
from market_abm.app.view import View
from market_abm.model import ComputeMarket

SMALL = "two-clouds-three-labs"
ARCHIVE = Archive()


class Viewer:
    """Collects frames, and says that they are drawn where it is told to."""

    def __init__(self, place: Place, draws: bool = True, archive: Archive = ARCHIVE) -> None:
        self.frames: list[Frame] = []
        self.draws = draws
        self.session = Session(archive, place, self._show)
        self.session.start()

    def _show(self, frame: Frame) -> None:
        self.frames.append(frame)
        if self.draws:
            self.session.drawn(frame.number)

    @property
    def now(self) -> dict[str, Any]:
        return json.loads(self.frames[-1].transport) if self.frames else {}

    def wait(self, what: Callable[[dict[str, Any]], bool], patience: float = 120.0) -> dict[str, Any]:
        """Wait for a frame."""
        until = time.monotonic() + patience
        while not (self.frames and what(self.now)):
            assert time.monotonic() < until, self.now
            time.sleep(0.01)
        return self.now


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    found = Viewer(Place(SMALL))
    found.wait(lambda t: t["played"] >= 1 and not t["busy"])
    yield found
    found.session.close()


def test_it_begins_paused_and_the_baseline_runs_on_behind(viewer: Viewer) -> None:
    assert not viewer.now["playing"]
    viewer.wait(lambda t: t["played"] == 20)
    assert viewer.now["step"] == 1


def test_play_waits_until_the_last_frame_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market_abm.app.worker.PATIENCE", 600.0)
    viewer = Viewer(Place(SMALL), draws=False)
    try:
        viewer.wait(lambda t: t["played"] == 20)
        viewer.session.speed(0.1)
        viewer.session.play()
        time.sleep(1.0)
        assert viewer.now["step"] == 1  # nothing was drawn, so nothing follows
        viewer.draws = True
        viewer.session.drawn(viewer.frames[-1].number)
        viewer.wait(lambda t: t["step"] >= 3)
    finally:
        viewer.session.close()


@pytest.mark.parametrize("soon", [0.0, 60.0])
def test_a_step_to_the_quarter_that_is_just_being_foreseen_is_drawn(
    monkeypatch: pytest.MonkeyPatch, soon: float
) -> None:
    monkeypatch.setattr("market_abm.app.worker.SOON", soon)  # with and without a frame that says "computing"
    begun, asked = threading.Event(), threading.Event()
    foresee = Session._foresee

    def slow(self: Session, run: Any, step: int) -> None:
        if step == 3:
            begun.set()
            assert asked.wait(60)
        foresee(self, run, step)

    monkeypatch.setattr(Session, "_foresee", slow)
    place = Place(SMALL, seed=17 + round(soon), changes=(("behaviour.beta", "0.4"),))
    baseline = ARCHIVE.run(place.baseline)
    while baseline.advance(len(baseline) + 1):
        pass  # to its end: nothing else is left to be drawn
    viewer = Viewer(place)
    try:
        viewer.wait(lambda t: t["played"] >= 1 and not t["busy"])
        viewer.session.forward(1)
        assert begun.wait(60)
        viewer.session.forward(1)  # to the quarter that the thread is about to compute
        asked.set()
        viewer.wait(lambda t: t["step"] == 3 and not t["busy"], patience=30)
    finally:
        viewer.session.close()


def test_pause_stops_and_reset_keeps_seed_and_changes(viewer: Viewer) -> None:
    viewer.session.seed(4)
    viewer.session.change("behaviour.beta", "0.3")
    viewer.session.speed(0.0)
    viewer.session.play()
    viewer.wait(lambda t: t["step"] >= 3)
    viewer.session.pause()
    held = viewer.session.place.step
    time.sleep(0.5)
    assert viewer.session.place.step == held
    viewer.session.reset()
    assert (viewer.session.place.step, viewer.session.place.seed) == (1, 4)
    assert viewer.session.place.changes == (("behaviour.beta", "0.3"),)


def test_a_changed_lever_keeps_the_quarter_and_a_refused_one_changes_nothing(viewer: Viewer) -> None:
    viewer.session.forward(3)
    viewer.wait(lambda t: t["step"] == 4 and not t["busy"])
    viewer.session.change("behaviour.contracted_share", "0.5")
    shown = viewer.wait(lambda t: t["changed"] == 1 and not t["busy"])
    assert shown["step"] == 4
    before = viewer.session.place
    viewer.session.change("behaviour.beta", "7")
    assert "outside the allowed range" in viewer.now["message"]
    viewer.session.change("horizon.quarters", "400")
    assert "no control" in viewer.now["message"]
    assert viewer.session.place == before


@pytest.mark.parametrize(
    "message",
    [None, 3, "play", [], {}, {"act": "launch"}, {"act": None}, {"act": "go"}, {"act": "go", "step": "x"},
     {"act": "go", "step": 1e308}, {"act": "forward", "quarters": True}, {"act": "choose", "firm": "Nobody"},
     {"act": "choose", "firm": {"a": 1}}, {"act": "seed", "seed": "-1"}, {"act": "scenario", "name": "../x"},
     {"act": "change", "key": "behaviour.beta", "value": {"a": [1]}}, {"act": "change", "value": "1"},
     {"act": "quarter", "quarter": "never"}, {"act": "drawn", "number": None}],
)  # fmt: skip
def test_nothing_that_a_page_may_send_harms_the_session(viewer: Viewer, message: Any) -> None:
    place = viewer.session.place
    act_on(viewer.session, message)
    assert viewer.session.place.run == place.run
    assert 1 <= viewer.session.place.step <= 20


def test_a_closed_session_ends_its_thread() -> None:
    before = threading.active_count()
    viewer = Viewer(Place(SMALL))
    viewer.session.close()
    until = time.monotonic() + 60
    while threading.active_count() > before:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_panel_that_cannot_be_drawn_is_told_and_the_session_lives_on(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from market_abm.app import compose

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("no such panel")

    with monkeypatch.context() as patch:
        patch.setattr(compose, "chart_panels", broken)
        viewer.session.seed(9)  # nothing of it is at hand
        told = viewer.wait(lambda t: bool(t["message"]))["message"]
        assert "could not be drawn" in told
        assert "no such panel" in told
    viewer.session.seed(10)
    viewer.wait(lambda t: t["seed"] == 10 and not t["message"] and not t["busy"])


def test_the_rest_of_a_changed_run_is_at_hand_before_it_is_asked_for(viewer: Viewer) -> None:
    viewer.session.change("behaviour.beta", "0.45")
    viewer.wait(lambda t: t["changed"] == 1 and not t["busy"])
    place = viewer.session.place
    run, painter = ARCHIVE.run(place.run), viewer.session._painter
    until = time.monotonic() + 120
    while not (run.complete and painter.foreseen(View(replace(place, step=20), delay=viewer.now["delay"]))):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert viewer.now["step"] == place.step


def test_with_an_open_drawer_the_next_quarter_alone_is_at_hand(viewer: Viewer) -> None:
    viewer.wait(lambda t: t["played"] == 20)
    viewer.session.choose("Neocloud")
    painter = viewer.session._painter

    def ahead(step: int) -> bool:
        return painter.foreseen(viewer.session._seen_from(step))

    until = time.monotonic() + 120
    while not ahead(2):
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(1.0)
    assert not ahead(3)


class Failing:
    """A model that plays three quarters."""

    def __init__(self, scenario: Any, rng: int) -> None:
        self.model, self.left = ComputeMarket(scenario, rng=rng), 3

    def step(self) -> None:
        if not self.left:
            raise ZeroDivisionError("the fourth quarter")
        self.left -= 1
        self.model.step()

    @property
    def record(self) -> Any:
        return self.model.record


def test_a_failure_ahead_is_told_when_its_quarter_is_next() -> None:
    archive = Archive(model=Failing)
    viewer = Viewer(Place(SMALL), archive=archive)
    run = archive.run(viewer.session.place.run)
    try:
        until = time.monotonic() + 120
        while not run.error:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert len(run) == 3
        viewer.wait(lambda t: t["played"] == 3)
        assert not viewer.now["error"]
        viewer.session.speed(0.1)
        viewer.session.play()
        told = viewer.wait(lambda t: bool(t["error"]))
        assert (told["step"], "the fourth quarter" in told["error"]) == (3, True)
        viewer.wait(lambda t: not t["playing"])
    finally:
        viewer.session.close()
