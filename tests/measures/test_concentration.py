import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.measures._owners import owners
from tests.measures.worlds import fractions


def test_the_published_example_of_the_agencies():
    merger = m.merger_presumption([0.3, 0.3, 0.2, 0.2], 2, 3)
    assert merger.hhi_before == pytest.approx(2600)
    assert merger.hhi_after == pytest.approx(3400)
    assert merger.presumption


@pytest.mark.parametrize(
    ("shares", "pair", "flag"),
    [
        ([0.1] * 10, (0, 1), False),
        ([0.2] * 5, (0, 1), True),
        # A share above 30 % in an unconcentrated market is enough, with a change above 100.
        ([0.29, 0.02] + [0.69 / 30] * 30, (0, 1), True),
        ([0.29, 0.01] + [0.70 / 30] * 30, (0, 1), False),
        # Exactly 30 % and exactly 100 are not above.
        ([0.20, 0.10] + [0.70 / 70] * 70, (0, 1), False),
        ([0.4, 0.0125, 0.3, 0.2875], (0, 1), False),
        # 100.8 is.
        ([0.4, 0.0126, 0.3, 0.2874], (0, 1), True),
    ],
)
def test_the_2023_flag(shares, pair, flag):
    assert m.merger_presumption(shares, *pair).presumption is flag


@given(fractions)
def test_hhi_and_effective_number_lie_between_monopoly_and_equal_shares(shares):
    assert 1e4 / len(shares) - 1e-6 <= m.hhi(shares) <= 1e4 + 1e-6
    assert 1 - 1e-9 <= m.effective_number(shares) <= len(shares) + 1e-9
    assert m.hhi(shares) == pytest.approx(1e4 * np.dot(shares, shares))


def test_the_hhi_of_one_base_is_a_number_and_of_several_one_each():
    assert type(m.hhi([0.6, 0.4])) is float
    np.testing.assert_allclose(m.hhi([[0.6, 0.4], [0.5, 0.5]]), [5200, 5000])


@given(st.integers(2, 40))
def test_equal_shares_give_their_number(count):
    assert m.effective_number(np.full(count, 1 / count)) == pytest.approx(count)


@given(fractions, st.data())
def test_a_merger_raises_the_hhi_by_twice_the_product(shares, data):
    shares = np.append(shares, 0.0)
    first = data.draw(st.integers(0, len(shares) - 2))
    second = data.draw(st.integers(first + 1, len(shares) - 1))
    merged = np.delete(shares, second)
    merged[first] += shares[second]
    assert m.hhi(merged) - m.hhi(shares) == pytest.approx(
        m.delta_hhi(shares[first], shares[second]), abs=1e-7
    )
    result = m.merger_presumption(shares, first, second)
    assert result.hhi_after == pytest.approx(m.hhi(merged), abs=1e-7)


@given(fractions, st.integers(2, 6))
def test_splitting_a_firm_under_one_owner_changes_nothing(shares, parts):
    split = np.concatenate([np.full(parts, shares[0] / parts), shares[1:]])
    owner = np.concatenate([np.zeros(parts, int), np.arange(1, len(shares))])
    assert m.hhi(m.owner_shares(split, owner)) == pytest.approx(m.hhi(shares))


def test_common_owners_are_merged_and_aggregates_split():
    shares = m.owner_shares([30, 30, 40], owner=[7, 7, 9], aggregate_of=[1, 1, 4])
    np.testing.assert_allclose(shares, [0.6, 0.1, 0.1, 0.1, 0.1])
    assert m.hhi(shares) == pytest.approx(4000)
    assert m.hhi(m.owner_shares([30, 30, 40])) == pytest.approx(3400)


def test_an_owner_of_one_row_is_single_whatever_it_stands_for():
    grouped = owners(4, owner=[7, 2, 7, 9], aggregate_of=[1, 1, 1, 4])
    np.testing.assert_array_equal(grouped.single, [True, False, True])


def test_rows_of_one_owner_must_agree_on_what_they_stand_for():
    with pytest.raises(ValueError, match="same aggregate_of"):
        m.owner_shares([1, 1], owner=[0, 0], aggregate_of=[1, 3])


def test_idle_firm_changes_no_bit():
    values = np.random.default_rng(3).lognormal(0, 1, 25)
    with_idle = np.insert(values, 11, 0.0)
    assert m.hhi(m.shares(values)) == m.hhi(m.shares(with_idle))
    assert m.cr(m.shares(values)) == m.cr(m.shares(with_idle))


@given(fractions)
def test_concentration_ratio_counts_the_largest(shares):
    assert m.cr(shares) == pytest.approx(np.sort(shares)[-4:].sum())
    assert m.cr(shares, 1) == shares.max()


def test_percent_shares_are_refused():
    with pytest.raises(ValueError, match=r"20 % as 0\.2"):
        m.hhi([20, 20, 60])


@pytest.mark.parametrize(
    ("values", "first"),
    [([1.0, -2.0], "-2.0"), ([np.inf], "inf"), ([3.0, np.nan, -1.0], "nan"), ([-1.0, np.inf], "-1.0")],
)
def test_the_first_entry_that_is_no_amount_is_named(values, first):
    with pytest.raises(ValueError, match=f"values holds {first}; every entry must be finite"):
        m.shares(values)


def test_nothing_has_no_concentration():
    assert np.isnan(m.hhi(m.owner_shares([0.0, 0.0])))


def test_mhhi_of_separate_owners_is_hhi_and_of_one_common_owner_is_monopoly():
    shares = np.array([0.5, 0.3, 0.2])
    assert m.mhhi(shares, np.eye(3), np.eye(3)) == pytest.approx(m.hhi(shares))
    one = np.ones((3, 1))
    assert m.mhhi(shares, one, one) == pytest.approx(1e4)


@given(fractions, st.floats(0.0, 1.0))
def test_a_silent_stake_in_a_rival_raises_mhhi(shares, stake):
    shares = np.append(shares, 0.0) * 0.9
    shares[-1] = 0.1
    owned = np.eye(len(shares))
    owned[-1, 0], owned[-1, -1] = stake / 2, 1 - stake / 2
    # The owner of firm 0 holds part of the last firm without control: delta = s_0 s_last stake.
    expected = m.hhi(shares) + 1e4 * shares[0] * shares[-1] * stake / 2 if len(shares) > 1 else 1e4
    assert m.mhhi(shares, owned, np.eye(len(shares))) == pytest.approx(expected)


def test_a_firm_controlled_by_nobody_who_owns_it_is_refused():
    with pytest.raises(ValueError, match="firm 1 is controlled by nobody"):
        m.mhhi([0.5, 0.5], np.eye(2), [[1, 0], [1, 0]])
