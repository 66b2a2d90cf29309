"""Runs of a sweep again, from its own manifest: what failed, or one of them."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from market_abm.experiments.experiment import Experiment
from market_abm.experiments.outputs import RunTables, arrow_tables, kept_quarters
from market_abm.experiments.plan import Plan, Run, make_plan
from market_abm.experiments.state import State, Tell
from market_abm.experiments.store import journal
from market_abm.experiments.store.folder import Sweep, model_named
from market_abm.experiments.store.overview import connect, find
from market_abm.experiments.sweep import Options, sweep
from market_abm.experiments.work import failure
from market_abm.results.store import StoreError
from market_abm.scenario import Scenario


def stored_plan(folder: Path) -> tuple[Plan, dict[str, Any]]:
    """The plan of a sweep, and its manifest."""
    store = Sweep(folder)
    content = store.manifest()
    experiment = Experiment.model_validate(content["experiment"])
    return make_plan(experiment, _bases(content), model_named(content["model"]), store.known_hashes), content


def _bases(content: dict[str, Any]) -> dict[str, Scenario]:
    from market_abm.scenario.tree import parse
    from market_abm.scenario.validate import build

    return {
        name: build(parse(item["text"], name), item["lineage"]) for name, item in content["scenarios"].items()
    }


def again(folder: Path, options: Options, tell: Tell = lambda state: None) -> State:
    """Run what failed or is missing in a sweep.

    Raises
    ------
    StoreError
        When the folder holds no sweep, or one that other code made.
    """
    store = Sweep(folder)
    content = store.manifest()
    plan, _ = stored_plan(folder)
    model = model_named(content["model"])
    refused = store.differences(plan, model)
    if refused:
        raise StoreError(f"{folder}: this folder was made by {'; by '.join(refused)}; sweep anew with --anew")
    failed = sorted(journal.read(folder).failures())
    if failed:
        book = store.open_journal()
        try:
            book.append("retry", keys=failed)
        finally:
            book.close()
    return sweep(plan.experiment, folder, scenarios=plan.scenarios, model=model, options=options, tell=tell)


def replayed(folder: Path, key: str) -> dict[str, Any]:
    """Do a run of a sweep again in this process and compare it with what is stored.

    Returns
    -------
    dict
        key, seed, point, values, failure (of this time, or None), same (as stored; None where nothing is),
        sentences, and result (all tables) where the model is the package's.
    """
    row = find(folder, key)
    plan, content = stored_plan(folder)
    run = Run(row["point"], row["seed"], row["key"])
    model = model_named(content["model"])
    changed = Sweep(folder).differences(plan, model)
    found: dict[str, Any] = {
        "key": run.key, "seed": run.seed, "point": run.point, "values": plan.values(run.point),
        "failure": None, "same": None, "sentences": [],
    }  # fmt: skip
    said = found["sentences"]
    said.append(f"Run {run.key[:12]}: seed {run.seed}, {values_said(plan, run.point)}.")
    if changed:
        said.append(f"The folder was made by {'; by '.join(changed)}: this run need not be the same.")
    rows, quarter = RunTables(plan.experiment.keep), ""
    try:
        scenario = plan.resolved(run.point, run.seed)
        if model is None:
            from market_abm.model import ComputeMarket

            model = ComputeMarket
        wanted = kept_quarters(plan.experiment, scenario.quarters)
        market: Any = model(scenario, rng=run.seed, pin=plan.experiment.pin)
        kept = []
        for quarter in scenario.quarters:
            market.step()
            if quarter in wanted:
                kept.append((quarter, market.record))
        rows.add(kept)
    except Exception as error:
        found["failure"] = told = failure(run, error, quarter)
        place = ", ".join(text for text in (told["quarter"], told["stage"], told["where"]) if text)
        said.append(f"It fails with {told['type']} in {place}: {told['message']}.")
        said.append("".join(traceback.format_exception(error)).strip())
        return found
    head = {"key": run.key, "scenario": scenario.name, "seed": run.seed}
    found["same"] = _same(folder, plan, run, arrow_tables(plan.experiment.keep, [(head, rows)]))
    said.append(
        {
            None: "It finishes; nothing is stored of it yet.",
            True: "It finishes, with the same values as stored, to the last bit.",
            False: "It finishes with OTHER values than stored: the code, a library or the processor differs.",
        }[found["same"]]
    )
    if content["model"] is None:
        from market_abm.experiments.replicate import run as whole

        found["result"] = whole(scenario, run.seed, pin=plan.experiment.pin)
    return found


def values_said(plan: Plan, point: int) -> str:
    """The values of a point in words."""
    return ", ".join(f"{name} = {value!r}" for name, value in sorted(plan.layout.points[point].items()))


def _same(folder: Path, plan: Plan, run: Run, mine: dict[str, Any]) -> bool | None:
    with connect(folder) as link:
        for table in plan.experiment.keep:
            query = f"SELECT t.* FROM stored_{table} t WHERE t.key = ?"
            stored = link.sql(query, params=[run.key]).to_arrow_table()
            if not stored.num_rows and mine["runs"].num_rows:
                held = link.execute("SELECT count(*) FROM stored_runs WHERE key = ?", [run.key]).fetchone()
                if not held or not held[0]:
                    return None
            if _sorted(stored) != _sorted(mine[table]):
                return False
    return True


def _sorted(table: Any) -> list[tuple[str, ...]]:
    rows = table.to_pylist()
    return sorted(tuple(f"{name}={value!r}" for name, value in sorted(row.items())) for row in rows)
