"""What a person at a terminal sees: tables, progress, errors. Plain lines where nobody watches."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from market_abm.analysis.table import Table

PATIENCE = 2.0
"""Seconds after which progress is shown off a terminal."""

NARROW, WIDE = 80, 132


def console(stderr: bool = False) -> Console:
    """A console as wide as the terminal within reason; colours go with NO_COLOR or off a terminal."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        return Console(stderr=stderr, highlight=False, width=110)
    return Console(stderr=stderr, highlight=False, width=min(max(found.width, NARROW), WIDE))


def print_json(content: Any) -> None:
    """Write plain values as JSON; what is not known becomes null."""
    from market_abm.results.store import plain

    json.dump(plain(content), sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def print_answer(title: str, sentences: Sequence[str], tables: Sequence[Table], notes: Sequence[str]) -> None:
    """Sentences first, then tables, then notes."""
    from rich.text import Text

    from market_abm.report.tables import rich_table

    out = console()
    out.print(Text(title, style="bold"))
    for sentence in sentences:
        out.print()
        out.print(Text(sentence))
    for table in tables:
        out.print()
        out.print(rich_table(table, out.width))
    if notes:
        out.print()
    for note in notes:
        out.print(Text(note, style="dim"))


def print_texts(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of texts."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(
        title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False
    )
    for column in columns:
        made.add_column(Text(column), overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    console().print(made)


@contextmanager
def progress(what: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A callback for the number of parts done: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield None
        return
    if console(stderr=True).is_terminal:
        with _bar(what) as update:
            yield update
        return
    begun = last = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun > PATIENCE and (now - last > PATIENCE or done == total):
            last = now
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

    yield line


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
