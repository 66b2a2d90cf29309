"""Options of the sweep commands. Everything heavy is imported inside the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Workers = Annotated[
    int | None, typer.Option(min=0, help="Processes; default one a core, 0 runs in this process.")
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="tcp://HOST:PORT", help="An existing Dask cluster instead.")
]
Memory = Annotated[float | None, typer.Option(min=0.1, help="Gigabytes that a local worker may use.")]
Dashboard = Annotated[bool, typer.Option("--dashboard", help="Serve Dask's dashboard on the loopback.")]
Out = Annotated[Path | None, typer.Option(help="Folder of the sweep; default below results/.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of a run, or how it begins.")]


def register(command: Callable[..., Any]) -> None:
    """Add the commands to the command line."""

    @command()
    def sweep(
        experiment: Annotated[
            str, typer.Argument(help="A YAML file, or the name of a shipped experiment; --list names them.")
        ] = "",
        out: Out = None,
        workers: Workers = None,
        scheduler: Scheduler = None,
        replications: Annotated[int | None, typer.Option(min=1, help="Seeds of every point.")] = None,
        full: Annotated[bool, typer.Option("--full", help="The size for a cluster.")] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say how many runs, how long and how much disk.")
        ] = False,
        anew: Annotated[
            bool, typer.Option("--anew", help="Delete what the folder holds of another sweep.")
        ] = False,
        memory: Memory = None,
        dashboard: Dashboard = False,
        list_: Annotated[bool, typer.Option("--list", help="List the shipped experiments.")] = False,
        knobs: Annotated[bool, typer.Option("--knobs", help="List the structural knobs.")] = False,
        json: Json = False,
        quiet: Quiet = False,
    ) -> int:
        """Run an experiment of many runs; repeat the command to go on where it stopped."""
        from market_abm.commands.sweeping import commands

        if list_ or knobs:
            return commands.listed(list_, json)
        cluster = commands.Where(workers, scheduler, memory, dashboard)
        return commands.sweep(experiment, out, cluster, replications, full, dry_run, anew, json, quiet)

    @command()
    def status(folder: Folder = Path("results/phase"), json: Json = False) -> int:
        """Say how far a sweep is, and which runs failed."""
        from market_abm.commands.sweeping import commands

        return commands.status(folder, json)

    @command()
    def retry(
        folder: Folder,
        workers: Workers = None,
        scheduler: Scheduler = None,
        memory: Memory = None,
        json: Json = False,
        quiet: Quiet = False,
    ) -> int:
        """Run what failed or is missing in a sweep again, from its own manifest."""
        from market_abm.commands.sweeping import commands

        return commands.retry(folder, commands.Where(workers, scheduler, memory, False), json, quiet)

    @command()
    def why(folder: Folder, key: Key, json: Json = False) -> None:
        """Say why a run is stored or is not."""
        from market_abm.commands.sweeping import inspect

        inspect.why(folder, key, json)

    @command()
    def replay(
        folder: Folder,
        key: Key,
        out: Annotated[Path | None, typer.Option(help="Write all tables of the run to a folder.")] = None,
        json: Json = False,
    ) -> int:
        """Do a run of a sweep again in this process, and compare it with what is stored."""
        from market_abm.commands.sweeping import inspect

        return inspect.replay(folder, key, out, json)

    @command()
    def phase(
        folder: Folder = Path("results/phase"),
        event: Annotated[
            str, typer.Option(help="What is counted: pivotal, chokepoint, relation, or a column of steps.")
        ] = "pivotal",
        width: Annotated[
            float | None,
            typer.Option(min=0.0001, help="Width of the interval that the threshold should have."),
        ] = None,
        json: Json = False,
    ) -> None:
        """Show when concentration becomes a chokepoint: thresholds, intervals, figures."""
        from market_abm.commands.sweeping import reading

        reading.phase(folder, event, width, json)

    @command()
    def sensitivity(
        folder: Folder,
        output: Annotated[
            list[str] | None,
            typer.Option(metavar="COLUMN", help="Column of steps, or table.column of one firm; repeat."),
        ] = None,
        json: Json = False,
    ) -> None:
        """Show what the outcome depends on: Sobol or Morris indices of a sweep with such a design."""
        from market_abm.commands.sweeping import reading

        reading.sensitivity(folder, output or [], json)
