"""What a page may ask of its session: a short list of actions, each with checked arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from market_abm.app.controller import Session
from market_abm.app.place import SEEDS

MOST_TEXT = 2_000
"""Characters of a text that a page sends."""


def act_on(session: Session, message: Any) -> None:
    """Do what a page asks; what is not understood is left alone (no page of ours sends it)."""
    if not isinstance(message, Mapping):
        return
    action = ACTIONS.get(str(message.get("act")))
    if action is not None:
        session.asked(int(_number(message, "asked")))
        action(session, message)


def _text(message: Mapping[str, Any], key: str) -> str:
    return str(message.get(key) or "")[:MOST_TEXT]


def _number(message: Mapping[str, Any], key: str) -> float:
    """A finite number, 0 where there is none."""
    value = message.get(key)
    ok = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return float(value) if ok else 0.0  # type: ignore[arg-type]


def _seed(session: Session, message: Mapping[str, Any]) -> None:
    text = _text(message, "seed").strip()
    if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= SEEDS:
        session.seed(int(text))
    else:
        session.refuse(f"the seed {text[:40]!r}; allowed are whole numbers from 0 to {SEEDS:,}")


def _change(session: Session, message: Mapping[str, Any]) -> None:
    value = message.get("value")
    text = None if value is None else str(value)[:MOST_TEXT].strip()
    if text == "":
        session.refuse("an empty value; type a number, or take the change back")
    else:
        session.change(_text(message, "key"), text)


ACTIONS: dict[str, Callable[[Session, Mapping[str, Any]], None]] = {
    "play": lambda s, m: s.play(),
    "pause": lambda s, m: s.pause(),
    "forward": lambda s, m: s.forward(int(_number(m, "quarters"))),
    "go": lambda s, m: s.go_to(int(_number(m, "step"))),
    "quarter": lambda s, m: s.go_to_quarter(_text(m, "quarter")),
    "reset": lambda s, m: s.reset(),
    "speed": lambda s, m: s.speed(_number(m, "seconds")),
    "seed": _seed,
    "scenario": lambda s, m: s.scenario(_text(m, "name")),
    "compare": lambda s, m: s.compare(_text(m, "name")),
    "change": _change,
    "restore": lambda s, m: s.restore(),
    "choose": lambda s, m: s.choose(_text(m, "firm")),
    "shut": lambda s, m: s.shut(),
    "tables": lambda s, m: s.tables(),
    "dismiss": lambda s, m: s.dismiss(),
    "drawn": lambda s, m: s.drawn(int(_number(m, "number"))),
}
"""Actions by name."""
