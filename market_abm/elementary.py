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


@njit(cache=True)
def logsumexp(x):
    """log(sum(exp(x))) of a vector, added in order."""
    top = x.max()
    total = 0.0
    for value in x:
        total += math.exp(value - top)
    return top + math.log(total)
