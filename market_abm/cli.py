"""The command line. Everything heavy is imported inside the commands, so that `--help` is quick."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from market_abm.commands.stress import register as register_stress
from market_abm.commands.sweeping.options import register as register_sweeps

app = typer.Typer(
    name="market-abm",
    help="Simulate the AI-compute market: who is a chokepoint, whose leverage shifts, who leads.",
    epilog="Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Scenario = Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped scenario.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed: fixes every draw of a guess and every shock.")]
Protocol = Annotated[str | None, typer.Option(help="Bargaining protocol, for example split or nntr.")]
Beta = Annotated[float | None, typer.Option(help="Bargaining weight of the seller, 0 to 1.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a value by its dotted key; repeat."),
]
Pin = Annotated[bool, typer.Option("--pin", help="Hold central values of guesses instead of drawing them.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default one a core.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the results; default below results/.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, and only the sentences of the answer.")]
NoPlugins = Annotated[bool, typer.Option("--no-plugins", help="Leave what other packages bring aside.")]
Anonymise = Annotated[bool, typer.Option("--anonymise", help="Letters in place of names.")]


def command(name: str | None = None) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Register a command whose errors become sentences and exit codes; each can do without plugins."""

    def registered(work: Callable[..., int | None]) -> Callable[..., None]:
        @functools.wraps(work)
        def guarded(*arguments: Any, no_plugins: bool = False, **options: Any) -> None:
            from market_abm.console import guard
            from market_abm.plugins import without

            with without(no_plugins):
                code = guard(lambda: work(*arguments, **options))
            raise typer.Exit(code)

        last = inspect.Parameter(
            "no_plugins", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=NoPlugins
        )
        own = inspect.signature(work, eval_str=True).parameters.values()
        guarded.__signature__ = inspect.Signature([*own, last])  # type: ignore[attr-defined]
        guarded.__annotations__ = {item.name: item.annotation for item in (*own, last)}
        return app.command(name)(guarded)

    return registered


@command()
def run(
    scenario: Scenario,
    seed: Seed = 1,
    replications: Annotated[int, typer.Option(min=1, help="Number of seeds, from --seed on.")] = 1,
    protocol: Protocol = None,
    beta: Beta = None,
    set_: Set = None,
    pin: Pin = False,
    workers: Workers = None,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
    anonymise: Anonymise = False,
) -> int:
    """Run a scenario, print the answer, write the results folder and report.html."""
    from market_abm.commands import simulate

    changes = _changes(set_, protocol, beta)
    return simulate.run(
        scenario, range(seed, seed + replications), changes, pin, workers, out, json, quiet, anonymise
    )


@command()
def compare(
    baseline: Scenario,
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Scenarios to compare with it.")],
    seed: Seed = 1,
    replications: Annotated[int, typer.Option(min=1, help="Number of common seeds.")] = 30,
    protocol: Protocol = None,
    beta: Beta = None,
    set_: Set = None,
    pin: Pin = False,
    workers: Workers = None,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
    anonymise: Anonymise = False,
) -> int:
    """Run scenarios under common seeds and print paired differences with intervals."""
    from market_abm.commands import simulate

    changes = _changes(set_, protocol, beta)
    seeds = range(seed, seed + replications)
    return simulate.compare([baseline, *others], seeds, changes, pin, workers, out, json, quiet, anonymise)


