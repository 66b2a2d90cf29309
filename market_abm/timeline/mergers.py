"""Mergers and the screen that they must pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import Floats, World
from market_abm.measures import concentration
from market_abm.timeline.registry import kind
from market_abm.units import ordered_sum


@kind("merger_control")
def merger_control(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Mergers that fail the structural screen do not take place."""
    conditions.merger_rules.append(
        {"base": entry.base, "concentrated": float(entry.hhi), "change": float(entry.change),
         "share": float(entry.share)}
    )  # fmt: skip
    return state


@kind("merger", deal=True)
def merger(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """One ultimate owner takes over another's rows, unless a screen in force on that day forbids it."""
    rows, code = world.rows, conditions.owner_code
    names = {rows.owner[i]: code[i] for i in range(len(rows))}
    names |= {rows.key[i]: code[i] for i in range(len(rows))}
    for name in (entry.acquirer, entry.target_firm):
        if name not in names:
            raise ValueError(f"merger names {name!r}, which is neither a firm nor an owner")
    first, second = int(names[entry.acquirer]), int(names[entry.target_firm])
    if first == second:
        return state
    if onset:
        for rule in conditions.merger_rules:
            found = screened(world, state, conditions, first, second, **rule)
            if found.presumption:
                why = (
                    f"HHI of {rule['base']} capacity {found.hhi_before:,.0f} to {found.hhi_after:,.0f} "
                    f"(+{found.delta:,.0f}), joint share {found.combined_share:.1%}"
                )
                state = state.change(prohibited={**state.prohibited, entry.key: why})
                break
    if entry.key in state.prohibited:
        return state
    code[code == second] = first
    return state


def screened(
    world: World, state: State, conditions: Conditions, first: int, second: int, base: str, **limits: float
) -> concentration.Merger:
    """The merger of two owner codes against the structural presumption, on the capacity of last quarter."""
    owner = conditions.owner_of_sellers(world)
    capacity = _capacity(world, state, base)
    total = float(ordered_sum(capacity))
    if total <= 0:
        return concentration.merger_presumption(np.zeros(2), 0, 1, **limits)
    parties = [float(ordered_sum(capacity[owner == code])) / total for code in (first, second)]
    others = np.where((owner == first) | (owner == second), 0.0, capacity)
    rest = float(ordered_sum(others)) / total
    shares = np.zeros(0)
    if rest > 0:
        shares = concentration.owner_shares(others, owner, world.sellers.aggregate_of) * rest
    return concentration.merger_presumption(np.array([*parties, *shares]), 0, 1, **limits)


def _capacity(world: World, state: State, base: str) -> Floats:
    """Capacity by seller: all of it, or what fleets that sell do not use themselves, (S,)."""
    online = state.online * state.active
    if base == "fleet":
        return online
    own = ordered_sum(np.where(world.links.internal, state.incumbent, 0.0), axis=1)
    return np.where(world.sellers.sells, np.maximum(online - own, 0.0), 0.0)
