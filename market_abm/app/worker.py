"""The thread of a session: a quarter at a time towards what is wanted, then a frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from market_abm.app.archive import Archive
from market_abm.app.drawer import Question
from market_abm.app.frame import Frame
from market_abm.app.place import Place
from market_abm.app.trajectory import Trajectory
from market_abm.app.view import Painter, View

FASTEST = 0.1
"""Least seconds between two quarters of play: below that a browser has no time for its user."""

PATIENCE = 3.0
"""Seconds after which play goes on although the page has not said that the last frame is drawn."""

SOON = 0.5
"""Seconds of computing that need no word about it."""

AHEAD = 20
"""Quarters after the one that is shown whose panels are kept at hand."""

QUIET = 0.2
"""Seconds since the last frame after which those are composed: whoever clicks faster is not kept waiting by them."""

GHOSTLY = 0.3
"""Seconds between two frames that only draw more of the baseline."""


class Worker:
    """The state of one browser page.

    Every method answers at once; the thread does what takes time. Each turn of the thread plays at most one
    quarter of one run and then looks again at what is wanted, so a pause, a dragged lever or a closed page
    never waits for more than that.

    Parameters
    ----------
    archive : Archive
    place : Place
        Where the session begins.
    publish : callable
        Called with every new :class:`Frame`.
    message : str
        Shown at the start, where a link was refused.
    """

    def __init__(
        self, archive: Archive, place: Place, publish: Callable[[Frame], None], message: str = ""
    ) -> None:
        self.archive = archive
        self._place, self._message = place, message
        self._publish_frame = publish
        self._turn = threading.Condition(threading.RLock())
        self._painting = threading.Lock()
        self._painter = Painter(archive)
        self._playing = False
        self._delay = 0.5
        self._open = self._tables = False
        self._number, self._drawn, self._painted_at = 0, 0, 0.0
        self._asked, self._heard = 0, 0
        """Numbers of the page's last request and of the last one that changed the place or was refused."""
        self._owed = False
        """The quarter that is wanted has not been drawn yet."""
        self._closed = False
        self._thread: threading.Thread | None = None
        self._held: tuple[Trajectory | None, ...] = ()
        """Runs in use: the archive keeps them as long."""

    def start(self) -> None:
        """Begin: the thread ends with :meth:`close`."""
        self._thread = threading.Thread(target=self._work, name="market-abm session", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the session and its thread."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()

    def drawn(self, number: int) -> None:
        """The page has drawn a frame."""
        with self._turn:
            self._drawn = max(self._drawn, int(number))
            self._turn.notify_all()

    def asked(self, number: int) -> None:
        """A numbered request follows (0: one without a number)."""
        self._asked = max(self._asked, number)

    @property
    def place(self) -> Place:
        """Where the session stands."""
        return self._place

    def _run(self) -> Trajectory:
        return self.archive.run(self._place.run)

    def _move(self, step: int) -> None:
        """Stay inside the horizon."""
        self._place = replace(self._place, step=min(max(step, 1), len(self._run().quarters)))
        self._turn.notify_all()

    def _work(self) -> None:
        """Turn by turn, until the page is gone."""
        self._paint()
        while True:
            with self._turn:
                if self._closed:
                    return
                job, patience = self._next()
                if job is None:
                    self._turn.wait(patience)
                    continue
            try:
                job()
            except Exception as error:
                if self._closed:  # the page went away while it was being drawn
                    return
                with self._turn:
                    self._playing = self._open = False
                    self._message = f"Something went wrong. {type(error).__name__}: {error}"
                    self._turn.wait(1.0)  # not again at once

    def _next(self) -> tuple[Callable[[], None] | None, float | None]:
        """The most urgent piece of work, or how long to wait for one (None: until something is wanted)."""
        place, run = self._place, self._run()
        baseline = self.archive.run(place.baseline)
        other = place.other(self.archive)
        beside = self.archive.run(other) if other else None
        self._held = run, baseline, beside
        if len(run) < place.step and not run.stuck:
            return lambda: self._advance(run), None
        if self._owed:  # whoever computed the quarter
            return self._paint, None
        if beside is not None and len(beside) < place.step and not beside.stuck:
            return lambda: self._advance(beside), None
        wait = None
        if self._playing:
            if run.stuck and place.step >= len(run):
                self._playing = False  # the horizon
                return self._paint, None
            now = time.monotonic()
            due = self._painted_at + self._delay
            if self._drawn < self._number:
                due = max(due, self._painted_at + PATIENCE)
            if now >= due:
                self._place = replace(place, step=place.step + 1)
                return self._arrive, None
            wait = due - now
        if len(run) == place.step and not run.stuck:
            # One ahead of what is shown, also while the page draws; the others when there is nothing else to do.
            return lambda: self._foresee(run, place.step + 1), None
        question = Question(place.run, run.quarters[place.step - 1], place.firm)
        if (
            self._open
            and not self._playing
            and len(run) >= place.step
            and question not in self._painter.minds
        ):
            return lambda: self._ponder(question, run), None
        for each in (run, beside):
            if each is not None and len(each) < len(baseline) and not each.stuck:
                return partial(self._accompany, each), None
        if not baseline.stuck:
            return lambda: self._haunt(baseline), None
        ahead = self._unforeseen(run)
        if ahead is not None:
            quiet = self._painted_at + QUIET - time.monotonic()
            if ahead == place.step + 1 or quiet <= 0.0:
                return lambda: self._foresee(run, ahead), None
            wait = quiet if wait is None else min(wait, quiet)
        return None, wait

    def _arrive(self) -> None:
        """Show the next quarter of play, once it is there."""
        run = self._run()
        run.advance(self._place.step)
        self._halt(run)
        self._paint()

    def _halt(self, run: Trajectory) -> None:
        """Stop where a run failed."""
        with self._turn:
            if run.error and self._place.step > len(run) and run is self._run():
                self._playing = False
                self._place = replace(self._place, step=max(1, len(run)))

    def _promise(self) -> None:
        """A frame that says what is being computed, unless that takes but a moment."""
        with self._turn:
            run, step = self._run(), self._place.step
            self._owed = len(run) < step and (step - len(run)) * run.seconds <= SOON and not run.stuck
        if not self._owed:
            self._paint()

    def _advance(self, run: Trajectory) -> None:
        """One quarter towards the place; a frame when it is reached, or from time to time on the way."""
        run.advance(len(run) + 1)
        self._halt(run)
        there = len(run) >= self._place.step or run.stuck
        if there or time.monotonic() - self._painted_at > GHOSTLY:
            self._paint()

    def _foresee(self, run: Trajectory, step: int) -> None:
        """Have a quarter and its panels at hand before they are asked for; a failure is told once it is next."""
        if not run.advance(step):
            if self._place.step >= len(run):
                self._paint()
            return
        with self._painting:
            self._painter.foresee(self._seen_from(step))

    def _accompany(self, run: Trajectory) -> None:
        """One more quarter of a run, before it is asked for."""
        run.advance(len(run) + 1)

    def _unforeseen(self, run: Trajectory) -> int | None:
        """The first of the next quarters that is not at hand yet; None where all are that there will be.

        With an open drawer only the next one is: its explanations take long, and are for the one who reads them.
        """
        last = len(run) if run.stuck else len(run.quarters)
        most = 1 if self._open else AHEAD
        steps = range(self._place.step + 1, min(self._place.step + most, last) + 1)
        return next((step for step in steps if not self._painter.foreseen(self._seen_from(step))), None)

    def _seen_from(self, step: int) -> View:
        """What would be wanted in another quarter."""
        view = self._view()
        return replace(view, place=replace(view.place, step=step))

    def _ponder(self, question: Question, run: Trajectory) -> None:
        """What would change the mind of the firm whose drawer is open."""
        self._painter.minds.work_out(question, run)
        self._paint()

    def _haunt(self, baseline: Trajectory) -> None:
        """One more quarter of the baseline's ghost."""
        baseline.advance(len(baseline) + 1)
        if baseline.stuck or time.monotonic() - self._painted_at > GHOSTLY:
            self._paint()

    def _view(self) -> View:
        """What is wanted now."""
        with self._turn:
            return View(
                place=self._place,
                playing=self._playing,
                delay=self._delay,
                opened=self._open,
                message=self._message,
                heard=self._heard,
                tables=self._tables,
            )

    def _paint(self) -> None:
        """Compose and publish a frame of what is wanted and known now."""
        self._halt(self._run())
        with self._painting:
            with self._turn:
                if self._closed:
                    return
                self._number += 1
                number = self._number
                run = self._run()
                self._owed = len(run) < self._place.step and not run.stuck
                view = self._view()
            try:
                frame = self._painter.frame(view, number)
            except Exception as error:  # a panel that cannot be drawn must not leave the page mute
                told = f"This quarter could not be drawn. {type(error).__name__}: {error}"
                with self._turn:
                    self._playing = False
                frame = self._painter.mute(replace(view, message=told, playing=False), number)
            self._publish_frame(frame)
            with self._turn:
                self._painted_at = time.monotonic()
                self._turn.notify_all()
