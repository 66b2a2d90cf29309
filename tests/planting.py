"""Plant a mistake in a function of the package: its text changed, and the changed function everywhere it is used."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest


def plant(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any], old: str, new: str) -> None:
    """Replace ``old`` (there once) by ``new`` in the source of a function, for the length of a test.

    The function is exchanged in every module of the package and of the tests that holds it under its name.
    """
    source = textwrap.dedent(inspect.getsource(function))
    count = source.count(old)
    assert count == 1, f"{function.__name__} holds {old!r} {count} times: say which place is meant"
    module = sys.modules[function.__module__]
    scope = dict(vars(module))
    exec(compile(source.replace(old, new), f"<planted in {function.__module__}>", "exec"), scope)
    name = function.__name__
    for place in list(sys.modules.values()):
        if (
            getattr(place, "__name__", "").startswith(("market_abm", "tests"))
            and vars(place).get(name) is function
        ):
            monkeypatch.setattr(place, name, scope[name])
