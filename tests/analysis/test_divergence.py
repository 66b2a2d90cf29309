"""Where two same-seed runs part: planted differences are found, with their quarter, firm and decision."""

from __future__ import annotations

import pytest

from market_abm.analysis.compare import Comparison
from market_abm.analysis.divergence import changed_decisions, parting_sentence, parting_table, partings
from market_abm.experiments.replicate import replicate
from market_abm.results.result import Result
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def base():
    return replicate(world(), [1, 2, 3], model=FakeModel)


def changed(result: Result, **tables) -> Result:
    return Result(result.setting, result.tables | tables)


def planted(base: Result) -> Result:
    """Google builds otherwise from 2027Q1 on in two of three seeds, and a price moves with it."""
    decisions, steps = base.decisions.copy(), base.steps.copy()
    late = (decisions["quarter"] >= "2027Q1") & (decisions["firm"] == "Google") & (decisions["seed"] < 3)
    decisions.loc[late, "option"] = "none"
    here = (steps["quarter"] >= "2026Q4") & (steps["seed"] < 3)
    steps.loc[here, "price_index_usd_per_gpu_hour"] += 1e-9
    return changed(base, decisions=decisions, steps=steps)


def test_a_scenario_never_parts_from_itself(base):
    pair = Comparison(base, (base,))
    found = partings(pair)
    assert [item.quarter for item in found] == ["", "", ""]
    assert "are the same in all 3 seeds" in parting_sentence(pair, 0, found)
    assert changed_decisions(pair, 0) is None


def test_quarter_firm_and_decision_are_found(base):
    pair = Comparison(base, (planted(base),))
    first, second, third = partings(pair)
    assert (first.quarter, second.quarter, third.quarter) == ("2026Q4", "2026Q4", "")
    assert (first.choice_quarter, first.firm, first.verb) == ("2027Q1", "Google", "build")
    assert (first.baseline, first.other) == ("q rule: 20 kH100e", "none")
    text = parting_sentence(pair, 0, (first, second, third))
    assert "part in 2026Q4 in 2 of 3 seeds" in text
    assert 'that of Google to build ("none" in place of "q rule: 20 kH100e"), in 2 of 3 seeds' in text
    table = parting_table(pair, 0, (first, second, third))
    assert [row[0] for row in table.rows] == [2, 1]


def test_what_only_one_run_has_is_the_cause(base):
    contracts, steps = base.contracts.copy(), base.steps.copy()
    contracts = contracts[contracts["contract"] != "K01"]
    steps["price_index_usd_per_gpu_hour"] += 1.0
    pair = Comparison(base, (changed(base, contracts=contracts, steps=steps),))
    [first, *_] = partings(pair)
    assert first.causes == ("without contract K01: SpaceX/xAI to Anthropic",)
    assert first.firm == ""
    assert "no firm takes another option" in parting_sentence(pair, 0, partings(pair))


def test_decisions_that_differ_come_with_the_next_best(base):
    table = changed_decisions(Comparison(base, (planted(base),)), 0)
    row = dict(zip([column.key for column in table.columns], table.rows[0]))
    assert (row["firm"], row["verb"], row["other"], row["next"]) == ("Google", "build", "none", "wait")
    assert (row["times"], row["seeds"]) == (12, 2)
    scores = base.decisions[(base.decisions["firm"] == "Google") & (base.decisions["quarter"] >= "2027Q1")]
    assert row["margin"] == (scores["score"] - scores["next_score"]).median()
