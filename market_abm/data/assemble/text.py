"""YAML as people read it: one line a number, one line a series, words quoted only where needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ./_+<=%()'-]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off"}

Ends = tuple[float, float] | None
"""Low and high of a number, or nothing."""


def word(text: str) -> str:
    """A name or note, quoted where YAML asks for it."""
    inner = text.strip()
    if _PLAIN.fullmatch(inner) and inner.casefold() not in _WORDS and " #" not in inner and inner == text:
        return inner
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shown(value: float) -> str:
    """A number with at most six significant digits and no trailing zeros."""
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def cited(sources: str | Iterable[str]) -> str:
    """One source, or a list of them."""
    items = [sources] if isinstance(sources, str) else list(sources)
    names = [part for item in items for part in item.split(";") if part]
    return names[0] if len(names) == 1 else "[" + ", ".join(names) + "]"


def quantity(
    value: float,
    unit: str | None = None,
    ends: Ends = None,
    source: str | None = None,
    as_of: str | None = None,
    guess: bool = False,
) -> str:
    """A number with its range and provenance; bare where there is nothing to say."""
    parts = [f"value: {shown(value)}"]
    if unit is not None:
        parts.append(f"unit: {unit}")
    if ends is not None and ends != (value, value):
        parts.append(f"low: {shown(min(ends[0], value))}, high: {shown(max(ends[1], value))}")
    if source is not None:
        parts.append(f"source: {cited(source)}")
        guess = guess or source == "assumption"
    if as_of is not None:
        parts.append(f"as_of: {as_of}" if not as_of.isdigit() else f'as_of: "{as_of}"')
    if guess:
        parts.append("guess: true")
    return shown(value) if len(parts) == 1 else "{" + ", ".join(parts) + "}"


def flow(entries: Mapping[str, str]) -> str:
    """A mapping on one line."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def wrapped(text: str, indent: int, width: int = 108) -> list[str]:
    """A comment, wrapped."""
    lead = " " * indent + "# "
    lines, current = [], ""
    for part in text.split():
        if current and len(lead) + len(current) + 1 + len(part) > width:
            lines.append(lead + current)
            current = part
        else:
            current = f"{current} {part}".strip()
    return [*lines, lead + current] if current else lines
