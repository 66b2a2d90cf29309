"""Screens equal the oracle-tested functions on what the tables hold; onset is Kaplan and Meier's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import market_abm as ma
from market_abm.analysis.compare import Comparison
from market_abm.analysis.derived import DERIVED, FIRST_COMPUTE, FRONTIER
from market_abm.analysis.screens import hhi_flags, merchant_shares, mergers, refusals
from market_abm.analysis.survival import onset
from market_abm.experiments.replicate import replicate
from market_abm.measures import concentration, externality, innovation
from market_abm.results.result import Result
from market_abm.units import musd_per_khq
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def scenario():
    return ma.load_scenario("world-2026", ["horizon.quarters=3"])


@pytest.fixture(scope="module")
def real(scenario):
    return ma.run(scenario, seed=1)


def last(result: Result, table: str):
    rows = result.tables[table]
    return rows[rows["quarter"] == result.quarters[-1]]


def test_shares_give_the_hhi_that_the_run_recorded(real, scenario):
    names, shares = merchant_shares(real, scenario)
    assert len(names) > len(set(names)) - 1
    assert concentration.hhi(shares) == pytest.approx(last(real, "steps")["hhi_merchant"].item(), rel=1e-9)


def test_mergers_are_those_of_the_measure(real, scenario):
    names, shares = merchant_shares(real, scenario)
    found = mergers(real, scenario)
    assert len(found) == 15
    for first, second, merger in found:
        wanted = concentration.merger_presumption(shares, names.index(first), names.index(second))
        assert merger == wanted
        assert merger.delta == pytest.approx(2e4 * shares[names.index(first)] * shares[names.index(second)])


def test_vertical_arithmetic_and_pressure_are_those_of_the_measures(real, scenario):
    firms = last(real, "firms").set_index("firm")
    links = last(real, "links").set_index(["supplier", "buyer"])
    found = refusals(real, scenario)
    assert found
    share = firms["product_share"].fillna(0.0)
    for item in found:
        link = links.loc[(item.seller, item.buyer)]
        margin = float(scenario.firms[item.seller].lab.margin)
        diversion = share[item.seller] / (1.0 - share[item.buyer])
        lost = firms.loc[item.buyer, "revenue_musd"] * min(
            link["volume_khq"] / firms.loc[item.buyer, "served_khq"], 1.0
        )
        upstream = musd_per_khq(link["price_usd_per_gpu_hour"] - link["unit_cost_usd_per_gpu_hour"])
        wanted = externality.vertical_arithmetic(upstream, link["volume_khq"], lost, diversion, margin)
        assert item.diversion == pytest.approx(diversion)
        for name in ("upstream_loss", "downstream_gain", "net_gain", "critical_diversion"):
            assert getattr(item.arithmetic, name) == pytest.approx(getattr(wanted, name))
        price = musd_per_khq(link["price_usd_per_gpu_hour"])
        pressure = externality.vguppi_upstream(diversion, margin, lost / link["volume_khq"], price)
        assert item.vguppi == pytest.approx(float(pressure))


def test_flags_need_level_and_change():
    base = replicate(world(), [1], model=FakeModel)

    def at(level):
        return Result(base.setting, base.tables | {"steps": base.steps.assign(hhi_fleet=float(level))})

    rows = hhi_flags(Comparison(at(1750), (at(1840), at(1860), at(1740)))).rows
    assert [row[-1] for row in rows[:4]] == ["-", "no", "flag", "no"]
    assert [row[3] for row in rows[:4]] == ["no", "yes", "yes", "no"]


def test_derived_outcomes_are_the_measures(real):
    firms = real.firms.assign(used=real.firms["inference_khq"] + real.firms["rnd_khq"])
    labs = firms[firms.groupby("firm")["capability_gap"].transform("count") > 0]
    for place, quarter in enumerate(real.quarters):
        now = labs[labs["quarter"] == quarter]
        used = now["used"].to_numpy()
        assert DERIVED["entropy"].values(real)[place, 0] == pytest.approx(innovation.entropy(used))
        assert DERIVED["effective_labs"].values(real)[place, 0] == pytest.approx(
            innovation.effective_labs(used)
        )
        near = innovation.labs_within(now["capability"].to_numpy(), FRONTIER)
        assert DERIVED["labs_near_frontier"].values(real)[place, 0] == near


def test_entry_lag_is_the_measure(real):
    firms = real.firms.copy()
    late = (firms["firm"] == "OpenAI") & (firms["quarter"] < real.quarters[2])
    firms.loc[late, ["inference_khq", "rnd_khq"]] = 0.0
    changed = Result(real.setting, real.tables | {"firms": firms})
    used = firms.assign(used=firms["inference_khq"] + firms["rnd_khq"])
    used = (
        used[used["capability_gap"].notna()].pivot(index="quarter", columns="firm", values="used").to_numpy()
    )
    lags = innovation.quarters_to_first(used, FIRST_COMPUTE)
    lags = np.where(np.isnan(lags), len(real.quarters), lags)
    assert DERIVED["entry_lag"].values(changed)[0, 0] == pytest.approx(lags[lags > 0].mean())


def test_onset_is_the_curve_of_kaplan_and_meier():
    base = replicate(world(), range(1, 9), model=FakeModel)
    steps = base.steps.assign(chokepoint_firms=0)
    starts = {1: 0, 2: 2, 3: 2, 4: 5, 5: 7}  # the others never
    for seed, start in starts.items():
        steps.loc[
            (steps["seed"] == seed) & (steps["quarter"] >= base.quarters[start]), "chokepoint_firms"
        ] = 1
    found = onset(Result(base.setting, base.tables | {"steps": steps}))
    assert found.without.tolist() == pytest.approx([7 / 8, 7 / 8, 5 / 8, 5 / 8, 5 / 8, 4 / 8, 4 / 8, 3 / 8])
    assert (found.reached, found.seeds, found.median) == (5, 8, "2027Q4")
    data = stats.CensoredData(uncensored=[1, 3, 3, 6, 8], right=[8, 8, 8])
    band = stats.ecdf(data).sf.confidence_interval(method="log-log")
    assert found.low.tolist() == pytest.approx(band.low.evaluate(np.arange(1, 9)).tolist(), nan_ok=True)


@pytest.mark.parametrize("count", [0, 1])
def test_onset_that_never_or_always_happens(count):
    base = replicate(world(), [1, 2], model=FakeModel)
    found = onset(Result(base.setting, base.tables | {"steps": base.steps.assign(chokepoint_firms=count)}))
    assert found.without.tolist() == [1.0 - count] * 8
    assert found.reached == 2 * count
