"""Whom an entry names."""

from __future__ import annotations

import numpy as np


def chosen(name: str, keys: tuple[str, ...]) -> np.ndarray:
    """Mask of the named key, or of all of them for the wildcard.

    Raises
    ------
    ValueError
        If there is no such key.
    """
    if name != "*" and name not in keys:
        raise ValueError(f"timeline names {name!r}, which is not there; known: {', '.join(keys)}")
    return np.array([name in ("*", key) for key in keys], dtype=bool)
