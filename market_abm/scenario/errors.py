"""What is wrong with a scenario, so that it can be put right: where, what, what is allowed, the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHOWN = 20
"""Problems printed at most; a file with one wrong habit would fill the screen otherwise."""


@dataclass(frozen=True)
class Mark:
    """A place in a file. Line and column start at 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        if self.file.startswith("--set"):
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    ``key`` is a dotted path, ``value`` the offending text, ``allowed`` what may stand there, ``remedy`` what
    to do and ``nearest`` the known word that the author most likely meant.
    """

    message: str
    mark: Mark | None = None
    key: str | None = None
    value: str | None = None
    allowed: str | None = None
    remedy: str | None = None
    nearest: str | None = None

    @property
    def file(self) -> str | None:
        """File in which the problem stands."""
        return self.mark.file if self.mark else None

    @property
    def line(self) -> int | None:
        """Line, from 1."""
        return self.mark.line if self.mark else None

    @property
    def column(self) -> int | None:
        """Column, from 1."""
        return self.mark.column if self.mark else None

    def __str__(self) -> str:
        parts = [f"{self.mark}: " if self.mark else "", f"{self.key}: " if self.key else "", self.message]
        if self.value is not None and self.value not in self.message:
            parts.append(f" (value: {self.value})")
        text = "".join(parts).rstrip(".") + "."
        if self.allowed:
            text += f" Allowed: {self.allowed}."
        if self.nearest:
            text += f' Did you mean "{self.nearest}"?'
        if self.remedy:
            text += f" {self.remedy.rstrip('.')}."
        return text

    def as_dict(self) -> dict[str, object]:
        """Plain fields, for ``--json``."""
        names = ("file", "line", "column", "key", "value", "message", "allowed", "nearest", "remedy")
        return {name: getattr(self, name) for name in names}


class ScenarioError(ValueError):
    """A scenario that cannot be used, with every problem found in it."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.problems: tuple[Problem, ...] = found
        super().__init__(format_problems(found))

    def __reduce__(self):
        return ScenarioError, (self.problems,)


def format_problems(problems: Sequence[Problem], limit: int = SHOWN) -> str:
    """One line a problem; beyond ``limit`` only their number."""
    lines = [str(problem) for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"... and {len(problems) - limit} more problems.")
    return "\n".join(lines)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to ``word``, whatever its case; None where nothing is close."""
    by_fold = {str(name).casefold(): str(name) for name in known}
    folded = word.casefold()[:80]
    match = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    if not match and len(folded) >= 3:
        match = [name for name in by_fold if name.startswith(folded)][:1]
    return by_fold[match[0]] if match else None


def listed(words: Iterable[object], limit: int = 12) -> str:
    """Words in a sentence, the long tail counted."""
    names = [str(word) for word in words]
    tail = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + tail


def clipped(value: object, limit: int = 60) -> str:
    """A value as text on one line, cut where it is long."""
    try:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    except ValueError:  # Python does not print whole numbers of thousands of digits
        text = "a number of thousands of digits"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."
