"""The commands that only look: scenarios, show, validate, diff, columns, plugins."""

from __future__ import annotations

from typing import Any

from market_abm import console
from market_abm.analysis.table import Column, Table

THEMES = (
    "Baselines",
    "Leases and rivalry",
    "Entry and market form",
    "Shocks",
    "Policies",
    "History",
    "Small worlds",
)
"""Headings of the list of scenarios, in order; others follow by name."""


def scenarios(json: bool) -> None:
    """List the shipped scenarios by theme."""
    from market_abm.scenario import ScenarioError, load_scenario, shipped

    found: list[dict[str, Any]] = []
    for name in shipped():
        try:
            scenario = load_scenario(name)
        except ScenarioError as error:
            found.append({"name": name, "question": f"cannot be read: {error.problems[0]}"})
            continue
        span = f"{scenario.quarters[0]} to {scenario.quarters[-1]}"
        found.append(
            {
                "theme": scenario.theme or "Others",
                "name": name,
                "read_against": scenario.read_against or "",
                "quarters": span,
                "firms": len(scenario.firms),
                "question": scenario.question,
            }
        )
    found.sort(key=_by_theme)
    if json:
        console.show_json(found)
        return
    heads = {"name": "Name", "question": "Question", "read_against": "Read against"}
    columns = tuple(Column(key, label, extra=key == "read_against") for key, label in heads.items())
    tables = []
    for theme in dict.fromkeys(row.get("theme", "Others") for row in found):
        part = [row for row in found if row.get("theme", "Others") == theme]
        rows = tuple(tuple(row.get(key, "") for key in heads) for row in part)
        tables.append(Table(f"scenarios-{theme.lower().replace(' ', '-')}", theme, columns, rows))
    console.show_tables(tables)


def _by_theme(row: dict[str, Any]) -> tuple[int, str, str]:
    theme = row.get("theme", "Others")
    return (THEMES.index(theme) if theme in THEMES else len(THEMES), theme, row["name"])


def show(name: str, changes: list[str], json: bool) -> None:
    """Describe a scenario."""
    from market_abm.scenario import load_scenario
    from market_abm.scenario.describe import describe

    scenario = load_scenario(name, changes)
    found = describe(scenario)
    if json:
        tables = [{"title": t.title, "columns": t.columns, "rows": list(t.rows)} for t in found.tables]
        console.show_json({"sentences": found.sentences, "tables": tables, "scenario": scenario.content()})
        return
    out = console.output()
    for sentence in found.sentences:
        console.say(sentence, out)
    for table in found.tables:
        heads = tuple(Column(head, head.capitalize()) for head in table.columns)
        console.show_tables([Table(table.title, table.title, heads, tuple(table.rows))], out)


def validate(name: str, facts: bool, changes: list[str], json: bool) -> int:
    """Check a scenario; with ``facts`` compare its opening state and first year with sourced figures."""
    from market_abm.scenario import ScenarioError, format_problems, load_scenario

    try:
        scenario = load_scenario(name, changes)
    except ScenarioError as error:
        if json:
            console.show_json({"valid": False, "problems": [problem.as_dict() for problem in error.problems]})
        else:
            console.complain(format_problems(error.problems))
        return console.BAD_INPUT
    if facts:
        return _facts(scenario, json)
    from market_abm.scenario.describe import provenance

    found = provenance(scenario)
    if json:
        counts = {"sourced": found.sourced, "guessed": found.guessed, "bare": found.bare}
        console.show_json({"valid": True, "name": scenario.name, "numbers": counts, "problems": []})
        return console.DONE
    console.say(
        f"{scenario.name} is sound: {len(scenario.firms)} firms, {len(scenario.segments)} segments, "
        f"{len(scenario.contracts)} contracts, {len(scenario.timeline)} dated entries; {found.sourced} "
        f"numbers have a source, {found.guessed} are guesses with a range, {found.bare} are rules or bare."
    )
    return console.DONE


