"""What would change a firm's mind, in words and as a table."""

from __future__ import annotations

from market_abm.analysis.mind import POINTS, QUARTERS, REACH, STEP, Flip
from market_abm.analysis.table import Cell, Column, Table, shown

PRICE_OF = {"build": "the price it expects on arrival"}
"""Price that a firm looks at, by verb; else the price index."""


def sentence(firm: str, found: tuple[Flip, ...]) -> str:
    """The smallest moves in words."""
    parts = []
    for flip in found:
        if not flip.becomes:
            continue
        if flip.lever == "price":
            what = PRICE_OF.get(flip.verb, "the price index")
            size = f"{shown(abs(flip.move), 'size_usd')} USD/GPU-h {'higher' if flip.move > 0 else 'lower'}"
        else:
            what = "its lead time" if flip.lever == "lead time" else "notice on its contracts"
            count = f"{abs(flip.move):.0f} {'quarter' if abs(flip.move) == 1 else 'quarters'}"
            size = f"{count} {'longer' if flip.move > 0 else 'shorter'}"
        parts.append(f"{flip.verb} would be {flip.becomes}, not {flip.option}, with {what} {size}")
    if not parts:
        return (
            f"What would change the mind of {firm}: no move of the price up to {REACH:.0%} of it, and none of lead time "
            f"or notice up to {QUARTERS} quarters, flips any of its decisions."
        )
    return f"What would change the mind of {firm}: {'; '.join(parts)}."


def table(found: tuple[Flip, ...]) -> Table:
    """The smallest move of every lever."""
    rows = tuple(
        (
            flip.verb, flip.option, flip.lever,
            Cell(flip.move, "signed_usd" if flip.lever == "price" else "signed_quarters"),
            flip.becomes or "nothing flips it",
        )
        for flip in found
    )  # fmt: skip
    columns = (
        Column("verb", "Verb"), Column("option", "Chosen"), Column("lever", "Moved"),
        Column("move", "Smallest move", "signed_number", "USD/GPU-h or quarters"), Column("becomes", "Becomes"),
    )  # fmt: skip
    note = (
        "Only what this firm sees is moved, one thing at a time. Moves of the price are tried at "
        f"{POINTS} sizes each way and narrowed down to {STEP:g} USD/GPU-h: a flip that is undone between two sizes is "
        "missed."
    )
    return Table("minds", "What would change its mind", columns, rows, note)
