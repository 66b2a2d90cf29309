"""Paired comparison: scenarios under common seeds differ by what differs in them, not by luck.

Draws are keyed by seed and purpose, so two scenarios share every shock and guess that both have. The
difference is taken seed by seed; its mean comes with a Student t interval over seeds (quarters are never
observations).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.derived import DERIVED
from market_abm.analysis.outcomes import KEYS, LAB_OUTCOMES, OUTCOMES, RELATION_OUTCOME, Outcome
from market_abm.analysis.pairing import Effect, effect, paired_statistics
from market_abm.analysis.pairing import student_t as student_t
from market_abm.analysis.panel import Floats, mean_known, panel
from market_abm.analysis.statistics import first_year, last_year, span
from market_abm.results.dictionary import columns

if TYPE_CHECKING:
    from market_abm.analysis.table import Table
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

ALIASES = {"price": "price_index_usd_per_gpu_hour", "hhi": "hhi_merchant", "welfare": "surplus_resource_musd"}

STATISTICS = (
    "baseline",
    "other",
    "difference",
    "low",
    "high",
    "same_sign",
    "seeds",
    "variance_removed",
)


def compare(
    baseline: Scenario | str | os.PathLike[str],
    *others: Scenario | str | os.PathLike[str],
    replications: int = 30,
    seed: int = 1,
    workers: int | None = 1,
    **options: Any,
) -> Comparison:
    """Run scenarios under common seeds and compare them with the first.

    Parameters
    ----------
    baseline, others : Scenario, name of a shipped one, or file
    replications : int
        Seeds ``seed``, ``seed + 1``, ...
    workers : int or None
        Processes; None takes one a core.
    options
        ``pin``, ``model``, ``progress`` as for :func:`market_abm.replicate`.

    A scenario that no seed finishes is part of the comparison with its failures, and has no differences.

    Returns
    -------
    Comparison
    """
    from market_abm.experiments.replicate import replicate_all

    if not others:
        raise ValueError("nothing to compare with; name at least one other scenario")
    seeds = range(seed, seed + replications)
    results = replicate_all([baseline, *others], seeds, workers, hopeless=True, **options)
    return Comparison(results[0], tuple(results[1:]))


@dataclass(frozen=True)
class Comparison:
    """Results of a baseline and of other scenarios under the same seeds."""

    baseline: Result
    others: tuple[Result, ...]

    def __repr__(self) -> str:
        names = ", ".join(self.names)
        return f"<Comparison of {names} with {self.baseline.setting.name}: {len(self.seeds())} seeds>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the other scenarios."""
        return tuple(other.setting.name for other in self.others)

    def seeds(self, other: int = 0) -> list[int]:
        """Seeds that finished in the baseline and in another scenario."""
        return [seed for seed in self.baseline.seeds if seed in self.others[other].seeds]

    def difference(
        self,
        column: str,
        quarters: str | Sequence[str] | None = None,
        *,
        table: str | None = None,
        other: int | str = 0,
    ) -> pd.DataFrame:
        """Paired differences of a column, other less baseline.

        Parameters
        ----------
        column : str
            A numeric column of the steps, firms or links table, or a derived outcome of the market
            (:data:`market_abm.analysis.derived.DERIVED`: chokepoint, entropy, labs_near_frontier ...).
        quarters : str or sequence of str, optional
            A quarter; several, over which each seed is averaged first; ``"first year"``, ``"last year"`` or
            ``"all"``. Without it every quarter by itself.
        table : str, optional
            Where the same column stands in several tables; default the firms table, then links, then steps.
        other : int or str
            Which of the other scenarios.

        Returns
        -------
        DataFrame
            One row a quarter (or window) and unit: baseline and other (means over seeds), difference (mean of
            the paired differences), low and high (95 % Student t interval), same_sign (share of seeds whose
            difference has the sign of the mean; NaN where that is zero), seeds, variance_removed (by pairing:
            1 - var(d) / (var(a) + var(b)), below zero where pairing made things worse; NaN where nothing
            varies). Units that only one scenario has come out as NaN.

        Raises
        ------
        KeyError
            Unknown column, table or scenario.
        """
        step = other if isinstance(other, int) else self.names.index(_known(other, self.names))
        found, name = _located(column, table)
        keys, blocks = KEYS[found], []
        for result in (self.baseline, self.others[step]):
            units, values = _block(result, found, name)
            at = [result.seeds.index(seed) for seed in self.seeds(step)]
            blocks.append((units, values[:, :, at], result.quarters))
        every = sorted({*blocks[0][0], *blocks[1][0]})
        frames = []
        for label, window in self._windows(quarters, step):
            pair = [_averaged(block, every, window) for block in blocks]
            frame = paired(*(pd.DataFrame(values) for values in pair))
            frame.insert(0, "quarter", label)
            for place, key in enumerate(keys):
                frame.insert(1 + place, key, pd.Series([unit[place] for unit in every], dtype="str"))
            known = np.isfinite(pair[0]).any(axis=1) | np.isfinite(pair[1]).any(axis=1)
            frames.append(frame[known] if keys else frame)
        return pd.concat(frames, ignore_index=True)

    def effect(self, outcome: Outcome, other: int = 0) -> Effect:
        """What another scenario does to an outcome."""
        quarters, seeds = self.quarters(other), self.seeds(other)
        pair = []
        for result in (self.baseline, self.others[other]):
            values = outcome.values(result, quarters)
            pair.append(values[[result.seeds.index(seed) for seed in seeds]])
        return effect(outcome, self.names[other], *pair)

    def effects(self, other: int = 0) -> tuple[Effect, ...]:
        """What another scenario does to every outcome of the market; those that nobody measures are left out."""
        return self._known_effects(OUTCOMES, other)

    def lab_effects(self, other: int = 0) -> tuple[Effect, ...]:
        """What it does to every outcome of every lab."""
        pair = (self.baseline, self.others[other])
        labs: set[tuple[str, ...]] = set()
        for result in pair:
            block = panel(result, "firms", KEYS["firms"])
            level = block.values("capability")
            labs |= {unit for unit, known in zip(block.units, ~np.isnan(level).all(axis=(1, 2))) if known}
        wanted = [replace(outcome, unit=unit) for unit in sorted(labs) for outcome in LAB_OUTCOMES]
        return self._known_effects(wanted, other)

    def relation_effects(self, other: int = 0, most: int = 10) -> tuple[Effect, ...]:
        """What it does to the seller's secured share in the largest relations that both scenarios have."""
        seeds, sizes = self.seeds(other), []
        for result in (self.baseline, self.others[other]):
            block = panel(result, "links", KEYS["links"])
            at = [result.seeds.index(seed) for seed in seeds]
            split = ~np.isnan(block.values("seller_secured_share")[:, :, at])
            volume = np.where(split, np.nan_to_num(block.values("volume_khq")[:, :, at], nan=0.0), 0.0)
            sizes.append(dict(zip(block.units, volume.sum(axis=(1, 2)).tolist())))
        size = {unit: sizes[0][unit] + sizes[1][unit] for unit in sizes[0] if sizes[1].get(unit, 0.0) > 0.0}
        order = sorted((unit for unit in size if size[unit] > 0.0), key=lambda unit: (-size[unit], unit))
        return self._known_effects([replace(RELATION_OUTCOME, unit=unit) for unit in order[:most]], other)

    def _known_effects(self, outcomes: Iterable[Outcome], other: int) -> tuple[Effect, ...]:
        if not self.comparable(other):
            return ()
        found = (self.effect(outcome, other) for outcome in outcomes)
        return tuple(item for item in found if item.known)

    def comparable(self, other: int = 0) -> bool:
        """Whether any seed finished in both scenarios, and they share a quarter."""
        ours = set(self.others[other].quarters)
        return bool(self.seeds(other)) and any(quarter in ours for quarter in self.baseline.quarters)

    def tables(self, other: int = 0) -> tuple[Table, Table]:
        """Main outcomes of the market, and of every lab."""
        from market_abm.analysis.compare_tables import labs, market

        return market(self, other), labs(self, other)

    def per_seed(self, other: int = 0) -> pd.DataFrame:
        """Both values and the difference of every headline outcome and seed, last year of the run."""
        from market_abm.analysis.compare_tables import per_seed

        return per_seed(self, other)

    def quarters(self, other: int = 0) -> list[str]:
        """Quarters that the baseline and another scenario share."""
        ours = self.others[other].quarters
        shared = [quarter for quarter in self.baseline.quarters if quarter in ours]
        if not shared:
            raise ValueError("the scenarios have no quarter in common; compare ones that overlap in time")
        return shared

    def _windows(
        self, quarters: str | Sequence[str] | None, other: int
    ) -> Iterable[tuple[str, tuple[str, ...]]]:
        shared = self.quarters(other)
        if quarters is None:
            return [(quarter, (quarter,)) for quarter in shared]
        named = {"first year": first_year(shared), "last year": last_year(shared), "all": tuple(shared)}
        if isinstance(quarters, str):
            window = named.get(quarters, (quarters,))
        else:
            window = tuple(quarters)
        unknown = [quarter for quarter in window if quarter not in shared]
        if unknown:
            raise KeyError(f"{unknown[0]!r} is no common quarter; they run from {shared[0]} to {shared[-1]}")
        return [(span(window), window)]


