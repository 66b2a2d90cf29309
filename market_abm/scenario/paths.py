"""Dotted paths: ``firms.Google.fleet.online``; a key that holds a dot or a quote stands in double quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_SEGMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^."]+')


def join(parts: Iterable[object]) -> str:
    """The dotted path of its parts."""
    return ".".join([_segment(str(part)) for part in parts])


def below(path: str, part: str) -> str:
    """The dotted path of a part of what stands at ``path``; the empty path is that of the whole."""
    return f"{path}.{_segment(part)}" if path else _segment(part)


def _segment(word: str) -> str:
    return json.dumps(word, ensure_ascii=False) if "." in word or '"' in word else word


def split(path: str) -> list[str]:
    """The parts of a dotted path.

    Raises
    ------
    ValueError
        When quotes do not close or a part is empty.
    """
    parts: list[str] = []
    at = 0
    while True:
        match = _SEGMENT.match(path, at)
        if match is None:
            raise ValueError(f"{path!r} is not a dotted path such as behaviour.beta")
        word = match[0]
        parts.append(json.loads(word) if word.startswith('"') else word.strip())
        at = match.end()
        if at == len(path):
            return parts
        if path[at] != ".":
            raise ValueError(f"{path!r} is not a dotted path such as behaviour.beta")
        at += 1
