"""A market in which one relation's volume is held at its contract: free capacity plus that volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.clearing import Allocation
from market_abm.market.problem import Floats, TradeProblem
from market_abm.units import on_grid


@dataclass(frozen=True, eq=False)
class Held:
    """Trades of which one link need not be optimal.

    Attributes
    ----------
    problem : TradeProblem
        The free problem plus the held volume.
    flow : array (S, B)
        The free market's optimal flow plus the held volume.
    served : array (B,)
    """

    problem: TradeProblem
    flow: Floats
    served: Floats
    _state: Any = None


def hold(
    allocation: Allocation,
    seller: int,
    buyer: int,
    volume: float,
    top_quantity: ArrayLike,
    top_value: ArrayLike,
) -> Held:
    """Add a relation's volume in force to the market of free capacity.

    The seller's capacity grows by the volume, the buyer's demand by the blocks which that volume serves,
    and the volume flows on the link, whether or not an optimal allocation would put it there.
    `rational_pair` of the result for this one link gives floor and ceiling of the contract in force.

    Parameters
    ----------
    allocation : Allocation
        The free market, cleared.
    seller, buyer : int
        Rows of the relation.
    volume : float
        kHQ under contract between the two.
    top_quantity, top_value : array_like (m,)
        Blocks that the volume serves, values falling and none below the buyer's best block in the free
        problem. They must sum to ``volume``: what is worth nothing to the buyer has value 0.

    Raises
    ------
    ValueError
        If the volume is not positive, the blocks do not sum to it, or their values do not fall.
    """
    free = allocation.problem
    sizes = on_grid(np.atleast_1d(np.asarray(top_quantity, float)))
    values = np.atleast_1d(np.asarray(top_value, float))
    volume = float(on_grid(volume))
    if not volume > 0.0:
        raise ValueError(f"volume is {volume} kHQ; only a positive volume can be held")
    if abs(sizes.sum() - volume) > 1e-6 * (len(sizes) + 1):
        raise ValueError(
            f"top_quantity sums to {sizes.sum()} and volume is {volume}; give the blocks that it serves"
        )
    sizes[np.argmax(sizes)] += volume - sizes.sum()  # the grid may leave a step over
    blocks = free.block_quantity.shape[1] + len(sizes)
    quantity, value = np.zeros((free.buyers, blocks)), np.zeros((free.buyers, blocks))
    quantity[:, len(sizes) :] = free.block_quantity
    value[:, len(sizes) :] = free.block_value
    quantity[buyer, : len(sizes)] = sizes
    value[buyer, : len(sizes)] = values
    capacity = free.capacity.copy()
    capacity[seller] += volume
    flow = allocation.flow.copy()
    flow[seller, buyer] += volume
    changes = {"capacity": capacity, "block_quantity": quantity, "block_value": value}
    if free.linked is not None and not free.linked[seller, buyer]:
        changes["linked"] = free.linked.copy()
        changes["linked"][seller, buyer] = True
    if free.link_cap is not None and free.link_cap[seller, buyer] < flow[seller, buyer]:
        changes["link_cap"] = free.link_cap.copy()
        changes["link_cap"][seller, buyer] = flow[seller, buyer]
    problem = free.replace(**changes)
    served = allocation.served.copy()
    served[buyer] += volume
    return Held(problem, flow, served, _state(problem, flow, allocation, seller, buyer))


def _state(problem: TradeProblem, flow: Floats, allocation: Allocation, seller: int, buyer: int) -> tuple:
    from market_abm.market.kernel.network import build, packed, unpacked
    from market_abm.market.kernel.pair import held_state

    net = build(*problem.arrays)
    free, tree, _ = allocation._state
    return packed(net), *held_state(net, flow, unpacked(free), tree, seller, buyer)
