"""Demand curves cut into blocks: what the market and the market-level measures trade in."""

from __future__ import annotations

import numpy as np

from market_abm.economy.demand import Demand
from market_abm.economy.edges import block_edges, edges_of
from market_abm.economy.world import Floats, World


def value_blocks(
    world: World,
    demand: Demand,
    committed: Floats | None,
    ceiling: Floats | None,
    last_price: float,
    refine: int = 1,
) -> tuple[Floats, Floats]:
    """Cut what is left of each demand curve into blocks, (B, K) quantities and values.

    Parameters
    ----------
    committed : ndarray (B,), optional
        Quantity already covered by contracts: the highest values. None where nothing is.
    ceiling : ndarray (B,), optional
        Most the buyer can use in all (finance and growth caps), kHQ. None where there is no cap.
    last_price : float
        Blocks are densest within +-30 % of it.
    refine : int
        Multiplies the number of blocks: results must not feel the grid.

    Notes
    -----
    The edges are staggered between buyers by a keyed fraction of a step, so that the joint curve is far
    finer than any single buyer's.
    """
    edges, value = edges_of(
        world.stagger.tobytes(), demand.choke, last_price, world.index_price, _count(world, demand, refine)
    )
    return _cut(demand, demand.read(edges), value, committed, ceiling)


def blocks_by_quarter(
    world: World,
    demand: Demand,
    last_price: Floats,
    refine: int = 1,
    elasticities: tuple[float, ...] = (),
) -> tuple[Floats, Floats, list[Floats]]:
    """Blocks of all demand of T quarters: quantities and values (T, B, K), and quantities at other elasticities.

    Parameters
    ----------
    demand : Demand
        Of the buyers of all quarters, one quarter after the other, (T * B).
    last_price : ndarray (T,)
        As for :func:`value_blocks`; segments of every elasticity want the same at it.
    """
    count = _count(world, demand, refine)
    shape = (len(last_price), len(world.buyers.key), count + 1)
    edges, value = block_edges(world.stagger, demand.choke, last_price, world.index_price, count)
    quantity, value = _cut(demand, demand.at(edges), value, None, None)
    # Only segments have an elasticity: what labs want is the same.
    curved = (demand.scale > 0).nonzero()[0]
    segments, price = demand.of(curved), last_price.repeat(shape[1])[curved]
    others = []
    for elasticity in elasticities:
        other = segments.with_elasticity(elasticity, price)
        wanted = quantity.copy()
        wanted[curved], _ = _cut(other, other.at(edges[curved]), value[curved], None, None)
        others.append(wanted.reshape(shape))
    return quantity.reshape(shape), value.reshape(shape), others


def _count(world: World, demand: Demand, refine: int) -> int:
    """How many blocks lie behind the first one of each buyer."""
    b = world.scenario.behaviour
    count = int(max(b.lab_blocks, b.segment_blocks)) * refine
    for _, blocks in demand.given:
        count = max(count, len(blocks) - 1)
    return count


def _cut(
    demand: Demand, quantity: Floats, value: Floats, committed: Floats | None, ceiling: Floats | None
) -> tuple[Floats, Floats]:
    """Blocks of demand of which ``quantity`` (B, K), which changes, is wanted down to each edge."""
    if ceiling is not None:
        np.minimum(quantity, ceiling[:, None], out=quantity)
    if committed is not None:
        np.maximum(quantity - committed[:, None], 0.0, out=quantity)
    quantity[:, 1:] -= quantity[:, :-1]
    if demand.given:
        value = value.copy()
    for row, blocks in demand.given:
        covered = 0.0 if committed is None else committed[row]
        most = np.inf if ceiling is None else ceiling[row]
        quantity[row], value[row] = _given_blocks(blocks, covered, most, quantity.shape[1])
    return np.maximum(quantity, 0.0, out=quantity), value


def _given_blocks(blocks, committed: float, ceiling: float, count: int) -> tuple[Floats, Floats]:
    """Explicit blocks less what is committed, highest value first."""
    ordered = sorted(blocks, key=lambda pair: -pair[0])
    quantity, value = np.zeros(count), np.zeros(count)
    covered, room = committed, max(ceiling - committed, 0.0)
    for k, (v, q) in enumerate(ordered):
        left = max(q - covered, 0.0)
        covered = max(covered - q, 0.0)
        quantity[k], value[k] = min(left, room), v
        room -= quantity[k]
    return quantity, value
