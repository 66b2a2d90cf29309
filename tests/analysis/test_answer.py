"""The answer: tables hold what the results hold, notes say what is estimated, missing stays missing."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from market_abm.analysis.answer import answer
from market_abm.analysis.statistics import by_seed, first_year, last_year, summary, years
from market_abm.analysis.table import Band
from market_abm.experiments.replicate import replicate, run
from market_abm.results.anonymise import anonymised
from market_abm.results.result import Result
from market_abm.results.store import plain
from tests.results.feed import FailingModel, FakeModel, world


@pytest.fixture(scope="module")
def one():
    return run(world(), 7, model=FakeModel)


@pytest.fixture(scope="module")
def many():
    return replicate(world(), range(1, 6), model=FakeModel)


def records(table):
    return [dict(zip([column.key for column in table.columns], row)) for row in table.rows]


def named(result, name):
    return records(next(table for table in answer(result).tables if table.name == name))


def test_suppliers_are_means_of_the_last_year(one):
    rows = {row["supplier"]: row for row in named(one, "suppliers")}
    google = one.firms[(one.firms["firm"] == "Google") & one.firms["quarter"].isin(one.quarters[4:])]
    for column in ("share_fleet", "share_merchant", "rsi", "loss_of_others_share", "price_effect"):
        assert rows["Google"][column] == pytest.approx(google[column].mean())
    assert rows["Google"]["grade"] == "critical"
    assert rows["Google"]["graded_quarters"] == google["grade"].size + 3  # of 8: all but the first
    assert list(rows) == sorted(rows, key=lambda name: -rows[name]["share_merchant"])


def test_relations_put_the_graded_ones_first_and_leave_own_use_out(one):
    rows = named(one, "relations")
    assert len(rows) == 10
    graded = [row["graded_quarters"] for row in rows]
    assert graded[:6] == [8] * 6
    assert graded[6:] == [0] * 4
    assert not [row for row in rows if row["buyer"] == "Google captive"]
    pair = one.links[(one.links["supplier"] == "Oracle") & (one.links["buyer"] == "Anthropic")]
    pair = pair[pair["quarter"].isin(one.quarters[4:])]
    row = next(row for row in rows if (row["supplier"], row["buyer"]) == ("Oracle", "Anthropic"))
    expected = np.average(pair["price_usd_per_gpu_hour"], weights=pair["volume_khq"])
    assert row["price_usd_per_gpu_hour"] == pytest.approx(expected)


def test_a_relation_out_of_line_has_no_split_rather_than_zero(one):
    row = next(row for row in named(one, "relations") if row["relation"] == "CoreWeave > Anthropic")
    assert math.isnan(row["seller_secured_share"])
    assert row["price_usd_per_gpu_hour"] > 0


def test_labs_are_ordered_by_capability(one):
    rows = named(one, "labs")
    levels = [row["capability"] for row in rows]
    assert levels == sorted(levels, reverse=True)
    assert rows[0]["capability_gap"] == 0.0
    assert "Google DeepMind" in {row["lab"] for row in rows}
    assert len(rows) == 6


def test_bounds_are_means_of_the_windows(one):
    power = next(row for row in named(one, "bounds") if row["bound"] == "Power")
    steps = one.steps["power_bind_share"].to_numpy()
    assert power["first"] == pytest.approx(steps[:4].mean())
    assert power["last"] == pytest.approx(steps[4:].mean())
    assert power["all"] == pytest.approx(steps.mean())


def test_the_market_by_year(one):
    rows = {row["measure"]: row for row in named(one, "market")}
    spot = rows["Spot price"]["from_2026Q3"].value
    known = one.steps["spot_price_usd_per_gpu_hour"][:4]
    assert known.isna().sum() == 1
    assert spot == pytest.approx(known.mean())


def test_with_seeds_every_value_is_a_band(many):
    row = next(row for row in named(many, "suppliers") if row["supplier"] == "Google")
    by_hand = [
        many.of(seed).firms.query("firm == 'Google' and quarter in @many.quarters[4:]")["price_effect"].mean()
        for seed in many.seeds
    ]
    assert row["price_effect"] == Band(*np.percentile(by_hand, (50, 5, 95)))
    assert row["graded_seeds"] == 5


def test_notes_say_what_is_estimated(one):
    note = answer(one).notes[0]
    setting = one.setting
    assert f"{setting.estimated:,} of {setting.estimated + setting.sourced:,} numbers" in note
    assert f"{100 * one.steps['estimated_volume_share'].mean():.1f} % of the contracted volume" in note
    assert f"{100 * setting.estimated_share:.1f} % of the inputs" in note


def test_notes_name_failed_seeds():
    result = replicate(world(), [2, 3, 4], model=FailingModel)
    assert "Did not finish: seed 3 (reasons in manifest.json)." in answer(result).notes


def test_the_protocol_is_named(one):
    found = answer(one)
    assert found.title == "fake-world: 2026Q3 to 2028Q2, seed 7, protocol split"
    assert "protocol split" in found.sentences[1].text
    assert "(split)" in found.notes[-1]


def test_the_answer_is_json(one, many):
    for result in (one, many):
        text = json.dumps(plain(answer(result).as_dict()), allow_nan=False)
        content = json.loads(text)
        assert len(content["answer"]) == 3
        assert set(content["tables"]) == {"market", "suppliers", "relations", "labs", "bounds"}
        assert "not a forecast" in content["disclaimer"]


def test_attribution_only_where_the_data_are_used(one):
    assert answer(one).attribution == ""
    sources = ({"id": "x", "title": "Chip counts", "url": "https://epoch.ai/data", "date": "", "grade": "B"},)
    used = Result(type(one.setting)(**{**vars(one.setting), "sources": sources}), one.tables)
    assert "Epoch AI" in answer(used).attribution
    assert "CC BY" in answer(used).attribution
    assert answer(anonymised(one, world())).attribution


def test_windows():
    quarters = [f"{2026 + step // 4}Q{step % 4 + 1}" for step in range(10)]
    assert first_year(quarters) == tuple(quarters[:4])
    assert last_year(quarters) == tuple(quarters[-4:])
    assert first_year(quarters[:3]) == tuple(quarters[:1])
    assert last_year(quarters[:1]) == tuple(quarters[:1])
    assert [len(year) for year in years(quarters)] == [4, 6]
    assert years(quarters[:2]) == [tuple(quarters[:2])]


def test_means_leave_missing_values_out_and_weights_count(many):
    firms = many.firms
    found = by_seed(firms, ["firm"], "rsi", many.quarters)
    assert "Anthropic" not in found.index  # no fleet, no value: no row, and no zero
    assert list(found.columns) == list(many.seeds)
    links = many.links[many.links["seed"] == 1]
    weighted = by_seed(links, ["supplier", "buyer"], "seller_secured_share", many.quarters, "volume_khq")
    pair = links[(links["supplier"] == "Google") & (links["buyer"] == "OpenAI")].dropna(
        subset=["seller_secured_share"]
    )
    if len(pair):
        by_hand = np.average(pair["seller_secured_share"], weights=pair["volume_khq"])
        assert weighted.loc[("Google", "OpenAI"), 1] == pytest.approx(by_hand)
    assert len(weighted) > 10


def test_summaries():
    assert summary([3.0]) == 3.0
    assert math.isnan(summary([math.nan]))
    assert math.isnan(summary([math.nan, math.nan]).middle)
    assert summary([1.0, math.nan, 3.0]).middle == 2.0
