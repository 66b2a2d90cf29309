"""What a run of the world of 2023 says about each historical series, in the units of the facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.experiments.history import Fact, Key, by_key, shipped_facts
from market_abm.scenario.calendar import quarter_index

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Records = Mapping[str, Mapping[str, Any]]
"""The tables of each quarter as the model leaves them (``record``), by quarter."""
Path = dict[str, float]
"""Values by quarter."""

OPENING = "2023Q1"
TOP_FIVE = ("Google", "Microsoft", "Meta", "Amazon", "Oracle")
FOUR = ("Google", "Microsoft", "Meta", "Amazon")
OTHERS = ("Other neoclouds", "Other owners")
OTHER = "Other (ex CoreWeave, xAI)"
LABS = {"Google DeepMind": "Google", "Meta Superintelligence Labs": "Meta"}
"""Labs whose own name differs from their firm's."""
OPEN_SEGMENTS = ("Enterprise cloud", "Start-ups and AI natives")
"""Many small customers each: none of them is anybody's largest one."""
CLOUD_TREND = 0.04
"""Growth a quarter of cloud business other than AI where no calibration says otherwise (assumption)."""


@dataclass(frozen=True)
class Definition:
    """A series: label, whether errors are ratios (log units) or differences, and how facts are read."""

    label: str
    ratio: bool
    read: Callable[[str, Records, float], Path]
    fitted: bool = True
    """False where no fitted parameter moves it."""


def records(scenario: Scenario, seed: int, pin: bool = False) -> Records:
    """A run without measurement: the tables of every quarter."""
    from market_abm.model import ComputeMarket

    market = ComputeMarket(scenario, rng=seed, pin=pin, measure_every=len(scenario.quarters) + 1)
    found = {}
    for quarter in scenario.quarters:
        market.step()
        assert market.record is not None  # a step leaves one
        found[quarter] = market.record
    return found


def observed(run: Records, cloud_trend: float = CLOUD_TREND) -> dict[Key, Path]:
    """Every series that the shipped facts know, from one run.

    Parameters
    ----------
    run : mapping
        ``steps``, ``firms`` and ``links`` of each quarter.
    cloud_trend : float
        Growth a quarter of cloud revenue other than from AI.

    Returns
    -------
    dict
        Values by quarter, for every series and firm; firms that the world lacks are left out.
    """
    found = {}
    for key in by_key(shipped_facts()):
        path = SERIES[key[0]].read(key[1], run, cloud_trend)
        if path:
            found[key] = path
    return found


def value_in(path: Path, fact: Fact) -> float:
    """The value in the period of a fact: of its quarter, or the mean over its year; NaN where it is missing."""
    values = [path.get(quarter, float("nan")) for quarter in fact.quarters]
    return float(np.mean(values))


def error_of(model: float, fact: Fact) -> float:
    """Model against fact: log ratio of a level, difference of a share."""
    return transformed(model, fact.series) - transformed(fact.value, fact.series)


def transformed(value: float, series: str) -> float:
    """The scale on which errors of a series are measured; nothing at all counts as a thousandth."""
    return float(np.log(max(value, 1e-3))) if SERIES[series].ratio else value


@cache
def opening_value(key: Key) -> float:
    """The shipped fact of the opening quarter, NaN where there is none."""
    facts = by_key(shipped_facts()).get(key, [])
    return next((fact.value for fact in facts if fact.period == OPENING), float("nan"))


# ---- readers: firm or market, run, growth of other cloud business -> values by quarter


def _column(run: Records, name: str, firm: str) -> Path:
    """A column of the firms table; empty where there is no such firm."""
    names = list(next(iter(run.values()))["firms"]["firm"])
    if firm not in names:
        return {}
    row = names.index(firm)
    return {quarter: float(tables["firms"][name][row]) for quarter, tables in run.items()}


def _fleets(run: Records) -> dict[str, Path]:
    names = [str(name) for name in next(iter(run.values()))["firms"]["firm"]]
    grid = np.array([tables["firms"]["capacity_kh100e"] for tables in run.values()])
    return {name: dict(zip(run, grid[:, row])) for row, name in enumerate(names) if grid[:, row].any()}


def _owned(firm: str, run: Records, trend: float) -> Path:
    fleets = _fleets(run)
    names = OTHERS if firm == OTHER else (firm,)
    parts = [fleets[name] for name in names if name in fleets]
    return {q: sum(part[q] for part in parts) / 1000.0 for q in parts[0]} if parts else {}


def _top_five(firm: str, run: Records, trend: float) -> Path:
    fleets = _fleets(run)
    quarters = next(iter(fleets.values()))
    return {
        q: sum(fleets[name][q] for name in TOP_FIVE) / sum(path[q] for path in fleets.values())
        for q in quarters
    }


