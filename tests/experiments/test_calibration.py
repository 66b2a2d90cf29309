"""Calibration: finds what was planted, knows nothing after the cut, and does not hang on workers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import market_abm as ma
from market_abm.experiments.calibration import (
    CLOUD_TREND,
    PARAMETERS,
    Fit,
    known_world,
    parameter_paths,
    set_values,
)
from market_abm.experiments.history import FIT_END, Fact, after, by_key, shipped_facts, until
from market_abm.experiments.observed import OPENING, observed, records, value_in
from market_abm.experiments.search import calibrate, region
from market_abm.scenario import scenario_from
from market_abm.scenario.calendar import is_quarter

TWO = tuple(item for item in PARAMETERS if item.name in ("chip_growth", "product_growth"))
SMALL = {"population": 2, "coarse": 1, "fine": 1, "steps": 2, "draws": 4}


@cache
def world():
    return ma.load_scenario("world-2023-conditional")


def planted(value, later):
    """Plain nested values with a wild number in every series of dated numbers, after the cut.

    A series that begins after the cut (the ramp of a later lease) has its values made wild instead.
    """
    if isinstance(value, dict):
        found = {key: planted(item, later) for key, item in value.items()}
        if found and all(is_quarter(key) for key in found):
            found = found | {later: 9e4} if min(found) < later else dict.fromkeys(found, 9e4)
        return found
    if isinstance(value, list | tuple):
        return [planted(item, later) for item in value]
    return value


def test_nothing_after_the_cut_enters_the_fit():
    """A wild value after 2025Q2 in every series of facts and of the world, and a wild event: the same fit."""
    facts = shipped_facts()
    wild = [replace(fact, value=1e3 * fact.value + 7.0) for fact in after(facts)]
    wild += [replace(items[-1], period="2025Q3", value=1e5) for items in by_key(until(facts)).values()]
    content = planted(world().content(), "2025Q3")
    content["timeline"] = [
        *content["timeline"],
        {"kind": "demand_shock", "quarter": "2025Q3", "buyer": "*", "change": 9.0},
        {"kind": "chip_shock", "quarter": "2025Q4", "chip": "*", "change": -1.0},
    ]
    moved = scenario_from(content)
    assert moved.content() != world().content()
    clean = calibrate(Fit.of(world(), facts, TWO), 3, **SMALL)
    again = calibrate(Fit.of(moved, [*until(facts), *wild], TWO), 3, **SMALL)
    assert again.best.tolist() == clean.best.tolist()
    assert again.surface.equals(clean.surface)
    assert again.draws.equals(clean.draws)


def test_a_fact_before_the_cut_does_enter():
    """The same plant inside the window moves the loss: the test above can fail."""
    facts = shipped_facts()
    inside = [replace(f, value=3.0 * f.value) if f.period == FIT_END else f for f in facts]
    vector = [0.3, 0.8]
    assert Fit.of(world(), inside, TWO).loss(vector) != Fit.of(world(), facts, TWO).loss(vector)


def test_the_known_world_ends_with_the_last_fact():
    known = known_world(world())
    assert known.quarters[-1] == FIT_END
    assert max(entry.quarter for entry in known.timeline) <= FIT_END
    assert all(quarter <= FIT_END for firm in known.firms.values() for quarter in firm.equity_inflow)


def test_a_planted_value_is_found():
    """Facts made by the model itself at a known growth of chips: the search comes back to it."""
    [chips] = [item for item in PARAMETERS if item.name == "chip_growth"]
    calm = known_world(world())
    held, trend = set_values(calm, {chips: 0.37}, parameter_paths(calm, [chips]))
    made = observed(records(held, 0, pin=True), trend)
    facts = [
        replace(fact, value=value_in(made[fact.key], fact))
        for fact in until(shipped_facts())
        if fact.key in made and fact.series in ("h100e_owned_q", "h100_price") and fact.last > OPENING
    ]
    found = calibrate(Fit.of(world(), facts, (chips,)), 1, population=8, coarse=3, fine=2, steps=1, draws=2)
    assert found.best[0] == pytest.approx(0.37, abs=0.01)
    assert found.loss < 0.01
    assert found.told_apart().loc[0, "told_apart"]


def test_the_number_of_workers_changes_nothing():
    facts = [fact for fact in shipped_facts() if fact.series == "h100_price"]
    fit = Fit.of(world(), facts, TWO)
    tiny = {"population": 2, "coarse": 0, "fine": 0, "steps": 1, "draws": 2}
    alone, together = calibrate(fit, 5, **tiny), calibrate(fit, 5, workers=2, **tiny)
    assert alone.surface.equals(together.surface)
    assert alone.draws.equals(together.draws)


def test_every_parameter_sets_numbers_of_the_world():
    paths = parameter_paths(world(), PARAMETERS)
    assert all(paths[item.key] for item in PARAMETERS if item.key != CLOUD_TREND)
    values = {item: (item.low + item.high) / 2 for item in PARAMETERS}
    held, trend = set_values(world(), values, paths)
    assert trend == pytest.approx(0.04)
    [psi] = [item for item in PARAMETERS if item.name == "psi"]
    assert float(held.behaviour.psi) == pytest.approx((psi.low + psi.high) / 2)
    [chips] = [item for item in PARAMETERS if item.name == "chip_growth"]
    assert {float(chip.growth_after) for chip in held.upstream.chips.values()} == {
        (chips.low + chips.high) / 2
    }


def test_the_region_is_beales():
    """1 + k/(n-k) F(0.9; k, n-k), with F(0.9; 2, 10) = 2.9245 from tables."""
    assert region(12, 2) == pytest.approx(1.0 + 2.0 / 10.0 * 2.9245, abs=1e-4)
    assert region(100, 2) < region(12, 2)


def test_a_world_that_breaks_down_explains_nothing():
    fit = Fit.of(world(), shipped_facts(), TWO)
    assert fit.loss([-5.0, 0.5]) == np.inf


def test_facts_of_the_opening_quarter_are_not_fitted():
    fit = Fit.of(world(), shipped_facts(), TWO)
    assert all(isinstance(fact, Fact) and OPENING < fact.last <= FIT_END for fact in fit.facts)
    assert {fact.series for fact in fit.facts}.isdisjoint({"supplier_count", "contract_term"})
