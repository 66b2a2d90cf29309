"""YAML text as a stream of events, from libyaml or from ruamel.yaml.

libyaml is ten times as fast and speaks YAML 1.1; ruamel.yaml is pure Python, speaks YAML 1.2, and has the
last word: it reads what libyaml cannot, and says what is wrong with a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from market_abm.scenario.errors import Mark, Problem, ScenarioError, clipped

_UNUSUAL = re.compile("[\t\x85\u2028\u2029\ufeff]")
"""Tabs, and line breaks of other standards: here the two see different things."""


class Stumbled(Exception):
    """libyaml is not there, or does not understand the text."""


def from_libyaml(text: str) -> Iterator[Any]:
    """Events of libyaml.

    Raises
    ------
    Stumbled
        Perhaps after some events.
    """
    if _UNUSUAL.search(text):
        raise Stumbled
    try:
        from yaml import YAMLError
        from yaml.cyaml import CParser
    except ImportError:
        raise Stumbled from None
    try:
        parser = CParser(text)
        while (event := parser.get_event()) is not None:
            yield event
    except (YAMLError, ValueError) as error:
        raise Stumbled from error


def from_ruamel(text: str, file: str) -> Iterator[Any]:
    """Events of ruamel.yaml.

    Raises
    ------
    ScenarioError
        Where the text is not YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    mark = Mark(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            mark = place(event.start_mark, mark)
            yield event
    except MarkedYAMLError as error:
        _refuse(str(error.problem or error.context), place(error.problem_mark or error.context_mark, mark))
    except (
        YAMLError,
        ValueError,
        OverflowError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as error:
        # The third-party scanner answers some broken escapes with plain Python errors.
        _refuse(clipped(error, 120), mark)


def place(mark: Any, otherwise: Mark) -> Mark:
    """A parser's mark, which counts from 0, as a place in the same file as ``otherwise``."""
    return otherwise if mark is None else Mark(otherwise.file, mark.line + 1, mark.column + 1)


def _refuse(problem: str, mark: Mark) -> NoReturn:
    hint = "Check indentation, quotes and brackets on this line and the one before"
    if "'\\t'" in problem:
        hint = "Indent with spaces, not tabs"
    elif "mapping values are not allowed" in problem:
        hint = 'Put text that contains ": " in quotes, and check the indentation'
    raise ScenarioError(Problem(f"not valid YAML: {problem}", mark, remedy=hint))