def _owner_hhi(firm: str, run: Records, trend: float) -> Path:
    fleets = _fleets(run)
    quarters = next(iter(fleets.values()))
    total = {q: sum(path[q] for path in fleets.values()) for q in quarters}
    named = [path for name, path in fleets.items() if name not in OTHERS]
    return {q: 1e4 * sum((path[q] / total[q]) ** 2 for path in named) for q in quarters}


def _above_opening(key: Key, path: Path, other: Callable[[int], float]) -> Path:
    """What is reported company-wide: the opening value of everything else, and what AI adds, BUSD."""
    first = path.get(OPENING, float("nan"))
    rest = opening_value(key) - first / 1000.0
    return {q: rest * other(step) + value / 1000.0 for step, (q, value) in enumerate(path.items())}


def _capex(firm: str, run: Records, trend: float) -> Path:
    if firm == "four firms":
        parts = [_capex(name, run, trend) for name in FOUR]
        return {q: sum(part[q] for part in parts) for q in parts[0]}
    path = _column(run, "capex_musd", firm)
    return _above_opening(("capex_q", firm), path, lambda step: 1.0)


def _cloud_revenue(firm: str, run: Records, trend: float) -> Path:
    path = _column(run, "compute_income_musd", firm)
    return _above_opening(("cloud_revenue_q", firm), path, lambda step: (1.0 + trend) ** step)


def _price(firm: str, run: Records, trend: float) -> Path:
    return {q: float(tables["steps"]["price_index_usd_per_gpu_hour"]) for q, tables in run.items()}


def _of_lab(column: str, factor: float) -> Callable[[str, Records, float], Path]:
    def read(firm: str, run: Records, trend: float) -> Path:
        path = _column(run, column, LABS.get(firm, firm))
        return {q: value * factor for q, value in path.items()}

    return read


def _largest_customer(firm: str, run: Records, trend: float) -> Path:
    """The largest single buyer's part of what a supplier's contracts earn."""
    found = {}
    for quarter, tables in run.items():
        book = tables["contracts"]
        paid: dict[str, float] = {}
        for supplier, buyer, payment in zip(book["supplier"], book["buyer"], book["payment_musd"]):
            if supplier == firm and buyer != firm:
                paid[buyer] = paid.get(buyer, 0.0) + float(payment)
        total = sum(paid.values())
        if total > 0:
            single = [value for buyer, value in paid.items() if buyer not in OPEN_SEGMENTS]
            found[quarter] = max(single, default=0.0) / total
    return found


def _contract_term(firm: str, run: Records, trend: float) -> Path:
    """Mean headline term of the term contracts in force, years, by volume."""
    found = {}
    for quarter, tables in run.items():
        book = tables["contracts"]
        held = [
            (quarter_index(last) - quarter_index(first) + 1, volume)
            for kind, first, last, volume in zip(
                book["kind"], book["start"], book["end"], book["volume_kh100e"]
            )
            if kind == "term" and last and first <= quarter and volume > 0
        ]
        if held:
            found[quarter] = sum(term * volume for term, volume in held) / sum(v for _, v in held) / 4.0
    return found


SERIES: dict[str, Definition] = {
    "h100e_owned_q": Definition("Fleet, M H100e", True, _owned),
    "top5_share": Definition("Share of the five largest clouds", False, _top_five),
    "owner_hhi": Definition("HHI of owners", True, _owner_hhi),
    "capex_q": Definition("Capex, BUSD a quarter", True, _capex),
    "cloud_revenue_q": Definition("Cloud revenue, BUSD a quarter", True, _cloud_revenue),
    "h100_price": Definition("H100 price, USD/GPU-h", True, _price),
    "lab_compute_used": Definition("Compute in use, M H100e", True, _of_lab("served_khq", 1e-3)),
    "lab_arr": Definition("Run-rate revenue, BUSD a year", True, _of_lab("revenue_musd", 4e-3)),
    "revenue_q": Definition("Revenue, BUSD a quarter", True, _of_lab("compute_income_musd", 1e-3)),
    "supplier_count": Definition("Suppliers", False, _of_lab("supplier_count", 1.0), fitted=False),
    "supplier_hhi": Definition("HHI of suppliers", True, _of_lab("supplier_hhi", 1.0), fitted=False),
    "contract_term": Definition("Contract term, years", True, _contract_term, fitted=False),
    "customer_share_top1": Definition("Largest customer's share", False, _largest_customer),
}
"""Series that the model can be asked for; a fact of another series is listed as not covered."""