def _facts(scenario: Any, json: bool) -> int:
    from market_abm.analysis.facts import facts_table, summary, verdicts
    from market_abm.analysis.vetting import kept_table
    from market_abm.experiments.observed import OPENING

    history = kept_table()
    if scenario.horizon.start == OPENING:  # the world of the backtest: history is its test
        if json:
            console.show_json({"valid": True, "summary": history.note, "history": history.as_dict()})
        else:
            console.show_tables([history])
        return console.DONE
    if scenario.horizon.start != "2026Q3":
        raise console.InputError(
            f"{scenario.name} starts in {scenario.horizon.start}, the facts are for 2026Q3; compare a world "
            "that starts then, for example world-2026"
        )
    with console.Progress("Running four calm quarters"):
        found = verdicts(scenario)
    if json:
        tables = {"facts": facts_table(found).as_dict(), "history": history.as_dict()}
        console.show_json({"valid": True, "summary": summary(found), **tables})
    else:
        console.show_tables([facts_table(found), history])
    return console.DONE


def diff(a: str, b: str, json: bool) -> None:
    """What differs between two scenarios."""
    from market_abm.scenario import load_scenario
    from market_abm.scenario.diff import diff as differences

    first, second = load_scenario(a), load_scenario(b)
    found = differences(first, second)
    if json:
        console.show_json([{"path": item.path, "a": item.a, "b": item.b} for item in found])
        return
    if not found:
        console.say(f"{first.name} and {second.name} do not differ.")
        return
    columns = (Column("path", "Key"), Column("a", first.name), Column("b", second.name))
    rows = tuple((item.path, _told(item.a), _told(item.b)) for item in found)
    count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
    console.show_tables([Table("diff", f"{first.name} and {second.name}: {count}", columns, rows)])


def _told(value: Any) -> str:
    """A value of a scenario on one line."""
    if value is None:
        return "-"
    if isinstance(value, dict) and isinstance(value.get("value"), int | float):
        band = f" ({value['low']:g} to {value['high']:g})" if "low" in value else ""
        return f"{value['value']:g}{band}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_told(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_told(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def columns(table: str | None, scenario: bool, json: bool) -> None:
    """The data dictionary of the results, or the keys of scenario files."""
    if scenario:
        _keys(json)
        return
    from market_abm.results.dictionary import ORDER, dictionary
    from market_abm.results.dictionary import columns as of_table

    if table is not None and table not in ORDER:
        raise console.InputError(f"there is no table {table!r}; tables: {', '.join(ORDER)}")
    found = list(of_table(table)) if table else list(dictionary())
    if json:
        console.show_json([column.as_dict() for column in found])
        return
    heads = tuple(Column(key, key.capitalize()) for key in ("table", "column", "type", "unit", "meaning"))
    rows = tuple((c.table, c.name, c.dtype, c.unit, c.meaning) for c in found)
    console.show_tables([Table("columns", "Columns of the results", heads, rows, '"*": every table.')])


def _keys(json: bool) -> None:
    from market_abm.scenario.dictionary import keys

    found = keys()
    if json:
        console.show_json([key._asdict() for key in found])
        return
    heads = tuple(Column(key, key.capitalize()) for key in ("key", "type", "unit", "default", "meaning"))
    rows = tuple(
        (k.path, k.type, k.unit, "required" if k.default is None else k.default, k.meaning) for k in found
    )
    console.show_tables([Table("keys", "Keys of scenario files", heads, rows)])


def plugins(json: bool) -> int:
    """What other packages registered, and which of them could not be loaded."""
    from market_abm import plugins as found

    items = found.listed()
    if json:
        console.show_json([item.as_dict() for item in items])
        return console.DONE
    if not items:
        console.say(
            found.trouble() or f"No plugins: no installed package has an entry point in {found.GROUP}."
        )
        return console.DONE
    heads = tuple(Column(key, key.capitalize()) for key in ("plugin", "package", "version", "brings"))
    rows = tuple((item.name, item.distribution, item.version, _brought(item)) for item in items)
    console.show_tables([Table("plugins", "Plugins", heads, rows)])
    return console.DONE


def _brought(item: Any) -> str:
    if item.error:
        return f"not loaded: {item.error}"
    return ", ".join(f"{kind} {name}" for kind, name in item.registered) or "nothing"


def conformance(name: str, json: bool) -> int:
    """Check a protocol, strategy or measure; the exit code says whether it conforms."""
    from dataclasses import asdict

    from market_abm.conformance import check

    try:
        found = check(name)
    except ValueError as error:
        raise console.InputError(str(error)) from None
    if json:
        console.show_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            console.say(str(finding))
        console.say(f"{name}: {len(found)} findings." if found else f"{name} conforms.")
    return console.FAILURES if found else console.DONE
