"""The three headline measures of a pair of worlds, read off paired runs of one seed.

Chokepoint grade: in how many quarters the supplier that is graded most often is a chokepoint of the whole
market. Leverage shift: how the secured share that moves most moves from the first year to the last. Velocity
effect: what the lease does to the lessee's velocity in the first year, against the world without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.statistics import first_year

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

Values = dict[str, float]
"""A value a measure; NaN where the run has none."""

MEASURES: dict[str, tuple[str, str, float]] = {
    "grade": ("Chokepoint grade", "quarters", 1.0),
    "leverage": ("Leverage shift", "share", 0.0),
    "velocity": ("Velocity effect of the lease", "log units", 0.0),
}
"""Label, unit, and the value at which the statement turns into its opposite."""


@dataclass(frozen=True)
class Headline:
    """What the headline is about: fixed on runs without any change, so that every variant is asked the same.

    Attributes
    ----------
    supplier : str
        Owner whose grade is counted.
    relation : tuple of str
        Supplier, buyer and side (buyer, seller) whose secured share is followed.
    lab : str
        Whose velocity is compared.
    """

    supplier: str
    relation: tuple[str, str, str]
    lab: str

    def measured(self, baseline: Scenario, other: Scenario, seed: int) -> Values:
        """The measures of one seed: of ``other``, and of its velocity against ``baseline``."""
        from market_abm.experiments.replicate import run, simulate, unmeasured

        full = run(other, seed)
        year = first_year(full.quarters)
        without = simulate(baseline, seed, model=unmeasured, first=len(year))["firms"]
        return {
            "grade": quarters_graded(full).get(self.supplier, 0.0),
            "leverage": secured_shift(full, *self.relation),
            "velocity": velocity(full.firms, self.lab, year) - velocity(without, self.lab, year),
        }

    def label(self, measure: str) -> str:
        """What a measure says, in words."""
        supplier, buyer, side = self.relation
        return {
            "grade": f"quarters in which {self.supplier} is a chokepoint of the market",
            "leverage": f"share secured by the {side} between {supplier} and {buyer}, last year less first",
            "velocity": f"velocity of {self.lab} in the first year, with the lease less without",
        }[measure]


def headline_of(baseline: Scenario, other: Scenario, result: Result) -> Headline:
    """What the headline is about.

    Parameters
    ----------
    baseline, other : Scenario
        Without and with the lease.
    result : Result
        Seeds of ``other``.
    """
    from market_abm.analysis.leverage import largest_shift

    totals: dict[str, float] = {}
    for seed in result.seeds:
        for owner, quarters in quarters_graded(result.of(seed)).items():
            totals[owner] = totals.get(owner, 0.0) + quarters
    supplier = min(totals, key=lambda owner: (-totals[owner], owner)) if totals else ""
    shift = largest_shift(result)
    relation = ("", "", "buyer") if shift is None else (shift.supplier, shift.buyer, shift.side)
    return Headline(supplier, relation, lessee(baseline, other))


def lessee(baseline: Scenario, other: Scenario) -> str:
    """The lab that gets the most compute, kH100e, in contracts and leases that only ``other`` has.

    Raises
    ------
    ValueError
        Where no lab gets any.
    """
    return _largest(baseline, other, "buyer")


def lessor(baseline: Scenario, other: Scenario) -> str:
    """The supplier of most of it."""
    return _largest(baseline, other, "supplier")


def _largest(baseline: Scenario, other: Scenario, side: str) -> str:
    def deals(scenario: Scenario) -> dict[str, Any]:
        leases = {item.key: item.contract for item in scenario.timeline if item.kind == "lease"}
        return dict(scenario.contracts) | leases

    before = deals(baseline)
    volumes: dict[str, float] = {}
    for key, contract in deals(other).items():
        firm = other.firms.get(contract.buyer)
        owned = contract.supplier == contract.buyer
        if key not in before and firm is not None and firm.lab is not None and not owned:
            name = getattr(contract, side)
            volumes[name] = volumes.get(name, 0.0) + contract.peak_volume
    if not volumes:
        raise ValueError(
            f"{other.name} has no contract with a lab that {baseline.name} lacks; "
            "name a pair that differs by a lease, for example no-colossus-lease and colossus-lease"
        )
    return min(volumes, key=lambda name: (-volumes[name], name))


def quarters_graded(result: Result) -> dict[str, float]:
    """Quarters in which each owner is a chokepoint of the market, critical or not, in one seed."""
    firms = result.firms
    graded = firms.loc[firms["grade"].isin(("chokepoint", "critical")), ["owner", "quarter"]]
    counts = graded.drop_duplicates().groupby("owner").size()
    return {str(owner): float(count) for owner, count in counts.items()}


def secured_shift(result: Result, supplier: str, buyer: str, side: str) -> float:
    """Change of a relation's secured share from the first year to the last; NaN where it lacks one."""
    from market_abm.analysis.leverage import PAIR, windows
    from market_abm.analysis.statistics import by_seed

    links = result.links
    pair = links[(links["supplier"] == supplier) & (links["buyer"] == buyer)]
    if pair.empty:
        return float("nan")
    first, last = (
        by_seed(pair, PAIR, f"{side}_secured_share", window, "volume_khq") for window in windows(result)
    )
    change = (last - first).to_numpy(dtype=np.float64).ravel()
    return float(change[0]) if change.size else float("nan")


def velocity(firms: pd.DataFrame, lab: str, quarters: Sequence[str]) -> float:
    """A lab's mean velocity over some quarters of one seed, log units a quarter."""
    rows = firms[(firms["firm"] == lab) & firms["quarter"].isin(list(quarters))]
    return float(rows["velocity"].mean())
