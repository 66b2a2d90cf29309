"""The trade problem: sellers' capacity, buyers' falling value blocks and the links between them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.units import GRID

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PRICE_LIMIT = 1e8
"""Largest price or cost (MUSD/kHQ): path sums of grid prices must fit 64 bits."""

QUANTITY_LIMIT = 1e9
"""Largest single quantity (kHQ): totals of grid quantities must fit 64 bits."""

_LINK_PRICES = ("switching", "wedge", "tax")
_BY_SELLER = ("capacity", "unit_cost")
_BY_BLOCK = ("block_quantity", "block_value")
_PRICE = (-PRICE_LIMIT, PRICE_LIMIT, f"finite and within +-{PRICE_LIMIT:g} MUSD/kHQ")
_QUANTITY = (0.0, QUANTITY_LIMIT, f"from 0 to {QUANTITY_LIMIT:g} kHQ")
_RANGE = {
    "capacity": _QUANTITY,
    "block_quantity": _QUANTITY,
    "incumbent": _QUANTITY,
    "unit_cost": _PRICE,
    "block_value": _PRICE,
    "switching": _PRICE,
    "wedge": _PRICE,
    "tax": _PRICE,
    "link_cap": (0.0, np.inf, "zero or more, inf for no cap"),
    "tie_key": (0.0, np.nextafter(1.0, 0.0), "in [0, 1)"),
}


NONE = np.zeros((0, 0))
"""What compiled functions take for an array by link that is not there."""


@dataclass(frozen=True, eq=False)
class TradeProblem:
    """Who could sell how much to whom, at what cost and value.

    All prices and quantities are rounded to the market's integer grid (1e-6) when the problem is built, so
    that ties and conservation are exact. The arrays are read-only: use :meth:`replace` for a variant.

    Parameters
    ----------
    capacity : array (S,)
        What each seller can sell, kHQ.
    unit_cost : array (S,)
        Short-run cost of a unit, MUSD/kHQ.
    block_quantity, block_value : array (B, K)
        Each buyer's willingness to pay in blocks: size (kHQ) and value of a unit (MUSD/kHQ). Values must not
        rise along a row; blocks of quantity zero are padding and are ignored.
    switching, wedge, tax : scalar or array (S, B), optional
        Costs of a unit on a link, MUSD/kHQ: the buyer bears switching and tax, the seller the wedge.
        A negative one is a subsidy or a taste.
    linked : bool array (S, B), optional
        Which pairs can trade; all of them when left out.
    link_cap : scalar or array (S, B), optional
        Largest flow on a link, kHQ; ``inf`` is none.
    incumbent : array (S, B), optional
        Last quarter's flow, kHQ. Among optimal allocations the one with most volume on links that carried
        flow is chosen first.
    tie_key : array (S, B), optional
        Seeded numbers in [0, 1): remaining ties go to the lower key.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite, negative or too large for the grid, or block values rise.
        The message names the argument, the first offending entry and the remedy.

    Notes
    -----
    The surplus of a traded unit is value - unit_cost - switching - wedge - tax (Koopmans 1949;
    Shapley & Shubik 1971).
    """

    capacity: Floats
    unit_cost: Floats
    block_quantity: Floats
    block_value: Floats
    switching: Floats = 0.0  # type: ignore[assignment]
    wedge: Floats = 0.0  # type: ignore[assignment]
    tax: Floats = 0.0  # type: ignore[assignment]
    linked: Bools = None  # type: ignore[assignment]
    link_cap: Floats | None = None
    incumbent: Floats | None = None
    tie_key: Floats | None = None

    if TYPE_CHECKING:  # generous in what it takes, strict in what it holds

        def __init__(
            self,
            capacity: ArrayLike,
            unit_cost: ArrayLike,
            block_quantity: ArrayLike,
            block_value: ArrayLike,
            switching: ArrayLike = 0.0,
            wedge: ArrayLike = 0.0,
            tax: ArrayLike = 0.0,
            linked: ArrayLike | None = None,
            link_cap: ArrayLike | None = None,
            incumbent: ArrayLike | None = None,
            tie_key: ArrayLike | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        capacity = _vector("capacity", self.capacity)
        blocks = _matrix("block_quantity", self.block_quantity)
        sizes = (len(capacity), *blocks.shape)
        held = self.__dict__
        for name in _FIELDS:
            held[name] = _coerce(name, held[name], sizes)
        if not self._all_fall:
            _check_falling(self.block_quantity, self.block_value)

    @classmethod
    def _trusted(cls, **arrays: Any) -> Self:
        """Build without any check, for arrays that are already of the right type, shape and grid."""
        problem = object.__new__(cls)
        problem.__dict__.update(arrays)
        return problem

    @property
    def sellers(self) -> int:
        """Number of sellers S."""
        return len(self.capacity)

    @property
    def buyers(self) -> int:
        """Number of buyers B."""
        return len(self.block_quantity)

    @property
    def caps(self) -> Floats:
        """:attr:`link_cap`, or `NONE`."""
        return NONE if self.link_cap is None else self.link_cap

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What compiled functions take of a problem, in their order."""
        return (
            self.capacity, self.unit_cost, self.block_quantity, self.block_value,
            self.switching, self.wedge, self.tax, self.linked, self.caps,
        )  # fmt: skip

    @cached_property
    def link_cost(self) -> Floats:
        """Cost of a unit on each link, (S, B): unit_cost + switching + wedge + tax, MUSD/kHQ."""
        return _locked(self.unit_cost[:, None] + self.switching + self.wedge + self.tax)

    @cached_property
    def _all_fall(self) -> bool:
        """Whether no block value rises along a row, padding counted too: then no quantity can be refused."""
        value = self.block_value
        return bool(np.logical_and.reduce(value[:, 1:] <= value[:, :-1], None))

    @property
    def gain(self) -> Floats:
        """Surplus of a unit on each link before the buyer's value, (S, B): minus :attr:`link_cost`."""
        return -self.link_cost

    def replace(self, **changes: Any) -> TradeProblem:
        """Return the same problem with some arguments changed, all others kept as they are.

        Raises
        ------
        TypeError
            If a name is not an argument of :class:`TradeProblem`.
        ValueError
            As the constructor.
        """
        if not _FIELDS.keys() >= changes.keys():
            unknown = changes.keys() - _FIELDS.keys()
            allowed = ", ".join(sorted(_FIELDS))
            raise TypeError(f"TradeProblem has no argument {sorted(unknown)}: use one of {allowed}.")
        sizes = (self.sellers, *self.block_quantity.shape)
        same_shape = "capacity" not in changes or np.shape(changes["capacity"]) == sizes[:1]
        if "block_quantity" in changes:
            blocks = np.shape(changes["block_quantity"])
            if "block_value" in changes and len(blocks) == 2:  # both may have more blocks or fewer
                sizes = (*sizes[:2], blocks[1])
            same_shape = same_shape and blocks == sizes[1:]
        held = dict(self.__dict__)
        if not same_shape or not _LINK_COSTS.isdisjoint(changes):
            held.pop("link_cost", None)
        if not same_shape or "block_value" in changes:
            held.pop("_all_fall", None)
        if not same_shape:
            return TradeProblem(**held | changes)
        for name, value in changes.items():
            if value is not held[name]:
                held[name] = _coerce(name, value, sizes)
        problem = TradeProblem._trusted(**held)
        if ("block_value" in changes or "block_quantity" in changes) and not problem._all_fall:
            _check_falling(problem.block_quantity, problem.block_value)
        return problem


