"""The vetting table: the opening state and the first year of a calm run against the facts.

The facts (``market_abm/data/facts_2026Q3.csv``) carry a value, a range and a source. A model value outside
the range is a miss and is shown as one: nothing here is fitted after the fact.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from market_abm.analysis.table import Column, Table

if TYPE_CHECKING:
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

CALM = {f"behaviour.shocks.{name}": 0.0 for name in ("quality", "demand", "market", "segment")}
"""Settings of the run that is compared: no random shocks; guesses are pinned."""
YEAR = 4
LEASES = ("K01", "K03")
"""Contracts whose presence says which of two facts applies: with the leased fleet, or without."""
GUIDED = ("Google", "Microsoft", "Amazon", "Meta", "Oracle", "CoreWeave", "SpaceX/xAI", "Nebius", "IREN")
"""Firms whose capex is guided; one row of the facts sums over them."""
OPENING = "2026Q3"
"""The quarter that the facts describe."""


@dataclass(frozen=True)
class Fact:
    """One sourced figure; ``scope`` says in which worlds it holds (both, leased, not leased)."""

    group: str
    item: str
    unit: str
    value: float
    low: float
    high: float
    scope: str
    sources: str
    grade: str
    note: str


@dataclass(frozen=True)
class Verdict:
    """A fact and what the model has in its place; ``model`` is NaN where it has nothing."""

    fact: Fact
    model: float

    @property
    def holds(self) -> bool:
        """Whether the model's value lies in the range of the fact."""
        return not math.isnan(self.model) and self.fact.low <= self.model <= self.fact.high

    @property
    def miss(self) -> float:
        """Distance to the range as a share of the fact; 0 inside, NaN where the model has nothing."""
        if math.isnan(self.model):
            return math.nan
        beyond = max(self.fact.low - self.model, self.model - self.fact.high, 0.0)
        return math.copysign(beyond / self.fact.value, self.model - self.fact.value) if beyond else 0.0


