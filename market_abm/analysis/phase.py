"""The phase diagram: when concentration becomes a chokepoint, against the exact boundary, with honest intervals.

With full reach the largest owner is pivotal exactly when tightness exceeds 1 - s, s its share of capacity. The
HHI bounds s and does not tell it. What the network adds is how far the threshold moves from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.auc import Auc, out_of_sample
from market_abm.experiments.kink import KinkInterval, kink_interval
from market_abm.experiments.logit import Logit, LogitError, design_of, fit_logit, profile_interval
from market_abm.results.store import StoreError

if TYPE_CHECKING:
    import pandas as pd

EVENTS = {
    "pivotal": ("pivotal_firms", "a pivotal owner"),
    "chokepoint": ("chokepoint_firms", "an owner graded chokepoint"),
    "relation": ("relation_chokepoints", "a relation graded chokepoint"),
}
"""Events by name: column of steps that is above zero, and what that means."""

EXPLAINED = {"pivotal": "one without whom demand cannot be served"}
"""What a term of an event means, for readers who meet it first."""

NEEDED = ("tightness", "hhi_merchant", "max_share_merchant")
LEVERAGE = "seller_secured_share"
SETS = {
    "HHI only": ("hhi_merchant",),
    "RSI only": ("rsi_min",),
    "Network RSI only": ("network_rsi_min",),
    "All of them": ("hhi_merchant", "max_share_merchant", "tightness", "rsi_min", "network_rsi_min"),
}
"""Sets of predictors whose out-of-sample AUC is compared."""


@dataclass(frozen=True)
class Estimate:
    """A threshold with its intervals, or none where the event always or never happens.

    Attributes
    ----------
    value, se : float
        By logit; NaN where there is none.
    delta : tuple of float
        95 % interval by the delta method.
    fieller : tuple of float
        95 % interval by Fieller's theorem.
    interval : tuple of float
        The interval to read: Fieller's, or where the outcome is separated the profile likelihood's.
    firth : bool
        Whether the outcome was separated, so that Firth's penalty was needed.
    frequency : float
        Of the event.
    runs, seeds : int
    """

    value: float
    se: float
    delta: tuple[float, float]
    fieller: tuple[float, float]
    interval: tuple[float, float]
    firth: bool
    frequency: float
    runs: int
    seeds: int

    @property
    def known(self) -> bool:
        """Whether there is a threshold."""
        return bool(np.isfinite(self.value))

    @property
    def bounded(self) -> bool:
        """Whether the interval has two ends."""
        return bool(np.isfinite(self.interval).all())

    def holds(self, value: float) -> bool:
        """Whether the interval holds a value."""
        return self.known and self.interval[0] <= value <= self.interval[1]


@dataclass(frozen=True)
class Panel:
    """Runs with the same value of every other factor than HHI and tightness.

    Attributes
    ----------
    values : dict
        Factor to value: reach, leaders, notice ...
    hhi, tightness : arrays
        Levels of the axes.
    frequency : array (tightness, hhi)
        Share of runs with the event.
    exact : array (hhi,)
        1 - largest share, at which the largest owner turns pivotal with full reach.
    cells : tuple of Estimate
        Threshold in tightness at each HHI.
    shift : Estimate
        Threshold in tightness less the exact one, all HHIs together.
    agreement : float
        Share of runs in which the event is what the exact boundary says.
    """

    values: dict[str, Any]
    hhi: np.ndarray
    tightness: np.ndarray
    frequency: np.ndarray
    exact: np.ndarray
    cells: tuple[Estimate, ...]
    shift: Estimate
    agreement: float


@dataclass(frozen=True)
class Phase:
    """The phase diagram of a sweep.

    Attributes
    ----------
    name, event, meaning : str
    factors : tuple of str
        Factors other than HHI and tightness, that of the figures' columns first.
    panels : tuple of Panel
    by_column : dict
        Shift of the threshold by value of the first of them, all others together.
    aucs : tuple of Auc
    aucs_by : dict
        The same by value of the first factor.
    kinks : dict
        Kink of sellers' secured share in tightness by value of the first factor.
    runs, seeds, failed, planned : int
    labels : dict
        Names of factors for people.
    full : object or None
        The value of the first factor at which everybody reaches everybody; None where that is not its meaning.
    """

    name: str
    event: str
    meaning: str
    factors: tuple[str, ...]
    panels: tuple[Panel, ...]
    by_column: dict[Any, Estimate]
    aucs: tuple[Auc, ...]
    aucs_by: dict[Any, tuple[Auc, ...]]
    kinks: dict[Any, KinkInterval]
    runs: int
    seeds: int
    failed: int
    planned: int
    labels: dict[str, str] = field(default_factory=dict)
    full: Any = None


def phase(folder: Path, event: str = "pivotal") -> Phase:
    """Estimate the phase diagram of a sweep, finished or not.

    Parameters
    ----------
    folder : Path
    event : str
        pivotal, chokepoint, relation, or a column of steps that counts something.

    Raises
    ------
    StoreError
        When the sweep does not vary HHI and tightness, or does not keep what is needed.
    """
    from market_abm.experiments.store.overview import overview

    table, experiment = _runs(folder, event)
    column, meaning = EVENTS.get(event, (event, f"{event} above zero"))
    table = table.assign(
        hit=(table[column] > 0).to_numpy(), gap=table["tightness"] - (1.0 - table["max_share_merchant"])
    )
    factors, state = _others(experiment), overview(folder)
    first = factors[0] if factors else None
    groups = table.groupby(list(factors), sort=True) if factors else [((), table)]
    panels = tuple(
        _panel(dict(zip(factors, key if isinstance(key, tuple) else (key,))), part) for key, part in groups
    )
    columns = sorted(table[first].unique()) if first else []
    by_column = {
        value: estimate(part["gap"], part["hit"], part["seed"]) for value, part in _by(table, first, columns)
    }
    return Phase(
        name=experiment["name"], event=event, meaning=meaning, factors=factors, panels=panels, by_column=by_column,
        aucs=_aucs(table), aucs_by={value: _aucs(part) for value, part in _by(table, first, columns)},
        kinks={value: kink for value, part in _by(table, first, columns) if (kink := _kink(part)) is not None},
        runs=len(table), seeds=int(table["seed"].nunique()), failed=len(state.failures), planned=state.planned,
        labels={name: item.get("label") or name for name, item in experiment["factors"].items()},
        full=columns[-1] if first == "reach" else None,
    )  # fmt: skip


def estimate(x: Any, hit: Any, seed: Any) -> Estimate:
    """Threshold of an event in x by logit, clustered by seed."""
    x, y, seed = np.asarray(x, float), np.asarray(hit, float), np.asarray(seed)
    runs, seeds, nan = len(y), len(np.unique(seed)), float("nan")
    none = Estimate(nan, nan, (nan, nan), (nan, nan), (nan, nan), False, float(y.mean()), runs, seeds)
    try:
        fit: Logit = fit_logit(design_of(x), y, seed)
    except LogitError:
        return none
    found = fit.threshold()
    half = fit.quantile * found.se
    fieller = (found.low, found.high)
    interval = profile_interval(x, y) if fit.separated else fieller
    return Estimate(
        found.threshold, found.se, (found.threshold - half, found.threshold + half), fieller,
        interval, fit.separated, float(y.mean()), runs, seeds,
    )  # fmt: skip


def _runs(folder: Path, event: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A row a run, of its last quarter, with the factors' values under their names."""
    from market_abm.experiments.store.folder import Sweep
    from market_abm.experiments.store.overview import connect

    experiment = Sweep(folder).manifest()["experiment"]
    missing = [name for name in ("hhi", "tightness") if name not in experiment["factors"]]
    if missing:
        raise StoreError(
            f"{folder}: the sweep does not vary {' and '.join(missing)}; a phase diagram needs both, as the shipped "
            "experiment phase has them"
        )
    column = EVENTS.get(event, (event, ""))[0]
    kept = experiment["keep"].get("steps", {"columns": []})["columns"]
    wanted = [*NEEDED, column]
    if kept != "all" and (lost := [name for name in wanted if name not in kept]):
        raise StoreError(
            f"{folder}: the sweep does not keep {', '.join(lost)}; add them under keep: steps: and sweep anew, or choose "
            f"another --event ({', '.join(EVENTS)})"
        )
    factors = ", ".join(f'p."{name}" AS "factor {name}"' for name in experiment["factors"])
    with connect(folder) as link:
        found = link.execute(
            f"SELECT p.point, p.seed, {factors}, s.* EXCLUDE (key, seed, scenario) FROM stored_steps s "
            "JOIN plan p ON p.key = s.key QUALIFY s.quarter = max(s.quarter) OVER (PARTITION BY s.key) "
            "ORDER BY p.point, p.seed"
        ).df()
    table = found.rename(
        columns={f"factor {name}": name for name in experiment["factors"] if name != "tightness"}
    )
    return table.rename(columns={"factor tightness": "nominal"}), experiment


