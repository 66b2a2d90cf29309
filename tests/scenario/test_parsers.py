"""libyaml only makes reading faster: what it understands ruamel reads the same, and errors are ruamel's."""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest

from market_abm.scenario.catalogue import shipped, shipped_file
from market_abm.scenario.errors import ScenarioError
from market_abm.scenario.events import Stumbled, from_libyaml, from_ruamel
from market_abm.scenario.tree import Node, composed, decode, parse

CHARACTERS = [*" \n:-#,[]{}&*!|>'\"%@`?\\~=\té\u2028", "---\n", "...\n", ": ", "- ", "? ", "\n\n", "\\x", "'''", "|2\n",
              "<<: *a", "!!str ", "\r\n", "a:b", "[a]:"]  # fmt: skip


def text_of(name: str) -> str:
    """Text of a shipped scenario."""
    path = shipped_file(name)
    assert path is not None
    return path.read_text(encoding="utf-8")


def flat(node: Node) -> Any:
    """Values with the places of keys and of all that is not empty."""
    if isinstance(node.value, dict):
        return node.mark, [(key, node.keys[key], flat(item)) for key, item in node.value.items()]
    if isinstance(node.value, list):
        return node.mark, [flat(item) for item in node.value]
    return None if node.value is None else (node.mark, repr(node.value))


def quick(text: str) -> Node:
    """The tree that libyaml's events give."""
    return composed(from_libyaml(text), "f.yaml")


def thorough(text: str) -> Node:
    """The tree that ruamel's events give."""
    return composed(from_ruamel(text, "f.yaml"), "f.yaml")


@pytest.mark.parametrize("name", shipped())
def test_both_read_a_shipped_scenario_the_same(name: str) -> None:
    text = text_of(name)
    assert flat(quick(text)) == flat(thorough(text))


def test_both_read_broken_texts_the_same_where_libyaml_reads_them_at_all() -> None:
    draw = random.Random(5)
    texts = [text_of("two-clouds-three-labs").splitlines(True), text_of("colossus-lease").splitlines(True)]
    read = 0
    for _ in range(600):
        lines = draw.choice(texts)
        start = draw.randrange(len(lines) - 10)
        text = "".join(lines[start : start + 10])
        for _ in range(draw.choice([1, 1, 2])):
            place = draw.randrange(len(text))
            text = text[:place] + draw.choice(CHARACTERS) + text[place + draw.randrange(3) :]
        try:
            found = flat(quick(decode(text.encode(), "f.yaml")))
        except (Stumbled, ScenarioError):
            continue
        read += 1
        assert found == flat(thorough(text)), text
    assert read > 60


@pytest.mark.parametrize("text", ["a: b\tc\n", "a:\tb\n", "a: b\u2028c\n", "\ta: b\n"])
def test_what_the_two_see_differently_is_left_to_ruamel(text: str) -> None:
    with pytest.raises(Stumbled):
        quick(text)


def test_errors_are_said_in_the_same_words_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "a: {b: 1\nc: 2\n"
    said = []
    for there in (True, False):
        if not there:
            monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
        with pytest.raises(ScenarioError) as caught:
            parse(broken, "f.yaml")
        said.append(str(caught.value))
        assert flat(parse("a: 1\n", "f.yaml")) == flat(thorough("a: 1\n").copy())
    assert said[0] == said[1]
    assert "f.yaml:" in said[0]
