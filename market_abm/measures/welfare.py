"""Welfare: what an allocation is worth when spite, taxes and tastes are left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from market_abm.market.problem import TradeProblem
from market_abm.measures._owners import Floats
from market_abm.units import ordered_sum


def resource_problem(problem: TradeProblem, taste: ArrayLike | None = None) -> TradeProblem:
    """The problem that measures use: wedge, tax and taste at zero.

    Parameters
    ----------
    problem : TradeProblem
        The problem that firms act on.
    taste : array (S, B), optional
        What the problem's switching cost carries beside the real cost: a taste for a link counts negative
        there, ``switching = real cost - taste``.
    """
    switching = (
        problem.switching if taste is None else problem.switching + np.asarray(taste, dtype=np.float64)
    )
    return problem.replace(wedge=0.0, tax=0.0, switching=switching)


def gross_value(block_quantity: ArrayLike, block_value: ArrayLike, quantity: ArrayLike) -> Floats:
    """Value to each buyer of its first ``quantity``, best blocks first, MUSD, (..., B).

    Parameters
    ----------
    block_quantity, block_value : arrays (B, K)
        kHQ and MUSD/kHQ, value falling in K.
    quantity : array (..., B)
        kHQ; beyond the last block it adds nothing.
    """
    size, value = np.asarray(block_quantity, dtype=np.float64), np.asarray(block_value, dtype=np.float64)
    before = np.cumsum(size, axis=1) - size
    used = np.clip(np.asarray(quantity, dtype=np.float64)[..., None] - before, 0.0, size)
    return ordered_sum(used * value, axis=-1)


def without_first(block_quantity: ArrayLike, quantity: ArrayLike) -> Floats:
    """Blocks that are left when each buyer's first ``quantity`` is spoken for, kHQ, (B, K)."""
    size = np.asarray(block_quantity, dtype=np.float64)
    after = np.cumsum(size, axis=1)
    return np.clip(after - np.asarray(quantity, dtype=np.float64)[:, None], 0.0, size)


def resource_surplus(problem: TradeProblem, flow: ArrayLike, taste: ArrayLike | None = None) -> float:
    """Surplus of any flow, MUSD: values less unit and switching cost; a tax is a transfer.

    Parameters
    ----------
    flow : array (S, B)
        kHQ.
    taste : array (S, B), optional
        As in :func:`resource_problem`.
    """
    clean = resource_problem(problem, taste)
    traded = np.asarray(flow, dtype=np.float64)
    worth = gross_value(clean.block_quantity, clean.block_value, ordered_sum(traded, axis=0))
    costs = ordered_sum(ordered_sum(traded * clean.link_cost, axis=1))
    return float(ordered_sum(worth) - costs)


def buyer_surplus(problem: TradeProblem, flow: ArrayLike, price: ArrayLike) -> Floats:
    """What each buyer keeps, MUSD, (B,): value less price, switching and tax.

    Parameters
    ----------
    flow : array (S, B)
        kHQ.
    price : array (S, B)
        What the buyer pays the seller, MUSD/kHQ; ignored (may be NaN) where nothing flows.
    """
    traded = np.asarray(flow, dtype=np.float64)
    worth = gross_value(problem.block_quantity, problem.block_value, ordered_sum(traded, axis=0))
    paid = np.where(traded > 0.0, np.asarray(price, dtype=np.float64), 0.0)
    return worth - ordered_sum(traded * (paid + problem.switching + problem.tax), axis=0)
