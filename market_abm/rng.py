"""Keyed random draws: a number belongs to a seed, a purpose, a key and a quarter, never to a sequence.

Two scenarios run with one seed therefore share every shock that they have in common, a firm added
elsewhere shifts nobody's draws, and order and number of processes do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_NORMAL = NormalDist()

STEPS = 9007199254740992.0
"""2**53, in which a uniform draw is a whole number and a half: half steps keep both ends out."""


def uniform(seed: int, purpose: str, key: str, quarter: int = -1) -> float:
    """One draw from the open interval (0, 1), a pure function of its four arguments."""
    text = f"{seed}\x1f{purpose}\x1f{key}\x1f{quarter}"
    word = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11
    return (word + 0.5) / STEPS


def uniforms(seed: int, purpose: str, keys: Iterable[str], quarter: int = -1) -> NDArray[np.float64]:
    """One uniform draw a key, in the order of the keys."""
    return _kept(seed, purpose, tuple(keys), (quarter,)).copy()


def _uniforms(
    seed: int, purpose: str, keys: tuple[str, ...], quarters: tuple[int, ...]
) -> NDArray[np.float64]:
    """One uniform draw a quarter and key, quarter by quarter."""
    head = blake2b(f"{seed}\x1f{purpose}\x1f".encode(), digest_size=8)
    rest = _rest(keys, quarters)
    texts = [head.copy() for _ in rest]  # the hash of what all keys begin with goes on with the rest
    for text, key in zip(texts, rest):
        text.update(key)
    words = np.frombuffer(b"".join([text.digest() for text in texts]), dtype=">u8") >> 11
    return (words.astype(np.float64) + 0.5) / STEPS


_kept = lru_cache(maxsize=256)(_uniforms)


@lru_cache(maxsize=64)
def _rest(keys: tuple[str, ...], quarters: tuple[int, ...]) -> list[bytes]:
    """Keys and quarters as they are hashed: the same in every seed."""
    return [f"{key}\x1f{quarter}".encode() for quarter in quarters for key in keys]


def normals(seed: int, purpose: str, keys: Iterable[str], quarter: int = -1) -> NDArray[np.float64]:
    """One standard normal draw a key, by inversion."""
    return _inverted(_uniforms(seed, purpose, tuple(keys), (quarter,)))


def normal_paths(seed: int, purpose: str, keys: Iterable[str], quarters: int) -> NDArray[np.float64]:
    """The draws of :func:`normals` in each of the first quarters, (quarters, keys)."""
    draws = _inverted(_kept(seed, purpose, keys := tuple(keys), tuple(range(quarters))))
    return draws.reshape(quarters, len(keys))


def _inverted(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([_NORMAL.inv_cdf(draw) for draw in draws.tolist()], dtype=np.float64)


def triangular(u: float, low: float, mode: float, high: float) -> float:
    """Quantile ``u`` of the triangular distribution on [low, high] with its peak at ``mode``."""
    if high <= low:
        return mode
    peak = (mode - low) / (high - low)
    if u < peak:
        return low + (u * (high - low) * (mode - low)) ** 0.5
    return high - ((1.0 - u) * (high - low) * (high - mode)) ** 0.5
