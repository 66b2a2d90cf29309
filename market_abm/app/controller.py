"""One session: what its user wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from market_abm.app.place import Place, changed
from market_abm.app.worker import FASTEST, Worker
from market_abm.scenario.errors import ScenarioError


class Session(Worker):
    """The state of one browser page, and what the page may ask of it; see :class:`Worker`."""

    def play(self) -> None:
        """Play until the horizon, or until :meth:`pause`."""
        with self._turn:
            run = self._run()
            self._playing = self._place.step < (len(run) if run.error else len(run.quarters))
        self._paint()

    def pause(self) -> None:
        """Stop playing."""
        with self._turn:
            self._playing = False
        self._paint()

    def forward(self, quarters: int) -> None:
        """Play so many quarters and stop."""
        with self._turn:
            self._playing = False
            self._move(self._place.step + int(quarters))
        self._promise()

    def go_to(self, step: int) -> None:
        """Show a quarter; what was played already is not computed again."""
        with self._turn:
            self._playing = False
            self._move(int(step))
        self._promise()

    def reset(self) -> None:
        """Back to the first quarter with the same scenario, changes and seed; a failed run starts anew."""
        with self._turn:
            self._playing, self._message = False, ""
            if self._run().error:
                self.archive.forget(self._place.run)
            self._move(1)
        self._paint()

    def speed(self, seconds: float) -> None:
        """Least time between two quarters of play."""
        with self._turn:
            self._delay = max(FASTEST, float(seconds))
        self._paint()

    def change(self, key: str, value: str | None) -> None:
        """Set a control to a text, or (None) back to what the scenario says; refused values change nothing."""
        if key in {lever.key for lever in self.archive.levers(self._place.scenario, self._place.seed)}:
            self._try(lambda place: replace(place, changes=changed(place.changes, key, value)))
        else:
            self.refuse(f"there is no control {key[:60]!r} here")

    def restore(self) -> None:
        """Take every change back."""
        self._try(lambda place: replace(place, changes=()))

    def seed(self, seed: int) -> None:
        """Another seed."""
        self._try(lambda place: replace(place, seed=int(seed)))

    def scenario(self, name: str) -> None:
        """Another scenario, without the changes to this one."""
        self._try(
            lambda place: Place(name, place.seed, compare="" if place.compare == name else place.compare)
        )

    def compare(self, name: str) -> None:
        """A second scenario beside this one; empty for none."""
        self._try(lambda place: replace(place, compare=name))

    def go_to_quarter(self, quarter: str) -> None:
        """Show a quarter by its name."""
        if quarter in self._run().quarters:
            self.go_to(self._run().quarters.index(quarter) + 1)

    def refuse(self, what: str) -> None:
        """Say that something is refused."""
        with self._turn:
            self._message, self._heard = f"Refused: {what}", self._asked
        self._paint()

    def choose(self, firm: str, opened: bool = True) -> None:
        """Select a firm (empty: none) and open or close its drawer."""
        scenario = self._run().scenario
        if firm and firm not in scenario.firms and firm not in scenario.segments:
            return
        with self._turn:
            self._place = replace(self._place, firm=firm)
            self._open = bool(firm) and opened
        self._paint()

    def shut(self) -> None:
        """Close the drawer; the firm stays selected."""
        with self._turn:
            self._open = False
        self._paint()

    def tables(self) -> None:
        """The table twins of networks are looked at."""
        with self._turn:
            self._tables = True
        self._paint()

    def dismiss(self) -> None:
        """The message was read."""
        with self._turn:
            self._message = ""
        self._paint()

    def _try(self, moved: Callable[[Place], Place]) -> None:
        """Go to another place if there is one."""
        with self._turn:
            self._playing, self._heard = False, self._asked
            try:
                place = moved(self._place)
                scenario = self.archive.scenario(place.scenario, place.changes)
                place.other(self.archive)
            except (ScenarioError, KeyError) as error:
                found = error.problems[0] if isinstance(error, ScenarioError) else error.args[0]
                self._message = f"Refused: {found}"
            else:
                known = {*scenario.firms, *scenario.segments}
                firm = place.firm if place.firm in known else ""
                self._open = self._open and bool(firm)
                step = min(place.step, len(scenario.quarters))
                self._place, self._message = replace(place, firm=firm, step=step), ""
            self._turn.notify_all()
        self._paint()
