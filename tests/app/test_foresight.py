"""Panels that are composed before they are asked for: never others than those of the moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from market_abm.app import compose
from market_abm.app.archive import Archive
from market_abm.app.place import Place
from market_abm.app.view import Painter, View

SMALL = "two-clouds-three-labs"
CHANGED = (("behaviour.beta", "0.3"),)


@pytest.fixture(scope="module")
def archive() -> Archive:
    found = Archive()
    for changes, quarters in (((), 4), (CHANGED, 4)):
        run = found.run(Place(SMALL, changes=changes).run)
        for step in range(1, quarters + 1):
            run.advance(step)
    return found


NOW = View(Place(SMALL, changes=CHANGED, step=3))


@pytest.mark.parametrize(
    "asked",
    [
        NOW,
        replace(NOW, opened=True, place=replace(NOW.place, firm="Neocloud")),
        replace(NOW, place=replace(NOW.place, firm="Neocloud")),
        replace(NOW, place=replace(NOW.place, step=2)),
        replace(NOW, place=replace(NOW.place, changes=())),
        replace(NOW, playing=True, message="read me", heard=7),
    ],
)
def test_what_was_foreseen_shows_only_where_it_holds(archive: Archive, asked: View) -> None:
    plain, ahead = Painter(archive), Painter(archive)
    ahead.foresee(NOW)
    assert ahead.frame(asked, 5) == plain.frame(asked, 5)


def test_it_saves_the_work_of_composing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = Painter(archive)
    painter.foresee(NOW)
    monkeypatch.setattr(compose, "pack", lambda panels: pytest.fail("composed again"))
    painter.frame(NOW, 1)


def test_a_baseline_that_has_grown_is_drawn_as_it_is_now(archive: Archive) -> None:
    painter = Painter(archive)
    painter.foresee(NOW)
    assert archive.run(NOW.place.baseline).advance(5)
    assert painter.frame(NOW, 1) == Painter(archive).frame(NOW, 1)


def test_a_quarter_that_is_not_there_is_not_foreseen(archive: Archive) -> None:
    painter = Painter(archive)
    far = replace(NOW, place=replace(NOW.place, step=15))
    painter.foresee(far)
    assert painter.frame(NOW, 1) == Painter(archive).frame(NOW, 1)
