"""The register of assumptions: the draws are the model's, planted effects are found, noise is not."""

from __future__ import annotations

import numpy as np
import pytest

import market_abm as ma
from market_abm.analysis.outcomes import outcome
from market_abm.analysis.pairing import effect
from market_abm.analysis.register import (
    Bench,
    draws,
    grade_shares,
    register,
    register_table,
    reversal_sentence,
)
from market_abm.scenario.assumptions import assumptions

SEEDS = tuple(range(1, 61))
HHI = outcome("hhi_merchant")


@pytest.fixture(scope="module")
def small():
    return ma.load_scenario("two-clouds-three-labs")


@pytest.fixture(scope="module")
def bench(small):
    return Bench(small, SEEDS)


def test_draws_are_those_of_the_model(small):
    groups = assumptions(small)
    found = draws(small, (3, 4), groups)
    for row, seed in enumerate((3, 4)):
        world = small.drawn(seed)
        keys = {group.key: value for group, value in zip(groups, found[row])}
        assert keys["behaviour.beta"] == world.behaviour.beta
        assert keys["behaviour.qualification_lag"] == world.behaviour.qualification_lag
        waccs = [float(firm.wacc) for firm in world.firms.values()]
        assert keys["firms.*.wacc"] == pytest.approx(np.mean(waccs), abs=0.03)


def planted(bench, key, turn=None, noise=0.0):
    """A difference that grows with one assumption, and is zero where it has the value ``turn``."""
    place = next(step for step, entry in enumerate(bench.entries) if entry.key == key)
    x = bench.drawn[:, place]
    gains = 1000.0 * (x - (x.min() - 1.0 if turn is None else turn))
    gains = gains + noise * np.random.default_rng(1).normal(size=len(x))
    return effect(HHI, "other", np.zeros(len(x)), gains)


def test_a_planted_effect_is_found_with_its_flip(bench):
    item = planted(bench, "behaviour.rho", turn=0.5)
    found = {entry.key: entry for entry in bench.measured(item)}
    rho = found["behaviour.rho"]
    assert rho.counts
    assert rho.correlation == pytest.approx(1.0)
    assert rho.effect == pytest.approx(1000.0 * (rho.high - rho.low))
    assert rho.flips_at == pytest.approx(0.5)
    assert sum(entry.counts for entry in found.values()) <= 3
    text = reversal_sentence([(item, tuple(found.values()))])
    assert "behaviour.rho (about 0.5)" in text
    rows = register_table(tuple(found.values()), item).rows
    assert rows[0][0] == "behaviour.rho"


def test_an_effect_that_keeps_its_sign_reverses_nothing(bench):
    item = planted(bench, "behaviour.rho", noise=10.0)
    text = reversal_sentence([(item, bench.measured(item))])
    assert text.startswith("None of ")
    assert "the strongest is behaviour.rho" in text


def test_noise_does_not_count(bench):
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(40):
        item = effect(HHI, "other", np.zeros(60), rng.normal(size=60))
        hits += any(entry.counts for entry in bench.measured(item))
    assert hits <= 8  # at 5 % a sample; 8 or more of 40 has a chance below 0.001


def test_few_seeds_measure_nothing(small):
    few = Bench(small, (1, 2, 3))
    item = effect(HHI, "other", np.zeros(3), np.array([1.0, 2.0, 3.0]))
    assert all(np.isnan(entry.correlation) for entry in few.measured(item))
    assert "it takes 20 seeds" in reversal_sentence([(item, few.measured(item))])
    assert "No difference is clear enough" in reversal_sentence([])


def test_every_ranged_number_is_registered_once(small):
    entries = register(small)
    assert len({entry.key for entry in entries}) == len(entries)
    assert sum(grade_shares(entries).values()) == pytest.approx(1.0)
    for entry in entries:
        assert entry.low <= entry.value <= entry.high
        assert entry.grade in ("A", "B", "C", "D", "")
