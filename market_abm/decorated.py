"""What the package itself registers, read off the decorators in its source text.

A scenario names protocols, strategies and kinds of timeline entries. It is checked without loading the model, so the
names are not asked of the registries but read where they are given: ``@strategy("sell", "withhold")`` at the
beginning of a line of a file in `market_abm/strategies`. A file that is added there is known by that alone.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

PACKAGE = Path(__file__).parent

ROOMS = {
    "protocol": "market.bargaining",
    "strategy": "strategies",
    "measure": "measures",
    "kind": "timeline",
}
"""Where each decorator registers something: a folder of the package."""


class Registration(NamedTuple):
    """A decorator in the source text: the words it is called with, and the module that it stands in."""

    words: tuple[str, ...]
    module: str


@cache
def registrations(decorator: str) -> tuple[Registration, ...]:
    """Every use of a decorator in its room, by module and place; nothing is imported."""
    room = ROOMS[decorator]
    call = re.compile(rf"^@{decorator}\(((?:\"[^\"]*\"(?:,\s*)?)+)", re.M)
    found = []
    for path in sorted((PACKAGE / room.replace(".", "/")).glob("*.py")):
        for use in call.finditer(path.read_text(encoding="utf-8")):
            words = tuple(re.findall(r"\"([^\"]*)\"", use[1]))
            found.append(Registration(words, f"{__package__}.{room}.{path.stem}"))
    return tuple(found)


def names(decorator: str, *before: str) -> tuple[str, ...]:
    """Names that the package registers, in their order in the source; ``before`` are the words that stand before."""
    found = (item.words for item in registrations(decorator) if item.words[: len(before)] == before)
    return tuple(words[len(before)] for words in found if len(words) > len(before))


def import_modules(room: str) -> None:
    """Import every module of a room, so that what they register is there."""
    folder = PACKAGE / room.replace(".", "/")
    for module in iter_modules([str(folder)]):
        import_module(f"{__package__}.{room}.{module.name}")


def import_registering(decorator: str, *words: str) -> None:
    """Import the modules of a room that register something; only those that give these words, where any are given."""
    for item in registrations(decorator):
        if item.words[: len(words)] == words:
            import_module(item.module)
