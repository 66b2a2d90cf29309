"""Registrations of a test are taken out again, so that no other test sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from market_abm import plugins


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
