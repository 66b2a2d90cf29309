"""The catalogue of true statements is held by at least forty distinct properties on random markets."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.invariants.catalogue import PROPERTIES

HELD = [
    (statement, module, name)
    for statement, places in PROPERTIES.items()
    for module, names in places.items()
    for name in names.split()
]


@pytest.mark.parametrize(("statement", "module", "name"), HELD, ids=[f"{m}.{n}" for _, m, n in HELD])
def test_a_listed_property_is_a_hypothesis_test(statement: str, module: str, name: str) -> None:
    function = getattr(import_module(f"tests.{module}"), name)
    assert hasattr(function, "hypothesis"), f"{name} does not draw its markets"
    assert function._hypothesis_internal_use_settings.max_examples >= 5


def test_there_are_forty_and_every_statement_has_some() -> None:
    assert len({(module, name) for _, module, name in HELD}) == len(HELD) >= 40
    assert len(PROPERTIES) == 17
    assert all(places for places in PROPERTIES.values())
