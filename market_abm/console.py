"""What the command line prints: answers and tables on standard output, progress and errors beside them."""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from market_abm.analysis.table import Table

DONE, BAD_INPUT, FAILURES, INTERRUPTED = 0, 2, 3, 130
"""Exit codes: done, bad input, finished with recorded failures, interrupted."""

PATIENCE, EVERY = 2.0, 10.0
"""Seconds before progress is shown, and between lines of it where there is no terminal."""

TRACEBACK = "MARKET_ABM_TRACEBACK"
"""Environment variable: set, an unexpected error shows where it happened."""


class InputError(ValueError):
    """Input that the command line refuses; the message says value, allowed and remedy."""


def output() -> Console:
    """Console on standard output; NO_COLOR and the width of the terminal are respected."""
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, soft_wrap=False)


def say(text: str, console: Console | None = None, style: str = "") -> None:
    """Print text as it stands: brackets in names are no markup."""
    from rich.text import Text

    (console or output()).print(Text(text, style=style))


def show_tables(tables: Iterable[Table], console: Console | None = None) -> None:
    """Print tables to the width of the console."""
    from market_abm.report.tables import rich_table

    console = console or output()
    for table in tables:
        console.print()
        console.print(rich_table(table, console.width))


def show_json(content: Any) -> None:
    """Print JSON; missing numbers are null."""
    from market_abm.results.store import plain

    print(json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False))


def complain(text: str) -> None:
    """Print an error."""
    print(text, file=sys.stderr)


def command_line() -> str:
    """The command as it was typed, so that it can be repeated."""
    return shlex.join(["market-abm", *sys.argv[1:]])


def guard(work: Callable[[], int | None]) -> int:
    """Run a command and turn whatever goes wrong into a sentence and an exit code."""
    try:
        return work() or DONE
    except KeyboardInterrupt:
        complain(f"\nInterrupted. To start again: {command_line()}")
        return INTERRUPTED
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        return _explained(error)


def _explained(error: Exception) -> int:
    from market_abm.scenario.errors import ScenarioError

    if isinstance(error, ScenarioError | InputError) or type(error).__name__ in ("StoreError", "ViewError"):
        complain(str(error))
        return BAD_INPUT
    if type(error).__name__ == "RunError":
        complain(str(error))
        return FAILURES
    kind, text = type(error).__name__, " ".join(str(error).split())
    complain(f"This should not have happened: {kind}: {text}")
    complain(f"Please report it with the command ({command_line()}); {TRACEBACK}=1 shows where it happened.")
    return FAILURES


def tell_of_compiling() -> None:
    """Say why a first run takes longer than all later ones."""
    from market_abm.market.kernel import is_compiled

    if not is_compiled():
        print(
            "First use here: compiling the market's kernel takes about a minute, once.",
            file=sys.stderr,
            flush=True,
        )


class Progress:
    """Progress on standard error: after two seconds a bar on a terminal, plain lines elsewhere."""

    def __init__(self, what: str, quiet: bool = False) -> None:
        self.what, self.quiet = what, quiet
        self.done, self.of = 0, 0
        self._bar: Any = None
        self._task: Any = None
        self._told = 0.0
        self._lock = threading.Lock()
        self._timer = threading.Timer(PATIENCE, self._start)
        self._timer.daemon = True

    def __enter__(self) -> Progress:
        if not self.quiet:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Show no more; again is allowed."""
        self._timer.cancel()
        with self._lock:
            self.quiet = True
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, done: int, of: int) -> None:
        """Say how many parts are done, and of how many."""
        self.done, self.of = done, of
        with self._lock:
            if self._bar is not None:
                self._bar.update(self._task, completed=done, total=of)
            elif self._told and time.monotonic() - self._told >= EVERY:
                self._line()

    def _start(self) -> None:
        with self._lock:
            if self.quiet:
                return
            if not sys.stderr.isatty():
                self._line()
                return
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self.what, total=self.of or None, completed=self.done)
            self._bar.start()

    def _line(self) -> None:
        self._told = time.monotonic()
        extent = f": {self.done} of {self.of}" if self.of else " ..."
        print(f"{self.what}{extent}", file=sys.stderr, flush=True)
