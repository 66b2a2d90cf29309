"""Building blocks of the schema: frozen containers, numeric types with unit and range, the base class."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import core_schema

from market_abm.scenario.calendar import QUARTER, quarter_index
from market_abm.scenario.errors import clipped
from market_abm.scenario.quantity import Number, refuse

T = TypeVar("T")


class FrozenMap(dict):
    """A dict in the order of its keys that cannot be changed."""

    def __init__(self, entries: Mapping[str, Any] | None = None):
        super().__init__(sorted((entries or {}).items()))

    def _frozen(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a scenario is frozen; use scenario.with_set({path: value}) for a changed copy")

    __setitem__ = __delitem__ = __ior__ = _frozen
    clear = pop = popitem = setdefault = update = _frozen

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))

    def __reduce__(self):
        return type(self), (dict(self),)


class Series(FrozenMap):
    """Dated numbers: quarter ("2026Q3") to value, in the order of time."""

    def on(self, quarter: str, missing: float = 0.0) -> float:
        """The value dated in this very quarter; for flows such as equity or arriving capacity."""
        return self.get(quarter, missing)

    def at(self, quarter: str, before: float = 0.0) -> float:
        """The value of the latest date not after ``quarter``; ``before`` where there is none."""
        dates = [date for date in self if date <= quarter]  # "2026Q3" < "2026Q4" < "2027Q1" as text too
        return self[dates[-1]] if dates else before

    def grown(self, quarter: str, growth: float, before: float = 0.0) -> float:
        """Like :meth:`at`, growing by ``growth`` a quarter after the last date."""
        if not self:
            return before
        last = next(reversed(self))
        later = quarter_index(quarter) - quarter_index(last)
        return self[last] * (1.0 + growth) ** later if later > 0 else self.at(quarter, before)


class Shares(FrozenMap):
    """Shares by name; they sum to at most one."""


class MapOf:
    """Type of a mapping of numbers: its container and its :class:`Number`. Used inside ``Annotated``."""

    def __init__(self, container: type[FrozenMap], number: Number):
        self.container, self.number = container, number

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        check = _check_quarter if self.container is Series else _check_name
        entries = core_schema.dict_schema(
            keys_schema=core_schema.no_info_plain_validator_function(check),
            values_schema=core_schema.no_info_plain_validator_function(self.number.check),
        )
        return core_schema.no_info_after_validator_function(self._close, entries)

    def _close(self, entries: dict[str, float]) -> FrozenMap:
        if self.container is Shares:
            total = sum(float(value) for value in entries.values())
            if total > 1.0 + 1e-6:
                refuse(f"the shares sum to {total:g}", allowed="a sum of at most 1", remedy="Scale them down")
        return self.container(entries)


def _check_quarter(text: Any) -> str:
    if not isinstance(text, str) or QUARTER.fullmatch(text) is None:
        refuse(
            f'"{clipped(text)}" is not a quarter',
            allowed="a year and a quarter, for example 2026Q3",
            remedy="Write four digits, Q and a digit from 1 to 4",
        )
    return text


def _check_name(text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or text != text.strip() or len(text) > 80:
        refuse(f'"{clipped(text)}" is not a name', allowed="1 to 80 characters without spaces at the ends")
    if text == "*" or ">" in text or '"' in text or "\n" in text:
        refuse(
            f'"{clipped(text)}" is not a name', allowed='text without the characters > and " and not a lone *'
        )
    return text


Quarter = Annotated[str, AfterValidator(_check_quarter)]
Name = Annotated[str, AfterValidator(_check_name)]
Node = str
"""A firm or segment by name, or "*" for all."""
Date = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
"""A date or quarter as text; a bare year is read as a number and taken as text."""
Flag = StrictBool
Named = Annotated[dict[Name, T], AfterValidator(FrozenMap)]

Capacity = Annotated[float, Number("kH100e", 0, 1e7)]
Compute = Annotated[float, Number("kHQ", 0, 1e7)]
Money = Annotated[float, Number("MUSD", 0, 1e8)]
Balance = Annotated[float, Number("MUSD", -1e8, 1e8)]
MoneyFlow = Annotated[float, Number("MUSD/quarter", -1e7, 1e7)]
Income = Annotated[float, Number("MUSD/quarter", 0, 1e7)]
Price = Annotated[float, Number("USD/GPU-h", 0, 1000)]
UnitCapex = Annotated[float, Number("MUSD/kH100e", 0, 10_000)]
Density = Annotated[float, Number("kW/H100e", 0, 20)]
Share = Annotated[float, Number("fraction", 0, 1)]
Annual = Annotated[float, Number("fraction/year", 0, 2)]
Power = Annotated[float, Number("MW", 0, 1e7)]
Growth = Annotated[float, Number("fraction/quarter", -0.9, 3)]
Rate = Annotated[float, Number("fraction/quarter", 0, 1)]
Change = Annotated[float, Number("fraction", -1, 10)]
Factor = Annotated[float, Number("1", 0, 100)]
Spread = Annotated[float, Number("log units", 0, 10)]
Level = Annotated[float, Number("log units", -100, 100)]
Elasticity = Annotated[float, Number("1", 0, 10)]
Quarters = Annotated[float, Number("quarters", 0, 400)]
WholeQuarters = Annotated[float, Number("quarters", 0, 400, whole=True)]
Points = Annotated[float, Number("points", 0, 10_000)]
RunLength = Annotated[float, Number("quarters", 1, 400, whole=True)]
Count = Annotated[float, Number("1", 1, 10_000, whole=True)]

CapacitySeries = Annotated[Series, MapOf(Series, Number("kH100e", 0, 1e7))]
DeliverySeries = Annotated[Series, MapOf(Series, Number("kH100e/quarter", 0, 1e7))]
MoneySeries = Annotated[Series, MapOf(Series, Number("MUSD", -1e7, 1e7))]
PowerSeries = Annotated[Series, MapOf(Series, Number("MW/quarter", 0, 1e7))]
DensitySeries = Annotated[Series, MapOf(Series, Number("kW/H100e", 0, 20))]
ShareMap = Annotated[Shares, MapOf(Shares, Number("fraction", 0, 1))]
FractionMap = Annotated[FrozenMap, MapOf(FrozenMap, Number("fraction", 0, 1))]

BLOCK_VALUE = Number("USD/GPU-h", 0, 1000)
BLOCK_QUANTITY = Number("kHQ", 0, 1e7)


def _blocks(rows: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(rows, list | tuple) or not rows:
        refuse(
            "blocks must be a list of pairs",
            allowed="[[value in USD/GPU-h, quantity in kHQ], ...], value falling",
        )
    found: list[tuple[float, float]] = []
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 2:
            refuse(f"{clipped(row)} is not a pair", allowed="[value in USD/GPU-h, quantity in kHQ]")
        found.append((BLOCK_VALUE.check(row[0]), BLOCK_QUANTITY.check(row[1])))
    if any(later[0] > earlier[0] for earlier, later in pairwise(found)):
        refuse(
            "the values of the blocks rise", allowed="values falling from block to block", remedy="Sort them"
        )
    return tuple(found)


class _BlockType:
    """Explicit value blocks: pairs of value (USD/GPU-h, falling) and quantity (kHQ)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_blocks)


Blocks = Annotated[tuple[tuple[float, float], ...], _BlockType()]


class Part(BaseModel):
    """A frozen part of a scenario; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Documented(Part):
    """A part that may say where it comes from as a whole."""

    source: str | list[str] | None = Field(default=None, description="sources of the entry as a whole")
    as_of: Date | None = Field(default=None, description="date for which the entry holds")
    note: str | None = Field(default=None, description="how the entry was obtained")
