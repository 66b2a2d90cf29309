"""The page of mechanisms names oracles and tests that exist; the glossary states thresholds as they are."""

from __future__ import annotations

import ast
import json
import re

from market_abm.measures import Thresholds
from tests.house.tree import ROOT

METHOD = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
SECTIONS = METHOD.split("\n## ")[1:]

TEST = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<function>\w+)`")
ORACLES = re.compile(r"^\*Oracle\*: (.*?)\n\*Tests\*", re.M | re.S)


def missing(text: str) -> list[str]:
    """Concepts and tests named in a text that do not exist."""
    cases = json.loads((ROOT / "tests" / "oracles" / "cases.json").read_text(encoding="utf-8"))
    known = {case["concept"] for case in cases}
    named = [name for part in ORACLES.findall(text) for name in re.findall(r"`(\w+)`", part)]
    out = [name for name in named if name not in known]
    for test in TEST.finditer(text):
        path = ROOT / "tests" / test["file"]
        functions = (
            {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(node, "name")}
            if path.exists()
            else set()
        )
        if test["function"] not in functions:
            out.append(test[0])
    return out


def test_every_oracle_and_test_that_is_named_exists() -> None:
    assert not missing(METHOD)


def test_names_that_do_not_exist_are_found() -> None:
    text = "*Oracle*: `phlogiston`.\n*Tests*: `market/test_clearing.py::test_nothing`, `no/such.py::test_a`."
    assert len(missing(text)) == 3


def test_every_mechanism_says_source_limits_and_tests() -> None:
    for section in SECTIONS:
        title = section.splitlines()[0]
        assert TEST.search(section), title
        if title != "The books":
            assert "*Limits.*" in section and "*Oracle*:" in section, title


def test_oracles_that_are_answered_are_named_somewhere() -> None:
    from tests.oracles.runner import REQUIRED

    named = {name for part in ORACLES.findall(METHOD) for name in re.findall(r"`(\w+)`", part)}
    assert named >= REQUIRED


def test_thresholds_in_the_glossary_are_those_of_the_model() -> None:
    glossary = " ".join((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split())
    held = Thresholds()
    for words in (
        f"lose at least {held.loss_of_others:.0%} of the surplus".replace("%", " %"),
        f"price would rise by at least {held.price_effect:.0%}".replace("%", " %"),
        f"*Watch* from {held.watch:.0%} of price".replace("%", " %"),
        f"loses at least {held.relation_before:.0%} of the value of its compute".replace("%", " %"),
        f"still {held.relation_after:.0%} after rerouting".replace("%", " %"),
        f"at least {held.tight:g} times",
    ):
        assert words in glossary, words
