"""Economic systemic risk index of a supplier network (Diem et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Bools, Floats
from market_abm.units import ordered_sum


@dataclass(frozen=True, eq=False)
class SystemicRisk:
    """What is left after a firm has failed and shocks have run both ways.

    Attributes
    ----------
    index : float
        Share of all output lost, weighted by sales.
    output : array (n,)
        Remaining output h of each firm, a fraction.
    """

    index: float
    output: Floats


def esri(
    flow: ArrayLike,
    product: Sequence[int],
    essential: Sequence[Sequence[int]],
    fail: int | Sequence[int],
    replaceability: ArrayLike = 0.0,
    *,
    tolerance: float = 1e-12,
    rounds: int = 10_000,
) -> SystemicRisk:
    """Fail firms and let lost inputs run down and lost orders run up the network (Diem et al. 2022).

    Production is generalised Leontief: an essential type of input limits output in proportion to what is
    left of it; other inputs add up by their share of all inputs. A firm's remaining output is the lower of
    what inputs and what orders allow.

    Parameters
    ----------
    flow : array (n, n)
        What row sells to column.
    product : sequence of int (n)
        Type of each firm's product.
    essential : sequence of sequences
        Types of input that each firm cannot do without.
    fail : int or sequence of int
        Firm or firms that stop.
    replaceability : scalar or array (n,)
        Share of a supplier's lost deliveries that its customers replace, 0 to 1.
    tolerance, rounds
        When to stop.

    Raises
    ------
    ValueError
        If shapes disagree or a number is out of range.
    """
    sold = np.asarray(flow, dtype=np.float64)
    count = len(sold)
    if sold.shape != (count, count) or len(product) != count or len(essential) != count:
        raise ValueError(
            f"flow is {sold.shape}, product has {len(product)} and essential {len(essential)} entries; "
            "give n x n, n and n."
        )
    lost = 1.0 - np.broadcast_to(np.asarray(replaceability, dtype=np.float64), (count,))
    if not (sold >= 0.0).all() or not ((lost >= 0.0) & (lost <= 1.0)).all():
        raise ValueError("flow must not be negative and replaceability must lie in [0, 1].")
    failed = np.zeros(count, dtype=np.bool_)
    failed[np.atleast_1d(np.asarray(fail))] = True
    groups, other = _inputs(sold, np.asarray(product), essential)
    sales = ordered_sum(sold, axis=1)
    orders = sold / np.where(sales > 0.0, sales, 1.0)[:, None]
    down, up = np.where(failed, 0.0, 1.0), np.where(failed, 0.0, 1.0)
    for _ in range(rounds):
        gap = lost * (1.0 - down)
        limits = 1.0 - ordered_sum(gap[None, :, None] * groups, axis=1)
        rest = 1.0 - ordered_sum(gap[:, None] * other, axis=0)
        new_down = np.where(failed, 0.0, np.minimum(limits.min(axis=0), rest))
        kept = np.where(sales > 0.0, ordered_sum(orders * up[None, :], axis=1), 1.0)
        new_up = np.where(failed, 0.0, kept)
        change = max(np.abs(new_down - down).max(), np.abs(new_up - up).max())
        down, up = new_down, new_up
        if change <= tolerance:
            break
    output = np.clip(np.minimum(down, up), 0.0, 1.0)
    total = ordered_sum(sales)
    index = float(ordered_sum(sales * (1.0 - output)) / total) if total > 0.0 else 0.0
    return SystemicRisk(index, output)


def _inputs(sold: Floats, product: np.ndarray, essential: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
    """Shares of a supplier in each essential type of input (types, n, n), and in all inputs elsewhere."""
    count = len(sold)
    types = np.unique(product)
    needs: Bools = np.zeros((len(types), count), dtype=np.bool_)
    for firm, wanted in enumerate(essential):
        needs[:, firm] = np.isin(types, np.asarray(list(wanted), dtype=product.dtype))
    of_type = (product[None, :] == types[:, None]).astype(np.float64)
    by_type = ordered_sum(of_type[:, :, None] * sold[None, :, :], axis=1)
    part = of_type[:, :, None] * sold[None, :, :] / np.where(by_type > 0.0, by_type, 1.0)[:, None, :]
    groups = np.where(needs[:, None, :], part, 0.0)
    inputs = ordered_sum(sold, axis=0)
    needed = needs[np.searchsorted(types, product)]
    other = np.where(needed, 0.0, sold / np.where(inputs > 0.0, inputs, 1.0)[None, :])
    return groups, other
