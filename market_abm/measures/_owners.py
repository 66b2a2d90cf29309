"""From nodes to ultimate owners: common owners merged, aggregates split into many equal owners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Owners:
    """Who stands behind each seller row.

    Attributes
    ----------
    group : int array (S,)
        0 to G-1, numbered in the order of the owner codes.
    members : float array (G,)
        How many equal owners a group stands for (1 for a single owner).
    """

    group: Ints
    members: Floats

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def belongs(self) -> Bools:
        """Which rows are of each group, (G, S)."""
        return np.arange(len(self.members))[:, None] == self.group

    @cached_property
    def single(self) -> Bools:
        """Groups of one row, (G,)."""
        return np.bincount(self.group, minlength=len(self.members)) == 1

    def total(self, values: ArrayLike) -> Floats:
        """Sum over the rows of each group, (G,), in the order of the rows."""
        amounts = np.asarray(values, dtype=np.float64)
        return np.bincount(self.group, weights=amounts, minlength=len(self.members))

    def totals(self, values: Floats) -> Floats:
        """The same of each row of a matrix (K, S), (K, G)."""
        groups = len(self.members)
        place = np.arange(len(values))[:, None] * groups + self.group
        return np.bincount(place.ravel(), values.ravel(), len(values) * groups).reshape(-1, groups)

    def removed(self, capacity: ArrayLike) -> Floats:
        """Capacity that one owner of each group takes along when it goes, (G, S)."""
        held = np.asarray(capacity, dtype=np.float64)
        return np.where(self.belongs, held / self.members[self.group], 0.0)

    def rows(self, group: int) -> Ints:
        """Seller rows of a group."""
        return np.flatnonzero(self.group == group)


def owners(sellers: int, owner: ArrayLike | None = None, aggregate_of: ArrayLike | None = None) -> Owners:
    """Group seller rows by ultimate owner.

    Parameters
    ----------
    sellers : int
        Number of rows S.
    owner : int array (S,), optional
        Code of the ultimate owner; every row its own owner when left out.
    aggregate_of : array (S,), optional
        Number of equal owners behind a row (30 for "other neoclouds"); 1 when left out.

    Raises
    ------
    ValueError
        If a shape is wrong, a count is below 1, or rows of one owner disagree on the count.
    """
    code = np.arange(sellers) if owner is None else np.asarray(owner, dtype=np.int64)
    count = np.ones(sellers) if aggregate_of is None else np.asarray(aggregate_of, dtype=np.float64)
    for name, array in (("owner", code), ("aggregate_of", count)):
        if array.shape != (sellers,):
            raise ValueError(f"{name} has shape {array.shape}; give one entry a seller, shape ({sellers},).")
    return _grouped(code.tobytes(), count.tobytes())


@lru_cache(maxsize=32)
def _grouped(codes: bytes, counts: bytes) -> Owners:
    """The groups of these codes and counts: owners change rarely, and every measure asks for them."""
    code, count = np.frombuffer(codes, dtype=np.int64), np.frombuffer(counts)
    if not (count >= 1.0).all():
        raise ValueError(f"aggregate_of is {count.min()} somewhere; a row stands for at least 1 owner.")
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    group = group.reshape(-1).astype(np.int64)
    members = count[first]
    if len(code) and (count != members[group]).any():
        row = int(np.flatnonzero(count != members[group])[0])
        raise ValueError(
            f"owner {code[row]} has rows that stand for {members[group[row]]:g} and for {count[row]:g} "
            "owners; give rows of one owner the same aggregate_of."
        )
    group.setflags(write=False)
    members.setflags(write=False)
    return Owners(group, members)


def vector(name: str, values: ArrayLike) -> Floats:
    """A finite, non-negative vector or an error that says what is wrong."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; give one number an entry, a vector.")
    # Two reductions on the usual way; NaN passes into both, and which entry is wrong is looked for later.
    if array.size and not (np.minimum.reduce(array) >= 0.0 and np.maximum.reduce(array) < np.inf):
        worst = array[~(np.isfinite(array) & (array >= 0.0))][0]
        raise ValueError(f"{name} holds {worst}; every entry must be finite and zero or more.")
    return array


def matrix(name: str, values: ArrayLike | None, shape: tuple[int, int], default: bool | float) -> NDArray:
    """An array of this shape, a scalar spread over it, or the default."""
    if values is None:
        return np.full(shape, default)
    array = np.asarray(values)
    if array.ndim == 0:
        return np.full(shape, array[()])
    if array.shape != shape:
        raise ValueError(
            f"{name} has shape {array.shape}; give {shape}: one row a seller, one column a buyer."
        )
    return array
