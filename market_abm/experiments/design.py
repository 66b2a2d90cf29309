"""Designs: which points of the factors are run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.experiments.knobs import KNOBS
from market_abm.scenario.errors import Mark, Problem, ScenarioError

if TYPE_CHECKING:
    import numpy as np

    from market_abm.experiments.experiment import Experiment, Factor

Point = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """The points of a design.

    Attributes
    ----------
    points : tuple of dict
        Values by factor, each point once, in the order of the design.
    rows : tuple of int
        The rows of the design as places in ``points``; Sobol and Morris need every row in its order.
    """

    points: tuple[Point, ...]
    rows: tuple[int, ...]


def layout(experiment: Experiment) -> Layout:
    """Lay out an experiment.

    Raises
    ------
    ScenarioError
        Where the design does not fit the factors.
    """
    makers = {
        "grid": _grid,
        "latin-hypercube": _hypercube,
        "sobol": _sobol,
        "morris": _morris,
        "one-at-a-time": _one_at_a_time,
        "list": _listed,
    }
    found = makers[experiment.design.kind](experiment)
    places: dict[str, int] = {}
    points: list[Point] = []
    rows = []
    for point in found:
        name = repr(sorted(point.items()))
        if name not in places:
            places[name] = len(points)
            points.append(point)
        rows.append(places[name])
    return Layout(tuple(points), tuple(rows))


def steps_of(name: str, factor: Factor) -> tuple[Any, ...]:
    """Levels of a factor in a grid: as listed, or steps of the range with both ends."""
    if factor.levels is not None:
        return factor.levels
    count = factor.steps
    found = [at(name, factor, step / (count - 1)) for step in range(count)]
    return tuple(dict.fromkeys(found))


def at(name: str, factor: Factor, u: float) -> Any:
    """The value of a factor at ``u`` in [0, 1]: levels and whole numbers have equal shares of it."""
    if factor.levels is not None:
        return factor.levels[min(int(u * len(factor.levels)), len(factor.levels) - 1)]
    low, high = float(factor.low or 0.0), float(factor.high or 0.0)
    if _whole(name):
        return int(min(math.floor(low + u * (high - low + 1)), high))
    if factor.scale == "log":
        return low * (high / low) ** u
    return low + u * (high - low)


def _whole(name: str) -> bool:
    return name in KNOBS and KNOBS[name].whole


def problem(experiment: Experiment) -> dict[str, Any]:
    """The factors as SALib wants them: every one uniform on [0, 1]."""
    names = list(experiment.factors)
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _at_all(experiment: Experiment, sample: np.ndarray) -> list[Point]:
    factors = experiment.factors.items()
    return [{name: at(name, factor, float(u)) for (name, factor), u in zip(factors, row)} for row in sample]


def _grid(experiment: Experiment) -> list[Point]:
    names = list(experiment.factors)
    levels = [steps_of(name, factor) for name, factor in experiment.factors.items()]
    return [dict(zip(names, values)) for values in itertools.product(*levels)]


def _hypercube(experiment: Experiment) -> list[Point]:
    from scipy.stats import qmc

    design = experiment.design
    sampler = qmc.LatinHypercube(len(experiment.factors), rng=design.seed)
    return _at_all(experiment, sampler.random(design.points))


def sample(experiment: Experiment) -> np.ndarray:
    """The rows of a Sobol or Morris design, (rows, factors) in [0, 1]."""
    design = experiment.design
    if design.kind == "sobol":
        from SALib.sample import sobol

        return sobol.sample(problem(experiment), design.base, calc_second_order=False, seed=design.seed)
    from SALib.sample import morris

    return morris.sample(problem(experiment), design.trajectories, num_levels=design.levels, seed=design.seed)


def _sobol(experiment: Experiment) -> list[Point]:
    return _at_all(experiment, sample(experiment))


def _morris(experiment: Experiment) -> list[Point]:
    for name, factor in experiment.factors.items():
        if factor.levels is not None or _whole(name):
            _refuse(experiment, name, "Morris moves along ranges of real numbers", "{low: a, high: b}")
    return _at_all(experiment, sample(experiment))


def _one_at_a_time(experiment: Experiment) -> list[Point]:
    base = {
        name: factor.base if factor.base is not None else _middle(name, factor)
        for name, factor in experiment.factors.items()
    }
    moved = [
        base | {name: value}
        for name, factor in experiment.factors.items()
        for value in steps_of(name, factor)
    ]
    return [base, *moved]


def _middle(name: str, factor: Factor) -> Any:
    levels = steps_of(name, factor)
    return levels[(len(levels) - 1) // 2]


def _listed(experiment: Experiment) -> list[Point]:
    wanted = set(experiment.factors) or set(experiment.design.rows[0])
    for number, row in enumerate(experiment.design.rows):
        if set(row) != wanted:
            _refuse(
                experiment, ("design", "rows", number), "a row must name every factor and no other",
                ", ".join(sorted(wanted)),
            )  # fmt: skip
    return [dict(row) for row in experiment.design.rows]


def _refuse(experiment: Experiment, where: str | tuple[Any, ...], message: str, allowed: str) -> None:
    from market_abm.scenario.positions import locate

    loc = ("factors", where) if isinstance(where, str) else where
    tree = experiment._tree
    mark = locate(tree, loc) if tree is not None else Mark("<python>")
    raise ScenarioError(Problem(message, mark, ".".join(str(part) for part in loc), allowed=allowed))


def size(experiment: Experiment) -> Mapping[str, int]:
    """Points, seeds and runs of an experiment."""
    points = len(layout(experiment).points)
    return {"points": points, "seeds": experiment.replications, "runs": points * experiment.replications}
