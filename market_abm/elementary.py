"""Elementary functions of state, element by element, compiled.

NumPy's own ``exp`` and ``log`` pick vector instructions by processor and array length; these give the same
bits wherever a firm stands in the table.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, vectorize


def _elementwise(*types):
    """Compile a function of numbers into one of arrays."""

    def compiled(function):
        ufunc = vectorize(list(types), cache=True)(function)
        # Numba asks every argument first whether its type overrides ufuncs; arrays and numbers do not.
        return super(type(ufunc), ufunc).__call__

    return compiled


@_elementwise("float64(float64)")
def exp(x):
    """Exponential."""
    return math.exp(x)


@_elementwise("float64(float64)")
def log(x):
    """Natural logarithm; minus infinity at zero."""
    if x == 0.0:
        return -np.inf
    return math.log(x)


@_elementwise("float64(float64)")
def expm1(x):
    """Exponential less one, to all digits near zero."""
    return math.expm1(x)


@_elementwise("float64(float64, float64)")
def power(base, exponent):
    """``base ** exponent`` for non-negative bases."""
    return math.pow(base, exponent)


SMALLEST = 1e-12
"""Prices and widths below this are taken for it."""


@_elementwise("float64(float64, float64, float64, float64)")
def isoelastic(v, price, elasticity, choke):
    """``(v / price)^-elasticity`` up to the choke price, zero above it; zero where ``elasticity`` is NaN."""
    v = max(v, SMALLEST)
    if v > choke or math.isnan(elasticity):
        return 0.0
    return math.pow(v / price, -elasticity)


@_elementwise("float64(" + ", ".join(8 * ["float64"]) + ")")
def quantity_demanded(v, need, value, slope, prize, head_start, scale, curve):
    """Quantity demanded at the price ``v``: to serve customers, to train, and along an isoelastic curve.

    ``need`` is valued from ``(1 + slope) value`` down to ``(1 - slope) value``; training wants
    ``prize / v - head_start``; a segment ``scale`` times `isoelastic` at ``v``, which is ``curve``.
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
    if scale != 0.0:
        quantity += scale * curve
    return quantity


@njit(cache=True)
def logsumexp(x):
    """log(sum(exp(x))) of a vector, added in order."""
    top = x.max()
    total = 0.0
    for value in x:
        total += math.exp(value - top)
    return top + math.log(total)


@njit(cache=True)
def inverse_demand(price, demanded, quantity):
    """Price at which each buyer wants ``quantity``, (B,): linear between the falling prices of a ladder.

    ``price`` (N,) and what is ``demanded`` there, (B, N), rising along a row. Beyond the ends the end's price.
    """
    worth = np.empty(len(quantity))
    for b in range(len(quantity)):
        curve, wanted = demanded[b], quantity[b]
        if wanted < curve[0]:
            worth[b] = price[0]
        elif wanted >= curve[-1]:
            worth[b] = price[-1]
        else:
            before, after = 0, len(curve) - 1  # wanted lies from the one rung to below the other
            while after - before > 1:
                middle = (before + after) // 2
                if curve[middle] <= wanted:
                    before = middle
                else:
                    after = middle
            slope = (price[after] - price[before]) / (curve[after] - curve[before])
            worth[b] = price[before] + slope * (wanted - curve[before])
    return worth
