"""The command line. Every command imports what it needs when it runs: help and validation stay quick."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from market_abm import __version__

if TYPE_CHECKING:
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

BAD_INPUT, WITH_FAILURES, INTERRUPTED = 2, 3, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Strategic simulation of the AI-compute market: who is a chokepoint, whose leverage shifts, why. "
    "Try `market-abm scenarios`, then `market-abm run colossus-lease`.",
)

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped name or a YAML file.")]
Seed = Annotated[int, typer.Option(min=0, help="Fixes every draw of a guess and every shock.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value, e.g. behaviour.beta=0.3; may be repeated."
    ),
]
Pin = Annotated[
    bool, typer.Option("--pin", help="Hold guesses at their central values instead of drawing them.")
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the results.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no answer on the terminal.")]
Anonymise = Annotated[bool, typer.Option("--anonymise", help="Letters instead of names of firms.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default one a core.")]


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Bad input ends with its reason and code 2, an interruption with the line to repeat and code 130."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        from market_abm.scenario import ScenarioError, format_problems

        try:
            command(*args, **options)
        except ScenarioError as error:
            _fail(format_problems(error.problems))
        except KeyboardInterrupt:
            typer.echo(f"\ninterrupted; run it again: {_command_line()}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except (ValueError, KeyError, OSError) as error:
            _fail(str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error))

    return run


@app.command()
@guarded
def run(
    scenario: ScenarioName,
    seed: Seed = 1,
    replications: Annotated[int, typer.Option(min=1, help="Seeds SEED, SEED + 1, ...")] = 1,
    protocol: Annotated[str | None, typer.Option(help="Bargaining protocol.")] = None,
    beta: Annotated[float | None, typer.Option(help="Bargaining weight of the seller, 0 to 1.")] = None,
    set_: Sets = None,
    pin: Pin = False,
    out: Out = None,
    workers: Workers = None,
    json_: Json = False,
    quiet: Quiet = False,
    anonymise: Anonymise = False,
) -> None:
    """Run a scenario and print the answer: chokepoints, leverage, concentration, who leads."""
    from market_abm.analysis.answer import answer
    from market_abm.results.anonymise import anonymised
    from market_abm.terminal import print_answer, print_json

    began = _now()
    world = _world(scenario, set_, protocol, beta)
    result = _simulate(world, seed, replications, workers, pin, quiet)
    if anonymise:
        result = anonymised(result, world)
    found = answer(result)
    folder = out or Path("results") / _folder_name(result)
    _save(result, folder, found, began)
    if json_:
        print_json({**found.as_dict(), "folder": str(folder)})
    elif not quiet:
        print_answer(
            found.title,
            [s.text for s in found.sentences],
            found.tables,
            [*found.notes, f"Results: {folder}/report.html"],
        )
    _end(result.failures)


@app.command()
@guarded
def compare(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="A shipped name or a YAML file.")],
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="What to compare with it.")],
    seed: Seed = 1,
    replications: Annotated[int, typer.Option(min=1, help="Common seeds.")] = 30,
    set_: Sets = None,
    pin: Pin = False,
    out: Out = None,
    workers: Workers = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare scenarios under common seeds: differences with 95 % intervals."""
    from market_abm.analysis.compare import compare as paired
    from market_abm.report.page import compare_page
    from market_abm.results.store import prepare, write, write_text
    from market_abm.terminal import print_answer, print_json, progress

    began = _now()
    worlds = [_world(name, set_) for name in (baseline, *others)]
    with progress("runs", quiet) as told:
        found = paired(*worlds, replications=replications, seed=seed, workers=workers, pin=pin, progress=told)
    folder = prepare(
        out or Path("results") / f"compare-{'-'.join(w.name for w in worlds)}-seed{seed}x{replications}"
    )
    for result in (found.baseline, *found.others):
        write(result, folder / result.setting.name, _command_line(), began)
    tables = [table for other in range(len(found.others)) for table in found.tables(other)]
    for other, name in enumerate(found.names):
        write_text(folder / f"differences-{name}.csv", found.per_seed(other).to_csv(index=False))
    write_text(folder / "report.html", compare_page(found))
    if json_:
        print_json({"tables": {table.name: table.as_dict() for table in tables}, "folder": str(folder)})
    elif not quiet:
        title = f"{', '.join(found.names)} against {found.baseline.setting.name}"
        print_answer(title, [], tables, [f"Results: {folder}/report.html"])
    _end([failure for result in (found.baseline, *found.others) for failure in result.failures])


@app.command()
@guarded
def scenarios(json_: Json = False) -> None:
    """List the shipped scenarios."""
    from market_abm.scenario import load_scenario, shipped
    from market_abm.terminal import print_json, print_texts

    rows = [(name, load_scenario(name).question or "") for name in shipped()]
    if json_:
        print_json([{"name": name, "question": question} for name, question in rows])
    else:
        print_texts("Shipped scenarios", ("name", "question"), rows)


@app.command()
@guarded
def show(scenario: ScenarioName, set_: Sets = None, json_: Json = False) -> None:
    """Describe a scenario in plain words, with its sources."""
    from market_abm.scenario.describe import describe
    from market_abm.terminal import print_json, print_texts

    found = describe(_world(scenario, set_))
    if json_:
        tables = [
            {"title": t.title, "columns": list(t.columns), "rows": [list(r) for r in t.rows]}
            for t in found.tables
        ]
        print_json({"sentences": found.sentences, "tables": tables})
        return
    typer.echo("\n".join(found.sentences))
    for table in found.tables:
        typer.echo()
        print_texts(table.title, table.columns, table.rows)