@command()
def backtest(
    replications: Annotated[
        int | None,
        typer.Option(min=1, help="Number of seeds, from --seed on; default 100, with --headline 10."),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(help="CSV of facts to score (series, firm, period, value); default the shipped."),
    ] = None,
    headline: Annotated[
        bool, typer.Option("--headline", help="Instead: what the headline of the lease rests on.")
    ] = False,
    seed: Seed = 1,
    workers: Workers = None,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Forecast from 2023Q1 and score it against what happened, beside forecasts without a model."""
    from market_abm.commands import backtest as history

    if headline:
        return history.headline(replications or 10, seed, workers, out, json, quiet)
    return history.backtest(replications or 100, seed, facts, workers, out, json, quiet)


@command()
def robustness(
    baseline: Scenario,
    others: Annotated[list[str], typer.Argument(metavar="OTHER...", help="Scenarios to compare with it.")],
    seed: Seed = 1,
    replications: Annotated[int, typer.Option(min=1, help="Number of common seeds, rules as set.")] = 30,
    grid_seeds: Annotated[int, typer.Option(min=1, help="How many of them every cell of the grid runs.")] = 6,
    protocols: Annotated[
        str, typer.Option(help="Bargaining protocols.")
    ] = "split,nash_in_nash,nntr,competitive",
    betas: Annotated[str, typer.Option(help="Bargaining weights of the seller.")] = "0.25,0.5,0.75",
    assumptions: Annotated[
        int, typer.Option(min=0, help="Assumptions moved to both ends of their range.")
    ] = 8,
    discover: Annotated[
        bool, typer.Option("--discover", help="Fail where scenario discovery is missing.")
    ] = False,
    set_: Set = None,
    workers: Workers = None,
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say which differences survive other bargaining rules, thresholds, horizons and assumptions."""
    from market_abm.commands import simulate

    return simulate.robustness(
        [baseline, *others], range(seed, seed + replications), grid_seeds, _words(protocols), _numbers(betas),
        assumptions, list(set_ or []), workers, out, json, quiet, discover,
    )  # fmt: skip


@command()
def scenarios(json: Json = False) -> None:
    """List the shipped scenarios and the question that each answers."""
    from market_abm.commands import inspect

    inspect.scenarios(json)


@command()
def show(scenario: Scenario, set_: Set = None, json: Json = False) -> None:
    """Describe a scenario in plain words, with its numbers and their sources."""
    from market_abm.commands import inspect

    inspect.show(scenario, set_ or [], json)


@command()
def validate(
    scenario: Scenario,
    facts: Annotated[bool, typer.Option("--facts", help="Compare the opening state with facts.")] = False,
    set_: Set = None,
    json: Json = False,
) -> int:
    """Check a scenario: every problem with file, line, column, what is allowed and the fix."""
    from market_abm.commands import inspect

    return inspect.validate(scenario, facts, set_ or [], json)


@command()
def diff(
    a: Scenario, b: Annotated[str, typer.Argument(help="The other scenario.")], json: Json = False
) -> None:
    """Say what differs between two scenarios."""
    from market_abm.commands import inspect

    inspect.diff(a, b, json)


@command()
def explain(
    results: Annotated[Path, typer.Argument(help="A results folder.")],
    firm: Annotated[str, typer.Option(help="Firm or segment.")],
    quarter: Annotated[str | None, typer.Option(help="Quarter; default the last one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; default the first one.")] = None,
    rerun: Annotated[
        bool, typer.Option(help="Run the quarter again to find what would change its mind.")
    ] = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain a firm in a quarter: outside options, leverage, the option not taken, what would flip it."""
    from market_abm.commands import simulate

    simulate.explain(results, firm, quarter, seed, rerun, json, quiet)


@command()
def columns(
    table: Annotated[str | None, typer.Option(help="One table of the results.")] = None,
    scenario: Annotated[bool, typer.Option("--scenario", help="The keys of scenario files instead.")] = False,
    json: Json = False,
) -> None:
    """Print the data dictionary: every column with type, unit and meaning."""
    from market_abm.commands import inspect

    inspect.columns(table, scenario, json)


@command()
def plugins(
    check: Annotated[
        str | None, typer.Option(metavar="NAME", help="Check what is registered under a name.")
    ] = None,
    json: Json = False,
) -> int:
    """List what other packages bring (protocols, strategies, measures), or check it against the contract."""
    from market_abm.commands import inspect

    return inspect.conformance(check, json) if check is not None else inspect.plugins(json)


@command()
def view(
    scenario: Annotated[
        str, typer.Argument(help="A YAML file, or the name of a shipped scenario.")
    ] = "colossus-lease",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any that is free.")] = 8765,
    host: Annotated[
        str, typer.Option(help="Address; others than the loopback ask for a token.")
    ] = "127.0.0.1",
    token: Annotated[str, typer.Option(help="The token; made up where none is given.")] = "",
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open the market in the browser: play it, drag a lever, see who holds which."""
    from market_abm.app import launch

    launch.view(scenario, port, host, token, browser)


register_sweeps(command)
register_stress(command)


def _version(wanted: bool) -> None:
    if wanted:
        from market_abm import __version__

        print(f"market-abm {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _words(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[float]:
    """Numbers between commas."""
    try:
        return [float(word) for word in _words(text)]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of numbers; write for example 0.25,0.5,0.75") from None


def _changes(changes: list[str] | None, protocol: str | None, beta: float | None) -> list[str]:
    """`--set` with the two options that have a name of their own; these rule."""
    found = list(changes or [])
    if protocol is not None:
        found.append(f"behaviour.protocol={protocol}")
    if beta is not None:
        found.append(f"behaviour.beta={beta!r}")
    return found


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
