"""The generated parts of the documentation hold everything that they are made from."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from tests.house.tree import ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    """The script that the build of the documentation uses."""
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_and_option_is_there(generated: Any) -> None:
    from typer.main import get_command

    from market_abm.cli import app

    page = generated.commands()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        section = page.split(f"## {name}\n")[1].split("\n## ")[0]
        for item in command.params:
            words = item.opts if item.param_type_name == "option" else [item.metavar or item.name.upper()]
            assert item.name == "help" or all(word in section for word in words), item.name


def test_every_column_and_kind_is_there(generated: Any) -> None:
    from market_abm.results.dictionary import dictionary
    from market_abm.scenario.timeline import KINDS

    page = generated.columns()
    assert all(f"| `{column.name}` |" in page for column in dictionary())
    assert all(f"## {kind}\n" in generated.timeline() for kind in KINDS)


def test_every_public_name_of_the_library_is_there(generated: Any) -> None:
    import market_abm
    import market_abm.market
    import market_abm.measures

    for module, part in (
        (market_abm, "api"),
        (market_abm.market, "api.market"),
        (market_abm.measures, "api.measures"),
    ):
        page = generated.PARTS[part]()
        names = getattr(module, "__all__", None) or dir(module)
        assert all(f"{module.__name__}.{name}\n" in page for name in names)


def test_every_mark_of_a_page_has_its_part(generated: Any) -> None:
    marks = [mark for page in DOCS.rglob("*.md") for mark in generated.MARK.findall(page.read_text("utf-8"))]
    assert len(marks) >= 8
    assert set(marks) == set(generated.PARTS)
    with pytest.raises(KeyError):
        generated.filled("<!-- generated: nothing -->")
