"""Build or lease, and the value of waiting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_abm.market.investment import break_even_rent, capital_recovery_factor, real_option


@given(st.floats(0.001, 0.5), st.integers(1, 30))
def test_recovery_factor_repays_the_loan(rate, years):
    left = 1.0
    for _ in range(years):
        left = left * (1.0 + rate) - capital_recovery_factor(rate, years)
    assert left == pytest.approx(0.0, abs=1e-6)


def test_recovery_factor_without_interest():
    assert capital_recovery_factor(0.0, 5) == 0.2
    assert capital_recovery_factor(1e-9, 5) == pytest.approx(0.2, rel=1e-6)


@pytest.mark.parametrize(("rate", "years", "message"), [(0.1, 0, "years is 0"), (-1.0, 5, "rate is -1.0")])
def test_recovery_factor_refuses(rate, years, message):
    with pytest.raises(ValueError, match=message):
        capital_recovery_factor(rate, years)


def test_break_even_rent_pays_capital_and_operation_over_used_hours():
    result = break_even_rent(40_000, 6_000, 0.08, 5, 0.9)
    assert result.annual == pytest.approx(40_000 * result.crf + 6_000)
    assert result.per_gpu_hour == pytest.approx(result.annual / (8760 * 0.9))
    assert break_even_rent(40_000, 6_000, 0.08, 5, 0.45).per_gpu_hour == pytest.approx(
        2 * result.per_gpu_hour
    )
    with pytest.raises(ValueError, match="utilisation is 0"):
        break_even_rent(1.0, 1.0, 0.1, 5, 0)


@given(st.floats(0.01, 0.2), st.floats(0.01, 0.2), st.floats(0.01, 0.8))
def test_root_solves_the_fundamental_quadratic(rate, payout, volatility):
    beta = real_option(rate, payout, volatility).beta1
    assert 0.5 * volatility**2 * beta * (beta - 1) + (rate - payout) * beta - rate == pytest.approx(
        0.0, abs=1e-7
    )
    assert beta > 1.0


def test_uncertainty_and_lag_raise_the_hurdle():
    calm, wild = real_option(0.04, 0.04, 0.2), real_option(0.04, 0.04, 0.4)
    assert calm.hurdle == pytest.approx(2.0)
    assert wild.hurdle > calm.hurdle
    lagged = real_option(0.04, 0.04, 0.2, investment=3.0, lag_years=2.0)
    assert lagged.hurdle == pytest.approx(2.0 * math.exp(0.08))
    assert lagged.threshold == pytest.approx(3.0 * lagged.hurdle)


def test_certain_limit():
    assert real_option(0.04, 0.06, 0.0).hurdle == 1.0
    assert real_option(0.05, 0.03, 0.0).hurdle == pytest.approx(
        real_option(0.05, 0.03, 1e-4).hurdle, rel=1e-3
    )


@pytest.mark.parametrize(
    "arguments", [(0.0, 0.04, 0.2), (0.04, 0.0, 0.2), (0.04, 0.04, -0.1), (0.04, 0.04, 0.1, 1.0, -1.0)]
)
def test_real_option_refuses(arguments):
    with pytest.raises(ValueError, match=r"must be positive|must not be negative"):
        real_option(*arguments)
