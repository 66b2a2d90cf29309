import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import market_abm.measures as m


def test_velocity_and_gap_are_different_questions():
    before, now = np.array([1.0, 2.0, 0.5]), np.array([1.6, 2.1, 0.5])
    np.testing.assert_allclose(m.velocity(now, before), [0.6, 0.1, 0.0])
    np.testing.assert_allclose(m.capability_gap(now), [0.5, 0.0, 1.6])
    np.testing.assert_array_equal(m.capability_gap(now, [True, False, True]), [0.0, np.nan, 1.1])


def test_a_tie_stays_with_the_leader_and_nobody_leads_by_place():
    assert m.leader([1.0, 3.0, 2.0]) == 1
    assert m.leader([3.0, 3.0, 2.0], previous=1) == 1
    assert m.leader([3.0, 3.0, 2.0], previous=2) == -1
    assert m.leader([np.nan, -np.inf]) == -1
    assert m.leader([5.0, 3.0], active=[False, True]) == 1


def test_switches_of_the_lead():
    assert m.leadership_switches([0, 0, 1, 1, 0]) == 2
    assert m.leadership_switches([-1, 0, -1, 0, 2]) == 1
    assert m.leadership_switches([]) == 0


def test_training_runs_leave_room_for_experiments():
    assert m.training_runs(100.0, 20.0, 0.2) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="positive size"):
        m.training_runs(1.0, 0.0)


def test_quarters_to_the_first_kHQ():
    compute = np.array([[0.0, 2.0, 0.0], [0.5, 0.0, 0.0], [1.0, 3.0, 0.9]])
    np.testing.assert_array_equal(m.quarters_to_first(compute), [2, 0, np.nan])
    np.testing.assert_array_equal(m.quarters_to_first(compute, 0.9), [2, 0, 2])


def test_labs_near_the_frontier():
    level = [2.0, 1.9, 1.5, np.nan]
    assert [m.labs_within(level, e) for e in (0.0, 0.1, 0.5)] == [1, 2, 3]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=10).filter(lambda x: sum(x) > 1e-3))
def test_entropy_against_scipy(compute):
    assert m.entropy(compute) == pytest.approx(stats.entropy(compute), abs=1e-9)
    assert 1 - 1e-9 <= m.effective_labs(compute) <= len(compute) + 1e-9


def test_equal_compute_gives_the_number_of_labs():
    assert m.effective_labs(np.full(7, 3.0)) == pytest.approx(7)
    assert np.isnan(m.entropy([0.0, 0.0]))


@given(st.floats(0.01, 1.0), st.floats(1.01, 3.0), st.integers(1, 12))
def test_constant_growth_gives_constant_velocity(alpha, factor, quarters):
    result = m.capability_growth(alpha, factor, quarters)
    loss_now, loss_then = 10 * 1.0**-alpha, 10 * (factor**quarters) ** -alpha
    assert result.gain == pytest.approx(-np.log(loss_then) + np.log(loss_now), rel=1e-9, abs=1e-12)
    assert result.velocity * quarters == pytest.approx(result.gain)


def test_growth_needs_a_factor():
    with pytest.raises(ValueError, match="positive factor"):
        m.capability_growth(0.5, 0.0)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(0.1, 3))
def test_users_gain_from_better_products_by_share_over_eta(utilities, eta):
    base = m.consumer_surplus(100.0, eta, utilities)
    share, _ = m.logit_shares(utilities)
    step = 1e-5
    better = np.array(utilities)
    better[0] += step
    slope = (m.consumer_surplus(100.0, eta, better) - base) / step
    assert slope == pytest.approx(100 * share[0] / eta, rel=1e-3, abs=1e-3)


def test_unserved_users_lose_their_part():
    utilities = [0.3, -0.5]
    share, _ = m.logit_shares(utilities)
    whole = m.consumer_surplus(100.0, 1.0, utilities)
    assert m.consumer_surplus(100.0, 1.0, utilities, [0.5, 0.0]) == pytest.approx(whole * (1 - share[0] / 2))
    assert m.consumer_surplus(100.0, 1.0, [-np.inf, -np.inf]) == 0
    with pytest.raises(ValueError, match="positive"):
        m.consumer_surplus(100.0, 0.0, utilities)


def test_foreclosure_and_hold_up():
    rivals = np.array([[True, False], [False, True]])
    assert m.foreclosure_index([[2.0, 9], [9, 4.0]], [[4.0, 1], [1, 8.0]], rivals) == pytest.approx(0.5)
    assert m.foreclosure_index([[6.0, 0], [0, 8.0]], [[4.0, 0], [0, 8.0]], rivals) < 0
    assert np.isnan(m.foreclosure_index(np.ones((2, 2)), np.zeros((2, 2)), rivals))
    np.testing.assert_array_equal(m.hold_up_index([2.0, 1.0], [4.0, 0.0]), [0.5, np.nan])


def test_hold_up_is_a_share_whatever_the_size_of_the_investment():
    np.testing.assert_allclose(m.hold_up_index([0.25, 30.0, 1.0], [0.5, 40.0, 0.0]), [0.5, 0.25, np.nan])
