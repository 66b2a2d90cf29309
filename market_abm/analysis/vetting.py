"""Stylised facts of 2023 to 2026: what any model of this market should show, and whether this one does.

Each fact is a statistic with the range in which the model passes. The model's value is the median over the
replications of the backtest. What the last long backtest found is kept with the package, so that every report can
show it without running anything.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from market_abm.analysis.table import Column, Table
from market_abm.experiments.forecast import Forecast
from market_abm.experiments.history import Key
from market_abm.experiments.observed import Path

Paths = dict[Key, Path]

PRICE: Key = ("h100_price", "market")
CAPEX: Key = ("capex_q", "four firms")


@dataclass(frozen=True)
class Stylised:
    """A stylised fact: the statistic, its historical value, and where a model passes."""

    name: str
    what: str
    fact: float
    low: float
    high: float
    source: str
    read: Callable[[Paths], float]


def at(key: Key, quarter: str) -> Callable[[Paths], float]:
    """A series in a quarter."""
    return lambda paths: paths.get(key, {}).get(quarter, float("nan"))


def _window(paths: Paths, key: Key, first: str, last: str) -> list[float]:
    return [value for quarter, value in paths.get(key, {}).items() if first <= quarter <= last] or [
        float("nan")
    ]


def _ratio(key: Key, later: str, earlier: str) -> Callable[[Paths], float]:
    return lambda paths: at(key, later)(paths) / at(key, earlier)(paths)


def _change(key: Key, later: str, earlier: str) -> Callable[[Paths], float]:
    return lambda paths: at(key, later)(paths) - at(key, earlier)(paths)


def _spike(paths: Paths) -> float:
    return max(_window(paths, PRICE, "2023Q2", "2023Q4")) / at(PRICE, "2023Q1")(paths)


def _fall(paths: Paths) -> float:
    return min(_window(paths, PRICE, "2024Q1", "2025Q4")) / max(_window(paths, PRICE, "2023Q1", "2023Q4"))


def _retightening(paths: Paths) -> float:
    return at(PRICE, "2026Q2")(paths) / min(_window(paths, PRICE, "2025Q2", "2026Q1"))


def _acceleration(paths: Paths) -> float:
    later, earlier = _ratio(CAPEX, "2026Q1", "2025Q1"), _ratio(CAPEX, "2024Q1", "2023Q1")
    return later(paths) - earlier(paths)


def _customer(paths: Paths) -> float:
    key = ("customer_share_top1", "CoreWeave")
    return at(key, "2026Q2")(paths) - float(np.mean(_window(paths, key, "2024Q1", "2024Q4")))


def _stock(paths: Paths) -> float:
    def total(quarter: str) -> float:
        return sum(path[quarter] for key, path in paths.items() if key[0] == "h100e_owned_q")

    return total("2025Q1") / total("2024Q1")


def _revenue_per_compute(paths: Paths) -> float:
    def per(quarter: str) -> float:
        return at(("lab_arr", "OpenAI"), quarter)(paths) / at(("lab_compute_used", "OpenAI"), quarter)(paths)

    return per("2025Q4") / per("2023Q4")


TOP_FIVE: Key = ("top5_share", "top5")
SUPPLIERS: Key = ("supplier_count", "OpenAI")
FACTS = (
    Stylised("price spike", "highest price of 2023 over the first quarter's", 1.70, 1.25, 2.60,
             "chaincatch (4.7 to 8.0, range of the peak 7 to 12 USD/h)", _spike),
    Stylised("price fall", "lowest price of 2024-25 over the highest of 2023", 0.21, 0.1, 0.5,
             "chaincatch; timach (8.0 to 1.7)", _fall),
    Stylised("re-tightening", "price of 2026Q2 over the lowest of the year before", 1.56, 1.15, 2.5,
             "timach (1.70 to 2.65)", _retightening),
    Stylised("hyperscalers' share rises", "share of the five largest clouds, 2025Q2 less 2023Q1", 0.147, 0.05, 0.25,
             "epoch_chipcounts", _change(TOP_FIVE, "2025Q2", "2023Q1")),
    Stylised("... to a plateau", "the same, 2025Q4 less 2025Q2", -0.02, -0.03, 0.03,
             "epoch_chipcounts; epoch_errata", _change(TOP_FIVE, "2025Q4", "2025Q2")),
    Stylised("contracts lengthen", "mean term in force, 2026Q2 over 2024Q4", 1.25, 1.05, 2.5,
             "crwv_aware; aws_q226 (4 to at least 5 years)", _ratio(("contract_term", "market"), "2026Q2", "2024Q4")),
    Stylised("one supplier to many", "OpenAI's suppliers, 2026Q2 less 2024Q4", 5.0, 2.0, 9.0,
             "oai_cfo; flows.csv (1 to 6)", _change(SUPPLIERS, "2026Q2", "2024Q4")),
    Stylised("neocloud's top customer", "share of revenue, 2026Q2 less 2024", -0.26, -0.6, -0.1,
             "crwv_aware; crwv_q226 (62 % to 36 %)", _customer),
    Stylised("capex accelerates", "growth over the year to 2026Q1 less that to 2024Q1", 0.345, 0.05, 1.5,
             "sec_capex; epoch_chipcounts; q126_lowdown", _acceleration),
    Stylised("contract value per MW doubles", "price 2026Q2 over 2025Q2; density of chips is not in the model", 2.0,
             1.5, 2.5, "neo_dil; nbis_q226 (10-12 to 20-25 MUSD per MW-year)", _ratio(PRICE, "2026Q2", "2025Q2")),
    Stylised("stock of compute", "all fleets, 2025Q1 over 2024Q1", 3.76, 2.3, 4.5,
             "epoch_chipcounts; epoch_owners (2.3 for one designer)", _stock),
    Stylised("revenue follows compute", "OpenAI's revenue per compute, 2025Q4 over 2023Q4", 0.59, 0.3, 1.2,
             "oai_cfo; epoch_users", _revenue_per_compute),
)  # fmt: skip
"""Stylised facts with their sources (``data/history/sources.csv``); ranges are ours: the direction, and half to about
twice the size."""

_COLUMNS = (
    Column("name", "Stylised fact"),
    Column("what", "Measured by", extra=True),
    Column("fact", "Fact", "number"),
    Column("low", "Passes from", "number", extra=True),
    Column("high", "to", "number", extra=True),
    Column("unconditional", "Unconditional", "number"),
    Column("unconditional_passes", "Passes"),
    Column("conditional", "Conditional", "number"),
    Column("conditional_passes", "Passes"),
    Column("source", "Source", extra=True),
)


def model_value(fact: Stylised, forecast: Forecast) -> float:
    """The median of a statistic over the replications; NaN where none has it."""
    values = np.array([fact.read(paths) for paths in forecast.paths], dtype=np.float64)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def history_table(forecasts: Iterable[Forecast]) -> Table:
    """Every stylised fact beside both forecasts."""
    by_name = {item.name: item for item in forecasts}
    rows = []
    for fact in FACTS:
        row: list[object] = [fact.name, fact.what, fact.fact, fact.low, fact.high]
        for name in ("unconditional", "conditional"):
            value = model_value(fact, by_name[name]) if name in by_name else float("nan")
            row += [value, _word(value, fact.low, fact.high)]
        rows.append((*row, fact.source))
    return _table(rows)


def kept_table() -> Table:
    """The same from the backtest that is kept with the package: shown by every report, runs nothing."""
    text = files("market_abm.data").joinpath("backtest").joinpath("vetting.csv").read_text(encoding="utf-8")
    rows = []
    for row in csv.DictReader(text.splitlines()):
        cells = [
            float(row[column.key] or "nan") if column.kind == "number" else row[column.key]
            for column in _COLUMNS
        ]
        rows.append(tuple(cells))
    return _table(rows)


def _word(value: float, low: float, high: float) -> str:
    return "pass" if low <= value <= high else "MISS"


def _table(rows: Iterable[tuple]) -> Table:
    lines = tuple(rows)
    passed = [sum(row[step] == "pass" for row in lines) for step in (6, 8)]
    note = (
        f"Medians of the backtest from 2023Q1. {passed[0]} of {len(lines)} pass unconditionally, {passed[1]} with dated "
        "events fed in. A statistic passes inside the range given."
    )
    return Table("vetting", "Stylised facts, 2023 to 2026", _COLUMNS, lines, note)