def paired(baseline: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Statistics of paired differences, a row a unit (:data:`STATISTICS`).

    Parameters
    ----------
    baseline, other : DataFrame
        Values by unit (rows) and seed (the same columns in both).
    """
    units = baseline.index.union(other.index, sort=True) if len(baseline) + len(other) else baseline.index
    found = paired_statistics(
        baseline.reindex(units).to_numpy(dtype=np.float64), other.reindex(units).to_numpy(dtype=np.float64)
    )
    return pd.DataFrame({name: getattr(found, name) for name in STATISTICS}, index=units)


def _block(result: Result, table: str, name: str) -> tuple[tuple[tuple[str, ...], ...], Floats]:
    """Units of a table and a column as a block (U, Q, S)."""
    if table == "steps" and name in DERIVED:
        return (("",),), DERIVED[name].values(result)[None]
    found = panel(result, table, KEYS[table])
    return found.units, found.values(name)


def _averaged(
    block: tuple[tuple[tuple[str, ...], ...], Floats, Sequence[str]],
    units: Sequence[tuple[str, ...]],
    window: Sequence[str],
) -> Floats:
    """Means of a block over a window, for the units asked for (U, S)."""
    own, values, quarters = block
    places = [list(quarters).index(quarter) for quarter in window]
    mean = mean_known(values[:, places], axis=1)
    found = np.full((len(units), values.shape[2]), np.nan)
    order = {unit: place for place, unit in enumerate(own)}
    for row, unit in enumerate(units):
        if unit in order:
            found[row] = mean[order[unit]]
    return found


def _located(column: str, table: str | None) -> tuple[str, str]:
    """Table and name of a numeric column."""
    name = ALIASES.get(column, column)
    tables = [table] if table else ["firms", "links", "steps"]
    unknown = [item for item in tables if item not in KEYS]
    if unknown:
        raise KeyError(f"no table {unknown[0]!r} to compare; tables: {', '.join(KEYS)}")
    if name in DERIVED and "steps" in tables:
        return "steps", name
    for found in tables:
        if any(item.name == name and item.dtype != "str" for item in columns(found)):
            return found, name
    raise KeyError(f"no numeric column {column!r} in {', '.join(tables)}; see `market-abm columns`")


def _known(name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise KeyError(f"no scenario {name!r} here; scenarios: {', '.join(names)}")
    return name