_FIELDS = dict.fromkeys(item.name for item in fields(TradeProblem))
_LINK_COSTS = {"unit_cost", *_LINK_PRICES}


def _vector(name: str, value: ArrayLike) -> NDArray[Any]:
    array = np.asarray(value)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; it must be one number a seller, shape (S,).")
    return array


def _matrix(name: str, value: ArrayLike) -> NDArray[Any]:
    array = np.asarray(value)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; it must be one row a buyer, shape (B, K).")
    return array


def replace_each(problems: list[TradeProblem], **changes: NDArray[Any]) -> list[TradeProblem]:
    """As :meth:`TradeProblem.replace` for many problems of one shape, checked together: quicker than one by one.

    ``changes`` are arrays (P, ...): the new argument of each problem. Only blocks may change in number.

    Raises
    ------
    ValueError
        As the constructor.
    """
    first = problems[0]
    sizes = (first.sellers, first.buyers, changes.get("block_quantity", first.block_quantity).shape[-1])
    stored = {name: _coerce(name, value, sizes, (len(problems),)) for name, value in changes.items()}
    lost = {"link_cost"} if not _LINK_COSTS.isdisjoint(changes) else set()
    if "block_value" in changes:
        lost.add("_all_fall")
    made = []
    for k, problem in enumerate(problems):
        held = {name: kept for name, kept in problem.__dict__.items() if name not in lost}
        held |= {name: values[k] for name, values in stored.items() if values is not None}
        made.append(TradeProblem._trusted(**held))
    if not changes.keys().isdisjoint(_BY_BLOCK):
        for problem in made:
            if not problem._all_fall:
                _check_falling(problem.block_quantity, problem.block_value)
    return made


