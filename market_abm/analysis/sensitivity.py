"""What an outcome depends on: Sobol and Morris indices of a sweep, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.effects import split
from market_abm.results.store import StoreError

if TYPE_CHECKING:
    from market_abm.experiments.experiment import Experiment

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Index:
    """What an output depends on one factor.

    Attributes
    ----------
    factor, output : str
    first, total : float
        Sobol: share of the output's variance that the factor explains alone, and with all its interactions.
    first_half, total_half : float
        Half widths of their 95 % intervals.
    mu, mu_star, sigma : float
        Morris: mean elementary effect over the whole range of the factor, mean of its size, and its spread
        (curvature or interaction).
    mu_star_half : float
    """

    factor: str
    output: str
    first: float = float("nan")
    first_half: float = float("nan")
    total: float = float("nan")
    total_half: float = float("nan")
    mu: float = float("nan")
    mu_star: float = float("nan")
    mu_star_half: float = float("nan")
    sigma: float = float("nan")


def indices(
    problem: dict[str, Any], kind: str, values: np.ndarray, output: str = "", **design: Any
) -> list[Index]:
    """Indices of an output at the rows of a design.

    Parameters
    ----------
    problem : dict
        Factors as SALib wants them.
    kind : str
        sobol or morris.
    values : array (rows,)
        Output at each row, in the order of the design; replications averaged.
    design
        sobol: ``seed``. morris: ``sample`` (rows, factors), ``levels``, ``seed``.

    References
    ----------
    Sobol 2001; Saltelli et al. 2010; Morris 1991; Campolongo et al. 2007; by SALib (Herman and Usher 2017).
    """
    seed = int(design.get("seed", 0))
    if kind == "sobol":
        from SALib.analyze import sobol

        found = sobol.analyze(
            problem, values, calc_second_order=False, conf_level=CONFIDENCE, print_to_console=False, seed=seed
        )
        return [
            Index(
                name, output, float(found["S1"][k]), float(found["S1_conf"][k]), float(found["ST"][k]),
                float(found["ST_conf"][k]),
            )
            for k, name in enumerate(problem["names"])
        ]  # fmt: skip
    from SALib.analyze import morris

    found = morris.analyze(
        problem, design["sample"], values, conf_level=CONFIDENCE, num_levels=int(design["levels"]),
        print_to_console=False, seed=seed,
    )  # fmt: skip
    return [
        Index(
            name, output, mu=float(found["mu"][k]), mu_star=float(found["mu_star"][k]),
            mu_star_half=float(found["mu_star_conf"][k]), sigma=float(found["sigma"][k]),
        )
        for k, name in enumerate(problem["names"])
    ]  # fmt: skip


@dataclass(frozen=True)
class Sensitivity:
    """Indices of a sweep.

    Attributes
    ----------
    name, kind : str
    indices : tuple of Index
    rows, seeds : int
    constant : tuple of str
        Outputs that do not vary at all.
    """

    name: str
    kind: str
    indices: tuple[Index, ...]
    rows: int
    seeds: int
    constant: tuple[str, ...] = ()


def sensitivity(folder: Path, outputs: Sequence[str] = ()) -> Sensitivity:
    """Indices of a sweep with a Sobol or Morris design, seeds averaged.

    Parameters
    ----------
    outputs : sequence of str
        ``column`` of steps, or ``firms.column:Firm``; default those of the experiment, or every number of steps.

    Raises
    ------
    StoreError
        Another design, runs that are missing, an output that was not kept.
    """
    from market_abm.experiments.again import stored_plan
    from market_abm.experiments.design import problem, sample

    plan, _ = stored_plan(folder)
    kind = plan.experiment.design.kind
    if kind not in ("sobol", "morris"):
        raise StoreError(f"{folder}: the design is {kind}; indices need design: sobol or design: morris")
    found: list[Index] = []
    constant = []
    names = list(outputs) or _wanted(plan.experiment)
    for name in names:
        means = _means(folder, name)
        missing = [point for point in range(len(plan.hashes)) if point not in means]
        if missing:
            raise StoreError(
                f"{folder}: {name} is missing at {len(missing)} of {len(plan.hashes)} points; indices need all of them. "
                "`market-abm status` says what is missing, `market-abm retry` runs it"
            )
        values = np.array([means[point] for point in plan.layout.rows])
        if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max())):
            constant.append(name)
            continue
        design: dict[str, Any] = {
            "seed": plan.experiment.design.seed,
            "levels": plan.experiment.design.levels,
        }
        if kind == "morris":
            design["sample"] = sample(plan.experiment)
        found += indices(problem(plan.experiment), kind, values, name, **design)
    return Sensitivity(
        plan.experiment.name, kind, tuple(found), len(plan.layout.rows), plan.experiment.replications,
        tuple(constant),
    )  # fmt: skip


def default_outputs(folder: Path) -> list[str]:
    """Outputs that are read where none is named: those of the experiment, or every number kept of steps."""
    from market_abm.experiments.again import stored_plan

    return _wanted(stored_plan(folder)[0].experiment)


def _wanted(experiment: Experiment) -> list[str]:
    from market_abm.experiments.outputs import kept_columns

    if experiment.outputs:
        return list(experiment.outputs)
    keep = experiment.keep
    if "steps" not in keep:
        raise StoreError(
            "the sweep keeps no column of steps; name an output, for example firms.product_share:OpenAI"
        )
    return [item.name for item in kept_columns("steps", keep["steps"]) if item.dtype != "str"]


def _means(folder: Path, output: str) -> dict[int, float]:
    """Mean of an output over seeds at each point, of the last quarter kept."""
    from market_abm.experiments.store.folder import Sweep
    from market_abm.experiments.store.overview import connect
    from market_abm.results.dictionary import ORDER, columns

    table, column, firm = split(output)
    kept = Sweep(folder).manifest()["experiment"]["keep"]
    known = [item.name for item in columns(table)] if table in ORDER else []
    if table not in kept or column not in known:
        raise StoreError(
            f"{folder}: there is no output {output!r}; name a column of steps, or firms.column:Firm, that was kept"
        )
    where = "WHERE firm = ?" if firm else ""
    query = f"""
        SELECT point, avg(CAST(value AS DOUBLE))
        FROM (SELECT point, "{column}" AS value FROM {table} {where}
              QUALIFY quarter = max(quarter) OVER (PARTITION BY key))
        GROUP BY point
    """
    with connect(folder) as link:
        rows = link.execute(query, [firm] if firm else []).fetchall()
    return {int(point): float(value) for point, value in rows if value is not None}
