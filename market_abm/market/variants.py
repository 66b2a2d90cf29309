"""Variants of one problem, cleared together: other capacities, other blocks of some buyers, a link more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.market.clearing import Allocation, clear, has_tree, price_arguments
from market_abm.market.problem import NONE, Floats, TradeProblem
from market_abm.units import GRID, to_grid

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Variants:
    """Optima of G variants.

    Attributes
    ----------
    surplus : array (G,)
        MUSD.
    served : array (G, B)
        kHQ.
    seller_price : array (G, S)
        Unit cost plus the lowest capacity dual, MUSD/kHQ.
    served_without : array (G, B)
        What is served when the variant's leaver has gone, kHQ; as ``served`` where nobody leaves.
    """

    surplus: Floats
    served: Floats
    seller_price: Floats
    served_without: Floats


def clear_variants(
    start: Allocation,
    capacity: ArrayLike,
    *,
    problem: TradeProblem | None = None,
    scale: ArrayLike | None = None,
    variant: ArrayLike = (),
    buyer: ArrayLike = (),
    quantity: ArrayLike | None = None,
    opened: ArrayLike | None = None,
    opened_cap: ArrayLike | None = None,
    leaves: ArrayLike | None = None,
    priced: bool = True,
) -> Variants:
    """Clear many variants of a problem in one call: what :func:`clear` answers one by one.

    Parameters
    ----------
    start : Allocation
        An optimum to start from; its problem is the one that varies unless ``problem`` is given.
    capacity : array (G, S)
        Capacities of each variant, kHQ.
    problem : TradeProblem, optional
        Another problem of the same shape.
    scale : array (G,), optional
        Factor on all block quantities of each variant; 1 when left out.
    variant, buyer : int arrays (n,)
        Rows whose blocks differ: of which variant (in rising order) and of which buyer.
    quantity : array (n, K)
        Their block quantities, kHQ; values stay.
    opened : int array (G, 2), optional
        A link (seller, buyer) that each variant has in any case; negative for none.
    opened_cap : array (G,), optional
        Least cap of that link, kHQ; needed with ``opened`` where the problem has caps.
    leaves : int array (G,), optional
        A seller that then leaves each variant with all its capacity; negative for nobody.
    priced : bool
        Without prices the call is faster; they are NaN.

    Raises
    ------
    ValueError
        If a shape does not fit, or ``variant`` does not rise.
    """
    from market_abm.market.kernel.variants import solve_variants

    base = start.problem if problem is None else problem
    capacity = np.ascontiguousarray(capacity, dtype=np.float64)
    rows, buyers = np.asarray(variant, dtype=np.int64), np.asarray(buyer, dtype=np.int64)
    blocks = np.zeros((0, base.block_quantity.shape[1])) if quantity is None else np.asarray(quantity, float)
    count = len(capacity)
    if capacity.shape != (count, base.sellers) or blocks.shape != (len(rows), base.block_quantity.shape[1]):
        raise ValueError(
            f"capacity has shape {capacity.shape} and quantity {blocks.shape}; they must be (variants, "
            f"{base.sellers}) and ({len(rows)}, {base.block_quantity.shape[1]})."
        )
    if np.logical_or.reduce(rows[1:] < rows[:-1]):
        raise ValueError("variant must rise: give the rows of the first variant first.")
    factor = np.ones(count) if scale is None else np.asarray(scale, dtype=np.float64)
    if opened is None:
        links = np.full((count, 2), -1)
    else:
        links = np.ascontiguousarray(opened, dtype=np.int64).reshape(count, 2)
    caps = np.zeros(count) if opened_cap is None else np.asarray(opened_cap, dtype=np.float64)
    gone = np.full(count, -1) if leaves is None else np.asarray(leaves, dtype=np.int64)
    surplus, served, price, pivots, without = solve_variants(
        capacity,
        *base.arrays[1:],
        NONE if base.incumbent is None else base.incumbent,
        NONE if base.tie_key is None else base.tie_key,
        base.link_cost,
        factor,
        rows.searchsorted(np.arange(count + 1)),
        buyers,
        np.ascontiguousarray(blocks),
        links,
        caps,
        gone,
        priced,
        has_tree(start._state),
        *start._state,
    )
    for g in (pivots < 0).nonzero()[0]:  # `clear` has a fallback that needs no pivots
        alone = clear(_variant(base, capacity[g], factor[g], buyers, blocks, rows == g, links[g], caps[g]))
        surplus[g], served[g], price[g] = alone.surplus, alone.served, alone.seller_price
        if gone[g] >= 0:
            rest = alone.problem.capacity.copy()
            rest[gone[g]] = 0.0
            without[g] = clear(alone.problem.replace(capacity=rest)).served
    without = served if leaves is None else np.where(gone[:, None] >= 0, without, served)
    if not priced:
        price[:] = np.nan
    return Variants(surplus, served, price, without)


def _variant(
    base: TradeProblem,
    capacity: Floats,
    factor: float,
    buyers: NDArray[np.int64],
    blocks: Floats,
    mine: NDArray[np.bool_],
    link: NDArray[np.int64],
    cap: float,
) -> TradeProblem:
    """One variant as a problem of its own."""
    quantity = base.block_quantity * factor
    quantity[buyers[mine]] = blocks[mine]
    linked, link_cap = np.array(base.linked), base.link_cap
    if link[0] >= 0:
        linked[tuple(link)] = True
        if link_cap is not None:
            link_cap = link_cap.copy()
            link_cap[tuple(link)] = max(link_cap[tuple(link)], cap)
    return base.replace(capacity=capacity, block_quantity=quantity, linked=linked, link_cap=link_cap)


@dataclass(frozen=True, eq=False)
class MerchantRemovals:
    """The market after each removal: surplus lost (G,), MUSD, and unit prices (G, S), MUSD/kHQ."""

    loss: Floats
    seller_price: Floats


def without_merchant(
    start: Allocation,
    gone: ArrayLike,
    removal: ArrayLike = (),
    own_seller: ArrayLike = (),
    own_buyer: ArrayLike = (),
    own_use: ArrayLike = (),
    priced: bool = True,
) -> MerchantRemovals:
    """Take suppliers' merchant capacity away, one removal at a time, while their own use stays apart.

    Parameters
    ----------
    start : Allocation
        An optimum in which the own use flows.
    gone : array (G, S)
        Capacity that goes, kHQ.
    removal, own_seller, own_buyer, own_use : arrays (n,)
        Flow between two nodes of removal g's owner, kHQ, in rising order of g: it leaves first, with the fleet
        that serves it and the most valuable blocks of the buyer.
    priced : bool
        Without prices the call is faster; they are NaN.
    """
    steps, rows = to_grid(gone), np.asarray(removal, dtype=np.int64)
    sellers, buyers = np.asarray(own_seller, dtype=np.int64), np.asarray(own_buyer, dtype=np.int64)
    first = rows.searchsorted(np.arange(len(steps) + 1))
    return taken(start, steps, first, sellers, buyers, to_grid(own_use), priced)


def taken(
    start: Allocation, steps: Ints, first: Ints, sellers: Ints, buyers: Ints, use: Ints, priced: bool = True
) -> MerchantRemovals:
    """As :func:`without_merchant`, in grid steps; own use of removal g in rows ``first[g]`` to ``first[g + 1]``."""
    from market_abm.market.kernel.merchant import take_merchant

    problem = start.problem
    if has_tree(start._state):
        loss, price = take_merchant(
            *start._state, steps, first, sellers, buyers, use, *price_arguments(problem), priced
        )
    else:
        loss, price = np.full(len(steps), np.nan), np.zeros(steps.shape)
    for g in np.isnan(loss).nonzero()[0]:  # several sellers, or no answer from the tree: two solves
        quantity, capacity = problem.block_quantity.copy(), problem.capacity.copy()
        cap = None if problem.link_cap is None else problem.link_cap.copy()
        for n in range(first[g], first[g + 1]):
            taken = use[n] / GRID
            quantity[buyers[n]] = np.clip(np.cumsum(quantity[buyers[n]]) - taken, 0.0, quantity[buyers[n]])
            capacity[sellers[n]] -= taken
            if cap is not None:
                cap[sellers[n], buyers[n]] = max(cap[sellers[n], buyers[n]] - taken, 0.0)
        capacity = np.maximum(capacity, 0.0)
        before = clear(problem.replace(capacity=capacity, block_quantity=quantity, link_cap=cap))
        left = np.maximum(capacity - steps[g] / GRID, 0.0)
        after = clear(before.problem.replace(capacity=left), start=before)
        loss[g], price[g] = before.surplus - after.surplus, after.seller_price
    if not priced:
        price[:] = np.nan
    return MerchantRemovals(loss, price)
