"""Units and sums: what the whole package counts on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_abm.units import ordered_sum, totals


def one_by_one(values: np.ndarray) -> np.ndarray:
    """Sum over the first axis in a plain loop."""
    total = values[0].copy()
    for row in values[1:]:
        total = total + row
    return total


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 12), st.sampled_from((0, 1)))
def test_a_sum_runs_from_the_first_to_the_last(seed: int, rows: int, columns: int, axis: int) -> None:
    """To the bit, in any memory layout: numpy's own sum adds in pairs."""
    values = np.random.default_rng(seed).normal(size=(rows, columns)) * 10.0 ** np.arange(columns)
    for array in (values, np.asfortranarray(values), values[:, ::-1][:, ::-1]):
        wanted = one_by_one(array if axis == 0 else array.T)
        assert ordered_sum(array, axis=axis).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("shape", [(3_000, 2), (257, 300), (9, 4_001)])
def test_large_tables_too(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(1).normal(size=shape)
    assert ordered_sum(values).tobytes() == one_by_one(values).tobytes()


def test_a_zero_in_between_changes_no_bit() -> None:
    values = np.random.default_rng(2).normal(size=(200, 3))
    assert ordered_sum(np.insert(values, 77, 0.0, axis=0)).tobytes() == ordered_sum(values).tobytes()


def test_nothing_sums_to_zero() -> None:
    assert ordered_sum([]) == 0.0 and ordered_sum(np.zeros((0, 2))).tolist() == [0.0, 0.0]


@given(st.integers(0, 10_000), st.integers(0, 60))
def test_totals_are_added_in_order_place_by_place(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    place, values = rng.integers(0, 4, size), rng.normal(size=size) * 10.0 ** rng.integers(0, 9, size)
    wanted = np.zeros(5)
    for at, value in zip(place, values):
        wanted[at] += value
    found = totals(place, values, 5)
    assert found.dtype == np.float64 and found.tobytes() == wanted.tobytes()
