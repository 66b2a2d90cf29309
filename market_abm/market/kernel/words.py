"""Exact sums of price times quantity in two 64-bit words.

On the grid a price is up to 2^47 and a quantity up to 2^50, so one product already overflows int64. A sum
is kept as ``high * 2^62 + low`` with ``0 <= low < 2^62``.
"""

from __future__ import annotations

import numpy as np

from market_abm.market.kernel.compiled import borrowing, compiled, inlined
from market_abm.units import GRID

HALF = 31
WORD = 62
_HALF_MASK = (1 << HALF) - 1
_WORD_MASK = (1 << WORD) - 1
_UNIT = GRID * GRID
_WORD_IN_UNITS = float(1 << WORD) / float(_UNIT)


@inlined
def add_product(total, a, b):
    """Add a * b (both below 2^62 in size) to the two-word sum ``total``, an int64 array (2,)."""
    negative = (a < 0) != (b < 0)
    a, b = abs(a), abs(b)
    a1, a0 = a >> HALF, a & _HALF_MASK
    b1, b0 = b >> HALF, b & _HALF_MASK
    middle = a1 * b0 + a0 * b1
    low = a0 * b0 + ((middle & _HALF_MASK) << HALF)
    high = a1 * b1 + (middle >> HALF)
    if negative:
        low, high = -low, -high
    low += total[1]
    total[0] += high + (low >> WORD)
    total[1] = low & _WORD_MASK


@borrowing
def to_float(total):
    """The sum in natural units (MUSD), a pure function of the exact integer."""
    high, low = total[0], total[1]
    if high == -1:  # a small negative number: its words are of opposite sign and would cancel badly
        return -(((1 << WORD) - low) // _UNIT + (((1 << WORD) - low) % _UNIT) / float(_UNIT))
    whole = low // _UNIT + (low % _UNIT) / float(_UNIT)
    if high == 0:
        return whole
    return high * _WORD_IN_UNITS + whole


@compiled
def product_sum(a, b):
    """Exact sum of a[k] * b[k] as a float, for int64 arrays on the grid."""
    total = np.zeros(2, np.int64)
    for k in range(len(a)):
        add_product(total, a[k], b[k])
    return to_float(total)
