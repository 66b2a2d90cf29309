"""What no file of the repository may contain, and how long a file may be."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.tree import PACKAGE, ROOT, committed, modules, text_of

LONGEST = 330
"""Lines of a module: about three hundred."""

USUAL = 150
"""Lines that half of the modules stay below."""

# Written in pieces, so that this file does not contain what it forbids.
PLACES = [
    "/" + "work/",
    "/" + "root/",
    "/tmp/" + "venv",
    "/" + "home/",
    r"/\." + "library",
    r"\.\./" + "shared",
    "C:" + r"\\Users",
]
UNFINISHED = [
    r"\bTO" + "DO",
    r"\bFIX" + "ME",
    "NotImplemented" + "Error",
    r"\.mark\." + "(skip|xfail)",
    r"pytest\." + r"(skip|xfail)\(",
]


def hits(patterns: list[str], text: str) -> list[str]:
    """Lines of a text on which any of the patterns occurs."""
    expression = re.compile("|".join(patterns))
    return [
        f"{n}: {line.strip()[:100]}" for n, line in enumerate(text.splitlines(), 1) if expression.search(line)
    ]


def everywhere(patterns: list[str], suffixes: tuple[str, ...] = ()) -> list[str]:
    """The same over the whole tree."""
    found = []
    for path in committed():
        text = text_of(path)
        if text is not None and (not suffixes or path.suffix in suffixes):
            found += [f"{path.relative_to(ROOT)}:{hit}" for hit in hits(patterns, text)]
    return found


def test_no_file_names_a_place_of_one_machine() -> None:
    assert not everywhere(PLACES)


def test_nothing_is_left_unfinished_or_skipped() -> None:
    assert not everywhere(UNFINISHED, (".py", ".md", ".toml", ".yaml"))


@pytest.mark.parametrize(
    "line", ["see /" + "work/main", "x = '../" + "shared/data'", "in /" + "home/me/model"]
)
def test_the_search_sees_a_place(line: str) -> None:
    assert hits(PLACES, line)


def test_modules_are_short() -> None:
    lengths = {p.relative_to(PACKAGE): len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
    assert not {str(path): n for path, n in lengths.items() if n > LONGEST}


def test_half_of_the_modules_are_shorter_than_a_few_screens() -> None:
    lengths = sorted(len(p.read_text(encoding="utf-8").splitlines()) for p in modules())
    assert lengths[len(lengths) // 2] < USUAL


def test_every_module_says_what_it_is() -> None:
    silent = [p for p in modules() if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert not silent
