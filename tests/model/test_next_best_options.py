"""The stated score of the next-best option is what the quarter gives when that option is taken."""

from __future__ import annotations

import math

import pytest

from market_abm.model import ComputeMarket


def alternatives(name: str, seed: int, quarter: int, verbs=("renew", "buy", "sell", "build"), most: int = 99):
    model = ComputeMarket(name, rng=seed)
    for _ in range(quarter + 1):
        model.step()
    found = [d for d in model.record["decisions"] if d["next_option"] and d["verb"] in verbs]
    return found[:most]


def retaken(name: str, seed: int, quarter: int, decision: dict) -> dict:
    forced = {(quarter, decision["firm"], decision["verb"]): decision["next_option"]}
    model = ComputeMarket(name, rng=seed, forced=forced)
    for _ in range(quarter + 1):
        model.step()
    match = [
        d for d in model.record["decisions"] if (d["firm"], d["verb"]) == (decision["firm"], decision["verb"])
    ]
    return match[0]


@pytest.mark.parametrize(("seed", "quarter"), [(1, 0), (1, 5), (2, 9)])
def test_in_the_small_world_for_every_firm_and_verb(seed, quarter):
    decisions = alternatives("two-clouds-three-labs", seed, quarter)
    assert decisions
    for decision in decisions:
        again = retaken("two-clouds-three-labs", seed, quarter, decision)
        assert again["option"] == decision["next_option"]
        assert math.isclose(again["score"], decision["next_score"], rel_tol=1e-12, abs_tol=1e-9), decision


def test_in_the_real_world_for_a_sample():
    decisions = alternatives("colossus-lease", 1, 2, most=400)
    sample = [d for verb in ("renew", "buy", "sell", "build") for d in decisions if d["verb"] == verb][::4]
    assert len(sample) >= 5
    for decision in sample:
        again = retaken("colossus-lease", 1, 2, decision)
        assert again["option"] == decision["next_option"]
        assert math.isclose(again["score"], decision["next_score"], rel_tol=1e-12, abs_tol=1e-9), decision


def test_the_chosen_option_is_the_best_one_on_the_menu():
    for decision in alternatives("two-clouds-three-labs", 4, 3):
        assert decision["score"] >= decision["next_score"], decision
