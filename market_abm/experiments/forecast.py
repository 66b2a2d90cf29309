"""Replications of the worlds of 2023, each with one of the equally good draws of the calibration."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from market_abm.experiments.calibration import PARAMETERS, Parameter, parameter_paths, set_values
from market_abm.experiments.history import Fact, Key
from market_abm.experiments.observed import Path, observed, records, value_in
from market_abm.experiments.pool import Progress, RunError, count_of, each
from market_abm.experiments.replicate import as_scenario

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

WORLDS = {"unconditional": "world-2023", "conditional": "world-2023-conditional"}
"""Forecasts and the worlds that make them."""

Draw = dict[Parameter, float]


@dataclass(frozen=True)
class Forecast:
    """What replications say about every series.

    Attributes
    ----------
    name : str
        unconditional or conditional.
    quarters : tuple of str
        Quarters simulated.
    paths : tuple of mapping
        Values by series and firm, and quarter, of each replication that finished.
    failures : tuple of str
        Replications that did not.
    """

    name: str
    quarters: tuple[str, ...]
    paths: tuple[dict[Key, Path], ...]
    failures: tuple[str, ...] = ()

    def sample(self, fact: Fact) -> np.ndarray:
        """Values of the replications in the period of a fact; empty where the model does not have the series."""
        values = [value_in(paths[fact.key], fact) for paths in self.paths if fact.key in paths]
        found = np.array(values, dtype=np.float64)
        return found[np.isfinite(found)]

    def band(self, key: Key, quarter: str) -> tuple[float, float, float]:
        """Median, 5 % and 95 % of a series in a quarter; NaN where no replication has it."""
        values = [paths[key].get(quarter, np.nan) for paths in self.paths if key in paths]
        known = np.array([value for value in values if np.isfinite(value)])
        if not len(known):
            return (float("nan"),) * 3
        low, middle, high = np.percentile(known, (5.0, 50.0, 95.0))
        return float(middle), float(low), float(high)


def draws(seed: int = 1) -> list[Draw]:
    """The equally good draws of the committed calibration with this seed.

    Raises
    ------
    FileNotFoundError
        When none was committed for the seed.
    """
    place = files("market_abm.data").joinpath("calibration").joinpath(f"draws-{seed}.csv")
    by_name = {parameter.name: parameter for parameter in PARAMETERS}
    rows = csv.DictReader(place.read_text(encoding="utf-8").splitlines())
    return [{by_name[name]: float(value) for name, value in row.items() if name in by_name} for row in rows]


def forecasts(
    replications: int,
    seed: int = 1,
    *,
    workers: int | None = 1,
    calibrated: Sequence[Draw] | None = None,
    worlds: dict[str, Scenario | str] | None = None,
    progress: Progress | None = None,
) -> list[Forecast]:
    """Replications of the unconditional and the conditional world, on common seeds.

    Replication r runs under seed ``seed + r`` with the calibrated parameters held at draw r (counted round
    where there are more replications than draws); every other guess is drawn as ever, shocks are on.

    Raises
    ------
    RunError
        When no replication of a world finished.
    """
    known = draws() if calibrated is None else list(calibrated)
    loaded = {name: as_scenario(item) for name, item in (worlds or dict(WORLDS)).items()}
    jobs = [
        (world, known[step % len(known)], paths, seed + step)
        for world in loaded.values()
        for paths in [parameter_paths(world, known[0])]
        for step in range(replications)
    ]
    done = each(one_path, jobs, count_of(workers), progress)
    found = []
    for step, (name, world) in enumerate(loaded.items()):
        part = done[step * replications : (step + 1) * replications]
        failed = tuple(
            f"{name}, seed {seed + at}: {item}" for at, item in enumerate(part) if isinstance(item, str)
        )
        paths = tuple(item for item in part if not isinstance(item, str))
        if not paths:
            raise RunError(f"{world.name}: no replication finished. {failed[0]}")
        found.append(Forecast(name, world.quarters, paths, failed))
    return found


def one_path(
    world: Scenario, draw: Draw, numbers: Mapping[str, tuple[str, ...]], seed: int
) -> dict[Key, Path] | str:
    """Every series of one replication, or what went wrong."""
    try:
        held, trend = set_values(world, draw, numbers)
        return observed(records(held, seed), trend)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
