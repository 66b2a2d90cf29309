"""A sentence that keeps every number it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from market_abm.analysis.table import Kind, band_shown, shown


@dataclass(frozen=True)
class Sentence:
    """A sentence, and every number in it by name."""

    topic: str
    text: str
    facts: dict[str, Any]


@dataclass
class Writer:
    """Writes numbers into a sentence and keeps them."""

    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, name: str, value: Any, kind: Kind = "count", band: bool = False) -> str:
        """Text of a number; with ``band`` its 5-95 % band as well."""
        self.facts[name] = value
        text = shown(value, kind)
        around = band_shown(value, kind)
        return f"{text} ({around})" if band and around else text


def listed(parts: Sequence[str]) -> str:
    """Parts of a sentence: a, b and c."""
    return "".join(parts) if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"
