"""Progress of a sweep: a bar with rate, remaining time, failures and the figure so far; plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_abm.experiments.state import State

EVERY = 10.0
"""Seconds between lines where there is no terminal."""


class SweepProgress:
    """Told the state after every chunk; shows it on standard error.

    Attributes
    ----------
    notes : int
        Notes of the state that were shown.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._told = -math.inf
        self.notes = 0

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, state: State) -> None:
        """Show how far the sweep is."""
        if self.quiet:
            return
        new, self.notes = state.notes[self.notes :], len(state.notes)
        if sys.stderr.isatty():
            self._draw(state, new)
            return
        for note in new:
            print(f"Note: {note}.", file=sys.stderr, flush=True)
        if time.monotonic() - self._told >= EVERY or not state.left:
            self._told = time.monotonic()
            print(line(state), file=sys.stderr, flush=True)

    def _draw(self, state: State, new: list[str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.table import Column

        if self._bar is None:
            rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # the words give way, not the numbers
            columns = (
                BarColumn(bar_width=12), MofNCompleteColumn(table_column=Column(no_wrap=True)),
                TextColumn("{task.description}", markup=False, table_column=rest),
            )  # fmt: skip
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
            self._task = self._bar.add_task("", total=state.planned)
            self._bar.start()
        for note in new:
            self._bar.console.print(f"Note: {note}.", markup=False)
        self._bar.update(self._task, completed=state.done + state.failed, description=said(state))


def line(state: State) -> str:
    """The state on a line."""
    return f"{state.done + state.failed:,} of {state.planned:,} runs, {said(state)}"


def said(state: State) -> str:
    """Rate, remaining time, failures, the figure so far."""
    known = not math.isnan(state.rate)
    words = [f"{state.rate:.1f} a second, {span(state.remaining)} left" if known else "starting"]
    if state.failed:
        words.append(f"{state.failed:,} failed")
    if told := state.headline.words():
        words.append(told)
    return "; ".join(words)


def span(seconds: float) -> str:
    """Seconds in the unit that people use."""
    if math.isnan(seconds):
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
