"""The outcomes of one run, with other thresholds and shorter horizons: all that a worker sends back."""

from __future__ import annotations

import numpy as np

from market_abm.analysis.outcomes import ALL, OUTCOMES
from market_abm.analysis.panel import panel
from market_abm.experiments.replicate import simulate
from market_abm.results.result import Result
from market_abm.results.setting import Setting
from market_abm.scenario import Scenario

Values = dict[str, float]
"""Outcome by key; ``key@level`` is the outcome under another threshold or horizon."""

THRESHOLDS: dict[str, tuple[float, float]] = {
    "thresholds x 0.8": (0.8, 1.0),
    "thresholds x 1.25": (1.25, 1.0),
    "tight from 1.0": (1.0, 1.0 / 1.1),
    "tight from 1.2": (1.0, 1.2 / 1.1),
}
"""Other thresholds: factor on losses and price effects, factor on the price at which a market is tight."""

HORIZONS = (0.4, 0.7)
"""Shares of the run after which a shorter horizon ends."""

AS_SET = "what the scenario sets"
"""Level of a factor that leaves thresholds or horizon alone."""


def levels(key: str) -> tuple[str, ...]:
    """Other thresholds or horizons that an outcome is looked at under, the one as set first."""
    outcome = next(item for item in OUTCOMES if item.key == key)
    if key in ("choke_quarters", "choke_relations"):
        return (AS_SET, *THRESHOLDS)
    if outcome.window == ALL and key != "entry_lag":
        return (AS_SET, *(f"first {share * 100:.0f} % of the run" for share in HORIZONS))
    return (AS_SET,)


def outcome_values(scenario: Scenario, seed: int, pin: bool = False) -> Values | str:
    """Outcomes of one run, or what went wrong."""
    try:
        tables = simulate(scenario, seed, pin)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    behaviour = scenario.behaviour
    thresholds = {name: float(value) for name, value in behaviour.thresholds}
    setting = Setting(scenario.name, "", scenario.quarters, behaviour.protocol, {}, thresholds=thresholds)
    return values_of(Result(setting, tables))


def values_of(result: Result) -> Values:
    """Outcomes of the one seed of a result."""
    quarters = result.quarters
    found = {item.key: float(item.values(result)[0]) for item in OUTCOMES}
    for item in OUTCOMES:
        for share, level in zip(HORIZONS, levels(item.key)[1:]):
            if item.window == ALL and level not in THRESHOLDS:
                window = quarters[: max(1, round(share * len(quarters)))]
                found[f"{item.key}@{level}"] = float(item.values(result, window)[0])
    for level, (factor, tight) in THRESHOLDS.items():
        found[f"choke_quarters@{level}"] = float(market_grades(result, factor, tight).any(axis=0).mean())
        found[f"choke_relations@{level}"] = float(relation_grades(result, factor).sum(axis=0).mean())
    return found


def market_grades(result: Result, factor: float = 1.0, tight: float = 1.0) -> np.ndarray:
    """Whether each firm is a chokepoint of the market by quarter (F, Q), with scaled thresholds.

    The rule of :func:`market_abm.measures.grade_market` on what the run recorded; grading changes nothing in a run,
    so no run is needed.
    """
    limits = result.setting.thresholds
    steps, firms = panel(result, "steps"), panel(result, "firms", ("firm",))
    price, cost = (steps.values(f"price_{name}_usd_per_gpu_hour")[0, :, 0] for name in ("index", "long_run"))
    edge = 1e-12
    hot = price >= limits.get("tight_price", 1.1) * tight * cost * (1.0 - edge)
    loss = firms.values("loss_of_others_share")[:, :, 0]
    rise = firms.values("price_effect")[:, :, 0]
    met = (
        hot & (loss >= limits.get("loss", 0.05) * factor) & (rise >= limits.get("price_effect", 0.1) * factor)
    )
    window, needed = int(limits.get("quarters_of", 4)), int(limits.get("quarters_in", 2))
    counts = np.cumsum(met, axis=1)
    before = np.zeros_like(counts)
    before[:, window:] = counts[:, :-window] if window < counts.shape[1] else 0
    return counts - before >= needed


def relation_grades(result: Result, factor: float = 1.0) -> np.ndarray:
    """Whether each relation is a chokepoint by quarter (L, Q), with scaled thresholds."""
    limits, links = result.setting.thresholds, panel(result, "links", ("supplier", "buyer"))
    before, after = (links.values(f"dependence_{when}")[:, :, 0] for when in ("before", "after"))
    first, second = limits.get("relation_before", 0.25), limits.get("relation_after", 0.1)
    return (before >= first * factor) & (after >= second * factor)
