"""What each factor of a design does to an outcome, run by run against the same run at another level.

Points of a design share their seeds, so that a level is compared with the first level at the same values of all other
factors and under the same seed (common random numbers). The seed is the observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.results.store import StoreError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LevelEffect:
    """A difference of means over pairs, with a 95 % interval over seeds.

    Attributes
    ----------
    output, factor : str
    level, against : object
        Levels compared.
    where : dict
        Values of the other factors; empty where they are averaged over.
    base : float
        Mean at the level compared with.
    value, low, high : float
        Difference and its interval: of 95 % alone, or with ``where`` for all values of the other factors together.
    seeds, pairs : int
    """

    output: str
    factor: str
    level: Any
    against: Any
    where: dict[str, Any]
    base: float
    value: float
    low: float
    high: float
    seeds: int
    pairs: int

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def effects(folder: Path, output: str) -> list[LevelEffect]:
    """Effects of every factor on an output, the others averaged over; then of the scenario at each of their values.

    Raises
    ------
    StoreError
        An output that was not kept, or a design without two levels to compare.
    """
    table, factors = outcome(folder, output)
    found = []
    for name in factors:
        levels = list(dict.fromkeys(table[name]))
        for level in levels[1:]:
            effect = _effect(table, factors, output, name, level, levels[0], {})
            if effect is not None:
                found.append(effect)
    if "scenario" in factors and len(factors) > 1:
        found += _by_cell(table, factors, output)
    if not found:
        raise StoreError(
            f"{folder}: no two points of the design differ in one factor alone; nothing to compare"
        )
    return found


def _by_cell(table: pd.DataFrame, factors: list[str], output: str) -> list[LevelEffect]:
    """The scenario's effect at each value of the other factors; intervals that hold for all of them together.

    Otherwise, of twenty values that all mean nothing, one would show a sign (Bonferroni's bound).
    """
    others = [name for name in factors if name != "scenario"]
    levels = list(dict.fromkeys(table["scenario"]))
    groups = list(table.groupby(others, sort=True))
    found = []
    for key, part in groups:
        where = dict(zip(others, key if isinstance(key, tuple) else (key,)))
        for level in levels[1:]:
            effect = _effect(part, factors, output, "scenario", level, levels[0], where, len(groups))
            if effect is not None:
                found.append(effect)
    return found


def _effect(
    table: pd.DataFrame,
    factors: list[str],
    output: str,
    name: str,
    level: Any,
    against: Any,
    where: dict[str, Any],
    comparisons: int = 1,
) -> LevelEffect | None:
    from scipy.stats import t

    keys = [*(item for item in factors if item != name), "seed"]
    one, other = (table[table[name] == item].set_index(keys)["value"] for item in (level, against))
    both = one.to_frame("one").join(other.to_frame("other"), how="inner").dropna()
    if both.empty:
        return None
    by_seed = (both["one"] - both["other"]).groupby(level="seed").mean().to_numpy()
    mean, size = float(by_seed.mean()), len(by_seed)
    if size > 1:
        half = (
            float(t.ppf(1.0 - 0.025 / comparisons, size - 1))
            * float(by_seed.std(ddof=1))
            / float(np.sqrt(size))
        )
    else:
        half = float("inf")
    return LevelEffect(
        output,
        name,
        level,
        against,
        where,
        float(both["other"].mean()),
        mean,
        mean - half,
        mean + half,
        size,
        len(both),
    )


def split(output: str) -> tuple[str, str, str]:
    """Table, column and firm of an output: ``column`` of steps, ``table.column`` or ``table.column:Firm``."""
    head, _, firm = output.partition(":")
    table, _, column = head.rpartition(".")
    return table or "steps", column, firm


def outcome(folder: Path, output: str) -> tuple[pd.DataFrame, list[str]]:
    """A row a run: the factors' values, seed, and the output as ``value``; and the names of the factors."""
    from market_abm.experiments.store.folder import Sweep
    from market_abm.experiments.store.overview import connect
    from market_abm.results.dictionary import ORDER, columns

    experiment = Sweep(folder).manifest()["experiment"]
    table, column, firm = split(output)
    known = [item.name for item in columns(table) if item.dtype != "str"] if table in ORDER else []
    if table not in experiment["keep"] or column not in known:
        raise StoreError(
            f"{folder}: there is no output {output!r}; name a column of steps, or firms.column:Firm, that was kept"
        )
    factors = list(experiment["factors"]) or list(experiment["design"]["rows"][0])
    named = ", ".join(f'p."{name}" AS "{name}"' for name in factors)
    where = "WHERE s.firm = ?" if firm else ""
    query = f"""
        SELECT {named}, p.seed, CAST(s."{column}" AS DOUBLE) AS value
        FROM stored_{table} s JOIN plan p ON p.key = s.key {where}
        QUALIFY s.quarter = max(s.quarter) OVER (PARTITION BY s.key)
        ORDER BY p.point, p.seed
    """
    with connect(folder) as link:
        found = link.execute(query, [firm] if firm else []).df()
    return found, factors
