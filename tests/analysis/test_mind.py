"""What would change a firm's mind: a run of the quarter with the stated move shows the flip, a smaller one does not."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest

from market_abm.analysis.explain import explain
from market_abm.analysis.mind import STEP, CannotRepeat, Flip, flips, minds, repeated, with_minds
from market_abm.analysis.mind_words import sentence, table
from market_abm.economy.upstream import annuities
from market_abm.experiments.replicate import run
from market_abm.model import ComputeMarket
from market_abm.results.result import Result
from market_abm.scenario import load_scenario
from market_abm.strategies.nudge import Nudge
from market_abm.units import musd_per_khq
from tests.model.planted import pair, provider, users
from tests.model.planted import run as planted
from tests.model.planted import world as planted_world
from tests.model.tables import bits
from tests.results.feed import FakeModel, world
from tests.timeline.test_policies import contract

CASES = [("two-clouds-three-labs", 3, 1), ("two-clouds-three-labs", 8, 2), ("colossus-lease", 6, 1)]


@cache
def at(name: str, t: int, seed: int) -> ComputeMarket:
    """A run up to quarter ``t``."""
    model = ComputeMarket(load_scenario(name), rng=seed, measure_every=1000)
    for _ in range(t):
        model.step()
    return model


def firms(model: ComputeMarket) -> list[str]:
    """All that decide."""
    return [key for key, kind in zip(model.world.rows.key, model.world.rows.kind) if kind != "segment"]


def option(model: ComputeMarket, firm: str, verb: str, nudge: Nudge | None) -> str:
    """What a firm does in the coming quarter, run whole, with a move of what it sees."""
    t = len(model.states) - 1
    forked = model.fork(t, nudged={} if nudge is None else {(t, firm, verb): nudge})
    forked.step()
    assert forked.record is not None
    return next(d["option"] for d in forked.record["decisions"] if (d["firm"], d["verb"]) == (firm, verb))


def smaller(flip: Flip) -> Nudge | None:
    """The next smaller move; None where that is none."""
    if flip.lever == "price":
        steps = round(abs(flip.move) / STEP) - 1
        size = math.copysign(steps * STEP, flip.move)
        return Nudge(price=float(musd_per_khq(size))) if steps else None
    steps = int(abs(flip.move)) - 1
    size = int(math.copysign(steps, flip.move))
    if not steps:
        return None
    return Nudge(lead_time=size) if flip.lever == "lead time" else Nudge(notice=size)


@pytest.mark.parametrize(("name", "t", "seed"), CASES)
def test_a_run_of_the_quarter_with_the_stated_move_flips_and_with_a_smaller_one_does_not(
    name: str, t: int, seed: int
) -> None:
    model = at(name, t, seed)
    some = (
        firms(model)
        if name == "two-clouds-three-labs"
        else ["Google", "SpaceX/xAI", "CoreWeave", "Anthropic"]
    )
    seen = set()
    for firm in some:
        for flip in flips(model, firm):
            if not flip.becomes:
                assert math.isnan(flip.move) and flip.nudge is None
                continue
            seen.add((flip.verb, flip.lever))
            assert option(model, firm, flip.verb, None) == flip.option
            assert option(model, firm, flip.verb, flip.nudge) == flip.becomes != flip.option
            assert option(model, firm, flip.verb, smaller(flip)) == flip.option
    assert ("build", "price") in seen and ("sell", "price") in seen


def test_looking_for_a_flip_leaves_the_run_as_it_was() -> None:
    model = at("two-clouds-three-labs", 3, 1)
    state, count = model.state, len(model.records)
    flips(model, "Neocloud")
    assert model.state is state and len(model.records) == count


def test_a_move_concerns_one_firm_alone() -> None:
    model = at("two-clouds-three-labs", 3, 1)
    plain, moved = model.fork(3), model.fork(3, nudged={(3, "Neocloud", "build"): Nudge(price=-50.0)})
    plain.step()
    moved.step()
    assert plain.record is not None and moved.record is not None
    pairs = zip(plain.record["decisions"], moved.record["decisions"])
    kept = ("firm", "verb", "option", "score")
    differ = {
        (a["firm"], a["verb"]) for a, b in pairs if [bits(a[k]) for k in kept] != [bits(b[k]) for k in kept]
    }
    assert differ == {("Neocloud", "build")}


def test_a_renewal_flips_where_the_price_passes_what_leaving_costs() -> None:
    """A buyer pays 2.0 and switching costs nothing: it leaves as soon as the index is a step below."""
    data = pair(contracts={"K": contract(price=2.0, firm_until="2026Q2", volume=5)})
    model = planted(data, 0)
    found = {(flip.verb, flip.lever): flip for flip in flips(model, "Buyer")}
    assert found["renew", "price"].move == pytest.approx(-STEP)
    assert found["renew", "price"].becomes == "give notice"
    seller = {(flip.verb, flip.lever): flip for flip in flips(model, "Seller")}
    assert seller["renew", "price"].move == pytest.approx(STEP)
    assert seller["sell", "price"].move == pytest.approx(-1.5, abs=STEP), "cost is 0.5, the index 2.0"


def test_building_flips_at_q_of_one_less_the_pace_that_is_free() -> None:
    """Target K (ret + g_0 + (q - 1)/psi) is zero at q = 1 - psi (ret + g_0): the price expected there, by hand."""
    data = planted_world({"Seller": provider(growth_cap=0.5)}, index=4.0, segments={"Users": users(10)})
    model = planted(data, 0)
    (flip,) = [f for f in flips(model, "Seller") if (f.verb, f.lever) == ("build", "price")]
    looked: dict[str, Any] = {}
    forked = model.fork(0)
    ask = forked.desk.ask

    def listening(verb: str, view: Any, rows: Any) -> Any:
        looked[verb] = view
        return ask(verb, view, rows)

    forked.desk.ask = listening  # type: ignore[method-assign]
    forked.step()
    rules, ahead = forked.world.scenario.behaviour, looked["build"].outlook
    a1, _ = annuities(forked.world.sellers.wacc, float(rules.price_decline), float(rules.life))
    per_price = float(rules.utilisation) * float(a1[0]) / (1 + float(forked.world.sellers.wacc[0])) ** 3
    per_price /= float(ahead.cost[0])
    needed = 1.0 - float(rules.psi) * (float(rules.retirement) + float(rules.base_growth))
    by_hand = (needed - float(ahead.q[0])) / per_price / 2.19
    assert flip.becomes == "none"
    assert flip.move == pytest.approx(by_hand, abs=2 * STEP)


def test_from_results_and_in_words() -> None:
    result = run("two-clouds-three-labs", 1)
    found = minds(result, "Neocloud", "2027Q2")
    assert {flip.verb for flip in found} == {"renew", "sell", "build"}
    told = with_minds(explain(result, "Neocloud", "2027Q2"), result, "Neocloud", "2027Q2")
    assert told.sentences[-1] == sentence("Neocloud", found)
    assert told.tables[-1].as_dict() == table(found).as_dict()
    for flip in found:
        if flip.becomes and flip.lever == "price":
            assert f"{abs(flip.move):.3f} USD/GPU-h" in told.sentences[-1]
    users = with_minds(explain(result, "Enterprise"), result, "Enterprise")
    assert users.sentences == explain(result, "Enterprise").sentences, "a segment has no mind to change"


def test_results_of_another_model_say_why_it_is_not_known() -> None:
    result = run(world(), 7, model=FakeModel)
    text = with_minds(explain(result, "Google", "2026Q3"), result, "Google", "2026Q3").sentences[-1]
    assert text.startswith(
        "What would change the mind of Google is not known: run again, Google decides otherwise"
    )


def test_anonymised_results_cannot_be_run_again() -> None:
    from market_abm.results.anonymise import anonymised

    scenario = load_scenario("two-clouds-three-labs", ["horizon.quarters=2"])
    hidden: Result = anonymised(run(scenario, 1), scenario)
    with pytest.raises(CannotRepeat, match="anonymised"):
        repeated(hidden, 1, hidden.quarters[-1])
