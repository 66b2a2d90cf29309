"""Compare the tables of two runs bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from market_abm.model import ComputeMarket

TABLES = ("steps", "firms", "links", "contracts", "events", "decisions")


def ran(scenario: Any, seed: int = 7, quarters: int | None = None, **options: Any) -> ComputeMarket:
    """A model after some quarters, or at the end of its horizon."""
    model = ComputeMarket(scenario, rng=seed, **options)
    for _ in range(model.world.quarters if quarters is None else quarters):
        model.step()
    return model


def differences(
    one: ComputeMarket,
    other: ComputeMarket,
    *,
    tables: Iterable[str] = TABLES,
    keep: Callable[[str, dict[str, Any]], bool] = lambda table, row: True,
) -> list[str]:
    """Every cell in which two runs differ in a bit, in words; empty where they are identical.

    Parameters
    ----------
    keep : function (table, row) -> bool
        Rows that are compared, on both sides.
    """
    found = []
    if len(one.records) != len(other.records):
        return [f"{len(one.records)} quarters against {len(other.records)}"]
    for t, (first, second) in enumerate(zip(one.records, other.records)):
        for table in tables:
            left = [row for row in rows(first[table]) if keep(table, row)]
            right = [row for row in rows(second[table]) if keep(table, row)]
            if len(left) != len(right):
                found.append(f"quarter {t} {table}: {len(left)} rows against {len(right)}")
                continue
            for number, (a, b) in enumerate(zip(left, right)):
                if a.keys() != b.keys():
                    found.append(f"quarter {t} {table} row {number}: columns {sorted(a.keys() ^ b.keys())}")
                found += [
                    f"quarter {t} {table} row {number} ({_name(a)}) {column}: {a[column]!r} against {b[column]!r}"
                    for column in a.keys() & b.keys()
                    if bits(a[column]) != bits(b[column])
                ]
    return found


def rows(table: Any) -> list[dict[str, Any]]:
    """Rows of a table: of a list of rows, of columns of equal length, or of one row of scalars."""
    if isinstance(table, list):
        return table
    columns = {name: values for name, values in table.items() if isinstance(values, np.ndarray)}
    if not columns:
        return [dict(table)]
    count = len(next(iter(columns.values())))
    return [{name: values[i] for name, values in columns.items()} for i in range(count)]


def bits(value: Any) -> Any:
    """A value by its bits: NaN equals NaN, and 0.1 + 0.2 does not equal 0.3."""
    if isinstance(value, float | np.floating):
        return float(value).hex()
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    return value


def column(model: ComputeMarket, name: str) -> list[Any]:
    """A column of the steps table, quarter by quarter."""
    return [record["steps"][name] for record in model.records]


def cell(model: ComputeMarket, t: int, table: str, name: str, **where: Any) -> Any:
    """The one cell of a table that matches ``where``."""
    found = [r for r in rows(model.records[t][table]) if all(r[k] == v for k, v in where.items())]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} rows of {table} match {where} in quarter {t}")
    return found[0][name]


def _name(row: dict[str, Any]) -> str:
    return "/".join(str(row[k]) for k in ("firm", "verb", "supplier", "buyer", "contract") if k in row)
