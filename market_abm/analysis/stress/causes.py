"""Common causes: pairs of suppliers that hang on the same chips or power, and the causes themselves (N-2 and beyond).

Static: served demand by maximum flow on the whole market of the quarter before, as if all of it were contestable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.stress.plan import SUPPLIER, Target, both
from market_abm.economy.marketwide import whole_markets
from market_abm.economy.span import Span
from market_abm.economy.world import Floats
from market_abm.measures.resilience import n_minus_cause
from market_abm.units import ordered_sum

if TYPE_CHECKING:
    from market_abm.analysis.stress.simulate import Base
    from market_abm.economy.world import World

SHARED = 0.25
"""Least share of both fleets that must hang on a cause for it to be common to them."""

LARGEST = 8
"""Owners whose pairs are looked at: the largest by capacity."""


@dataclass(frozen=True)
class Pair:
    """Two suppliers that share a cause.

    Attributes
    ----------
    target : Target
    causes : tuple of str
        Chip suppliers and regions that both hang on.
    served_lost, one, other : float
        Share of served demand lost without both, and without each alone.
    """

    target: Target
    causes: tuple[str, ...]
    served_lost: float
    one: float
    other: float

    @property
    def beyond(self) -> float:
        """What is lost beyond the sum of both alone: how far each stands in for the other."""
        return self.served_lost - self.one - self.other


def shares_of(world: World, target: Target) -> Floats:
    """Share of each fleet that a supplier target takes, (S,)."""
    out = np.zeros(len(world.sellers.key))
    for name, share in target.parts:
        out[world.sellers.key.index(name)] += share
    return out


def pairs(base: Base, targets: Sequence[Target]) -> tuple[Pair, ...]:
    """Pairs of the largest suppliers that share a cause, the gravest first."""
    world, online = base.model.world, base.before.quarter.position.online
    suppliers = [target for target in targets if target.kind == SUPPLIER]
    size = {target.name: float(ordered_sum(shares_of(world, target) * online)) for target in suppliers}
    suppliers.sort(key=lambda target: (-size[target.name], target.name))
    suppliers = [target for target in suppliers if size[target.name] > 0][:LARGEST]
    candidates = [
        (one, other, causes)
        for one, other in combinations(suppliers, 2)
        if (causes := _common(world, shares_of(world, one), shares_of(world, other), online))
    ]
    if not candidates:
        return ()
    rows = [shares_of(world, target) for target in suppliers]
    rows += [np.maximum(shares_of(world, one), shares_of(world, other)) for one, other, _ in candidates]
    lost = _served_lost(base, np.array(rows))
    alone = dict(zip([target.name for target in suppliers], lost.tolist()))
    found = [
        Pair(both(one, other), causes, float(value), alone[one.name], alone[other.name])
        for (one, other, causes), value in zip(candidates, lost[len(suppliers) :])
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.served_lost, pair.target.name)))


def causes(base: Base) -> dict[str, float]:
    """Share of served demand that hangs on each chip supplier and region, if all that came from it stood still."""
    world = base.model.world
    names = [*world.upstream.chip, *world.upstream.region]
    if not names:
        return {}
    rows = np.concatenate([world.sellers.chips.T, world.sellers.regions.T])
    return dict(zip(names, _served_lost(base, np.clip(rows, 0.0, 1.0)).tolist()))


def _served_lost(base: Base, rows: Floats) -> Floats:
    """Share of served demand lost when each cause takes its shares of the fleets, (C,)."""
    q: Any = base.before.quarter
    (market,) = whole_markets(Span([q]), [False])
    return n_minus_cause(q.position.sellable, market.demand, rows, market.linked).loss_share


def _common(world: World, one: Floats, other: Floats, online: Floats) -> tuple[str, ...]:
    """Causes on which at least :data:`SHARED` of both owners' capacity hangs."""
    found = []
    for names, of in (
        (world.upstream.chip, world.sellers.chips),
        (world.upstream.region, world.sellers.regions),
    ):
        for place, name in enumerate(names):
            if min(_part(one, of[:, place], online), _part(other, of[:, place], online)) >= SHARED:
                found.append(name)
    return tuple(found)


def _part(owner: Floats, share: Floats, online: Floats) -> float:
    held = owner * online
    total = float(ordered_sum(held))
    return float(ordered_sum(held * share)) / total if total > 0 else 0.0
