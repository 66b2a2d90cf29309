"""What the documentation does not say twice: commands, columns, timeline kinds and the functions of the API.

A page asks for a part with a line ``<!-- generated: NAME -->``; the names are the keys of :data:`PARTS`.
``python docs/generated.py NAME`` prints one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

MARK = re.compile(r"^<!-- generated: ([\w.-]+) -->$", re.M)


def filled(text: str) -> str:
    """A page with its generated parts in place.

    Raises
    ------
    KeyError
        When the page asks for a part that does not exist.
    """
    return MARK.sub(lambda mark: PARTS[mark[1]](), text)


def commands() -> str:
    """Every command with its arguments and options, as the command line itself has them."""
    from typer.main import get_command

    from market_abm.cli import app

    group: Any = get_command(app)
    return "\n".join(_command(name, group.commands[name]) for name in group.commands)


def _command(name: str, command: Any) -> str:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    usage = " ".join(["market-abm", name, *(_argument(item) for item in arguments), "[OPTIONS]"])
    rows = ["| argument or option | meaning | default |", "|---|---|---|"]
    for item in command.params:
        if item.name != "help":
            rows.append(f"| {_spelling(item)} | {_cell(item.help or '')} | {_default(item)} |")
    return f"## {name}\n\n`{usage}`\n\n{command.help}\n\n" + "\n".join(rows) + "\n"


def _argument(item: Any) -> str:
    word = item.metavar or item.name.upper()
    word = word if item.nargs == 1 or word.endswith("...") else f"{word}..."
    return word if item.required else f"[{word}]"


def _spelling(item: Any) -> str:
    if item.param_type_name == "argument":
        return f"`{_argument(item)}`"
    words = " / ".join([*item.opts, *item.secondary_opts])
    kind = item.metavar or item.name.strip("_").upper()
    return f"`{words}`" if item.is_flag else f"`{words} {kind}`"


def _default(item: Any) -> str:
    value = item.default
    if item.required:
        return "required"
    if value is None or value == "" or value is False or callable(value) or "UNSET" in repr(value).upper():
        return ""
    return "on" if value is True else f"`{value}`"


def columns() -> str:
    """Every column of every results table: the file ``columns.csv`` of the package."""
    from market_abm.results.dictionary import ORDER, head
    from market_abm.results.dictionary import columns as of_table

    tables: list[tuple[str, Iterable[Any]]] = [("All tables", head())]
    tables += [(table, of_table(table)) for table in ORDER]
    return "\n".join(_columns(title, entries) for title, entries in tables)


def _columns(title: str, entries: Iterable[Any]) -> str:
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    rows += [f"| `{item.name}` | {item.dtype} | {item.unit} | {_cell(item.meaning)} |" for item in entries]
    return f"## {title}\n\n" + "\n".join(rows) + "\n"


def timeline() -> str:
    """Every kind of dated entry: what it does, and its keys."""
    from market_abm.scenario.dictionary import keys
    from market_abm.scenario.timeline import KINDS

    every = [key for key in keys() if key.path.startswith("timeline[")]
    pages = []
    for kind, model in KINDS.items():
        text = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        rows = ["| key | unit or type | default | meaning |", "|---|---|---|---|"]
        for key in every:
            if key.path.startswith(f"timeline[{kind}]."):
                name = key.path.split("].", 1)[1]
                what = key.unit if key.unit not in ("", "1") else key.type.replace(" | ", ", ")
                rows.append(f"| `{name}` | {_cell(what)} | {key.default or ''} | {_cell(key.meaning)} |")
        pages.append(f"## {kind}\n\n{text}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(pages)


def names(module: str) -> list[str]:
    """Public names of a module: what it says in ``__all__``, or else offers by ``dir``."""
    found = import_module(module)
    listed = getattr(found, "__all__", None) or [name for name in dir(found) if not name.startswith("_")]
    return sorted(listed, key=str.lower)


def api(module: str, only: Iterable[str] = ()) -> str:
    """A table of the public names of a module, then each with its docstring."""
    parts = list(only) or names(module)
    lines = [f".. currentmodule:: {module}", "", ".. autosummary::", ""]
    lines += [f"   {name}" for name in parts] + [""]
    for name in parts:
        lines += list(_entry(module, name))
    return "```{eval-rst}\n" + "\n".join(lines) + "\n```\n"


def _entry(module: str, name: str) -> Iterator[str]:
    found = getattr(import_module(module), name)
    if isinstance(found, type):
        yield f".. autoclass:: {module}.{name}"
        yield "   :members:"
    elif callable(found):
        yield f".. autofunction:: {module}.{name}"
    else:
        yield f".. autodata:: {module}.{name}"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "\\<").split())


STRATEGIES = ["strategy", "get", "names", "View", "Menu", "Notices", "Bids", "Offer", "Orders"]

PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "columns": columns,
    "timeline": timeline,
    "api": lambda: api("market_abm"),
    "api.agents": lambda: api("market_abm.agents"),
    "api.market": lambda: api("market_abm.market"),
    "api.measures": lambda: api("market_abm.measures"),
    "api.strategies": lambda: api("market_abm.strategies", STRATEGIES),
    "api.timeline": lambda: api("market_abm.timeline", ["kind", "kinds", "take_effect"]),
    "api.conformance": lambda: api("market_abm.conformance"),
}


if __name__ == "__main__":
    print(PARTS[sys.argv[1]]())
