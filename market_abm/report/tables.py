"""Tables for the terminal (rich) and the page (HTML)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Literal

from market_abm.analysis.table import Cell, Kind, Table, band_shown, shown

if TYPE_CHECKING:
    from rich.console import Group

NAME_WIDTH = 14
"""Columns of names may wrap, but not below this width."""

GAP = 2
"""Blanks between columns."""

GRADE_STYLES = {"critical": "bold red", "chokepoint": "red", "watch": "yellow"}
"""Styles of grades on a terminal; the word is always there, so nothing hangs on the colour."""


def rich_table(table: Table, width: int = 80) -> Group:
    """A table for :class:`rich.console.Console`; bands stand on a second line of the cell.

    Names may wrap, numbers never do; headings break between words and hold the unit on a line of its own.
    Where the width is short, extra columns go first, then the bands; the note says so.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    visible, bands = _fitting(table, width)
    made = RichTable(
        title=Text(table.title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for step in visible:
        numeric = _is_numeric(table, step)
        justify: Literal["left", "right"] = "right" if numeric else "left"
        heading = _heading(table, step, bands)
        least = _least_width(table, step, bands)
        made.add_column(Text(heading), justify=justify, no_wrap=numeric, vertical="top", min_width=least)
    for row in table.rows:
        cells = []
        for step in visible:
            first, *more = _cell_text(row[step], table.columns[step].kind, bands)
            text = Text(first, style=GRADE_STYLES.get(str(row[step]), ""))
            for line in more:
                text.append(f"\n{line}", style="dim")
            cells.append(text)
        made.add_row(*cells)
    note = _note(table, visible, bands)
    return Group(made, Text(note, style="dim")) if note else Group(made)


def _fitting(table: Table, width: int) -> tuple[list[int], bool]:
    """Columns that fit, and whether bands do."""
    every = [step for step, column in enumerate(table.columns) if not column.hidden]
    least = [step for step in every if not table.columns[step].extra]
    fewer = [least[:count] for count in range(len(least) - 1, 1, -1)]
    wanted = [
        (every, True),
        (least, True),
        (every, False),
        (least, False),
        *((some, False) for some in fewer),
    ]
    for visible, bands in wanted:
        if sum(_least_width(table, step, bands) + GAP for step in visible) <= width + GAP:
            return visible, bands
    return least[:2], False


def _note(table: Table, visible: list[int], bands: bool) -> str:
    columns = [column for column in table.columns if not column.hidden]
    gone = [column.label.lower() for column in columns if table.columns.index(column) not in visible]
    cells = [(value, column.kind) for row in table.rows for value, column in zip(row, table.columns)]
    if not bands and any(band_shown(*cell) for cell in cells):
        gone.append("bands")
    return table.note + (f" Left out for the width of the screen: {', '.join(gone)}." if gone else "")


def _cell_text(value: Any, kind: Kind, bands: bool = True) -> list[str]:
    """Lines of a cell: the value, then its band (on two lines where it is signed)."""
    band = band_shown(value, kind) if bands else ""
    signed = "+" in band or "-" in band
    lines = band.replace(" to ", " to\n").split("\n") if signed else [band.replace(" to ", "–")]
    return [shown(value, kind), *(line for line in lines if line)]


def _least_width(table: Table, step: int, bands: bool) -> int:
    """Width that a column needs: numbers whole, names down to their longest word."""
    column = table.columns[step]
    texts = [text for row in table.rows for text in _cell_text(row[step], column.kind, bands)]
    if not _is_numeric(table, step):
        longest = max((len(text) for text in texts), default=0)
        texts = [word for text in [*texts, column.label] for word in text.split()]
        texts.append("x" * min(longest, NAME_WIDTH))
    else:
        texts += _heading(table, step, bands).split("\n")
    return max(len(text) for text in texts)


def _heading(table: Table, step: int, bands: bool) -> str:
    """Label broken between words to the width of the cells, then the unit."""
    column = table.columns[step]
    if not _is_numeric(table, step):
        return column.label
    cells = [len(text) for row in table.rows for text in _cell_text(row[step], column.kind, bands)]
    width = max([*cells, *(len(word) for word in column.label.split())])
    lines = [*textwrap.wrap(column.label, width, break_long_words=False), column.shown_unit]
    return "\n".join(lines).rstrip()


def html_rows(table: Table) -> list[list[dict[str, str | bool]]]:
    """Cells of a table for the template: text, band, whether it is a number."""
    visible = [step for step, column in enumerate(table.columns) if not column.hidden]
    return [
        [
            {
                "text": shown(row[step], table.columns[step].kind),
                "band": band_shown(row[step], table.columns[step].kind),
                "number": _is_numeric(table, step),
            }
            for step in visible
        ]
        for row in table.rows
    ]


def html_heads(table: Table) -> list[dict[str, str | bool]]:
    """Headings of a table for the template: label, unit, whether numbers stand below."""
    return [
        {"text": column.label, "unit": column.shown_unit, "number": _is_numeric(table, step)}
        for step, column in enumerate(table.columns)
        if not column.hidden
    ]


def _is_numeric(table: Table, step: int) -> bool:
    """Whether a column holds numbers."""
    column = table.columns[step]
    cells = [row[step] for row in table.rows]
    kinds = {cell.kind if isinstance(cell, Cell) else column.kind for cell in cells} or {column.kind}
    return "text" not in kinds
