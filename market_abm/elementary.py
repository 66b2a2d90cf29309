"""Elementary functions of state, element by element, compiled.

NumPy's own ``exp`` and ``log`` pick vector instructions by processor and array length; these give the same
bits wherever a firm stands in the table.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, vectorize


@vectorize(["float64(float64)"], cache=True)
def exp(x):
    """Exponential."""
    return math.exp(x)


@vectorize(["float64(float64)"], cache=True)
def log(x):
    """Natural logarithm; minus infinity at zero."""
    if x == 0.0:
        return -np.inf
    return math.log(x)


@vectorize(["float64(float64, float64)"], cache=True)
def power(base, exponent):
    """``base ** exponent`` for non-negative bases."""
    return math.pow(base, exponent)


SMALLEST = 1e-12
"""Prices and widths below this are taken for it."""


@vectorize(["float64(" + ", ".join(10 * ["float64"]) + ")"], cache=True)
def quantity_demanded(v, need, value, slope, prize, head_start, scale, price, elasticity, choke):
    """Quantity demanded at the price ``v``: to serve customers, to train, and along an isoelastic curve.

    ``need`` is valued from ``(1 + slope) value`` down to ``(1 - slope) value``; training wants
    ``prize / v - head_start``; a segment ``scale (v / price)^-elasticity`` up to the choke price.
    """
    v = max(v, SMALLEST)
    quantity = 0.0
    if need > 0.0 or prize > 0.0:
        low, width = (1.0 - slope) * value, 2.0 * slope * value
        if width > SMALLEST:
            served = min(max(((1.0 + slope) * value - v) / width, 0.0), 1.0)
        else:
            served = 1.0 if v <= low else 0.0
        quantity = need * served + max(prize / v - head_start, 0.0)
    if scale != 0.0 and v <= choke:
        quantity += scale * math.pow(v / price, -elasticity)
    return quantity


@njit(cache=True)
def logsumexp(x):
    """log(sum(exp(x))) of a vector, added in order."""
    top = x.max()
    total = 0.0
    for value in x:
        total += math.exp(value - top)
    return top + math.log(total)
