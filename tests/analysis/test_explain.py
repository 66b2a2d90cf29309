"""Explanations add up: the arithmetic printed is the arithmetic of the table."""

from __future__ import annotations

import re

import numpy as np
import pytest

from market_abm.analysis.explain import explain
from market_abm.experiments.replicate import replicate, run
from market_abm.results.result import Result
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def one():
    return run(world(), 7, model=FakeModel)


def test_the_last_quarter_by_default_and_any_other_on_request(one):
    assert explain(one, "Google").title.startswith("Google in 2028Q2: fake-world, seed 7")
    assert explain(one, "Google", "2026Q4").title.startswith("Google in 2026Q4")


def test_the_arithmetic_of_the_split_adds_up(one):
    text = next(text for text in explain(one, "Anthropic").sentences if "to share" in text)
    numbers = re.search(
        r"value ([\d.]+) - ([\d.]+) \(unit cost\) - ([\d.]+) \(wedge\) leaves ([\d.]+) .*"
        r"floor ([\d.]+) - .* = ([\d.]+) \(([\d.]+) %\), .* ceiling ([\d.]+) = ([\d.]+) "
        r"\(([\d.]+) %\); ([\d.]+) is",
        text,
    )
    value, cost, wedge, gross, floor, seller, share, ceiling, buyer, other, open_part = map(
        float, numbers.groups()
    )
    assert value - cost - wedge == pytest.approx(gross, abs=0.02)
    assert floor - cost - wedge == pytest.approx(seller, abs=0.02)
    assert value - ceiling == pytest.approx(buyer, abs=0.02)
    assert seller + buyer + open_part == pytest.approx(gross, abs=0.03)
    assert share == pytest.approx(100 * seller / gross, abs=0.6)
    assert other == pytest.approx(100 * buyer / gross, abs=0.6)
    assert f"split with beta {one.setting.beta[7]:.2f}" in text


def test_what_would_flip_a_choice(one):
    found = explain(one, "Google", "2026Q3").sentences
    text = next(text for text in found if text.startswith("Google builds"))
    assert "q rule: 20 kH100e (12.5 MUSD); next best was wait (10 MUSD)" in text
    assert "when the next best gains more than 2.5 MUSD on it" in text
    assert "Bound by chips. chips ration the order." in text
    assert "Anthropic renews: keep K01 (5); there was no other option." in explain(one, "Anthropic").sentences


def test_a_negative_wedge_is_added(one):
    links = one.links.assign(wedge_usd_per_gpu_hour=-0.1)
    text = " ".join(explain(Result(one.setting, one.tables | {"links": links}), "Anthropic").sentences)
    assert "+ 0.10 (wedge)" in text
    assert "- -" not in text


def test_a_relation_out_of_line_has_no_arithmetic(one):
    links = one.links.assign(floor_usd_per_gpu_hour=9.0, out_of_line=True)
    text = " ".join(explain(Result(one.setting, one.tables | {"links": links}), "Anthropic").sentences)
    assert "lies above the buyer's value" in text
    assert "to share" not in text


def test_a_relation_that_was_not_measured(one):
    links = one.links.assign(floor_usd_per_gpu_hour=np.nan, out_of_line=False)
    text = " ".join(explain(Result(one.setting, one.tables | {"links": links}), "Anthropic").sentences)
    assert "no split was measured" in text


def test_both_sides_of_a_firm(one):
    tables = {table.name: table for table in explain(one, "Google").tables}
    assert set(tables) == {"buyers", "decisions"}
    assert tables["buyers"].rows[0][1] == max(row[1] for row in tables["buyers"].rows)
    assert {table.name for table in explain(one, "Anthropic").tables} == {"suppliers", "decisions"}


def test_segments_take_no_decisions(one):
    found = explain(one, "Google captive")
    assert "Google captive, owned by Google," in found.sentences[0]
    assert found.sentences[-1] == "Google captive took no decision in 2028Q2."


def test_seeds(one):
    many = replicate(world(), [4, 5], model=FakeModel)
    assert "seed 4" in explain(many, "Google").title
    assert "seed 5" in explain(many, "Google", seed=5).title


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"firm": "Anthropc"}, "no firm 'Anthropc' in these results. Did you mean \"Anthropic\""),
        ({"firm": "Google", "quarter": "2031Q1"}, "no quarter '2031Q1'"),
        ({"firm": "Google", "seed": 1}, "no seed 1 here; seeds: 7"),
    ],
)
def test_what_is_not_there_is_named(one, arguments, words):
    with pytest.raises(KeyError) as error:
        explain(one, **arguments)
    assert words in error.value.args[0]
