"""Shocks: outages, demand, chips, power, capital cost, credit."""

from __future__ import annotations

from typing import Any

from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.timeline.chosen import chosen
from market_abm.timeline.registry import kind
from market_abm.units import quarterly_rate


@kind("null")
def null(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Nothing at all: the control that must change no bit."""
    return state


@kind("capacity_shock")
def capacity_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Part of a supplier's fleet is out while the entry holds."""
    conditions.capacity[chosen(entry.supplier, world.sellers.key)] *= 1.0 + float(entry.change)
    return state


@kind("demand_shock")
def demand_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A buyer needs more or less while the entry holds."""
    conditions.need[chosen(entry.buyer, world.buyers.key)] *= 1.0 + float(entry.change)
    return state


@kind("chip_shock")
def chip_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A chip supplier delivers more or less while the entry holds."""
    conditions.chips[chosen(entry.chip, world.upstream.chip)] *= 1.0 + float(entry.change)
    return state


@kind("power_shock")
def power_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A region energises more or less power while the entry holds."""
    conditions.power[chosen(entry.region, world.upstream.region)] *= 1.0 + float(entry.change)
    return state


@kind("capex_shock")
def capex_shock(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """New capacity costs more or less while the entry holds."""
    conditions.capex[chosen(entry.firm, world.sellers.key)] *= 1.0 + float(entry.change)
    return state


@kind("credit_crunch")
def credit_crunch(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Lenders cut debt limits and ask a spread while the entry holds."""
    mask = chosen(entry.firm, world.rows.key)
    conditions.credit[mask] *= 1.0 + float(entry.change)
    conditions.spread[mask] += quarterly_rate(float(entry.spread))
    return state
