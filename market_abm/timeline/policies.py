"""Policies: access, price caps, notice, switching costs, exclusivity, mergers."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.timeline.registry import kind
from market_abm.timeline.shocks import _chosen
from market_abm.units import musd_per_khq


@kind("access_obligation")
def access_obligation(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A supplier must serve a buyer as if it had no interest in its rivals (functional separation)."""
    sellers = _chosen(entry.supplier, world.sellers.key)
    buyers = _chosen(entry.buyer, world.buyers.key)
    opened = sellers[:, None] & buyers[None, :] & world.sellers.sells[:, None]
    conditions.opened |= opened
    if not onset:
        return state
    qualified = np.where(opened, np.minimum(state.qualified_at, state.t), state.qualified_at)
    return state.change(qualified_at=qualified)


@kind("price_cap")
def price_cap(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """No new contract of the supplier above the price."""
    mask = _chosen(entry.supplier, world.sellers.key)
    conditions.price_cap[mask] = np.minimum(conditions.price_cap[mask], musd_per_khq(float(entry.price)))
    return state


@kind("minimum_notice")
def minimum_notice(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Every contract of the supplier carries at least this notice."""
    mask = _chosen(entry.supplier, world.sellers.key)
    conditions.minimum_notice[mask] = np.maximum(conditions.minimum_notice[mask], int(entry.notice))
    return state


@kind("switching_cap")
def switching_cap(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Moving to the supplier costs at most this (egress fees, porting)."""
    mask = _chosen(entry.supplier, world.sellers.key)
    cap = musd_per_khq(float(entry.switching_cost))
    conditions.switching_cap[mask] = np.minimum(conditions.switching_cap[mask], cap)
    return state


@kind("exclusivity_ban")
def exclusivity_ban(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Exclusivity clauses of the supplier do not bind."""
    conditions.exclusivity_banned |= _chosen(entry.supplier, world.sellers.key)
    return state


@kind("merger")
def merger(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """One ultimate owner takes over another's rows."""
    rows = world.rows
    names = {rows.owner[i]: rows.owner_code[i] for i in range(len(rows))}
    names |= {rows.key[i]: rows.owner_code[i] for i in range(len(rows))}
    for name in (entry.acquirer, entry.target_firm):
        if name not in names:
            raise ValueError(f"merger names {name!r}, which is neither a firm nor an owner")
    code = conditions.owner_code
    code[code == names[entry.target_firm]] = names[entry.acquirer]
    return state
