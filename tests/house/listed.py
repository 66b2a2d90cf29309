"""Lists of what the package registers, in its description: written by ``python -m tests.house.refresh``.

In `docs/odd.md` a list stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``; a file that adds a protocol, a strategy
or a kind of timeline entry changes it without anybody's hand.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from itertools import groupby

from market_abm import decorated
from tests.house.tree import ROOT

ODD = ROOT / "docs" / "odd.md"

WIDTH = 130


def protocols() -> str:
    """Every bargaining protocol, the default first."""
    from market_abm.scenario.registered import own

    first, *others = own("protocol")
    return f"Protocols: {_words([first])} (default; floor + beta (ceiling - floor)), {_words(others)}."


def strategies() -> str:
    """Every strategy by verb."""
    from market_abm.scenario.registered import own

    verbs = [f"*{verb}* {_words(own('strategy', verb))}" for verb in ("renew", "buy", "sell", "build")]
    return f"Strategies by verb: {', '.join(verbs)}."


def kinds() -> str:
    """Every kind of timeline entry by the module that says what it does."""
    parts = []
    for module, held in groupby(decorated.registrations("kind"), key=lambda item: item.module):
        title = module.rsplit(".", 1)[1].replace("_", " ").capitalize()
        parts.append(f"{title} (`{module}`): {_words([item.words[0] for item in held])}.")
    return " ".join(parts)


LISTS: dict[str, Callable[[], str]] = {"protocols": protocols, "strategies": strategies, "kinds": kinds}


def with_lists(text: str) -> str:
    """The description with its lists as the package has them now."""
    for name, made in LISTS.items():
        block = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.S)
        lines = textwrap.fill(made(), WIDTH, break_long_words=False, break_on_hyphens=False)
        text, count = block.subn(
            lambda _, name=name, lines=lines: f"<!-- {name} -->\n{lines}\n<!-- /{name} -->", text
        )  # type: ignore[misc]
        assert count == 1, f"docs/odd.md has {count} lists called {name}"
    return text


def _words(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
