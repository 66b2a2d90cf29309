"""The command `stress`: knock-outs of suppliers, chip suppliers and power regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from market_abm import console

if TYPE_CHECKING:
    from market_abm.analysis.stress import Plan


def register(command: Callable[..., Any]) -> None:
    """Add the command to the command line."""

    @command("stress")
    def knock_out(
        scenario: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped scenario.")],
        seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 1,
        replications: Annotated[int, typer.Option(min=1, help="Number of seeds, from --seed on.")] = 3,
        quarter: Annotated[str | None, typer.Option(help="First quarter without; default the fifth.")] = None,
        duration: Annotated[int, typer.Option(min=1, help="Quarters without.")] = 4,
        recovery: Annotated[int, typer.Option(min=0, help="Quarters over which it comes back.")] = 0,
        window: Annotated[int, typer.Option(min=1, help="Quarters looked at, from the first without.")] = 12,
        pairs: Annotated[int, typer.Option(min=0, help="Pairs with a common cause that are simulated.")] = 3,
        firms: Annotated[int, typer.Option(min=0, help="Pivotal firms whose incentives are worked out.")] = 3,
        set_: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="KEY=VALUE", help="Set a value by its dotted key; repeat."),
        ] = None,
        pin: Annotated[bool, typer.Option("--pin", help="Hold central values of guesses.")] = False,
        workers: Annotated[int | None, typer.Option(min=1, help="Processes; default one a core.")] = None,
        out: Annotated[
            Path | None, typer.Option(help="Folder for the results; default below results/.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
        quiet: Annotated[bool, typer.Option("--quiet", help="No progress, and only the sentences.")] = False,
    ) -> int:
        """Knock out every supplier, chip supplier and power region in turn: what is lost, for how long."""
        plan = {"quarter": quarter, "duration": duration, "recovery": recovery, "window": window,
                "pairs": pairs, "firms": firms}  # fmt: skip
        seeds = range(seed, seed + replications)
        return stress(scenario, seeds, plan, set_ or [], pin, workers, out, json, quiet)


def stress(
    name: str,
    seeds: range,
    plan: dict[str, int | str | None],
    changes: list[str],
    pin: bool,
    workers: int | None,
    out: Path | None,
    json: bool,
    quiet: bool,
) -> int:
    """Simulate the knock-outs, print what is lost, write the folder."""
    from market_abm.results.store import prepare
    from market_abm.scenario import load_scenario

    scenario = load_scenario(name, changes)
    wanted = _plan(plan)
    folder = prepare(out or Path("results") / f"stress-{scenario.name}-seeds{seeds[0]}-{seeds[-1]}")
    from market_abm.analysis.answer import DISCLAIMER, attribution
    from market_abm.analysis.stress import stress as run
    from market_abm.report.stress_report import write_stress

    try:
        with console.Progress("Simulating, parts", quiet) as progress:
            found = run(
                scenario, len(seeds), seed=seeds[0], plan=wanted, pin=pin, workers=workers, progress=progress
            )
    except ValueError as error:
        raise console.InputError(str(error)) from None
    for failure in found.failures:
        console.complain(f"{scenario.name}, seed {failure['seed']} did not finish: {failure['error']}")
    write_stress(found, folder, console.command_line())
    code = console.FAILURES if found.failures else console.DONE
    if json:
        console.show_json(found.as_dict() | {"folder": str(folder)})
        return code
    screen = console.output()
    console.say(f"Stress test of {scenario.name}", screen, "bold")
    for sentence in found.sentences:
        screen.print()
        console.say(sentence, screen)
    if not quiet:
        console.show_tables(found.tables(), screen)
        screen.print()
    console.say(DISCLAIMER, screen, "bold")
    if owed := attribution(found.setting):
        console.say(owed, screen, "dim")
    print(f"Written to {folder}/ (report.html, tables as CSV and XLSX)")
    return code


def _plan(plan: dict[str, int | str | None]) -> Plan:
    from market_abm.analysis.stress import Plan
    from market_abm.scenario.calendar import is_quarter

    quarter = plan["quarter"]
    if quarter is not None and not is_quarter(quarter):
        raise console.InputError(
            f"{quarter!r} is not a quarter; write a year and a quarter, for example 2027Q3"
        )
    return Plan(**plan)  # type: ignore[arg-type]
