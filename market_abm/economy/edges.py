"""Falling prices at which demand curves are read: a ladder for all buyers, and the edges of each buyer's blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from market_abm.economy.world import Floats
from market_abm.elementary import exp, isoelastic


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices at which several demands are read: (B, N), or (1, N) for all buyers alike, MUSD per kHQ."""

    v: Floats

    def curve(self, price: float, elasticity: Floats, choke: float) -> Floats:
        """Isoelastic demand relative to that at ``price``, (B, N): many demands differ in its scale alone."""
        return _curve(self, price, elasticity.tobytes(), choke)


@lru_cache(maxsize=16)
def _curve(prices: Prices, price: float, elasticity: bytes, choke: float) -> Floats:
    return isoelastic(prices.v, price, np.frombuffer(elasticity)[:, None], choke)


@lru_cache(maxsize=16)
def ladder_of(top: float, bottom: float, steps: int) -> Prices:
    """Prices in equal proportions from the top to the bottom, (1, N)."""
    grid = np.geomspace(top, bottom, steps)[None, :]
    grid.setflags(write=False)
    return Prices(grid)


@lru_cache(maxsize=16)
def edges_of(
    stagger: bytes, choke: float, last_price: float, index_price: float, count: int
) -> tuple[Prices, Floats]:
    """As :func:`block_edges`, at one price.

    Kept for a few calls: a quarter cuts several demands at one price.
    """
    edges, value = block_edges(np.frombuffer(stagger), choke, np.array([last_price]), index_price, count)
    for array in (edges, value):
        array.setflags(write=False)
    return Prices(edges), value


def block_edges(
    stagger: Floats, choke: float, last_price: Floats, index_price: float, count: int
) -> tuple[Floats, Floats]:
    """Falling prices at which the curves are read, and the value of the block up to each.

    Both (T * B, count + 1): a row a buyer, those at the first of the prices ``last_price`` (T,) first.
    """
    step, width = _log_edges(choke, last_price[:, None], index_price, count)
    shift = stagger[:, None] * width[:, None, :]
    shift[:, :, 0] = 0.0
    edges = exp(step[:, None, :] + shift).reshape(-1, count + 1)
    value = edges.copy()
    value[:, 1:] = 0.5 * (edges[:, 1:] + edges[:, :-1])
    return edges, value


def _log_edges(choke: float, last_price: Floats, index_price: float, count: int) -> tuple[Floats, Floats]:
    """Logs of falling prices (T, count + 1), and the step from each to the next, for last prices (T, 1)."""
    top = np.maximum(0.999 * choke, 2.0 * last_price)
    bottom = 0.05 * np.minimum(last_price, index_price)
    dense = max(int(0.6 * count), 2)
    above = max(int(0.2 * count), 1)
    below = count - dense - above
    high = 1.3 * last_price
    low = np.maximum(0.7 * last_price, 1.5 * bottom)
    # Nearly four times as fine at the last price as at the ends of the dense stretch (a hyperbolic sine): what
    # elastic labs use does not jump by a block's width.
    near = _near(dense)
    near = near * np.where(near > 0, np.log(high / last_price), np.log(last_price / low))
    step = np.concatenate(
        [
            _evenly(np.log(top), np.log(high), above)[:, :-1],
            np.log(last_price) + near,
            _evenly(np.log(low), np.log(bottom), below),
        ],
        axis=1,
    )
    width = np.zeros(step.shape)
    np.subtract(step[:, 1:], step[:, :-1], out=width[:, :-1])
    return step, width


def _evenly(start: Floats, end: Floats, steps: int) -> Floats:
    """From the starts (T, 1) to the ends in equal steps, (T, steps + 1)."""
    points: Floats = np.arange(steps + 1.0) * ((end - start) / max(steps, 1)) + start
    if steps > 0:
        points[:, -1:] = end
    return points


@lru_cache(maxsize=16)
def _near(count: int) -> Floats:
    """From above 0 to below, within +-1: places of the dense stretch around the last price."""
    near = 2.0 * np.linspace(1.0, -1.0, count, endpoint=False)
    near = (exp(near) - exp(-near)) / float(exp(2.0) - exp(-2.0))
    near.setflags(write=False)
    return near