@app.command()
@guarded
def validate(
    scenario: Annotated[str, typer.Argument(metavar="FILE", help="A shipped name or a YAML file.")],
    facts: Annotated[
        bool, typer.Option("--facts", help="Compare the opening state with sourced facts.")
    ] = False,
    json_: Json = False,
) -> None:
    """Check a scenario file; with --facts, hold its opening state against sourced figures."""
    from market_abm.scenario import check_file

    problems = check_file(scenario)
    if json_ and (problems or not facts):
        from market_abm.terminal import print_json

        print_json({"sound": not problems, "problems": [problem.as_dict() for problem in problems]})
    if problems:
        from market_abm.scenario import format_problems

        if not json_:
            typer.echo(format_problems(problems), err=True)
        raise typer.Exit(BAD_INPUT)
    if not facts:
        if not json_:
            typer.echo(f"{scenario}: sound")
        return
    from market_abm.analysis.facts import facts_table, verdicts
    from market_abm.terminal import print_answer, print_json

    table = facts_table(verdicts(_world(scenario)))
    if json_:
        print_json(table.as_dict())
    else:
        print_answer(f"{scenario} against the facts", [], [table], [])


@app.command()
@guarded
def diff(
    a: Annotated[str, typer.Argument(metavar="A")],
    b: Annotated[str, typer.Argument(metavar="B")],
    json_: Json = False,
) -> None:
    """What differs between two scenarios, value by value."""
    from market_abm.scenario.describe import said
    from market_abm.scenario.diff import diff as differences
    from market_abm.terminal import print_json, print_texts

    first, second = _world(a), _world(b)
    rows = [(d.path, said(d.a), said(d.b)) for d in differences(first, second)]
    if json_:
        print_json([{"path": path, "a": x, "b": y} for path, x, y in rows])
    elif rows:
        print_texts(f"{first.name} and {second.name}", ("path", first.name, second.name), rows)
    else:
        typer.echo("the scenarios are the same")


@app.command()
@guarded
def explain(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A results folder.")],
    firm: Annotated[str, typer.Option(help="A firm or segment.")],
    quarter: Annotated[str | None, typer.Option(help="Default the last one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Default the first one.")] = None,
    json_: Json = False,
) -> None:
    """Why a firm did what it did: outside options, leverage arithmetic, chosen and next-best option."""
    from market_abm.analysis.explain import explain as explained
    from market_abm.results.store import read
    from market_abm.terminal import print_answer, print_json

    found = explained(read(results), firm, quarter, seed)
    if json_:
        print_json(found.as_dict())
    else:
        print_answer(found.title, found.sentences, found.tables, [])


@app.command()
@guarded
def columns(json_: Json = False) -> None:
    """The data dictionary: every column of the results tables with unit and meaning."""
    from market_abm.results.dictionary import dictionary
    from market_abm.terminal import print_json, print_texts

    found = list(dictionary())
    if json_:
        print_json([column.as_dict() for column in found])
    else:
        rows = [(c.table, c.name, c.dtype, c.unit, c.meaning) for c in found]
        print_texts("Columns", ("table", "column", "type", "unit", "meaning"), rows)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _world(
    name: str, changes: list[str] | None = None, protocol: str | None = None, beta: float | None = None
) -> Scenario:
    from market_abm.scenario import load_scenario

    wanted = list(changes or [])
    wanted += [f"behaviour.protocol={protocol}"] if protocol is not None else []
    wanted += [f"behaviour.beta={beta}"] if beta is not None else []
    return load_scenario(name, wanted)


def _simulate(world: Scenario, seed: int, count: int, workers: int | None, pin: bool, quiet: bool) -> Result:
    from market_abm.experiments.replicate import replicate
    from market_abm.experiments.replicate import run as run_once
    from market_abm.terminal import progress

    with progress("quarters" if count == 1 else "seeds", quiet) as told:
        if count == 1:
            return run_once(world, seed, pin=pin, progress=told)
        return replicate(world, range(seed, seed + count), workers, pin=pin, progress=told)


def _save(result: Result, folder: Path, found: Any, began: str) -> None:
    from market_abm.report.page import run_page
    from market_abm.results.store import prepare, write, write_json, write_text

    prepare(folder)
    write_json(folder / "summary.json", found.as_dict())
    write_text(folder / "report.html", run_page(result, found))
    write(result, folder, _command_line(), began)


def _folder_name(result: Result) -> str:
    seeds = result.seeds
    return f"{result.setting.name}-seed{seeds[0]}" + (f"-x{len(seeds)}" if len(seeds) > 1 else "")


def _end(failures: Any) -> None:
    if failures:
        typer.echo(f"{len(failures)} runs failed; they are listed in the manifest", err=True)
        raise typer.Exit(WITH_FAILURES)


def _fail(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT) from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command_line() -> str:
    return shlex.join(["market-abm", *sys.argv[1:]])


def main() -> None:
    """Entry point of the command ``market-abm``."""
    app()


if __name__ == "__main__":
    main()
