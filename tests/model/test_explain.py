"""What a decision record says of the option not taken is what taking it shows."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest

from market_abm.model import ComputeMarket
from tests.model.planted import provider, run, users, world
from tests.model.tables import cell, ran

VERBS = ("renew", "buy", "sell", "build")
CASES = [
    ("two-clouds-three-labs", 1, tuple(range(10))),
    ("two-clouds-three-labs", 2, (0, 5, 9)),
    ("lone-lessor", 1, (0, 2)),
    ("colossus-lease", 1, (0, 3, 6)),
]


@cache
def once(name: str, seed: int, quarters: int) -> ComputeMarket:
    """The run whose decisions are re-run."""
    return ran(name, seed, quarters)


def again(base: ComputeMarket, t: int, forced: dict[tuple[int, str, str], str]) -> list[dict[str, Any]]:
    """Decisions of quarter ``t``, run again from the state before it with options imposed."""
    fork = ComputeMarket(base.world.scenario, rng=base.seed_used, pin=True, forced=forced, measure_every=1000)
    fork.world, fork.desk.world = base.world, base.world
    fork.state = base.states[t]
    fork.step()
    assert fork.record is not None
    return fork.record["decisions"]


def find(decisions: list[dict[str, Any]], firm: str, verb: str) -> dict[str, Any]:
    """The one record of a firm's verb."""
    (found,) = [d for d in decisions if (d["firm"], d["verb"]) == (firm, verb)]
    return found


@pytest.mark.parametrize(("name", "seed", "quarters"), CASES)
@pytest.mark.parametrize("verb", VERBS)
def test_the_next_best_option_forced_is_taken_and_has_the_stated_score(
    name: str, seed: int, quarters: tuple[int, ...], verb: str
) -> None:
    base = once(name, seed, max(quarters) + 1)
    for t in quarters:
        # Within a stage all decide at once on the state at its start, so all can be forced in one re-run.
        open_ = [d for d in base.records[t]["decisions"] if d["verb"] == verb and d["next_option"]]
        forced = {(t, d["firm"], verb): d["next_option"] for d in open_}
        decisions = again(base, t, forced)
        for record in open_:
            taken = find(decisions, record["firm"], verb)
            assert taken["option"] == record["next_option"]
            assert taken["score"] == record["next_score"]
            assert taken["next_option"], "the option not taken now is the one taken before, or better"
            assert taken["next_score"] >= taken["score"]


@pytest.mark.parametrize("name", ["two-clouds-three-labs", "colossus-lease"])
def test_single_decisions_forced_one_by_one_have_the_stated_score_too(name: str) -> None:
    base = once(name, 1, 7 if name == "colossus-lease" else 10)
    t = 3
    open_ = [d for d in base.records[t]["decisions"] if d["next_option"]]
    for record in open_[:: max(1, len(open_) // 8)]:
        key = (record["firm"], record["verb"])
        taken = find(again(base, t, {(t, *key): record["next_option"]}), *key)
        assert (taken["option"], taken["score"]) == (record["next_option"], record["next_score"])


def test_a_rerun_from_the_start_gives_the_same_as_a_rerun_of_the_quarter() -> None:
    base = once("two-clouds-three-labs", 1, 10)
    t = 4
    record = next(d for d in base.records[t]["decisions"] if d["verb"] == "buy" and d["next_option"])
    forced = {(t, record["firm"], "buy"): record["next_option"]}
    whole = ran("two-clouds-three-labs", 1, t + 1, forced=forced)
    taken = find(whole.records[t]["decisions"], record["firm"], "buy")
    assert (taken["option"], taken["score"]) == (record["next_option"], record["next_score"])
    assert (
        whole.records[t - 1]["steps"]["price_index_usd_per_gpu_hour"]
        == (base.records[t - 1]["steps"]["price_index_usd_per_gpu_hour"])
    )


@pytest.mark.parametrize(("verb", "firm"), [("buy", "Lab East"), ("sell", "Neocloud")])
def test_a_forced_option_is_acted_upon(verb: str, firm: str) -> None:
    base = once("two-clouds-three-labs", 1, 10)
    model = ran("two-clouds-three-labs", 1, 1, forced={(0, firm, verb): "nothing"})
    side = "supplier" if verb == "sell" else "buyer"
    signed = [
        float(links["new_volume_khq"][links[side] == firm].sum())
        for links in (base.records[0]["links"], model.records[0]["links"])
    ]
    assert signed[0] > 0.0 and signed[1] == 0.0


def test_forced_orders_are_placed() -> None:
    data = world({"Seller": provider(growth_cap=0.5)}, index=4.0, segments={"Users": users(10)})
    base = run(data)
    assert find(base.records[0]["decisions"], "Seller", "build")["option"] != "none"
    assert cell(base, 0, "firms", "orders_kh100e", firm="Seller") > 0.0
    other = run(data, forced={(0, "Seller", "build"): "none"})
    assert cell(other, 0, "firms", "orders_kh100e", firm="Seller") == 0.0


def test_an_option_that_is_not_on_the_menu_is_refused_with_the_menu() -> None:
    with pytest.raises(ValueError, match=r"'twice'.*all, half, nothing"):
        ran("two-clouds-three-labs", 1, 1, forced={(0, "Lab East", "buy"): "twice"})


def test_every_firm_has_a_decision_record_for_every_verb_that_it_plays() -> None:
    base = once("two-clouds-three-labs", 1, 10)
    world = base.world
    for record in base.records:
        known = {(d["firm"], d["verb"]) for d in record["decisions"]}
        for key, kind in zip(world.rows.key, world.rows.kind):
            if kind == "segment":
                continue
            verbs = {"renew"}
            verbs |= {"buy"} if key in world.buyers.key else set()
            verbs |= {"sell", "build"} if key in world.sellers.key else set()
            assert {verb for firm, verb in known if firm == key} == verbs
        assert all(math.isfinite(d["score"]) for d in record["decisions"])
