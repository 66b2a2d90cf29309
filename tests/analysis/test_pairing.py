"""Verdicts and confidence follow the printed rule; statistics are Student's; pairing that hurts is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from market_abm.analysis.outcomes import OUTCOMES, outcome
from market_abm.analysis.pairing import RULE, detectable, effect, paired_statistics
from market_abm.analysis.quality import pairing_sentence

HHI = outcome("hhi_merchant")  # smallest effect of interest: 100 points


def made(differences, baseline=None):
    d = np.asarray(differences, dtype=float)
    a = np.full(len(d), 1000.0) if baseline is None else np.asarray(baseline, dtype=float)
    return effect(HHI, "other", a, a + d)


@pytest.mark.parametrize(
    ("differences", "verdict", "confidence"),
    [
        (np.linspace(150, 250, 30), "rises", "high"),
        (-np.linspace(150, 250, 30), "falls", "high"),
        (np.linspace(150, 250, 29), "rises", "moderate"),
        (np.linspace(-5, 5, 30), "no effect", "high"),
        (np.linspace(-5, 5, 10), "no effect", "moderate"),
        (np.linspace(-5, 5, 9), "no effect", "low"),
        (np.linspace(-2000, 2300, 30), "open", "low"),
        (np.linspace(-600, 610, 30), "open", "none"),
        (np.linspace(50, 90, 30), "no effect", "high"),
        (np.zeros(30), "identical", "high"),
        ([200.0], "one seed", "none"),
        ([np.nan, np.nan], "none", "none"),
    ],
)
def test_the_rule(differences, verdict, confidence):
    found = made(differences)
    assert (found.verdict, found.confidence) == (verdict, confidence)


def test_a_clear_mean_with_few_seeds_of_one_sign_is_low():
    d = np.array([-60.0] * 9 + [900.0] * 21)
    found = made(d)
    assert found.verdict == "rises"
    assert found.same_sign == 0.7
    assert found.confidence == "low"


def test_the_rule_is_printed_with_its_numbers():
    for number in ("30 seeds", "95 % interval", "90 % of seeds", "75 % of seeds"):
        assert number in RULE


def test_no_sign_over_differences_that_are_all_zero():
    found = made(np.zeros(5))
    assert found.identical
    assert np.isnan(found.same_sign)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_statistics_are_those_of_scipy():
    rng = np.random.default_rng(3)
    a, b = rng.normal(5, 2, (4, 12)), rng.normal(6, 2, (4, 12))
    found = paired_statistics(a, b)
    for row in range(4):
        low, high = stats.ttest_rel(b[row], a[row]).confidence_interval(0.95)
        assert found.low[row] == pytest.approx(low)
        assert found.high[row] == pytest.approx(high)


def test_missing_seeds_leave_their_pair_out():
    a, b = np.array([[1.0, np.nan, 3.0, 5.0]]), np.array([[2.0, 9.0, np.nan, 9.0]])
    found = paired_statistics(a, b)
    assert (found.seeds[0], found.baseline[0], found.other[0], found.difference[0]) == (2, 3.0, 5.5, 2.5)


def test_pairing_that_makes_it_worse_is_negative_and_said():
    noise = np.linspace(-1, 1, 20)
    worse = effect(HHI, "other", 1000 + noise, 1200 - noise)
    assert worse.variance_removed == pytest.approx(-1.0)
    text = pairing_sentence([worse])
    assert "Pairing made it worse, not better, for 1 of them: HHI, merchant capacity in other" in text
    better = effect(HHI, "other", 1000 + noise, 1200 + noise)
    assert "worse" not in pairing_sentence([better])
    assert "no interval is given" in pairing_sentence([made([1.0])])


def test_the_detectable_size_has_the_power_that_it_says():
    size = detectable(2.0, 16)
    rng = np.random.default_rng(4)
    draws = rng.normal(size, 2.0, (4000, 16))
    found = stats.ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.03)
    assert np.isnan(detectable(2.0, 1))


def test_relative_sizes_are_shares_of_the_baseline():
    price = outcome("price_last")
    found = effect(price, "other", np.full(3, 2.0), np.full(3, 2.1))
    assert found.smallest == pytest.approx(0.02)
    assert found.in_smallest[0] == pytest.approx(5.0)


def test_outcomes_have_names_of_their_own_and_a_basis():
    assert len({item.key for item in OUTCOMES}) == len(OUTCOMES)
    for item in OUTCOMES:
        assert item.smallest > 0
        assert item.basis
        assert replace(item, unit=()) == item
    with pytest.raises(KeyError, match="no outcome 'nothing'"):
        outcome("nothing")
