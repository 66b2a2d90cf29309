"""The three sentences: every number comes from the tables, and they follow the tables when these change."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from market_abm.analysis.sentences import sentences
from market_abm.analysis.table import Band, band_shown, shown
from market_abm.experiments.replicate import replicate, run
from market_abm.results.result import Result
from tests.results.feed import FakeModel, world

NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?(?![\w])")
KINDS = ("count", "number", "share", "usd", "index", "level", "points_of_share")


@pytest.fixture(scope="module")
def one():
    return run(world(), 7, model=FakeModel)


@pytest.fixture(scope="module")
def many():
    return replicate(world(), range(1, 6), model=FakeModel)


def changed(result: Result, **tables) -> Result:
    return Result(result.setting, result.tables | tables)


def texts_of(fact):
    """Every way in which a fact may be written."""
    for kind in KINDS:
        yield shown(fact, kind)
        yield from band_shown(fact, kind).split(" to ")


@pytest.mark.parametrize("which", ["one", "many"])
def test_every_number_in_a_sentence_is_a_fact_taken_from_the_tables(which, request):
    for sentence in sentences(request.getfixturevalue(which)):
        written = {text for fact in sentence.facts.values() for text in texts_of(fact)}
        numbers = NUMBER.findall(sentence.text)
        assert numbers
        assert [number for number in numbers if number not in written] == [], sentence.text


@pytest.mark.parametrize("which", ["one", "many"])
def test_every_fact_is_written(which, request):
    for sentence in sentences(request.getfixturevalue(which)):
        for name, fact in sentence.facts.items():
            assert any(text and text in sentence.text for text in texts_of(fact)), (name, sentence.text)


def test_chokepoint_facts_are_recomputed_from_the_tables(one):
    facts = sentences(one)[0].facts
    firms, links = one.firms, one.links
    assert facts["tight_quarters"] == one.steps["tight"].sum()
    assert facts["quarters"] == 8
    for owner in ("Google", "Microsoft"):
        grades = firms.loc[firms["owner"] == owner, "grade"]
        assert facts[f"quarters:{owner}"] == grades.isin(("chokepoint", "critical")).sum()
        assert facts[f"critical:{owner}"] == (grades == "critical").sum()
    pairs = links[links["relation_chokepoint"]].groupby(["supplier", "buyer"]).size()
    assert facts["relation_chokepoints"] == len(pairs)
    assert facts["relations"] == len(links[links["dependence_before"].notna()].groupby(["supplier", "buyer"]))
    named = {name.removeprefix("quarters:"): fact for name, fact in facts.items() if ">" in name}
    volume = links[links["relation_chokepoint"]].groupby(["supplier", "buyer"])["volume_khq"].sum()
    expected = {*pairs.index[:3], volume.idxmax()}
    assert named == {f"{supplier}>{buyer}": pairs[supplier, buyer] for supplier, buyer in expected}


def test_leverage_facts_are_recomputed_from_the_tables(one):
    sentence = sentences(one)[1]
    links, facts = one.links, sentence.facts
    supplier, buyer = re.search(r"between (.+?) and (.+?), in favour", sentence.text).groups()
    side = "seller" if f"secure for {supplier}" in sentence.text else "buyer"
    pair = links[(links["supplier"] == supplier) & (links["buyer"] == buyer)]
    assert len(pair) == 8
    weights = pair["volume_khq"].to_numpy()
    share = pair[f"{side}_secured_share"].to_numpy()
    usd = share * pair["gross_surplus_usd_per_gpu_hour"].to_numpy()
    price = pair["price_usd_per_gpu_hour"].to_numpy()
    for name, values in (("", share), ("_usd", usd), ("_price", price)):
        for when, part in (("first", slice(0, 4)), ("last", slice(4, 8))):
            assert facts[f"{when}{name}"] == pytest.approx(np.average(values[part], weights=weights[part]))
    assert facts["change"] == pytest.approx(facts["last"] - facts["first"])
    assert facts["beta"] == one.setting.beta[7]


def test_no_relation_of_size_moved_more(one):
    facts = sentences(one)[1].facts
    links = one.links.dropna(subset=["seller_secured_share"])
    first, last = one.quarters[:4], one.quarters[4:]
    for _, pair in links.groupby(["supplier", "buyer"]):
        for side in ("seller_secured_share", "buyer_secured_share"):
            means = [
                np.average(part[side], weights=part["volume_khq"])
                for part in (pair[pair["quarter"].isin(window)] for window in (first, last))
            ]
            assert abs(means[1] - means[0]) <= abs(facts["change"]) + 1e-12


def test_concentration_and_leadership_are_recomputed_from_the_tables(one):
    facts = sentences(one)[2].facts
    steps = one.steps.set_index("quarter")
    for base in ("merchant", "fleet"):
        for quarter in (one.quarters[0], one.quarters[-1]):
            assert facts[f"hhi_{base}:{quarter}"] == steps.loc[quarter, f"hhi_{base}"]
    last = one.firms[one.firms["quarter"] == one.quarters[-1]].set_index("firm")["capability"].dropna()
    order = last.sort_values(ascending=False)
    assert facts["gap"] == order.iloc[0] - order.iloc[1]
    assert facts["gap"] == pytest.approx(steps.iloc[-1]["capability_gap"])
    assert facts["quarters_led"] == (steps["leader"] == order.index[0]).sum()
    second = one.firms[(one.firms["firm"] == order.index[1]) & one.firms["quarter"].isin(one.quarters[4:])]
    assert facts["gap_quarters"] == pytest.approx(facts["gap"] / second["velocity"].mean())


def test_with_seeds_medians_bands_and_shares_of_seeds(many):
    first, second, third = (sentence.facts for sentence in sentences(many))
    tight = many.steps.groupby("seed")["tight"].sum()
    assert first["tight_quarters"] == Band(*np.percentile(tight, (50, 5, 95)))
    graded = many.firms[many.firms["grade"].isin(("chokepoint", "critical"))]
    assert first["seeds_with_chokepoint"] == graded["seed"].nunique()
    assert first["seeds:Google"] == graded.loc[graded["owner"] == "Google", "seed"].nunique()
    assert second["beta"].middle == np.median(list(many.setting.beta.values()))
    assert second["same_sign"] == second["seeds_compared"] == 5
    end = many.steps[many.steps["quarter"] == many.quarters[-1]]
    assert third[f"hhi_merchant:{many.quarters[-1]}"].middle == np.median(end["hhi_merchant"])
    assert third["seeds_led"] == end["leader"].value_counts().max()
    assert third["gap"].middle == pytest.approx(np.median(end["capability_gap"]))


def test_nobody_is_a_chokepoint_although_relations_are(one):
    firms = one.firms.assign(grade=one.firms["grade"].where(one.firms["grade"] == "", "none"))
    text = sentences(changed(one, firms=firms))[0].text
    assert "no firm is a chokepoint of the whole market in any of them, although 6 of the 21" in text
    firms.loc[firms["firm"] == "Oracle", "grade"] = "watch"
    text = sentences(changed(one, firms=firms))[0].text
    assert "in any of them (Oracle comes closest, on watch in 8), although" in text


def test_nobody_is_a_chokepoint_on_either_level(one, many):
    for result, words in (
        (one, "no firm is a chokepoint"),
        (many, "in none of 5 seeds is a firm a chokepoint"),
    ):
        firms = result.firms.assign(grade="none")
        links = result.links.assign(relation_chokepoint=False)
        text = sentences(changed(result, firms=firms, links=links))[0].text
        assert words in text
        assert "and none of the 21 measured supplier-buyer relations is one either." in text


def test_one_chokepoint_is_in_the_singular(one):
    firms = one.firms.assign(grade="none")
    firms.loc[(firms["firm"] == "Oracle") & (firms["quarter"] == "2026Q4"), "grade"] = "chokepoint"
    links = one.links.assign(relation_chokepoint=False)
    links.loc[5, "relation_chokepoint"] = True
    text = sentences(changed(one, firms=firms, links=links))[0].text
    assert (
        "and Oracle is a chokepoint of the whole market in 1 of them; between single firms 1 of the 21"
        in text
    )
    assert "(1 quarter)." in text


def test_a_missing_split_is_said_and_not_taken_for_zero(one):
    missing = one.links.assign(seller_secured_share=np.nan, buyer_secured_share=np.nan)
    text = sentences(changed(one, links=missing))[1].text
    assert text.startswith("Whose leverage shifted cannot be told")
    assert "protocol split" in text


def test_a_missing_price_is_left_out(one):
    text = sentences(changed(one, links=one.links.assign(price_usd_per_gpu_hour=np.nan)))[1].text
    assert text.endswith(f"the run uses the bargaining protocol split with beta {one.setting.beta[7]:.2f}.")
    assert "nan" not in text


def test_tiny_relations_do_not_lead(one):
    links = one.links.copy()
    tiny = (links["supplier"] == "Small Cloud") & (links["buyer"] == "OpenAI")
    links.loc[tiny, "volume_khq"] = 0.01
    links.loc[tiny, "seller_secured_share"] = np.linspace(0, 1, 8)
    assert "Small Cloud" not in sentences(changed(one, links=links))[1].text
    links.loc[tiny, "volume_khq"] = 50.0
    assert (
        "between Small Cloud and OpenAI, in favour of Small Cloud"
        in sentences(changed(one, links=links))[1].text
    )


def test_leverage_that_falls_favours_the_other_side(one):
    links = one.links.copy()
    pair = (links["supplier"] == "Small Cloud") & (links["buyer"] == "OpenAI")
    links.loc[pair, "seller_secured_share"] = np.linspace(0.9, 0, 8)
    text = sentences(changed(one, links=links))[1].text
    assert "between Small Cloud and OpenAI, in favour of OpenAI" in text
    assert "secure for Small Cloud went from" in text
    assert re.search(r", -\d+\.\d percentage points", text)


def test_one_quarter_alone(one):
    short = Result(one.setting, {n: t[t["quarter"] == "2026Q3"] for n, t in one.tables.items()})
    first, second, third = (sentence.text for sentence in sentences(short))
    assert "of 1 quarter, 2026Q3" in first
    assert "cannot be told" in second
    assert "in 2026Q3 the HHI of merchant capacity is" in third


def test_worlds_with_one_lab_or_none(one):
    firms = one.firms.copy()
    firms.loc[firms["firm"] != "OpenAI", "capability"] = np.nan
    assert "OpenAI is the only lab." in sentences(changed(one, firms=firms))[2].text
    assert "no lab has a capability" in sentences(changed(one, firms=firms.assign(capability=np.nan)))[2].text


def test_a_lab_goes_by_its_own_name(one):
    firms = one.firms.copy()
    firms.loc[firms["firm"] == "Google", "capability"] = 99.0
    assert "in capability Google DeepMind leads" in sentences(changed(one, firms=firms))[2].text


def test_a_steady_index_neither_rises_nor_falls(one):
    steady = one.steps.assign(hhi_fleet=1250.0)
    assert "that of the whole fleet stays at 1,250 points" in sentences(changed(one, steps=steady))[2].text


def test_sentences_are_the_same_for_any_order_of_rows(one):
    mixed = {name: table.sample(frac=1.0, random_state=1) for name, table in one.tables.items()}
    mixed["steps"] = one.steps
    again = sentences(Result(one.setting, mixed))
    assert [sentence.text for sentence in again] == [sentence.text for sentence in sentences(one)]
    assert isinstance(mixed["firms"], pd.DataFrame)
