"""Rules of choice by hand: regret, maximin, satisficing, and that disagreement is shown."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.analysis.choice import choice_sentence, choice_table, robust_options, scores
from market_abm.analysis.compare import Comparison
from market_abm.analysis.outcomes import outcome
from market_abm.experiments.replicate import replicate
from tests.results.feed import FakeModel, ShiftedModel, world

WELFARE, PRICE = outcome("welfare"), outcome("price_last")
SAFE, BOLD, WORST = [5.0, 5.0, 5.0, 5.0], [9.0, 9.0, 9.0, 1.0], [1.0, 1.0, 1.0, 0.0]


def test_scores_by_hand():
    found = scores(WELFARE, ("safe", "bold", "worst"), np.array([SAFE, BOLD, WORST]))
    assert found.values["mean"].tolist() == [5.0, 7.0, 0.75]
    assert found.values["worst"].tolist() == [5.0, 1.0, 0.0]
    assert found.values["regret"].tolist() == [4.0, 4.0, 8.0]
    assert found.values["regret_p90"].tolist() == pytest.approx([4.0, 2.8, 8.0])
    assert found.values["satisfies"].tolist() == [1.0, 0.75, 0.0]
    assert found.best("mean") == ("bold",)
    assert found.best("worst") == ("safe",)
    assert found.best("regret") == ("safe", "bold")
    assert found.agreed == ""


def test_for_prices_less_is_better():
    found = scores(PRICE, ("dear", "cheap"), np.array([[3.0, 3.0], [1.0, 2.0]]))
    assert found.agreed == "cheap"
    assert found.values["worst"].tolist() == [3.0, 2.0]
    assert found.values["regret"].tolist() == [2.0, 0.0]
    twins = scores(PRICE, ("one", "two"), np.array([[3.0, 1.0], [3.0, 1.0]]))
    assert twins.agreed == ""
    assert twins.alike and not found.alike
    assert "no option ever falls short of another" in choice_sentence([twins])
    close = scores(PRICE, ("one", "two"), np.array([[3.0, 3.0], [2.99, 2.98]]))  # 1 % of the baseline is 0.03
    assert close.alike and close.agreed == "two"


def test_disagreement_and_agreement_are_said():
    mixed = scores(WELFARE, ("safe", "bold"), np.array([SAFE, BOLD]))
    assert "the 5 rules disagree (safe by 3, bold by 3)" in choice_sentence([mixed])
    clear = scores(WELFARE, ("bold", "worst"), np.array([BOLD, WORST]))
    assert choice_sentence([clear]).startswith("bold is picked by every rule and criterion.")
    picked = {row[1]: row[-1] for row in choice_table([mixed]).rows}
    assert "best worst case (maximin)" in picked["safe"]
    assert "highest mean" in picked["bold"]


def test_what_cannot_be_ranked_is_said():
    assert "use --replications" in choice_sentence([scores(WELFARE, ("a", "b"), np.array([[1.0], [2.0]]))])
    assert "No two options" in choice_sentence([])
    with pytest.raises(ValueError, match="no direction that is good"):
        scores(outcome("hhi_fleet"), ("a",), np.ones((1, 3)))
    with pytest.raises(ValueError, match="nothing to rank"):
        scores(WELFARE, ("a", "b"), np.array([[np.nan, 1.0], [1.0, np.nan]]))


def test_seeds_are_the_states_of_the_world():
    pair = Comparison(
        replicate(world(), [1, 2, 3], model=FakeModel),
        (replicate(world(8, "dearer"), [2, 3, 4], model=ShiftedModel),),
    )
    price = next(item for item in robust_options(pair) if item.outcome.key == "price_last")
    assert price.states == 2
    assert price.agreed == "fake-world"
