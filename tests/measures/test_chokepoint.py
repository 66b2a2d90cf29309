import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.measures.chokepoint import CHOKEPOINT, CRITICAL, NONE, WATCH
from tests.measures.worlds import fractions

TIGHT = np.ones(4, dtype=bool)


def history(loss, rise, quarters=4):
    return np.tile(np.atleast_1d(loss), (quarters, 1)), np.tile(np.atleast_1d(rise), (quarters, 1))


@pytest.mark.parametrize(
    ("loss", "rise", "grade"),
    [
        (0.05, 0.10, CHOKEPOINT),
        (0.05, 0.0999, WATCH),
        (0.05, 0.05, WATCH),
        (0.05, 0.0499, NONE),
        (0.0499, 0.9, NONE),
        (0.5, np.inf, CHOKEPOINT),
        (np.nan, 0.9, NONE),
        (0.5, np.nan, NONE),
    ],
)
def test_thresholds_are_reached_from_below(loss, rise, grade):
    assert m.grade_market(TIGHT, *history(loss, rise))[0] == grade


def test_a_slack_market_has_no_chokepoint():
    assert m.grade_market(~TIGHT, *history(0.9, 9.0))[0] == NONE


def test_two_of_the_last_four_quarters():
    loss, rise = history(0.5, 0.5, 6)
    for tight, grade in [
        ([1, 1, 0, 0, 0, 0], NONE),
        ([1, 1, 1, 0, 0, 0], NONE),
        ([0, 0, 1, 1, 0, 0], CHOKEPOINT),
        ([0, 0, 1, 0, 0, 1], CHOKEPOINT),
        ([1, 1, 0, 0, 0, 1], NONE),
    ]:
        assert m.grade_market(np.array(tight, bool), loss, rise)[0] == grade
    assert m.grade_market([True], *history(0.5, 0.5, 1))[0] == NONE


def test_quarters_of_watch_and_of_chokepoint_are_counted_apart():
    loss = np.full((4, 1), 0.2)
    rise = np.array([[0.2], [0.06], [0.0], [0.0]])
    assert m.grade_market(TIGHT, loss, rise)[0] == WATCH


def test_critical_is_a_chokepoint_that_next_year_does_not_heal():
    loss, rise = history([0.2, 0.2, 0.2, 0.01], [0.2, 0.2, 0.07, 0.2])
    grade = m.grade_market(TIGHT, loss, rise, robust=[True, False, True, True])
    np.testing.assert_array_equal(grade, [CRITICAL, CHOKEPOINT, WATCH, NONE])


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_grades_only_rise_with_loss_and_price(loss, rise, more_loss, more_rise):
    low = m.grade_market(TIGHT, *history(loss, rise))
    high = m.grade_market(TIGHT, *history(loss + more_loss, rise + more_rise))
    assert high[0] >= low[0]


def test_relations_need_both_losses():
    got = m.grade_relation([[0.25, 0.9, 0.2, np.nan]], [[0.1, 0.09, 0.5, 0.5]])
    np.testing.assert_array_equal(got, [[True, False, False, False]])
    strict = m.Thresholds(relation_before=0.3)
    assert not m.grade_relation(0.25, 0.1, strict)


def test_thresholds_are_checked():
    with pytest.raises(ValueError, match="window of 4"):
        m.Thresholds(quarters=5)
    with pytest.raises(ValueError, match="oldest quarter first"):
        m.grade_market(TIGHT, np.zeros((4, 2)), np.zeros((3, 2)))


def test_sensitivity_counts_fall_as_thresholds_rise():
    rng = np.random.default_rng(0)
    loss, rise = history(rng.uniform(0, 0.1, 40), rng.uniform(0, 0.2, 40))
    rows = m.threshold_sensitivity(TIGHT, loss, rise)
    assert len(rows) == 9
    counts = {(r["loss_of_others"], r["price_effect"]): r["chokepoints"] for r in rows}
    assert counts[min(counts)] > counts[max(counts)]
    middle = np.count_nonzero(m.grade_market(TIGHT, loss, rise) >= CHOKEPOINT)
    assert counts[(0.05, 0.1)] == middle


def test_disagreement_with_a_share_cut():
    cut = float(m.share_cut(0.9))
    assert cut == pytest.approx(1 - 1.1**-0.9)
    share = np.array([[cut + 0.01, cut - 0.01, 0.5]])
    assert m.disagreement([[CHOKEPOINT, NONE, CRITICAL]], [True], share, 0.9) == 0
    assert m.disagreement([[NONE, NONE, CRITICAL]], [True], share, 0.9) == pytest.approx(1 / 3)
    assert m.disagreement([[NONE, NONE, CRITICAL]], [False], share, 0.9) == pytest.approx(1 / 3)


@given(fractions, st.sampled_from([1.0, 1.1]))
def test_the_boundary_lies_where_the_hhi_allows(shares, theta):
    low, high = m.phase_boundary_range(min(m.hhi(shares), 1e4), theta)
    assert low - 1e-9 <= m.phase_boundary(shares, theta) <= high + 1e-9


def test_hhi_alone_cannot_date_the_transition():
    low, high = m.phase_boundary_range(1800)
    assert (round(low, 2), round(high, 2)) == (0.58, 0.82)


@given(fractions, st.floats(0.05, 2.0))
def test_pivotal_with_full_reach_means_above_the_boundary(shares, tightness):
    boundary = m.phase_boundary(shares)
    capacity = 1000 * shares
    if abs(tightness - boundary) > 1e-6:
        needed = m.pivotal(capacity, [1000 * tightness])
        assert needed[np.argmax(shares)] == (tightness > boundary)


def test_boundary_arguments_are_checked():
    with pytest.raises(ValueError, match="theta"):
        m.phase_boundary([0.5, 0.5], 0)
    with pytest.raises(ValueError, match="10000"):
        m.phase_boundary_range(20_000)


def test_a_share_exactly_at_the_cut_counts_as_flagged():
    assert m.disagreement([[CHOKEPOINT]], [True], [[float(m.share_cut(0.9))]], 0.9) == 0


@pytest.mark.parametrize("shares", [[1.2, 0.1], [-0.1, 0.5], [np.nan]])
def test_a_boundary_needs_shares_between_nothing_and_everything(shares):
    with pytest.raises(ValueError, match=r"shares in \[0, 1\]"):
        m.phase_boundary(shares)
