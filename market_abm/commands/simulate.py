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
    from market_abm.analysis.table import Table
    from market_abm.report.compare_findings import Findings
    from market_abm.report.robustness_report import Survey
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
    results = _simulated(scenarios, seeds, pin, workers, quiet, anonymise, hopeless=True)
    from market_abm.analysis.compare import Comparison
    from market_abm.report.compare_findings import findings
    from market_abm.report.comparison_files import write_comparison

    found = findings(Comparison(results[0], tuple(results[1:])))
    write_comparison(
        found, folder, "" if anonymise else console.command_line(), started, _vetting(scenarios, anonymise)
    )
    if json:
        console.show_json(found.as_dict() | {"folder": str(folder)})
    else:
        _print_comparison(found, folder, quiet)
    return _code(results)


def robustness(
    names: Sequence[str],
    seeds: range,
    grid_seeds: int,
    protocols: Sequence[str],
    betas: Sequence[float],
    moved: int,
    changes: list[str],
    workers: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
    discover: bool,
) -> int:
    """Run the grid and the assumptions, print what survives, write the folder."""
    from market_abm.analysis.robustness.discovery import DiscoveryError
    from market_abm.analysis.robustness.runs import robustness as run_all
    from market_abm.report.robustness_files import write_robustness
    from market_abm.report.robustness_report import survey
    from market_abm.scenario import load_scenario

    scenarios = [load_scenario(name, changes) for name in names]
    label = "-vs-".join(scenario.name for scenario in scenarios)
    folder = _folder(out, f"robustness-{label}-seeds{seeds[0]}-{seeds[-1]}")
    with console.Progress("Simulating, runs", quiet) as progress:
        made = run_all(
            *scenarios, replications=len(seeds), grid_seeds=grid_seeds, seed=seeds[0], protocols=protocols,
            betas=betas, moved=moved, workers=workers, progress=progress,
        )  # fmt: skip
    for failure in made.failures:
        seed = "every seed" if failure["seed"] < 0 else f"seed {failure['seed']}"
        console.complain(
            f"{failure['scenario']}, {seed}, {failure['variant']} did not finish: {failure['error']}"
        )
    try:
        found = survey(made, discover)
    except DiscoveryError as error:
        raise console.InputError(str(error)) from None
    write_robustness(found, folder, console.command_line())
    if json:
        console.show_json(found.as_dict() | {"folder": str(folder)})
    else:
        _print_robustness(found, folder, quiet)
    return console.FAILURES if made.failures else console.DONE


def explain(
    folder: Path, firm: str, quarter: str | None, seed: int | None, rerun: bool, json: bool, quiet: bool
) -> None:
    """Explain a firm in a quarter of a results folder; with ``rerun`` also what would change its mind."""
    from market_abm.analysis.explain import explain as explained
    from market_abm.results.store import read

    result = read(folder)
    try:
        found = explained(result, firm, quarter, seed)
    except KeyError as error:
        raise console.InputError(error.args[0]) from None
    if rerun:
        from market_abm.analysis.mind import with_minds

        with console.Progress("Running again, quarters", quiet) as progress:
            found = with_minds(found, result, firm, quarter, seed, progress)
    if json:
        console.show_json(found.as_dict())
        return
    screen = console.output()
    console.say(found.title, screen, "bold")
    for sentence in found.sentences:
        console.say(sentence, screen)
    console.show_tables(found.tables, screen)


def _simulated(
    scenarios: list[Scenario],
    seeds: range,
    pin: bool,
    workers: int | None,
    quiet: bool,
    anonymise: bool,
    hopeless: bool = False,
) -> list[Result]:
    from market_abm.experiments.replicate import replicate_all

    if not quiet:
        console.tell_of_compiling()
    what = "Simulating, runs" if len(seeds) * len(scenarios) > 1 else "Simulating, quarters"
    with console.Progress(what, quiet) as progress:
        results = replicate_all(scenarios, seeds, workers, pin=pin, progress=progress, hopeless=hopeless)
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
    from market_abm.report.run_report import run_page
    from market_abm.results import store

    begun = time.perf_counter()
    page = run_page(result, found, "" if anonymise else console.command_line(), _history(anonymise))
    result.timings["report"] = time.perf_counter() - begun
    store.write(result, folder, "" if anonymise else console.command_line(), started)
    store.write_json(folder / "summary.json", found.as_dict())
    store.write_text(folder / "report.html", page)


def _vetting(scenarios: Sequence[Scenario], anonymise: bool) -> list[Table]:
    """The baseline's opening against facts, where it starts when they hold, and the model against history."""
    from market_abm.analysis.facts import GUIDED, OPENING, facts_table, verdicts

    base = scenarios[0]
    if anonymise or base.horizon.start != OPENING or not set(GUIDED) <= set(base.firms):
        return _history(anonymise)
    return [facts_table(verdicts(base)), *_history(anonymise)]


def _history(anonymise: bool) -> list[Table]:
    """The stylised facts of 2023 to 2026 beside the model's, from the kept backtest; they name firms."""
    from market_abm.analysis.vetting import kept_table

    return [] if anonymise else [kept_table()]


def _print_comparison(found: Findings, folder: Path, quiet: bool) -> None:
    from market_abm.analysis.answer import attribution
    from market_abm.report.compare_findings import asked

    screen, pair = console.output(), found.comparison
    for sentence, sure in found.sentences:
        console.say(f"{sentence.text} [{'undecided' if sure == 'none' else f'{sure} confidence'}]", screen)
        screen.print()
    if not quiet:
        for ask, reply in asked(found):
            console.say(f"{ask} {reply}", screen)
    tables = [
        table for other in range(len(pair.others)) if pair.comparable(other) for table in pair.tables(other)
    ]
    console.show_tables(tables[::2] if quiet else tables, screen)
    settings = [result.setting for result in (pair.baseline, *pair.others)]
    _print_end(folder, screen, "".join({attribution(setting) for setting in settings}))


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


def _print_robustness(found: Survey, folder: Path, quiet: bool) -> None:
    from market_abm.analysis.robustness.findings import RULE, findings_sentence, findings_table
    from market_abm.analysis.robustness.tornado import turns_sentence, turns_table

    screen, made = console.output(), found.made
    for text in (*map(findings_sentence, found.found), turns_sentence(made.turns), *found.boxes):
        console.say(text, screen)
        screen.print()
    tables = [findings_table(part, len(made.few)) for part in found.found if part]
    moved = turns_table(made.turns)
    console.show_tables(tables if quiet or moved is None else [*tables, moved], screen)
    if not quiet:
        screen.print()
        console.say(RULE, screen, "dim")
    _print_end(folder, screen, "")


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
