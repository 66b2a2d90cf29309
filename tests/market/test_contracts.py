"""Contract arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market.contracts import (
    effective_unit_price,
    hold_up,
    notice_weight,
    payment,
    present_value,
    repriced,
    reserve_quantity,
    terminates,
    unit_fee,
)

share = st.floats(0.0, 1.0)


def test_take_or_pay():
    np.testing.assert_allclose(payment(2.0, 100.0, [100.0, 80.0, 50.0], 0.8), [200.0, 160.0, 160.0])
    np.testing.assert_allclose(payment(2.0, 100.0, [100.0, 0.0]), 200.0)
    np.testing.assert_allclose(payment(2.0, 100.0, [70.0, 0.0], 0.0), [140.0, 0.0])


def test_effective_price_is_nan_for_nothing_used():
    np.testing.assert_allclose(effective_unit_price(2.0, 100.0, [100.0, 50.0, 0.0], 0.8), [2.0, 3.2, np.nan])


@pytest.mark.parametrize(
    ("used", "theta"), [(101.0, 0.8), (-1.0, 0.8), (50.0, 1.2), (50.0, -0.1), (50.0, np.nan)]
)
def test_payment_refuses(used, theta):
    with pytest.raises(ValueError, match=r"used quantity must lie|take_or_pay is"):
        payment(2.0, 100.0, used, theta)


def test_notice_weight_by_hand():
    np.testing.assert_allclose(
        notice_weight([0, 1, 2, 4, 9], 4, 0.9), [0, 0.1, 0.19, 0.3439, 0.3439] / np.array(0.3439)
    )
    np.testing.assert_allclose(notice_weight(1, 4, 1.0), 0.25)
    np.testing.assert_allclose(notice_weight(1, np.inf, 0.9), 0.1)
    np.testing.assert_allclose(notice_weight(1, np.inf, 1.0), 0.0)


@given(st.integers(0, 8), st.integers(1, 12), st.floats(0.5, 1.0))
def test_notice_weight_grows_with_notice_and_falls_with_the_term(notice, term, discount):
    weight = notice_weight(notice, term, discount)
    assert 0.0 <= weight <= 1.0
    assert notice_weight(notice + 1, term, discount) >= weight - 1e-12
    assert notice_weight(notice, term + 1, discount) <= weight + 1e-12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 4, 0.0), "discount is 0.0"),
        ((-1, 4, 0.9), "cannot be negative"),
        ((1, 0.5, 0.9), "at least 1"),
        ((1, 4, 1.1), "discount is 1.1"),
    ],
)
def test_notice_weight_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        notice_weight(*arguments)


def test_notice_protects_whom_the_old_price_favours():
    np.testing.assert_allclose(repriced(10.0, 4.0, [0, 2, 4], 4, 1.0), [4.0, 7.0, 10.0])
    short, long = repriced(10.0, 4.0, [1, 3], 4, 0.95)
    assert 4.0 < short < long < 10.0


def test_reserve_is_the_critical_fractile():
    reserve = reserve_quantity(3.0, 5.0, 0.0, 100.0)
    np.testing.assert_allclose(reserve.quantity, 40.0)
    np.testing.assert_allclose(reserve.expected_cost, 210.0)


@pytest.mark.parametrize("price", [5.0, 6.0])
def test_nothing_is_reserved_at_or_above_spot(price):
    reserve = reserve_quantity(price, 5.0, 0.0, 100.0)
    assert reserve.quantity == 0.0
    np.testing.assert_allclose(reserve.expected_cost, 250.0)


def test_certain_demand_is_reserved_in_full():
    reserve = reserve_quantity(3.0, 5.0, 40.0, 40.0)
    np.testing.assert_allclose(reserve.quantity, 40.0)
    np.testing.assert_allclose(reserve.expected_cost, 120.0)


def test_free_option_reserves_everything():
    reserve = reserve_quantity(3.0, 5.0, 0.0, 100.0, take_or_pay=0.0)
    np.testing.assert_allclose(reserve.quantity, 100.0)
    np.testing.assert_allclose(reserve.expected_cost, 150.0)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.5, 4.9), st.floats(0.0, 1.0), st.floats(0.0, 50.0))
def test_reserve_solves_the_first_order_condition_and_nothing_is_cheaper(price, theta, low):
    spot, high = 5.0, 100.0
    reserve = reserve_quantity(price, spot, low, high, take_or_pay=theta)
    quantity = float(reserve.quantity)

    def below(q):
        return np.clip((q - low) / (high - low), 0.0, 1.0)

    if low < quantity < high:
        left = price * (theta * below(theta * quantity) + 1.0 - below(quantity))
        assert left == pytest.approx(spot * (1.0 - below(quantity)), abs=1e-6)

    def bill(q):
        demand = low + (high - low) * (np.arange(20_000) + 0.5) / 20_000
        return np.mean(
            price * np.maximum(np.minimum(demand, q), theta * q) + spot * np.maximum(demand - q, 0.0)
        )

    assert float(reserve.expected_cost) == pytest.approx(bill(quantity), rel=1e-4)
    assert all(bill(quantity) <= bill(q) + 1e-3 for q in np.linspace(0.0, high, 21))


def test_reserve_with_another_distribution():
    """P(D < q) = (q / 100)^2: P(D > Q) = 3/5 at Q = 100 sqrt(0.4)."""
    reserve = reserve_quantity(3.0, 5.0, 0.0, 100.0, cdf=lambda u: u**2)
    np.testing.assert_allclose(reserve.quantity, 100.0 * np.sqrt(0.4))


def test_reserve_broadcasts():
    reserve = reserve_quantity([1.0, 3.0], 5.0, 0.0, [[100.0], [200.0]])
    np.testing.assert_allclose(reserve.quantity, [[80.0, 40.0], [160.0, 80.0]])


@pytest.mark.parametrize(
    "arguments", [(-1.0, 5.0, 0.0, 1.0), (1.0, 5.0, 2.0, 1.0), (1.0, 5.0, -1.0, 1.0), (1.0, -5.0, 0.0, 1.0)]
)
def test_reserve_refuses(arguments):
    with pytest.raises(ValueError, match=r"prices must not be negative|demand needs a support"):
        reserve_quantity(*arguments)


@given(st.floats(0.1, 10.0), share, share)
def test_hold_up_loses_what_neither_share_nor_contract_protects(slope, b, k):
    result = hold_up(slope, b, k)
    assert result.investment == pytest.approx((k + (1 - k) * b) * slope)
    assert result.index == pytest.approx((1 - k) * (1 - b))
    assert result.surplus <= result.surplus_first_best + 1e-12
    assert hold_up(slope, b, 1.0).surplus == pytest.approx(result.surplus_first_best)


def test_hold_up_refuses():
    with pytest.raises(ValueError, match="must be positive"):
        hold_up(0.0, 0.5)
    with pytest.raises(ValueError, match="investor_share is"):
        hold_up(1.0, 1.5)


def test_present_value_is_the_sum():
    expected = 3.0 * (0.9**2 + 0.9**3 + 0.9**4)
    np.testing.assert_allclose(present_value(3.0, 2, 5, 0.9), expected)
    np.testing.assert_allclose(present_value(3.0, 2, 5, 1.0), 9.0)
    np.testing.assert_allclose(present_value(3.0, 5, 2, 0.9), 0.0)
    with pytest.raises(ValueError, match="discount is 0"):
        present_value(3.0, 0, 1, 0.0)


def test_notice_is_given_iff_the_gain_exceeds_the_cost_of_switching():
    gain = 2.0 * (0.9 + 0.9**2 + 0.9**3)
    terms = {"notice": 1, "remaining": 4, "discount": 0.9}
    assert terminates(5.0, 7.0, switching_cost=gain - 1e-9, **terms)
    assert not terminates(5.0, 7.0, switching_cost=gain + 1e-9, **terms)
    assert not terminates(7.0, 5.0, switching_cost=0.0, **terms)
    assert not terminates(5.0, 7.0, switching_cost=0.0, notice=4, remaining=4, discount=0.9)


def test_fee_is_taken_apart():
    fee = unit_fee(920e6, 110_000, 33)
    assert fee.usd_per_gpu_hour == pytest.approx(11.45703611457036)
    assert fee.committed_usd == 3 * 920e6
    assert fee.headline_usd == 33 * 920e6
    assert unit_fee(1.0, 1.0, 2.0).committed_usd == 2.0
    with pytest.raises(ValueError, match="both must be positive"):
        unit_fee(1.0, 0.0, 2.0)


def test_unless_told_otherwise_the_whole_volume_is_take_or_pay():
    assert effective_unit_price(2.0, 100.0, 50.0) == 4.0
