"""How the kernel is compiled: outer functions that make arrays, inner ones that only borrow them."""

from __future__ import annotations

from numba import njit

compiled = njit(cache=True)
"""For functions that make or return arrays."""

borrowing = njit(cache=True, _nrt=False)
"""For functions that read and write the arrays of their callers, and neither make nor return any.

Numba otherwise counts references to every array that passes through a call or out of a named tuple, each time
with an atomic operation: two thirds of the time of a removal.
"""

inlined = njit(cache=True, _nrt=False, forceinline=True)
"""The same, for a few lines that are called in the innermost loops."""
