"""Facts as dated series: what happened, with sources, in the form of ``data/history/series.csv``."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from market_abm.scenario.calendar import is_quarter, quarter_index, shifted
from market_abm.scenario.errors import Mark, Problem, ScenarioError

FIT_END = "2025Q2"
"""Last quarter whose facts may enter a fit."""

COLUMNS = ("series", "firm", "period", "value", "unit", "source_id", "confidence", "note")

Key = tuple[str, str]
"""Series and firm."""


@dataclass(frozen=True)
class Fact:
    """One observed value; ``period`` is a quarter ("2024Q1") or a year ("2024")."""

    series: str
    firm: str
    period: str
    value: float
    unit: str = ""
    source_id: str = ""
    confidence: str = ""
    note: str = ""

    @property
    def key(self) -> Key:
        """Series and firm."""
        return self.series, self.firm

    @property
    def quarters(self) -> tuple[str, ...]:
        """Quarters that the period covers."""
        return (
            (self.period,)
            if is_quarter(self.period)
            else tuple(f"{self.period}Q{quarter}" for quarter in range(1, 5))
        )

    @property
    def last(self) -> str:
        """Last quarter of the period."""
        return self.quarters[-1]

    @property
    def middle(self) -> float:
        """Time of the period, as a number of quarters."""
        return (quarter_index(self.quarters[0]) + quarter_index(self.last)) / 2


def shipped_facts() -> tuple[Fact, ...]:
    """The facts that come with the package."""
    text = files("market_abm.data").joinpath("history").joinpath("series.csv").read_text(encoding="utf-8")
    return _facts(text.splitlines(), "series.csv")


def read_facts(path: str | Path) -> tuple[Fact, ...]:
    """Facts of a CSV file of the form of the shipped one.

    Raises
    ------
    ScenarioError
        A file that is not there, columns that are missing, a value or period that cannot be read; with the
        line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ScenarioError(
            Problem(f"cannot be read: {reason}", Mark(str(path)), remedy="Give a CSV file of facts")
        ) from None
    return _facts(lines, str(path))


def _facts(lines: Iterable[str], name: str) -> tuple[Fact, ...]:
    reader = csv.DictReader(lines)
    have = reader.fieldnames or []
    missing = [column for column in COLUMNS[:4] if column not in have]
    if missing:
        remedy = f"Head the file with {','.join(COLUMNS)}"
        raise ScenarioError(Problem(f"has no column {missing[0]!r}", Mark(name, 1, 1), remedy=remedy))
    return tuple(_fact(row, name, line) for line, row in enumerate(reader, start=2))


def _fact(row: Mapping[str, str | None], name: str, line: int) -> Fact:
    words = {column: (row.get(column) or "").strip() for column in COLUMNS}
    mark = Mark(name, line, 1)
    try:
        value = float(words["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        remedy = "Leave a row out where nothing is known"
        raise ScenarioError(
            Problem(
                f"{words['value']!r} is not a number", mark, "value", allowed="a finite number", remedy=remedy
            )
        )
    period = words["period"]
    if not (is_quarter(period) or (len(period) == 4 and period.isdigit())):
        allowed = "a quarter or a year, for example 2025Q3 or 2025"
        raise ScenarioError(Problem(f"{period!r} is not a period", mark, "period", allowed=allowed))
    return Fact(**{**words, "value": value})  # type: ignore[arg-type]


def until(facts: Iterable[Fact], last: str = FIT_END) -> tuple[Fact, ...]:
    """Facts whose period ends in ``last`` or before."""
    return tuple(fact for fact in facts if fact.last <= last)


def after(facts: Iterable[Fact], last: str = FIT_END) -> tuple[Fact, ...]:
    """Facts whose period ends after ``last``."""
    return tuple(fact for fact in facts if fact.last > last)


def by_key(facts: Iterable[Fact]) -> dict[Key, list[Fact]]:
    """Facts of each series and firm, in the order of time."""
    found: dict[Key, list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.middle):
        found.setdefault(fact.key, []).append(fact)
    return found


def quarters_to(last: str, count: int) -> tuple[str, ...]:
    """``count`` quarters that end in ``last``."""
    return tuple(shifted(last, step - count + 1) for step in range(count))
