"""What tells an event out of sample: ranks, nothing learnt from what is predicted, no drift below a half."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.analysis.auc import auc, out_of_sample

POINTS, SEEDS = 60, 6
POINT = np.repeat(np.arange(POINTS), SEEDS)
SEED = np.tile(np.arange(SEEDS), POINTS)


def test_pairs_counted_by_hand():
    assert auc([1, 2, 3, 4], [0, 0, 1, 1]) == 1.0
    assert auc([1, 2, 3, 4], [1, 1, 0, 0]) == 0.0
    assert auc([1, 2, 2, 4], [0, 1, 0, 1]) == pytest.approx(3.5 / 4)  # one tie counts half
    assert np.isnan(auc([1, 2], [1, 1]))


def test_only_runs_of_one_fold_are_compared():
    score, outcome = [1, 2, 101, 102], [1, 0, 0, 1]
    assert auc(score, outcome) == pytest.approx(0.5)
    assert auc(score, outcome, [0, 0, 1, 1]) == pytest.approx(0.5)
    assert auc([1, 2, 101, 102], [0, 1, 0, 1], [0, 0, 1, 1]) == 1.0
    assert np.isnan(auc(score, [0, 0, 1, 1], [0, 0, 1, 1]))  # no pair within a fold


def test_what_tells_everything_scores_one_and_so_does_any_set_that_holds_it():
    rng = np.random.default_rng(1)
    truth = rng.uniform(size=POINTS)[POINT]
    noise = rng.uniform(size=POINTS)[POINT]
    hit = truth > 0.6
    for sign in (1.0, -1.0):  # the sign is learnt
        assert out_of_sample("one", [sign * truth], hit, POINT, SEED).value == 1.0
        assert out_of_sample("both", [noise, sign * truth], hit, POINT, SEED).value > 0.98


def test_what_tells_nothing_scores_a_half_on_average():
    """The fault of scores compared across folds: 0.43 on average here."""
    found = []
    for draw in range(40):
        rng = np.random.default_rng(draw)
        noise = rng.normal(size=POINTS)[POINT]
        hit = (rng.uniform(size=POINTS) < 0.5)[POINT]
        found.append(out_of_sample("noise", [noise], hit, POINT, SEED, seed=draw, draws=2).value)
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - 0.5) < 4 * error < 0.1


def test_a_constant_tells_nothing():
    hit = np.arange(POINTS)[POINT] % 2 == 0
    assert out_of_sample("constant", [np.ones(len(hit))], hit, POINT, SEED).value == 0.5


def test_runs_of_a_point_are_never_on_both_sides():
    """A predictor that is a name of the point: it tells nothing about points that were not seen."""
    rng = np.random.default_rng(7)
    named = rng.permutation(POINTS).astype(float)[POINT]
    hit = (rng.uniform(size=POINTS) < 0.5)[POINT]
    columns = [named**power for power in (1, 2, 3)]
    assert out_of_sample("names", columns, hit, POINT, SEED).value < 0.75
    leaked = out_of_sample("names", [hit + 0.0], hit, POINT, SEED)
    assert leaked.value == 1.0


def test_the_interval_redraws_seeds():
    """Seeds that all say the same give an interval without width; seeds that differ do not."""
    rng = np.random.default_rng(3)
    base = rng.normal(size=POINTS)[POINT]
    hit = base + rng.normal(size=POINTS)[POINT] > 0
    same = out_of_sample("same", [base], hit, POINT, SEED)
    assert same.low == pytest.approx(same.value) == pytest.approx(same.high)
    other = base + 2.0 * rng.normal(size=SEEDS)[SEED] * rng.normal(size=POINTS)[POINT] > 0
    wide = out_of_sample("differs", [base], other, POINT, SEED)
    assert wide.low < wide.value < wide.high
