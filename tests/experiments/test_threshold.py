"""Estimates of a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.experiments.threshold import continuous_kink, logit_threshold


@settings(deadline=None)
@given(st.floats(0.25, 0.75), st.floats(-2.0, 2.0), st.sampled_from([-3.0, -0.5, 0.7, 2.0]))
def test_exact_kink_is_found_between_observations(at, slope, change):
    x = np.linspace(0.0, 1.0, 41)
    kink = continuous_kink(x, 0.3 + slope * x + change * np.maximum(x - at, 0.0))
    assert kink.breakpoint == pytest.approx(at, abs=1e-6)
    assert kink.slope_change == pytest.approx(change, abs=1e-6)
    assert kink.slope == pytest.approx(slope, abs=1e-6)
    assert kink.intercept == pytest.approx(0.3, abs=1e-6)
    assert kink.residual == pytest.approx(0.0, abs=1e-12)


def test_noisy_kink_beats_every_grid_point():
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(0.0, 1.0, 60))
    y = np.maximum(x - 0.6, 0.0) + rng.normal(0.0, 0.05, 60)
    kink = continuous_kink(x, y)
    for at in np.linspace(0.1, 0.9, 801):
        design = np.column_stack([np.ones(60), x, np.maximum(x - at, 0.0)])
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        assert kink.residual <= (residual**2).sum() + 1e-9


def test_kink_refuses_too_few_points():
    with pytest.raises(ValueError, match="at least five"):
        continuous_kink([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="alike"):
        continuous_kink([0.0, 1.0, 2.0], [0.0, 1.0])


def test_logit_threshold_with_delta_and_fieller():
    """With a precise slope Fieller's interval is the delta method's."""
    found = logit_threshold(-8.0, 10.0, [[0.04, -0.03], [-0.03, 0.05]])
    assert found.threshold == pytest.approx(0.8)
    gradient = np.array([-0.1, -0.08])
    expected = np.sqrt(gradient @ np.array([[0.04, -0.03], [-0.03, 0.05]]) @ gradient)
    assert found.se == pytest.approx(expected)
    assert found.low == pytest.approx(0.8 - 1.96 * expected, abs=1e-3)
    assert found.high == pytest.approx(0.8 + 1.96 * expected, abs=1e-3)
    for end in (found.low, found.high):
        t = (-8.0 + 10.0 * end) / np.sqrt(0.04 - 2 * end * 0.03 + end**2 * 0.05)
        assert abs(t) == pytest.approx(1.959964, abs=1e-5)


def test_threshold_of_a_vague_slope_is_unbounded():
    found = logit_threshold(-0.8, 1.0, [[0.5, 0.0], [0.0, 0.5]])
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_logit_threshold_refuses():
    with pytest.raises(ValueError, match="b1 is 0"):
        logit_threshold(1.0, 0.0, np.eye(2))
    with pytest.raises(ValueError, match="must be"):
        logit_threshold(1.0, 1.0, [1.0])
