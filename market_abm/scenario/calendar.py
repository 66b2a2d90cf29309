"""Quarters as text ("2026Q3") and as whole numbers (quarters since year 0)."""

from __future__ import annotations

import re
from functools import lru_cache

QUARTER = re.compile(r"(19[5-9]\d|20\d\d)Q([1-4])")
"""Four digits of a year from 1950 to 2099, a capital Q, a digit from 1 to 4."""


def is_quarter(text: object) -> bool:
    """Whether ``text`` is a quarter like "2026Q3"."""
    return isinstance(text, str) and QUARTER.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def quarter_index(text: str) -> int:
    """Quarters since year 0: ``quarter_index("2026Q3") == 2026 * 4 + 2``.

    Raises
    ------
    ValueError
        When the text is not a quarter.
    """
    match = QUARTER.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a quarter; write a year and a quarter, for example "2026Q3"')
    return int(match[1]) * 4 + int(match[2]) - 1


@lru_cache(maxsize=1024)
def quarter_name(index: int) -> str:
    """The text of a quarter: the inverse of :func:`quarter_index`."""
    year, quarter = divmod(index, 4)
    return f"{year}Q{quarter + 1}"


def shifted(text: str, quarters: int) -> str:
    """The quarter that lies ``quarters`` later (earlier where negative)."""
    return quarter_name(quarter_index(text) + quarters)
