"""Researchers' entrances: a verb overridden, a strategy registered, Mesa's own tools, a model that is freed."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import mesa
import numpy as np
import pytest

import market_abm as ma
from market_abm.agents import Firm, Hyperscaler, Lab, Provider
from market_abm.scenario import load_scenario
from market_abm.strategies import Offer, View, get, strategy
from tests.model.tables import bits, cell, column, differences, ran

WORLD = "two-clouds-three-labs"


class Hoarder(Provider):
    """A provider that offers nothing that is free."""

    def sell(self, view: View) -> Offer:
        offer = super().sell(view)
        return replace(offer, capacity=0.0 * offer.capacity)


@strategy("sell", "three-quarters-in-tests")
def three_quarters(view: View, rows: np.ndarray) -> Offer:
    """Offer three quarters of what is free."""
    offer = get("sell", "default")(view, rows)
    return replace(offer, capacity=0.75 * offer.capacity)


def test_a_subclass_that_overrides_one_verb_decides_it_for_its_firm_alone() -> None:
    base, model = ran(WORLD, 1, 1), ran(WORLD, 1, 1, agents={"Neocloud": Hoarder})
    assert isinstance(model.firms[model.world.rows.row("Neocloud")], Hoarder)
    sold = [
        cell(m, 0, "links", "new_volume_khq", supplier="Neocloud", buyer="Enterprise") for m in (base, model)
    ]
    assert sold[0] > 0.0 and sold[1] == 0.0
    assert column(model, "price_index_usd_per_gpu_hour")[0] > column(base, "price_index_usd_per_gpu_hour")[0]


def test_a_subclass_that_overrides_nothing_changes_no_bit() -> None:
    class Same(Provider):
        pass

    assert differences(ran(WORLD, 1, 4), ran(WORLD, 1, 4, agents={"Neocloud": Same})) == []


def test_a_verb_that_only_calls_the_default_changes_no_bit() -> None:
    class Verbose(Hyperscaler):
        def renew(self, view):
            return super().renew(view)

        def buy(self, view):
            return super().buy(view)

        def sell(self, view):
            return super().sell(view)

        def build(self, view):
            return super().build(view)

    assert differences(ran(WORLD, 1, 6), ran(WORLD, 1, 6, agents={"Cloud North": Verbose})) == []


def test_a_strategy_registered_from_outside_is_named_in_a_scenario() -> None:
    base = load_scenario(WORLD)
    everywhere = base.with_set({"behaviour.strategies.sell": "three-quarters-in-tests"})
    alone = base.with_set({"firms.Neocloud.strategies.sell": "three-quarters-in-tests"})
    free = [column(ran(world, 1, 1), "free_share")[0] for world in (base, alone, everywhere)]
    assert free[2] == pytest.approx(0.75 * free[0], rel=1e-6)
    assert free[2] < free[1] < free[0]


def test_an_answer_of_the_wrong_shape_or_sign_names_the_firm() -> None:
    class Negative(Provider):
        def sell(self, view: View) -> Offer:
            offer = super().sell(view)
            return replace(offer, capacity=-1.0)

    class Wrong(Provider):
        def sell(self, view: View) -> Offer:
            return 3  # type: ignore[return-value]

    for cls in (Negative, Wrong):
        with pytest.raises(ValueError, match="Neocloud"):
            ran(WORLD, 1, 1, agents={"Neocloud": cls})


def test_a_firm_that_is_not_there_and_a_strategy_that_is_not_known_are_named() -> None:
    with pytest.raises(ValueError, match="Nobody"):
        ma.ComputeMarket(WORLD, agents={"Nobody": Provider})
    with pytest.raises(ValueError, match="no-such-rule"):
        ma.ComputeMarket(load_scenario(WORLD, {"behaviour.strategies.build": "no-such-rule"}))


def test_the_bare_model_runs_ten_steps() -> None:
    model = ma.ComputeMarket()
    for _ in range(10):
        model.step()
    assert len(model.records) == 10
    assert model.world.name == WORLD


def test_the_bare_model_is_the_small_world_with_seed_zero() -> None:
    model = ma.ComputeMarket()
    for _ in range(3):
        model.step()
    assert differences(model, ran(WORLD, 0, 3)) == []


def test_the_models_own_data_collector_collects_every_quarter() -> None:
    model = ma.ComputeMarket(rng=3)
    for _ in range(3):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == 3
    assert list(frame["price_index_usd_per_gpu_hour"]) == column(model, "price_index_usd_per_gpu_hour")


def test_a_users_data_collector_reads_model_and_agents() -> None:
    model = ma.ComputeMarket(rng=3)
    collector = mesa.DataCollector(
        model_reporters={"tau": lambda m: m.record["steps"]["tightness"]},
        agent_reporters={"name": "name", "cash": lambda firm: firm.value("cash_musd")},
    )
    for _ in range(2):
        model.step()
        collector.collect(model)
    assert list(collector.get_model_vars_dataframe()["tau"]) == column(model, "tightness")
    frame = collector.get_agent_vars_dataframe().reset_index()
    assert len(frame) == 2 * len(model.firms)
    for _, row in frame[frame["Step"] == frame["Step"].max()].iterrows():
        assert row["cash"] == cell(model, 1, "firms", "cash_musd", firm=row["name"])


def test_agents_are_mesa_agents_by_type() -> None:
    model = ma.ComputeMarket()
    kinds = {
        cls.__name__: sorted(agent.name for agent in group) for cls, group in model.agents_by_type.items()
    }
    assert kinds == {
        "Hyperscaler": ["Cloud North", "Cloud South"],
        "Lab": ["Lab East", "Lab West"],
        "Provider": ["Neocloud"],
    }
    assert len(model.agents) == 5
    assert all(isinstance(agent, mesa.Agent) and isinstance(agent, Firm) for agent in model.agents)
    assert issubclass(Hyperscaler, Lab) and issubclass(Hyperscaler, Provider)


def test_a_model_without_a_quarter_reports_nothing() -> None:
    model = ma.ComputeMarket()
    assert model.record is None
    assert next(iter(model.agents)).value("cash_musd") is None


def test_a_dropped_model_is_freed() -> None:
    model = ma.ComputeMarket(rng=1)
    for _ in range(2):
        model.step()
    watched = [weakref.ref(model), weakref.ref(next(iter(model.agents))), weakref.ref(model.desk)]
    del model
    gc.collect()
    assert [ref() for ref in watched] == [None, None, None]


def test_a_run_can_be_forked_from_any_quarter() -> None:
    whole = ran(WORLD, 5, 6)
    fork = ma.ComputeMarket(WORLD, rng=5)
    fork.state = whole.states[4]
    fork.step()
    fork.step()
    for t, record in enumerate(fork.records):
        steps = whole.records[4 + t]["steps"]
        assert {k: bits(v) for k, v in record["steps"].items()} == {k: bits(v) for k, v in steps.items()}


def test_the_seed_is_an_integer_or_a_generator() -> None:
    generator = ma.ComputeMarket(WORLD, rng=np.random.default_rng(4))
    again = ma.ComputeMarket(WORLD, rng=np.random.default_rng(4))
    assert generator.seed_used == again.seed_used
    with pytest.raises(ValueError, match="rng"):
        ma.ComputeMarket(WORLD, rng="seven")