def _others(experiment: dict[str, Any]) -> tuple[str, ...]:
    """Factors other than the axes: reach first, then notice, then as they stand."""
    rank = {"reach": 0, "notice": 1}
    found = [name for name in experiment["factors"] if name not in ("hhi", "tightness")]
    return tuple(sorted(found, key=lambda name: rank.get(name, 2)))


def _by(table: pd.DataFrame, name: str | None, values: Sequence[Any]) -> list[tuple[Any, pd.DataFrame]]:
    return [(value, table[table[name] == value]) for value in values] if name else []


def _panel(values: dict[str, Any], part: pd.DataFrame) -> Panel:
    grid = part.pivot_table(index="nominal", columns="hhi", values="hit", aggfunc="mean")
    share = part.groupby("hhi")["max_share_merchant"].mean()
    cells = tuple(
        estimate(cell["tightness"], cell["hit"], cell["seed"]) for _, cell in part.groupby("hhi", sort=True)
    )
    return Panel(
        values=values, hhi=grid.columns.to_numpy(float), tightness=grid.index.to_numpy(float),
        frequency=grid.to_numpy(float), exact=1.0 - share.to_numpy(float), cells=cells,
        shift=estimate(part["gap"], part["hit"], part["seed"]),
        agreement=float(((part["gap"] > 0) == part["hit"]).mean()),
    )  # fmt: skip


def _aucs(table: pd.DataFrame) -> tuple[Auc, ...]:
    return tuple(
        out_of_sample(
            name, [table[column] for column in columns], table["hit"], table["point"], table["seed"]
        )
        for name, columns in SETS.items()
        if all(column in table for column in columns)
    )


def _kink(part: pd.DataFrame) -> KinkInterval | None:
    """Kink of sellers' secured share in nominal tightness: means over a seed's runs, seeds redrawn."""
    if LEVERAGE not in part or part[LEVERAGE].notna().sum() < 5:
        return None
    means = part.groupby(["seed", "nominal"])[LEVERAGE].mean().dropna().reset_index()
    if means["nominal"].nunique() < 5:
        return None
    return kink_interval(means["nominal"], means[LEVERAGE], means["seed"], draws=200)