def facts() -> tuple[Fact, ...]:
    """The facts, in the order of their file."""
    text = files("market_abm.data").joinpath("facts_2026Q3.csv").read_text(encoding="utf-8")
    return tuple(
        Fact(**{key: float(cell) if key in ("value", "low", "high") else cell for key, cell in row.items()})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


def calm_run(scenario: Scenario) -> Result:
    """One run of four quarters with pinned guesses and without shocks."""
    from market_abm.experiments.replicate import run

    return run(scenario.with_set({**CALM, "horizon.quarters": YEAR}), seed=0, pin=True)


def verdicts(scenario: Scenario, result: Result | None = None) -> list[Verdict]:
    """Every fact that applies to a world, with what the model has in its place.

    Parameters
    ----------
    scenario : Scenario
        A world that starts in the quarter of the facts.
    result : Result, optional
        A calm run of it with pinned guesses; run here where it is not given.

    Raises
    ------
    ValueError
        Where the world starts in another quarter.
    """
    if scenario.horizon.start != OPENING:
        raise ValueError(
            f"{scenario.name} starts in {scenario.horizon.start}; the facts are for {OPENING}: "
            "compare a world that starts then, for example world-2026"
        )
    ran = calm_run(scenario) if result is None else result
    leases = {item.key for item in scenario.timeline if item.kind == "lease"} | set(scenario.contracts)
    wanted = "leased" if leases >= set(LEASES) else "not leased"
    return [
        Verdict(fact, _READERS[fact.group](fact.item, scenario, ran))
        for fact in facts()
        if fact.scope in ("both", wanted)
    ]


def facts_table(found: list[Verdict]) -> Table:
    """The verdicts as a table."""
    columns = (
        Column("group", "What"),
        Column("item", "Item"),
        Column("holds", "Inside"),
        Column("model", "Model", "number"),
        Column("value", "Source", "number"),
        Column("unit", "Unit"),
        Column("low", "Low", "number"),
        Column("high", "High", "number"),
        Column("miss", "Miss", "share", extra=True),
        Column("grade", "Grade", extra=True),
        Column("sources", "Sources", extra=True),
        Column("note", "How", extra=True),
    )
    rows = tuple(
        (f.group, f.item, holds, model, f.value, f.unit, f.low, f.high, miss, f.grade, f.sources, f.note)
        for f, model, holds, miss in ((v.fact, v.model, "yes" if v.holds else "MISS", v.miss) for v in found)
    )
    return Table("facts", "Opening state and first year against the facts", columns, rows, summary(found))


def summary(found: list[Verdict]) -> str:
    """One sentence: how many hold, and which do not."""
    missed = [f"{v.fact.group}, {v.fact.item}" for v in found if not v.holds]
    head = f"{len(found) - len(missed)} of {len(found)} figures lie inside the range of their source"
    return f"{head}; misses: {'; '.join(missed)}." if missed else f"{head}."


# ---- what the model has in the place of a fact


def _cell(table: Any, column: str, **where: str) -> float:
    """Sum of a column over the rows that match; NaN where none does."""
    for key, wanted in where.items():
        table = table[table[key] == wanted]
    return math.nan if table.empty else float(table[column].sum())


def _first(table: Any) -> Any:
    return table[table["quarter"] == OPENING]


def _fleet(item: str, scenario: Scenario, result: Result) -> float:
    if item == "all":
        return _cell(_first(result.steps), "capacity_kh100e")
    return _cell(_first(result.firms), "capacity_kh100e", firm=item)


def _in_use(item: str, scenario: Scenario, result: Result) -> float:
    return _cell(_first(result.firms), "served_khq", firm=item)


def _power(item: str, scenario: Scenario, result: Result) -> float:
    opening = _first(result.firms)
    return (
        float(opening["power_mw"].sum()) if item.startswith("all") else _cell(opening, "power_mw", firm=item)
    )


def _contracted(item: str, scenario: Scenario, result: Result) -> float:
    opening = _first(result.contracts)
    if item.startswith("all"):
        # Contracts of the opening book and leases, not what the first quarter's trade signs on top.
        known = opening["contract"].str.fullmatch(r"K\d\d")
        return _cell(opening[known], "volume_kh100e", kind="term")
    return _cell(opening, "volume_kh100e", contract=item.split(" ", 1)[0])


def _price(item: str, scenario: Scenario, result: Result) -> float:
    if item.startswith("index"):
        return _cell(_first(result.steps), "price_index_usd_per_gpu_hour")
    paid = _first(result.contracts)
    paid = paid[paid["kind"] != "internal"]
    if item.startswith("CoreWeave"):
        paid = paid[paid["supplier"] == "CoreWeave"]
    volume = float(paid["volume_kh100e"].sum())
    return (
        float((paid["price_usd_per_gpu_hour"] * paid["volume_kh100e"]).sum()) / volume if volume else math.nan
    )


def _capex(item: str, scenario: Scenario, result: Result) -> float:
    who, when = item.rsplit(", ", 1)
    rows = result.firms[result.firms["firm"].isin(GUIDED)]
    if when == "four quarters":
        rows = rows[rows["quarter"].isin(sorted(rows["quarter"].unique())[:YEAR])]
        return _cell(rows, "capex_musd", firm=who)
    return _cell(rows, "capex_musd", quarter=when)


def _fleet_path(item: str, scenario: Scenario, result: Result) -> float:
    return _cell(result.steps, "capacity_kh100e", quarter=item.rsplit(", ", 1)[1])


def _rents(item: str, scenario: Scenario, result: Result) -> float:
    """What a supplier's contracts earn, paid in advance or not."""
    return _cell(_first(result.contracts), "payment_musd", supplier=item)


def _money(column: str) -> Callable[[str, Scenario, Result], float]:
    def read(item: str, scenario: Scenario, result: Result) -> float:
        return _cell(_first(result.firms), column, firm=item)

    return read


def _concentration(item: str, scenario: Scenario, result: Result) -> float:
    return _cell(_first(result.steps), f"hhi_{item}")


def _tightness(item: str, scenario: Scenario, result: Result) -> float:
    """Need at the opening index, unmet need included, over capacity online."""
    labs = [firm.lab for firm in scenario.firms.values() if firm.lab is not None]
    need = sum(float(lab.inference) + float(lab.rnd) + float(lab.unmet) for lab in labs)
    need += sum(float(segment.use) + float(segment.unmet) for segment in scenario.segments.values())
    return need / sum(float(firm.fleet.online) for firm in scenario.firms.values() if firm.fleet is not None)


_READERS: dict[str, Callable[[str, Scenario, Result], float]] = {
    "fleet online": _fleet,
    "in use by lab": _in_use,
    "online power": _power,
    "under contract": _contracted,
    "price": _price,
    "fleet a year on": _fleet_path,
    "rents received": _rents,
    "compute bill": _money("compute_spend_musd"),
    "product revenue": _money("revenue_musd"),
    "capex": _capex,
    "concentration": _concentration,
    "tightness": _tightness,
}
"""How each group of facts is read off a run."""
