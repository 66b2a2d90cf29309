"""What a check found, and how a call is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Property = Literal["determinism", "budget", "relabelling", "limits"]

CLOSE = 1e-9
"""Relative difference up to which two answers are the same after relabelling."""


@dataclass(frozen=True)
class Finding:
    """One breach of the contract."""

    subject: str
    """What was checked, such as "protocol mine"."""
    property: Property
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.property}: {self.message}"


class Findings:
    """Collects the findings on one subject, each once."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.found: list[Finding] = []

    def add(self, kind: Property, message: str) -> None:
        """One more, unless it stands there already."""
        item = Finding(self.subject, kind, message)
        if item not in self.found:
            self.found.append(item)

    def call(self, kind: Property, where: str, function: Callable[[], Any]) -> Any:
        """The answer of a call; None and a finding where it raises."""
        try:
            return function()
        except Exception as error:
            self.add(kind, f"{where}: {type(error).__name__}: {' '.join(str(error).split())}")
            return None


def same_bits(a: Any, b: Any) -> bool:
    """Equal arrays, bit by bit, NaN in the same places."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def close(a: Any, b: Any, tolerance: float = CLOSE) -> bool:
    """Equal up to ``tolerance`` times the largest number, NaN in the same places."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        return False
    size = max(1.0, float(np.abs(a[np.isfinite(a)]).max(initial=0.0)))
    return bool(np.allclose(a, b, rtol=0.0, atol=tolerance * size, equal_nan=True))
