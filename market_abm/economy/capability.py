"""Capability, what R&D compute builds: a_i = alpha ln E_i, E' = (1 - d) E + A_t q (Hoffmann et al. 2022)."""

from __future__ import annotations

from market_abm.economy.world import Floats, World
from market_abm.elementary import exp, log


def capability(world: World, stock: Floats) -> Floats:
    """Capability in log units of each buyer's effective training stock, (B,), and its stated head start."""
    return float(world.scenario.behaviour.alpha) * log(stock) + world.buyers.head_start


def trained(world: World, stock: Floats, rnd: Floats, t: int) -> Floats:
    """Effective training stock after a quarter of R&D compute ``rnd`` (kHQ), (B,)."""
    b = world.scenario.behaviour
    return (1.0 - float(b.d)) * stock + float(exp(float(b.g_A) * t)) * rnd
