"""The vetting table: every fact has a reader, misses are seen, and few are there."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from market_abm.analysis.facts import _READERS, Verdict, calm_run, facts, facts_table, summary, verdicts
from market_abm.scenario import load_scenario

GROUPS_ASKED_FOR = {
    "fleet online", "in use by lab", "online power", "under contract", "price", "capex", "concentration",
    "tightness",
}  # fmt: skip


@pytest.fixture(scope="module", params=["world-2026", "colossus-lease"])
def found(request: pytest.FixtureRequest) -> list[Verdict]:
    return verdicts(load_scenario(request.param))


def test_every_fact_has_a_reader() -> None:
    assert {fact.group for fact in facts()} == set(_READERS)
    assert set(_READERS) >= GROUPS_ASKED_FOR


def test_the_model_has_a_value_for_every_fact(found: list[Verdict]) -> None:
    assert not [v.fact.item for v in found if math.isnan(v.model)]


def test_misses_are_few_and_not_wild(found: list[Verdict]) -> None:
    missed = [v for v in found if not v.holds]
    assert len(missed) <= 0.12 * len(found), summary(found)
    assert all(abs(v.miss) <= 0.5 for v in missed), summary(found)


def test_what_is_put_in_comes_out(found: list[Verdict]) -> None:
    """Fleets and contracted volumes are inputs: the run shows them unchanged."""
    for verdict in found:
        if verdict.fact.group in ("fleet online", "under contract"):
            assert verdict.model == pytest.approx(verdict.fact.value, rel=1e-3), verdict.fact.item


def test_leases_choose_the_facts_that_apply(found: list[Verdict]) -> None:
    scopes = {verdict.fact.scope for verdict in found}
    leased = any(v.fact.item.startswith("K01") for v in found)
    assert scopes == {"both", "leased" if leased else "not leased"}


def test_three_bases_of_concentration(found: list[Verdict]) -> None:
    assert {v.fact.item for v in found if v.fact.group == "concentration"} == {"fleet", "merchant", "free"}


def test_a_miss_is_a_miss() -> None:
    fact = facts()[0]
    inside, above = Verdict(fact, fact.value), Verdict(fact, 2.0 * fact.high)
    below, nothing = Verdict(fact, 0.5 * fact.low), Verdict(fact, math.nan)
    assert inside.holds and inside.miss == 0.0
    assert not above.holds and above.miss == pytest.approx(fact.high / fact.value)
    assert not below.holds and below.miss == pytest.approx(-0.5 * fact.low / fact.value)
    assert not nothing.holds and math.isnan(nothing.miss)
    table = facts_table([inside, above, nothing])
    assert [row[2] for row in table.rows] == ["yes", "MISS", "MISS"]
    assert "1 of 3" in table.note and fact.item in table.note


def test_the_range_decides_not_the_value() -> None:
    fact = facts()[0]
    assert not Verdict(replace(fact, low=fact.value + 1, high=fact.value + 2), fact.value).holds


def test_another_start_is_refused() -> None:
    scenario = load_scenario("bilateral-monopoly").with_set({"horizon.start": "2024Q1"})
    with pytest.raises(ValueError, match="the facts are for 2026Q3"):
        verdicts(scenario)


def test_a_calm_run_is_a_year_without_shocks() -> None:
    result = calm_run(load_scenario("world-2026"))
    assert list(result.steps["quarter"]) == ["2026Q3", "2026Q4", "2027Q1", "2027Q2"]
    moves = result.steps["price_index_usd_per_gpu_hour"].pct_change().dropna().abs()
    assert moves.max() <= 0.4
    assert result.steps["credit_limit_firms"].max() == 0
