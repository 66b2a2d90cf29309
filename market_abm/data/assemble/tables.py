"""The tables of the data folder as rows of text."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
OPENING = "2026Q3"
QUARTERS = ("2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4", "2028Q1", "2028Q2")
"""Quarters for which additions are sourced."""
HOURS = 2.19
"""MUSD a quarter for one kH100e at 1 USD per GPU-hour."""
TODAY = "2026-07-01"

Row = dict[str, str]


@cache
def table(name: str) -> tuple[Row, ...]:
    """Rows of ``name.csv``."""
    with open(FOLDER / f"{name}.csv", newline="", encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))


def keyed(name: str, key: str) -> dict[str, Row]:
    """Rows of a table by one of its columns."""
    return {row[key]: row for row in table(name)}


def number(text: str | float | None, missing: float = 0.0) -> float:
    """A cell as a number."""
    return missing if text in (None, "") else float(text)


def steps(first: str, last: str) -> int:
    """Quarters from one to the other."""
    return (int(last[:4]) - int(first[:4])) * 4 + int(last[5]) - int(first[5])


def following(quarter: str, later: int = 1) -> str:
    """The quarter ``later`` quarters on."""
    index = int(quarter[:4]) * 4 + int(quarter[5]) - 1 + later
    return f"{index // 4}Q{index % 4 + 1}"


def additions(owner: Row) -> dict[str, float]:
    """Announced additions of an owner, kH100e by quarter, zeros left out."""
    found = {quarter: number(owner[f"add_{quarter}"]) for quarter in QUARTERS}
    return {quarter: value for quarter, value in found.items() if value}
