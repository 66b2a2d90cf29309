"""What a Mesa user expects of a model: a seed in any of Mesa's forms, and a data collector."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

COLLECTED = (
    "price_index_usd_per_gpu_hour",
    "tightness",
    "hhi_fleet",
    "hhi_merchant",
    "chokepoint_firms",
    "leader",
)
"""Columns that the model's own Mesa data collector gathers."""


class Headlines(mesa.DataCollector):
    """Mesa's data collector of the headline columns.

    It reads what a quarter left only when somebody looks: quarters are surveyed together.
    """

    def __init__(self) -> None:
        self._unread: list[SimpleNamespace] = []
        super().__init__(model_reporters={column: partial(_step_value, column) for column in COLLECTED})

    def collect(self, model: Any) -> None:
        """Remember the model's last record, which is all that a reporter asks for."""
        self._unread.append(SimpleNamespace(record=model.record))

    @property
    def model_vars(self) -> dict[str, list[Any]]:
        """Values of each column, one a quarter."""
        while self._unread:
            model = self._unread.pop(0)
            for column, reporter in self.model_reporters.items():
                self._columns[column].append(reporter(model))
        return self._columns

    @model_vars.setter
    def model_vars(self, columns: dict[str, list[Any]]) -> None:
        self._columns = columns


def _step_value(column: str, model: Any) -> Any:
    """A column of the last quarter's steps table, None before the first quarter."""
    return None if model.record is None else model.record["steps"][column]


def seed_of(rng: Any) -> int:
    """The integer seed behind Mesa's ``rng`` argument; 0 where nothing is given."""
    if rng is None:
        return 0
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool):
        return int(rng)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    raise ValueError(f"rng is {rng!r}; give an integer seed or a numpy Generator")
