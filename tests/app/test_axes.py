"""Scales that stay while lines grow, and labels that keep clear of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_abm.app.axes import clear, spanned

VALUES = st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-3), min_size=1, max_size=20)


@given(VALUES)
def test_a_scale_holds_all_values_and_zero_and_is_not_much_larger(values: list[float]) -> None:
    low, high = spanned([{"y": [*values, None]}])
    held = [0.0, *values]
    assert low <= min(held) <= max(held) <= high
    spread = (max(held) - min(held)) or 1.0
    assert high - low <= 3.0 * spread


@pytest.mark.parametrize("value", [1.31, 1.39, 1.25])
def test_a_scale_stays_where_a_line_moves_a_little(value: float) -> None:
    assert spanned([{"y": [0.4, value]}]) == spanned([{"y": [0.4, 1.3]}])


def test_a_threshold_beyond_the_values_is_seen() -> None:
    assert spanned([{"y": [10.0]}], 1800.0)[1] >= 1800.0


def crowded(at: range, y: float) -> list[dict[str, Any]]:
    """A line that runs close to the height y in some of 20 quarters, elsewhere not."""
    return [{"y": [y if quarter in at else None for quarter in range(20)]}]


@pytest.mark.parametrize(
    ("at", "y", "place"),
    [
        (range(0), 0.0, ("right", "bottom")),
        (range(14, 20), 105.0, ("right", "top")),
        (range(20), 105.0, ("right", "top")),
    ],
)
def test_a_label_stands_where_no_line_is(at: range, y: float, place: tuple[str, str]) -> None:
    note = {"y": 100.0, "text": "all of the gain"}
    found = clear(note, crowded(at, y), 20, (0.0, 200.0))
    assert (found["xanchor"], found["yanchor"]) == place


def test_a_label_does_not_leave_the_chart() -> None:
    note = {"y": 195.0, "text": "high"}
    assert clear(note, [], 20, (0.0, 200.0))["yanchor"] == "top"


def test_a_label_goes_to_the_left_where_the_right_is_taken() -> None:
    note = {"y": 100.0, "text": "all of the gain"}
    both = [*crowded(range(10, 20), 105.0), *crowded(range(10, 20), 90.0)]
    assert clear(note, both, 20, (0.0, 200.0))["xanchor"] == "left"
