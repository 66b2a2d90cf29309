"""The backtest: forecasts beside facts, a verdict that adds up, other facts scored by the same forecasts."""

from __future__ import annotations

import json
import math

import pytest

from market_abm.analysis.backtest import WINDOWS, backtest
from market_abm.analysis.backtest_tables import path_table, score_table
from market_abm.analysis.vetting import FACTS, history_table, kept_table, model_value
from market_abm.commands.backtest import verdict
from market_abm.experiments.forecast import draws, forecasts
from market_abm.experiments.history import FIT_END, Fact, shipped_facts
from market_abm.experiments.observed import SERIES, value_in
from market_abm.experiments.scores import BEATEN, EQUAL, LOST, UNSCORED
from market_abm.report.backtest_report import backtest_page


@pytest.fixture(scope="module")
def found():
    return backtest(3)


def test_the_verdict_counts_every_series_with_later_facts(found):
    later = {fact.key for fact in shipped_facts() if fact.last > FIT_END}
    for item in found.forecasts:
        counts = found.counts(item.name)
        assert sum(counts.values()) == len(later)
        assert set(counts) == {BEATEN, EQUAL, LOST, UNSCORED}
    assert found.uncovered == ()


def test_the_sentences_say_what_was_counted(found):
    text = " ".join(found.sentences())
    counts = found.counts("unconditional")
    scored = counts[BEATEN] + counts[EQUAL] + counts[LOST]
    assert f"Of {scored} series (facts after {FIT_END}, to 2026Q2) the unconditional forecast" in text
    assert f"in {counts[BEATEN]}, matches it in {counts[EQUAL]} and loses to it in {counts[LOST]}" in text
    points = sum(score.n for score in found.scores["conditional", "held out"])
    assert f"of {points} held-out facts" in text


def test_both_forecasts_share_the_opening_and_part_where_events_begin(found):
    first, second = found.forecasts
    assert (first.name, second.name) == ("unconditional", "conditional")
    for one, other in zip(first.paths, second.paths):
        assert one["h100e_owned_q", "Google"]["2023Q2"] == other["h100e_owned_q", "Google"]["2023Q2"]
    key = ("customer_share_top1", "CoreWeave")
    assert second.band(key, "2024Q4")[0] > first.band(key, "2024Q4")[0]


def test_the_opening_quarter_is_the_facts(found):
    """Before any draw of a fleet: capex and cloud revenue are read from the opening facts on."""
    for fact in shipped_facts():
        if fact.period == "2023Q1" and fact.series in ("capex_q", "cloud_revenue_q"):
            for paths in found.forecasts[0].paths:
                assert value_in(paths[fact.key], fact) == pytest.approx(fact.value)


def test_other_facts_are_scored_by_the_same_forecasts(found):
    """Facts of one's own: later years are outside the run, unknown series are said to be."""
    own = [
        Fact("lab_arr", "OpenAI", "2026Q2", 30.0),
        Fact("lab_arr", "OpenAI", "2030Q1", 99.0),
        Fact("rainfall", "London", "2026Q1", 3.0),
        Fact("lab_arr", "Nobody", "2026Q1", 3.0),
    ]
    again = backtest(facts=own, made=found.forecasts)
    [score] = again.scores["conditional", "held out"]
    assert (score.key, score.n) == (("lab_arr", "OpenAI"), 1)
    full = next(s for s in found.scores["conditional", "held out"] if s.key == score.key)
    assert set(full.naive) == set(score.naive)
    assert again.uncovered == ("rainfall", "lab_arr of Nobody")


def test_the_tables_show_losses_as_losses(found):
    table = score_table(found, "unconditional")
    counted = table.rows[: len(found.scores["unconditional", "held out"])]
    assert [row[2] for row in counted].count(LOST) == found.counts("unconditional")[LOST]
    assert len(table.rows) - len(counted) == len(found.pooled["unconditional", "held out"])
    by_key = {column.key: step for step, column in enumerate(table.columns)}
    for row in table.rows:
        assert (row[by_key["n"]] >= 8) or math.isnan(row[by_key["crps"]])
    paths = path_table(found.forecasts, found.facts)
    assert len(paths.rows) == sum(f.series in SERIES and f.last <= "2026Q2" for f in found.facts)
    assert {row[-3] for row in paths.rows} == {"opening", "fit", "held out"}


def test_the_page_holds_verdict_figures_and_tables(found):
    page = backtest_page(found, [history_table(found.forecasts)], "market-abm backtest")
    for sentence in found.sentences()[:2]:
        assert sentence.split(" the best")[0] in page
    for definition in SERIES.values():
        assert definition.label in page
    assert "Stylised facts" in page and "not a forecast" in page


def test_stylised_facts_pass_in_their_range_alone(found):
    table = history_table(found.forecasts)
    assert len(table.rows) == len(FACTS) >= 10
    for fact, row in zip(FACTS, table.rows):
        value = model_value(fact, found.forecasts[0])
        assert fact.low <= fact.fact <= fact.high
        assert row[6] == ("pass" if fact.low <= value <= fact.high else "MISS")


def test_history_itself_passes_the_vetting():
    """The statistics are read from facts as from the model: a world that is history passes what history shows."""
    paths: dict = {}
    for fact in shipped_facts():
        for quarter in fact.quarters:
            paths.setdefault(fact.key, {})[quarter] = fact.value
    read = {
        fact.name: fact.read(paths)
        for fact in FACTS
        if fact.name in ("price fall", "re-tightening", "price spike")
    }
    for fact in FACTS:
        if fact.name in read:
            assert read[fact.name] == pytest.approx(fact.fact, rel=0.02)


def test_the_kept_vetting_has_the_facts_of_today():
    table = kept_table()
    assert [row[0] for row in table.rows] == [fact.name for fact in FACTS]
    assert [row[2:5] for row in table.rows] == [(f.fact, f.low, f.high) for f in FACTS]


def test_replications_take_the_draws_in_turn():
    known = draws()[:2]
    made = forecasts(2, calibrated=known)
    turned = forecasts(2, calibrated=known[::-1])
    same = made[0].paths[0]["h100_price", "market"] == turned[0].paths[0]["h100_price", "market"]
    assert not same
    again = forecasts(1, calibrated=known[:1])
    assert again[0].paths[0] == made[0].paths[0]


def test_the_verdict_can_be_kept(found):
    kept = json.loads(json.dumps(verdict(found)))
    assert kept["counts"]["conditional"] == found.counts("conditional")
    assert set(WINDOWS) == {"held out", "whole run"}
