"""The stress test of a scenario: every knock-out under several seeds, as plain tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from market_abm.analysis.stress.plan import SUPPLIER, Plan, Target, targets
from market_abm.results.setting import Setting, setting_of

if TYPE_CHECKING:
    from market_abm.analysis.table import Table
    from market_abm.scenario import Scenario

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class StressTest:
    """What knock-outs cost.

    Attributes
    ----------
    setting : Setting
        What was run.
    plan : Plan
    window : tuple of str
        Quarters that are looked at.
    knockouts : DataFrame
        A row a seed, target and variant: kind, target, variant, seed and the losses
        (:func:`market_abm.analysis.stress.losses.losses`).
    paths : DataFrame
        A row a seed, target, variant and quarter: served demand and price relative to the baseline.
    pairs : DataFrame
        A row a seed and pair of suppliers with a common cause, static.
    causes : DataFrame
        A row a seed and chip supplier or region: served demand that hangs on it.
    foreclosure : DataFrame
        A row a seed, pivotal supplier and customer: ability, incentive, effect.
    failures : tuple of dict
        Seeds that did not finish: seed, error.
    """

    setting: Setting
    plan: Plan
    window: tuple[str, ...]
    knockouts: pd.DataFrame
    paths: pd.DataFrame
    pairs: pd.DataFrame
    causes: pd.DataFrame
    foreclosure: pd.DataFrame
    failures: tuple[dict[str, Any], ...] = ()

    def __repr__(self) -> str:
        seeds = self.knockouts["seed"].nunique()
        return f"<StressTest of {self.setting.name}: {self.knockouts['target'].nunique()} targets, {seeds} seeds>"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What came out, in plain words."""
        from market_abm.analysis.stress.words import sentences

        return sentences(self)

    def tables(self) -> tuple[Table, ...]:
        """Knock-outs, pairs, common causes, and the arithmetic of refusal, for readers."""
        from market_abm.analysis.stress.tables import tables

        return tables(self)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The plain tables by name."""
        names = ("knockouts", "paths", "pairs", "causes", "foreclosure")
        return {name: getattr(self, name) for name in names}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json``."""
        return {
            "scenario": self.setting.name,
            "window": list(self.window),
            "answer": list(self.sentences),
            "tables": {table.name: table.as_dict() for table in self.tables()},
            "failures": [dict(item) for item in self.failures],
        }


def stress(
    scenario: Scenario | str | os.PathLike[str],
    replications: int = 3,
    *,
    seed: int = 1,
    plan: Plan | None = None,
    pin: bool = False,
    workers: int | None = 1,
    progress: Callable[[int, int], None] | None = None,
) -> StressTest:
    """Knock out every supplier, chip supplier and power region in turn, and pairs with a common cause.

    Parameters
    ----------
    scenario : Scenario, name of a shipped one, or file
    replications : int
        Seeds ``seed``, ``seed + 1``, ...
    plan : Plan, optional
        When, for how long, and how much of it is worked out.
    pin : bool
        Hold central values of guesses.
    workers : int or None
        Processes; None takes one a core.
    progress : callable, optional
        Told the number of parts done.

    Raises
    ------
    RunError
        When no seed finishes.
    """
    from market_abm.analysis.stress.work import part
    from market_abm.economy.compile import compile_world
    from market_abm.experiments.pool import RunError, count_of, each
    from market_abm.experiments.replicate import as_scenario

    loaded, wanted = as_scenario(scenario), Plan() if plan is None else plan
    if replications < 1:
        raise ValueError(f"replications is {replications}; at least 1")
    seeds = range(seed, seed + replications)
    world = compile_world(loaded, seed, pin=pin)
    wanted.onset(world)
    every = targets(world)
    count = count_of(workers)
    jobs = [
        (loaded, one, pin, wanted, chunk, first)
        for one in seeds
        for chunk, first in _chunks(every, max(1, -(-count // replications)))
    ]
    done = each(part, jobs, count, progress)
    failures = {job[1]: item for job, item in zip(jobs, done) if isinstance(item, str)}
    kept = [item for job, item in zip(jobs, done) if job[1] not in failures]
    if not kept:
        raise RunError(f"{loaded.name}: no seed finished. {'; '.join(dict.fromkeys(failures.values()))}")
    frames = {
        name: pd.DataFrame([row for item in kept for row in item[name]])
        for name in ("knockouts", "paths", "pairs", "causes", "foreclosure")
    }
    finished = [one for one in seeds if one not in failures]
    return StressTest(
        setting_of(loaded, finished, pin),
        wanted,
        tuple(kept[0]["window"]),
        **frames,
        failures=tuple({"seed": one, "error": error} for one, error in failures.items()),
    )


def _chunks(every: Sequence[Target], count: int) -> list[tuple[tuple[Target, ...], bool]]:
    """Targets dealt out to so many jobs; the first job does what is done once a seed."""
    suppliers = tuple(target for target in every if target.kind == SUPPLIER)
    dealt = [tuple(every[place::count]) for place in range(min(count, max(len(every), 1)))]
    assert suppliers or not every
    return [(chunk, place == 0) for place, chunk in enumerate(dealt)]
