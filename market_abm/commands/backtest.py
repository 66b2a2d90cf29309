"""The command `backtest`: history, scores, verdict; or what the headline rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_abm import console

if TYPE_CHECKING:
    from market_abm.analysis.backtest import Backtest
    from market_abm.analysis.table import Table

PAIR = ("no-colossus-lease", "colossus-lease")
"""Worlds of the headline: without the lease and with it."""

LICENCE = "Data of Epoch AI under CC BY 4.0; see LICENSE-DATA."


def backtest(
    replications: int,
    seed: int,
    facts: Path | None,
    workers: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
) -> int:
    """Forecast from 2023Q1, score against history, print the verdict, write the folder."""
    from market_abm.analysis.backtest import backtest as run
    from market_abm.experiments.history import read_facts
    from market_abm.results.store import prepare

    wanted = None if facts is None else read_facts(facts)
    folder = prepare(out or Path("results") / f"backtest-{replications}")
    with console.Progress("Simulating, runs", quiet) as progress:
        found = run(replications, seed, facts=wanted, workers=workers, progress=progress)
    for failure in found.failures:
        console.complain(f"did not finish: {failure}")
    vetted = _vetting(found)
    _write(found, folder, vetted)
    _show(found, vetted, folder, json, quiet)
    return console.FAILURES if found.failures else console.DONE


def _vetting(found: Backtest) -> list[Table]:
    from market_abm.analysis.vetting import history_table

    return [history_table(found.forecasts)]


def _tables(found: Backtest) -> list[Table]:
    from market_abm.analysis.backtest_tables import score_table

    return [score_table(found, item.name) for item in found.forecasts]


def _write(found: Backtest, folder: Path, vetted: list[Table]) -> None:
    from market_abm.analysis.backtest_tables import path_table
    from market_abm.report.backtest_report import backtest_page
    from market_abm.report.exports import csv_text
    from market_abm.results import store

    store.write_text(folder / "paths.csv", csv_text(path_table(found.forecasts, found.facts)))
    for table in (*_tables(found), *vetted):
        store.write_text(folder / f"{table.name}.csv", csv_text(table))
    store.write_json(folder / "verdict.json", verdict(found))
    store.write_text(folder / "report.html", backtest_page(found, vetted, console.command_line()))


def verdict(found: Backtest) -> dict[str, Any]:
    """Counts and sentences, as they are kept, and what they were made of."""
    return {
        "inputs": inputs(),
        "replications": found.replications,
        "counts": {item.name: found.counts(item.name) for item in found.forecasts},
        "level_corrected": {item.name: found.counts(item.name, anchored=True) for item in found.forecasts},
        "whole_run": {item.name: found.counts(item.name, "whole run") for item in found.forecasts},
        "sentences": found.sentences(),
    }


def inputs() -> dict[str, str]:
    """SHA-256 of the files that a backtest is made of: its worlds, the facts, the draws."""
    from hashlib import sha256
    from importlib.resources import files

    from market_abm.experiments.forecast import WORLDS
    from market_abm.scenario.catalogue import shipped_file

    data = files("market_abm.data")
    parts = {f"{name}.yaml": shipped_file(name) for name in WORLDS.values()}
    read = {name: path.read_bytes() for name, path in parts.items() if path is not None}
    read["series.csv"] = data.joinpath("history").joinpath("series.csv").read_bytes()
    read["draws-1.csv"] = data.joinpath("calibration").joinpath("draws-1.csv").read_bytes()
    return {name: sha256(content).hexdigest() for name, content in read.items()}


def _show(found: Backtest, vetted: list[Table], folder: Path, json: bool, quiet: bool) -> None:
    tables = [*_tables(found), *vetted]
    if json:
        console.show_json(
            verdict(found) | {"tables": {t.name: t.as_dict() for t in tables}, "folder": str(folder)}
        )
        return
    from market_abm.analysis.answer import DISCLAIMER

    screen = console.output()
    for sentence in found.sentences():
        console.say(sentence, screen)
    if not quiet:
        console.show_tables(tables, screen)
    console.say(DISCLAIMER, screen, "bold")
    console.say(LICENCE, screen, "dim")
    print(f"Written to {folder} (report.html, paths.csv, scores, verdict.json)")


def headline(
    replications: int, seed: int, workers: int | None, out: Path | None, json: bool, quiet: bool
) -> int:
    """What the headline of the lease rests on: every guess over its range."""
    from market_abm.analysis.assumptions import assumption_effects, headline_assumptions
    from market_abm.analysis.headline_tables import flips, sentences, tornado
    from market_abm.report.exports import frame_csv
    from market_abm.results import store
    from market_abm.scenario import load_scenario

    folder = store.prepare(out or Path("results") / "headline")
    pair = load_scenario(PAIR[0]), load_scenario(PAIR[1])
    with console.Progress("Simulating, pairs of runs", quiet) as progress:
        found = assumption_effects(
            *pair,
            headline_assumptions(*pair),
            range(seed, seed + replications),
            workers=workers,
            progress=progress,
        )
    for failure in found.failures:
        console.complain(f"did not finish: {failure}")
    store.write_text(folder / "assumptions.csv", frame_csv(found.table))
    tables = [*tornado(found), flips(found)]
    if json:
        console.show_json({"tables": {t.name: t.as_dict() for t in tables}, "folder": str(folder)})
        return console.FAILURES if found.failures else console.DONE
    screen = console.output()
    for sentence in sentences(found):
        console.say(sentence, screen)
    console.show_tables(tables[-1:] if quiet else tables, screen)
    print(f"Written to {folder} (assumptions.csv)")
    return console.FAILURES if found.failures else console.DONE
