"""What a Mesa user expects of a model: a seed in any of Mesa's forms, and a data collector."""

from __future__ import annotations

from functools import partial
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


def collector() -> mesa.DataCollector:
    """A data collector of the headline columns."""
    return mesa.DataCollector(model_reporters={column: partial(_step_value, column) for column in COLLECTED})


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
