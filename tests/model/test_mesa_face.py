"""What a Mesa user expects of the model."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import mesa

from market_abm.agents import Firm, Hyperscaler, Lab, Provider
from market_abm.model import ComputeMarket
from market_abm.strategies import get, strategy


class Hoarder(Provider):
    """Offers half of what is free."""

    def sell(self, view):
        offer = super().sell(view)
        return replace(offer, capacity=0.5 * offer.capacity)


def test_a_bare_model_runs_ten_steps():
    model = ComputeMarket()
    for _ in range(10):
        model.step()
    assert model.state.t == 9
    assert model.record["steps"]["price_index_usd_per_gpu_hour"] > 0


def test_firms_are_mesa_agents_of_their_kind():
    model = ComputeMarket()
    kinds = {agent.name: type(agent) for agent in model.agents}
    assert kinds["Cloud North"] is Hyperscaler
    assert kinds["Neocloud"] is Provider
    assert kinds["Lab East"] is Lab
    assert len(model.agents_by_type[Hyperscaler]) == 2


def test_a_subclass_that_overrides_one_verb_acts_for_that_firm_alone():
    plain = ComputeMarket(rng=3)
    other = ComputeMarket(rng=3, agents={"Neocloud": Hoarder})
    plain.step()
    other.step()
    firms = plain.record["firms"]["firm"].tolist()
    sold = [model.record["firms"]["sold_khq"] for model in (plain, other)]
    row = firms.index("Neocloud")
    assert isinstance(next(a for a in other.agents if a.name == "Neocloud"), Hoarder)
    taken = [next(d["option"] for d in m.record["decisions"] if d["firm"] == "Cloud South" and d["verb"] == "sell")
             for m in (plain, other)]  # fmt: skip
    assert taken[0] == taken[1]
    assert sold[1][row] != sold[0][row]


def test_a_strategy_registered_from_outside_is_played_by_name():
    from market_abm.scenario import load_scenario

    @strategy("sell", "keep-all-in-test")
    def keep_all(view, rows):
        offer = get("sell", "default")(view, rows)
        return replace(offer, capacity=0.0 * offer.capacity)

    scenario = load_scenario("two-clouds-three-labs")
    kept = ComputeMarket(scenario.with_set({"firms.Neocloud.strategies.sell": "keep-all-in-test"}), rng=3)
    kept.step()
    contracts = kept.record["contracts"]
    assert not [c for c in contracts["contract"] if str(c).startswith("T00-Neocloud")]


def test_mesa_collects_from_the_model():
    model = ComputeMarket(rng=1)
    collector = mesa.DataCollector(
        model_reporters={"price": lambda m: m.record["steps"]["price_index_usd_per_gpu_hour"]},
        agent_reporters={"cash": lambda a: a.value("cash_musd")},
    )
    for _ in range(3):
        model.step()
        model.datacollector.collect(model)
        collector.collect(model)
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == 3
    assert (
        frame["price_index_usd_per_gpu_hour"].tolist()
        == collector.get_model_vars_dataframe()["price"].tolist()
    )
    assert len(collector.get_agent_vars_dataframe()) == 3 * len(model.agents)


def test_a_dropped_model_is_freed():
    model = ComputeMarket()
    model.step()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_every_row_but_segments_has_an_agent():
    model = ComputeMarket()
    firms = [key for key, kind in zip(model.world.rows.key, model.world.rows.kind) if kind != "segment"]
    assert sorted(agent.name for agent in model.agents) == sorted(firms)
    assert all(isinstance(agent, Firm) for agent in model.agents)
