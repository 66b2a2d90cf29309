"""Registrations of a test are taken out again, so that no other test sees them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from market_abm import plugins
from tests.plugins.package import BROKEN, GOOD, installed


@pytest.fixture
def registered() -> Iterator[Callable[..., Any]]:
    """``registered(kind, name)(decorator, function)`` registers for the length of the test."""
    names: list[tuple[str, str]] = []

    def remember(kind: str, name: str) -> Callable[..., Any]:
        names.append((kind, name))
        return lambda decorator, function: decorator(function)

    yield remember
    for entry in [item for item in plugins._entries if (item.kind, item.name) in names]:
        entry.withdraw()
        plugins._entries.remove(entry)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good package and a broken one."""
    folder = tmp_path_factory.mktemp("site")
    installed(folder, "their-market", GOOD)
    return installed(folder, "their-ruin", BROKEN, "2.0")


@pytest.fixture
def site(packages: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The two packages installed for the length of a test, and nothing of them left afterwards."""
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setattr(plugins, "_loaded", None)
    monkeypatch.setenv("COLUMNS", "200")
    yield packages
    for entry in [item for item in plugins._entries if item.module.startswith("their_")]:
        entry.withdraw()
        plugins._entries.remove(entry)
    for name in [name for name in sys.modules if name.startswith("their_")]:
        del sys.modules[name]
