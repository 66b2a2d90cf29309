"""Paired comparison: exact zeros against itself, known differences found, intervals that are Student's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from market_abm.analysis.compare import ALIASES, STATISTICS, Comparison, compare, paired
from market_abm.analysis.pairing import student_t
from market_abm.experiments.replicate import replicate
from tests.results.feed import FailingModel, FakeModel, ShiftedModel, world


@pytest.fixture(scope="module")
def shifted():
    baseline = replicate(world(), range(1, 7), model=FakeModel)
    other = replicate(world(8, "shifted"), range(1, 7), model=ShiftedModel)
    return Comparison(baseline, (other,))


def test_a_scenario_against_itself_differs_by_exactly_zero():
    pair = compare(world(), world(), replications=5, model=FakeModel)
    for column in ("price", "velocity", "capability", "hhi_merchant", "price_effect", "dependence_before"):
        for quarters in (None, "last year", "all"):
            found = pair.difference(column, quarters)
            assert len(found)
            known = found[found["seeds"] > 0]
            assert (known["difference"] == 0.0).all()
            assert (known["low"] == 0.0).all()
            assert (known["high"] == 0.0).all()
            assert known["same_sign"].isna().all()


def test_a_shift_in_every_seed_is_found_with_its_size_and_sign(shifted):
    found = shifted.difference("price")
    assert len(found) == 8
    assert found["difference"].to_numpy() == pytest.approx(0.25)
    assert (found["same_sign"] == 1.0).all()
    assert (found["seeds"] == 6).all()
    assert found["variance_removed"].to_numpy() == pytest.approx(1.0)


def test_only_the_shifted_lab_differs(shifted):
    found = shifted.difference("capability", "last year").set_index("firm")
    assert found.loc["Anthropic", "difference"] == pytest.approx(0.25 * np.mean([5, 6, 7, 8]))
    assert (found.drop("Anthropic")["difference"].dropna() == 0.0).all()
    assert "Oracle" not in found.index  # it has no lab


def test_statistics_by_hand():
    a = pd.DataFrame([[1.0, 2.0, 3.0, 4.0]], index=["x"], columns=[1, 2, 3, 4])
    b = pd.DataFrame([[1.5, 2.0, 4.0, np.nan]], index=["x"], columns=[1, 2, 3, 4])
    row = paired(a, b).iloc[0]
    d = np.array([0.5, 0.0, 1.0])
    assert tuple(row.index) == STATISTICS
    assert row["baseline"] == 2.0
    assert row["other"] == 2.5
    assert row["difference"] == 0.5
    half = 4.302652729911275 * d.std(ddof=1) / np.sqrt(3)  # t(2), 97.5 %: any statistics table
    assert row["high"] - row["difference"] == pytest.approx(half)
    assert row["difference"] - row["low"] == pytest.approx(half)
    assert row["same_sign"] == pytest.approx(2 / 3)
    assert row["seeds"] == 3
    assert row["variance_removed"] == pytest.approx(1 - 0.25 / (1.0 + np.var([1.5, 2, 4], ddof=1)))


def test_student_t_of_a_table():
    assert student_t(1) == pytest.approx(12.7062, abs=1e-4)
    assert student_t(29) == pytest.approx(2.04523, abs=1e-5)


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        a = pd.DataFrame([rng.normal(0, 3, 10)])
        b = a + 1.0 + rng.normal(0, 1, 10)
        row = paired(a, b).iloc[0]
        hits += row["low"] <= 1.0 <= row["high"]
    assert 0.93 <= hits / 1000 <= 0.97


def test_pairing_removes_the_common_part_of_the_variance():
    rng = np.random.default_rng(2)
    common = rng.normal(0, 3, 4000)
    a = pd.DataFrame([common + rng.normal(0, 1, 4000)])
    b = pd.DataFrame([common + rng.normal(0, 1, 4000)])
    assert paired(a, b).iloc[0]["variance_removed"] == pytest.approx(0.9, abs=0.02)


def test_one_seed_has_no_interval_and_no_seed_no_value():
    one = paired(pd.DataFrame([[1.0]]), pd.DataFrame([[3.0]])).iloc[0]
    assert one["difference"] == 2.0
    assert np.isnan(one[["low", "high", "variance_removed"]].to_numpy(dtype=float)).all()
    none = paired(pd.DataFrame([[np.nan]]), pd.DataFrame([[3.0]])).iloc[0]
    assert none["seeds"] == 0
    assert np.isnan(none["difference"])


def test_units_of_one_scenario_alone_are_missing_and_not_zero(shifted):
    other = shifted.others[0]
    firms = other.firms[other.firms["firm"] != "OpenAI"]
    less = type(other)(other.setting, other.tables | {"firms": firms})
    found = Comparison(shifted.baseline, (less,)).difference("velocity", "all").set_index("firm")
    assert np.isnan(found.loc["OpenAI", "difference"])
    assert found.loc["OpenAI", "seeds"] == 0


def test_only_seeds_of_both_count():
    baseline = replicate(world(), [2, 3, 4], model=FakeModel)
    other = replicate(world(), [2, 3, 4], model=FailingModel)
    pair = Comparison(baseline, (other,))
    assert pair.seeds() == [2, 4]
    assert pair.difference("price", "all")["seeds"].item() == 2


def test_links_and_named_scenarios(shifted):
    found = shifted.difference("dependence_before", "2026Q3", other="shifted")
    assert list(found.columns[:3]) == ["quarter", "supplier", "buyer"]
    assert set(found["quarter"]) == {"2026Q3"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"column": "velocty"}, "no numeric column 'velocty'"),
        ({"column": "leader"}, "no numeric column 'leader'"),
        ({"column": "price", "table": "events"}, "no table 'events'"),
        ({"column": "price", "quarters": "1999Q1"}, "'1999Q1' is no common quarter"),
        ({"column": "price", "other": "nobody"}, "no scenario 'nobody' here"),
    ],
)
def test_what_is_not_there_is_named(shifted, arguments, words):
    with pytest.raises(KeyError, match=words):
        shifted.difference(**arguments)


def test_nothing_to_compare_with():
    with pytest.raises(ValueError, match="name at least one other scenario"):
        compare(world())


def test_aliases_are_columns(shifted):
    for name in ALIASES:
        assert len(shifted.difference(name, "all")) == 1


def test_tables_hold_what_difference_says(shifted):
    market, labs = shifted.tables()
    keys = [column.key for column in market.columns]
    price = dict(zip(keys, next(row for row in market.rows if row[1] == "price_last")))
    found = shifted.difference("price", "last year").iloc[0]
    assert price["difference"].value == found["difference"]
    assert price["low"].value == found["low"]
    anthropic = next(row for row in labs.rows if row[0] == "Anthropic")
    gains = shifted.difference("capability_gap", "last year").set_index("firm").loc["Anthropic"]
    behind = [column.key for column in labs.columns].index("behind")
    assert anthropic[behind].value.middle == gains["difference"]
    assert {row[0] for row in labs.rows} >= {"OpenAI", "Google DeepMind"}
    assert "6 common seeds" in market.note


def test_values_by_seed_are_listed(shifted):
    rows = shifted.per_seed()
    price = rows[rows["outcome"] == "price_last"]
    assert set(price["column"]) == {"price_index_usd_per_gpu_hour"}
    assert list(price["seed"]) == [1, 2, 3, 4, 5, 6]
    assert price["difference"].to_numpy() == pytest.approx(0.25)
    assert set(rows.loc[rows["column"] == "product_share", "unit"]) >= {"Anthropic", "OpenAI"}


@pytest.mark.parametrize("entry", [None, {"kind": "null", "quarter": "2027Q1", "until": "2027Q4"}])
def test_the_real_model_against_its_twin_or_a_null_policy_differs_nowhere(entry, tmp_path):
    """From the scenario file to the files of the comparison: every difference and interval is exactly zero."""
    from market_abm.report.compare_findings import findings
    from market_abm.report.comparison_files import write_comparison
    from market_abm.scenario import load_scenario
    from tests.model.shuffled import with_entries

    name = "two-clouds-three-labs"
    plain = load_scenario(name, ["horizon.quarters=4"])
    twin = load_scenario(name, ["horizon.quarters=4"])
    if entry is not None:
        twin = with_entries(plain, entry)
    found = findings(compare(plain, twin, replications=3))
    assert {item.verdict for part in (*found.effects, *found.labs) for item in part} <= {"identical", "none"}
    write_comparison(found, tmp_path, "", "", ())
    table = pd.read_csv(next(tmp_path.glob("differences*.csv")))
    for column in ("difference", "low", "high"):
        assert (table[column].dropna() == 0.0).all()
    assert table["difference"].notna().any()
