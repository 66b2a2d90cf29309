"""Every number that a comparison says is found again in the Parquet tables, by other means than the package's."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pytest

import market_abm as ma
from market_abm.analysis.compare import Comparison, compare
from market_abm.analysis.compare_sentences import CONFIDENCE, sentences
from market_abm.analysis.table import UNITS, shown
from market_abm.experiments.replicate import replicate
from market_abm.report.compare_findings import findings
from market_abm.report.comparison_files import write_comparison
from tests.results.feed import FakeModel, ShiftedModel, world

NUMBER = re.compile(r"(?<![\w.,+-])[+-]?\d[\d,]*(?:\.\d+)?(?![\w])")
QUARTER = re.compile(r"\d{4}Q\d")
CLAUSE = re.compile(
    r"in (?P<scenario>\S+) it (?:rises, |falls, |shows no effect of interest \(|cannot be told from no change \()"
    r"(?P<difference>[+-]?[\d.,]+)[^(,]*?(?:, | \()(?P<low>[+-]?[\d.,]+) to (?P<high>[+-]?[\d.,]+)\)"
)
"""How an effect is said: what, in which scenario, by how much, from where to where."""

COLUMNS = {
    "choke_quarters": ("(chokepoint_firms > 0)::DOUBLE", "all", 100),
    "choke_relations": ("relation_chokepoints", "all", 1),
    "seller_secured": ("seller_secured_share", "all", 100),
    "consumer_surplus": ("consumer_surplus_musd", "all", 1),
    "price_last": ("price_index_usd_per_gpu_hour", "last", 1),
}
"""What each outcome is in SQL, over which quarters, and the factor with which it is said."""


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    pair = Comparison(
        replicate(world(), range(1, 7), model=FakeModel),
        (
            replicate(world(8, "shifted"), range(1, 7), model=ShiftedModel),
            replicate(world(8, "twin"), range(1, 7), model=FakeModel),
        ),
    )
    return written(pair, tmp_path_factory.mktemp("fake"))


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    base = ma.load_scenario("two-clouds-three-labs", ["horizon.quarters=4"])
    more = base.with_set({"name": "more-neocloud", "firms.Neocloud.fleet.online": 450})
    return written(compare(base, more, replications=4), tmp_path_factory.mktemp("real"))


def written(pair, folder):
    found = findings(pair)
    write_comparison(found, folder, "", "2026-01-01T00:00:00")
    return found, folder


def per_seed(folder, scenario, column, window):
    """Mean of a column by seed, read from the Parquet table of a scenario."""
    [path] = [item for item in folder.iterdir() if item.name.split("-", 1)[-1] == scenario]
    steps = f"read_parquet('{path / 'steps.parquet'}')"
    quarters = [
        row[0] for row in duckdb.sql(f"SELECT DISTINCT quarter FROM {steps} ORDER BY quarter").fetchall()
    ]
    year = min(4, max(1, len(quarters) // 2))
    wanted = {"all": quarters, "first": quarters[:year], "last": quarters[-year:]}[window]
    rows = duckdb.sql(
        f"SELECT seed, avg({column}) FROM {steps} WHERE quarter IN {(*wanted, '')} GROUP BY seed ORDER BY seed"
    ).fetchall()
    return np.array([row[1] for row in rows], dtype=float)


def names(found):
    pair = found.comparison
    return pair.baseline.setting.name, pair.names


def said(value, digits):
    return f"{value:+,.{digits}f}".lstrip("+-") if abs(value) < 0.5 * 10**-digits else f"{value:+,.{digits}f}"


@pytest.mark.parametrize("which", ["fake", "real"])
@pytest.mark.parametrize("key", COLUMNS)
def test_every_effect_said_is_recomputed_from_the_tables(which, key, request):
    found, folder = request.getfixturevalue(which)
    base, others = names(found)
    column, window, factor = COLUMNS[key]
    topic = {"choke": "chokepoints", "selle": "leverage", "consu": "race", "price": "race"}[key[:5]]
    text = next(sentence.text for sentence, _ in found.sentences if sentence.topic == topic)
    start = {
        "choke_quarters": "chokepoint of the market in ", "choke_relations": "Between single firms ",
        "seller_secured": "outside options secure ", "consumer_surplus": "Consumer surplus: ",
        "price_last": "Price index in the last year: ",
    }[key]  # fmt: skip
    part = re.split(r"(?<!\d)\. |\.$", text.split(start, 1)[1])[0]
    clauses = {match["scenario"]: match for match in CLAUSE.finditer(part)}
    first = per_seed(folder, base, column, window)
    for other in others:
        second = per_seed(folder, other, column, window)
        differences = (second - first) * factor
        if not differences.any():
            assert f"in {other} it is exactly the same in every seed" in part
            continue
        match = clauses[other]
        half = abs(float(np.std(differences, ddof=1))) / len(differences) ** 0.5
        reach = {3: 3.182446305284263, 5: 2.570581835636314}[len(differences) - 1] * half  # any table of t
        digits = len(match["difference"].partition(".")[2])
        assert match["difference"] == said(differences.mean(), digits)
        assert match["low"] == said(differences.mean() - reach, digits)
        assert match["high"] == said(differences.mean() + reach, digits)


@pytest.mark.parametrize("which", ["fake", "real"])
def test_levels_and_counts_said_are_recomputed_from_the_tables(which, request):
    found, folder = request.getfixturevalue(which)
    base, others = names(found)
    texts = {sentence.topic: sentence.text for sentence, _ in found.sentences}
    level = re.search(r"chokepoint of the market in ([\d.]+) % of quarters", texts["chokepoints"])[1]
    assert level == f"{per_seed(folder, base, '(chokepoint_firms > 0)::DOUBLE', 'all').mean() * 100:.1f}"
    level = re.search(r"options secure ([-\d.]+) %", texts["leverage"])[1]
    assert level == f"{per_seed(folder, base, 'seller_secured_share', 'all').mean() * 100:.1f}"
    for name in (base, *others):
        hits = per_seed(folder, name, "(chokepoint_firms > 0)::DOUBLE", "all") > 0
        assert f"in {hits.sum()} of {len(hits)} seeds of {name}" in texts["chokepoints"]


@pytest.mark.parametrize("which", ["fake", "real"])
def test_velocities_said_are_recomputed_from_the_tables(which, request):
    found, folder = request.getfixturevalue(which)
    base, _ = names(found)
    text = next(sentence.text for sentence, _ in found.sentences if sentence.topic == "race")
    for sentence, _ in found.sentences:
        for name, value in sentence.facts.items():
            if not name.startswith("lab:velocity_first") or not name.endswith(":difference"):
                continue
            _, _, firm, scenario, _ = name.split(":")
            means = []
            for wanted in (base, scenario):
                [path] = [item for item in folder.iterdir() if item.name.split("-", 1)[-1] == wanted]
                rows = duckdb.sql(
                    f"SELECT seed, quarter, velocity FROM read_parquet('{path / 'firms.parquet'}') WHERE firm = ? "
                    "ORDER BY seed, quarter",
                    params=[firm],
                ).df()
                year = min(4, max(1, rows["quarter"].nunique() // 2))
                early = sorted(rows["quarter"].unique())[:year]
                means.append(rows[rows["quarter"].isin(early)].groupby("seed")["velocity"].mean().mean())
            assert value == pytest.approx(means[1] - means[0], abs=1e-12)
            assert shown(value, "signed_level") in text


@pytest.mark.parametrize("which", ["fake", "real"])
def test_no_number_is_said_that_is_no_fact(which, request):
    found, _ = request.getfixturevalue(which)
    for sentence, word in found.sentences:
        assert word in CONFIDENCE
        kinds = ["count", *UNITS, "number", "signed_number"]
        written = {shown(value, kind) for value in sentence.facts.values() for kind in kinds}
        numbers = NUMBER.findall(QUARTER.sub("", sentence.text))
        assert numbers
        assert [number for number in numbers if number not in written] == [], sentence.text


def test_a_twin_is_said_to_be_exactly_the_same(fake):
    found, _ = fake
    for sentence, _ in found.sentences:
        for part in sentence.text.split("in twin it ")[1:]:
            assert part.startswith("is exactly the same in every seed")


def test_many_scenarios_are_counted():
    baseline = replicate(world(), [1, 2, 3], model=FakeModel)
    others = tuple(
        replicate(world(8, f"s{step}"), [1, 2, 3], model=ShiftedModel if step < 4 else FakeModel)
        for step in range(6)
    )
    pair = Comparison(baseline, others)
    effects = [pair.effects(step) for step in range(6)]
    text = sentences(pair, effects, [pair.lab_effects(step) for step in range(6)])[2][0].text
    assert "Price index in the last year: it rises in 4 of 6 (most in s0: +0.250 USD/GPU-h), " in text
    assert "it is exactly the same in 2 of 6" in text
