"""Tables for readers: labels, units, and values that a terminal, a page or a program can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "text", "share", "usd", "index", "count", "number", "level", "money", "compute", "quarters",
    "points_of_share", "signed_share", "signed_usd", "signed_index", "signed_number", "signed_level",
    "signed_money", "signed_compute", "signed_quarters", "size_share", "size_usd", "size_index", "size_number",
    "size_level", "size_money", "size_compute", "size_quarters",
]  # fmt: skip
"""How a value is written: see :data:`FORMATS`."""

SIGNED: dict[Kind, Kind] = {
    "share": "signed_share",
    "usd": "signed_usd",
    "index": "signed_index",
    "number": "signed_number",
    "level": "signed_level",
    "money": "signed_money",
    "compute": "signed_compute",
    "quarters": "signed_quarters",
}
"""Kind of the change of a kind."""

SIZED: dict[Kind, Kind] = {
    "share": "size_share",
    "usd": "size_usd",
    "index": "size_index",
    "number": "size_number",
    "level": "size_level",
    "money": "size_money",
    "compute": "size_compute",
    "quarters": "size_quarters",
}
"""Kind of the size of a change of a kind: as precise as the change, without its sign."""

MISSING = "n/a"
"""What stands where there is no value; never zero."""

UNITS: dict[str, str] = {
    "share": "%",
    "points_of_share": "% points",
    "signed_share": "% points",
    "signed_usd": "USD/GPU-h",
    "signed_index": "points",
    "signed_level": "log units",
    "signed_money": "MUSD",
    "signed_compute": "kH100e",
    "signed_quarters": "quarters",
    "usd": "USD/GPU-h",
    "index": "points",
    "level": "log units",
    "quarters": "quarters",
    "money": "MUSD",
    "compute": "kH100e",
}
"""Unit of a kind of value as it is shown."""

FORMATS: dict[str, tuple[float, str]] = {
    "share": (100.0, ",.1f"),
    "points_of_share": (100.0, "+,.1f"),
    "usd": (1.0, ",.2f"),
    "index": (1.0, ",.0f"),
    "count": (1.0, ",.0f"),
    "number": (1.0, ",.2f"),
    "level": (1.0, ",.2f"),
    "quarters": (1.0, ",.1f"),
    "signed_share": (100.0, "+,.2f"),
    "signed_usd": (1.0, "+,.3f"),
    "signed_index": (1.0, "+,.1f"),
    "signed_number": (1.0, "+,.3f"),
    "signed_level": (1.0, "+,.3f"),
    "signed_money": (1.0, "+,.0f"),
    "signed_compute": (1.0, "+,.1f"),
    "signed_quarters": (1.0, "+,.2f"),
    "money": (1.0, ",.0f"),
    "compute": (1.0, ",.0f"),
}
FORMATS |= {
    sized: (FORMATS[SIGNED[kind]][0], FORMATS[SIGNED[kind]][1].lstrip("+")) for kind, sized in SIZED.items()
}
UNITS |= {sized: UNITS[SIGNED[kind]] for kind, sized in SIZED.items() if SIGNED[kind] in UNITS}
"""Scale and format of each kind; shares are shown in percent."""


class Band(NamedTuple):
    """Median and 5-95 % band over seeds."""

    middle: float
    low: float
    high: float


class Cell(NamedTuple):
    """A value of another kind than its column."""

    value: Any
    kind: Kind


@dataclass(frozen=True)
class Column:
    """A column: key for programs, label for people, kind of value, and a unit where the kind has none.

    A hidden column is for programs only, an extra one for wide screens and pages.
    """

    key: str
    label: str
    kind: Kind = "text"
    unit: str = ""
    hidden: bool = False
    extra: bool = False

    @property
    def shown_unit(self) -> str:
        """Unit of the values as they are shown."""
        return self.unit or UNITS.get(self.kind, "")


@dataclass(frozen=True)
class Table:
    """A table: name for programs, title and note for people."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values by column key with units, for ``--json``; bands as median, low, high."""
        return {
            "title": self.title,
            "note": self.note,
            "columns": [
                {
                    "key": column.key,
                    "label": column.label,
                    "unit": _plain_unit(column),
                }
                for column in self.columns
            ],
            "rows": [
                {column.key: _plain(value) for column, value in zip(self.columns, row)} for row in self.rows
            ],
        }


def shown(value: Any, kind: Kind | str = "text") -> str:
    """A value as a person reads it, without its unit."""
    if isinstance(value, Cell):
        return shown(*value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, Band):
        return shown(value.middle, kind)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or kind == "text":
        return str(value)
    scale, form = FORMATS[kind]
    if kind == "count" and not float(value).is_integer():
        form = ",.1f"  # a median may lie between two counts
    text = format(float(value) * scale, form)
    zero = text.strip("+-0.,") == ""
    return text.lstrip("+-") if zero else text  # no sign on what rounds to nothing


def band_shown(value: Any, kind: Kind | str) -> str:
    """The band of a value ("1,200 to 1,340"), empty where it has none."""
    if isinstance(value, Cell):
        return band_shown(*value)
    if not isinstance(value, Band) or math.isnan(value.middle):
        return ""
    return f"{shown(value.low, kind)} to {shown(value.high, kind)}"


def _plain(value: Any) -> Any:
    if isinstance(value, Cell):
        return _plain(value.value)
    if isinstance(value, Band):
        return {"median": value.middle, "low": value.low, "high": value.high}
    return value


def _plain_unit(column: Column) -> str:
    """Unit of the plain value: shares are fractions there."""
    if column.kind in (
        "share",
        "points_of_share",
        "signed_share",
        "size_share",
    ):  # headlines hold fractions too, whatever is shown
        return "fraction"
    return column.shown_unit
