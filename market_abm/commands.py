"""The commands that simulate or read results: run, compare, explain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from market_abm import console

if TYPE_CHECKING:
    from rich.console import Console

    from market_abm.analysis.answer import Answer
    from market_abm.analysis.compare import Comparison
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario


def run(
    name: str,
    seeds: range,
    changes: list[str],
    pin: bool,
    workers: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
    anonymise: bool,
) -> int:
    """Simulate, print the answer, write the folder."""
    from market_abm.scenario import load_scenario

    started = datetime.now(UTC).isoformat(timespec="seconds")
    scenario = load_scenario(name, changes)
    folder = _folder(out, _named(scenario, seeds, anonymise))
    [result] = _simulated([scenario], seeds, pin, workers, quiet, anonymise)
    from market_abm.analysis.answer import answer

    found = answer(result)
    _write_run(result, found, folder, started, anonymise)
    if json:
        console.show_json(found.as_dict() | {"folder": str(folder)})
    else:
        _print_answer(found, folder, quiet)
    return _code([result])


def compare(
    names: Sequence[str],
    seeds: range,
    changes: list[str],
    pin: bool,
    workers: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
    anonymise: bool,
) -> int:
    """Simulate under common seeds, print paired differences, write the folder."""
    from market_abm.scenario import load_scenario

    started = datetime.now(UTC).isoformat(timespec="seconds")
    scenarios = [load_scenario(name, changes) for name in names]
    label = "anonymised" if anonymise else "-vs-".join(scenario.name for scenario in scenarios)
    folder = _folder(out, f"compare-{label}-seeds{seeds[0]}-{seeds[-1]}")
    results = _simulated(scenarios, seeds, pin, workers, quiet, anonymise)
    from market_abm.analysis.answer import attribution
    from market_abm.analysis.compare import Comparison

    pair = Comparison(results[0], tuple(results[1:]))
    tables = [table for other in range(len(pair.others)) for table in pair.tables(other)]
    _write_comparison(pair, folder, started, anonymise)
    if json:
        console.show_json({"tables": {t.name: t.as_dict() for t in tables}, "folder": str(folder)})
    else:
        screen = console.output()
        console.show_tables(tables[::2] if quiet else tables, screen)
        _print_end(folder, screen, "".join({attribution(result.setting) for result in results}))
    return _code(results)


def explain(folder: Path, firm: str, quarter: str | None, seed: int | None, json: bool) -> None:
    """Explain a firm in a quarter of a results folder."""
    from market_abm.analysis.explain import explain as explained
    from market_abm.results.store import read

    result = read(folder)
    try:
        found = explained(result, firm, quarter, seed)
    except KeyError as error:
        raise console.InputError(error.args[0]) from None
    if json:
        console.show_json(found.as_dict())
        return
    screen = console.output()
    console.say(found.title, screen, "bold")
    for sentence in found.sentences:
        console.say(sentence, screen)
    console.show_tables(found.tables, screen)


def _simulated(
    scenarios: list[Scenario], seeds: range, pin: bool, workers: int | None, quiet: bool, anonymise: bool
) -> list[Result]:
    from market_abm.experiments.replicate import replicate_all

    what = "Simulating, runs" if len(seeds) * len(scenarios) > 1 else "Simulating, quarters"
    with console.Progress(what, quiet) as progress:
        results = replicate_all(scenarios, seeds, workers, pin=pin, progress=progress)
    for result in results:
        for failure in result.failures:
            console.complain(
                f"{result.setting.name}, seed {failure['seed']} did not finish: {failure['error']}"
            )
    if not anonymise:
        return results
    from market_abm.results.anonymise import anonymised

    return [anonymised(result, scenario) for result, scenario in zip(results, scenarios)]


def _write_run(result: Result, found: Answer, folder: Path, started: str, anonymise: bool) -> None:
    from market_abm.report.page import run_page
    from market_abm.results import store

    begun = time.perf_counter()
    page = run_page(result, found)
    result.timings["report"] = time.perf_counter() - begun
    store.write(result, folder, "" if anonymise else console.command_line(), started)
    store.write_json(folder / "summary.json", found.as_dict())
    store.write_text(folder / "report.html", page)


def _write_comparison(pair: Comparison, folder: Path, started: str, anonymise: bool) -> None:
    from market_abm.report.page import compare_page
    from market_abm.report.tables import csv_text
    from market_abm.results import store

    store.prepare(folder)
    line = "" if anonymise else console.command_line()
    for step, result in enumerate((pair.baseline, *pair.others)):
        store.write(result, folder / f"{step}-{result.setting.name}", line, started)
    for other, name in enumerate(pair.names):
        mark = "" if len(pair.names) == 1 else f"-{other + 1}-{name}"
        market, labs = pair.tables(other)
        store.write_text(folder / f"differences{mark}.csv", csv_text(market))
        store.write_text(folder / f"labs{mark}.csv", csv_text(labs))
        store.write_text(folder / f"per-seed{mark}.csv", pair.per_seed(other).to_csv(index=False))
    tables = {t.name: t.as_dict() for other in range(len(pair.others)) for t in pair.tables(other)}
    store.write_json(folder / "summary.json", {"baseline": pair.baseline.setting.name, "tables": tables})
    store.write_text(folder / "report.html", compare_page(pair))


def _print_answer(found: Answer, folder: Path, quiet: bool) -> None:
    screen = console.output()
    console.say(found.title, screen, "bold")
    for sentence in found.sentences:
        screen.print()
        console.say(sentence.text, screen)
    if not quiet:
        console.show_tables(found.tables, screen)
        screen.print()
        for note in found.notes:
            console.say(note, screen)
        _print_end(folder, screen, found.attribution)


def _print_end(folder: Path, screen: Console, attribution: str) -> None:
    from market_abm.analysis.answer import DISCLAIMER

    console.say(DISCLAIMER, screen, "bold")
    if attribution:
        console.say(attribution, screen, "dim")
    print(
        f"Written to {folder}{'/' if not str(folder).endswith('/') else ''} (report.html, tables as Parquet)"
    )


def _named(scenario: Scenario, seeds: range, anonymise: bool) -> str:
    name = "anonymised" if anonymise else scenario.name
    return f"{name}-seed{seeds[0]}" if len(seeds) == 1 else f"{name}-seeds{seeds[0]}-{seeds[-1]}"


def _folder(out: Path | None, name: str) -> Path:
    """Folder of the results, made now so that a bad one is known before the work."""
    from market_abm.results.store import prepare

    return prepare(out or Path("results") / name)


def _code(results: Sequence[Result]) -> int:
    return console.FAILURES if any(result.failures for result in results) else console.DONE