def _coerce(
    name: str, value: Any, sizes: tuple[int, int, int], cases: tuple[int, ...] = ()
) -> NDArray[Any] | None:
    """One argument in its stored form: right shape, on the grid, read-only; the ``cases`` are axes in front."""
    sellers, buyers, blocks = sizes
    if name in _BY_SELLER:
        shape: tuple[int, ...] = (*cases, sellers)
    elif name in _BY_BLOCK:
        shape = (*cases, buyers, blocks)
    else:
        shape = (*cases, sellers, buyers)
    if value is None or (name in _LINK_PRICES and type(value) is float and value == 0.0):
        return _left_out(name, shape)
    if name == "linked":
        array = np.asarray(value)
        if array.dtype != np.bool_:
            raise ValueError(f"linked has type {array.dtype}; it must be True or False, shape {shape}.")
        return _locked(_spread(name, array, shape).copy())
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} cannot be read as numbers; give floats of shape {shape}.") from None
    low, high, allowed = _RANGE[name]
    array = _spread(name, array, shape)
    # Two reductions on the usual way; NaN passes into both, and which entry is wrong is looked for later.
    if array.size and not (np.minimum.reduce(array, None) >= low and np.maximum.reduce(array, None) <= high):
        where = tuple(int(k) for k in np.argwhere(~((array >= low) & (array <= high)))[0])
        raise ValueError(f"{name}{list(where)} is {array[where]}; it must be {allowed}.")
    if name == "tie_key":
        return _locked(array.copy())
    if name == "link_cap":
        array = np.where(array > QUANTITY_LIMIT, np.inf, array)
    array = np.multiply(array, GRID, order="C")
    np.rint(array, out=array)
    array += 0.0  # no negative zeros
    array /= GRID
    return _locked(array)


def _left_out(name: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    if name == "linked":
        return _locked(np.ones(shape, dtype=np.bool_))
    if name in _LINK_PRICES:
        return _locked(np.zeros(shape))
    if name in ("link_cap", "incumbent", "tie_key"):
        return None
    raise ValueError(f"{name} is None; give an array of shape {shape}.")


def _spread(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The array itself where it has the shape; a scalar spread over it."""
    if array.shape == shape:
        return array
    if array.ndim == 0 and name not in _BY_SELLER and name not in _BY_BLOCK:
        return np.full(shape, array[()])
    raise ValueError(
        f"{name} has shape {array.shape} where {shape} is needed: S sellers by capacity, B buyers and "
        "K blocks by block_quantity."
    )


def _check_falling(quantity: Floats, value: Floats) -> None:
    """Refuse a block that is worth more than an earlier one (padding of quantity zero does not count)."""
    lowest = np.minimum.accumulate(np.where(quantity > 0.0, value, np.inf), axis=1)
    rises = (quantity[:, 1:] > 0.0) & (value[:, 1:] > lowest[:, :-1])
    if rises.any():
        buyer, block = (int(k) for k in np.argwhere(rises)[0])
        raise ValueError(
            f"block_value[{buyer}, {block + 1}] is {value[buyer, block + 1]}, more than an earlier block's "
            f"{lowest[buyer, block]}; a buyer's values must fall: sort its blocks by value, highest first."
        )


def _locked(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array
