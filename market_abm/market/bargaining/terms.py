"""What a contract on offer says about time: how long rerouting takes, what notice and term a buyer gets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.market.contracts import notice_weight

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """Times that decide how much of a supplier's loss a buyer would really bear.

    Attributes
    ----------
    quarters_to_reroute : scalar or array (S, B)
        R: quarters until buyer i is served by somebody else.
    notice : scalar or array (S, B)
        n: quarters of notice that i would get.
    term : scalar or array (S, B)
        H: quarters on offer, at least 1.
    discount : float
        Discount factor a quarter, in (0, 1].
    """

    quarters_to_reroute: ArrayLike = 1.0
    notice: ArrayLike = 1.0
    term: ArrayLike = 4.0
    discount: float = 0.975

    @classmethod
    def from_links(
        cls,
        linked: ArrayLike,
        *,
        notice: ArrayLike = 1.0,
        term: ArrayLike = 4.0,
        discount: float = 0.975,
        qualification_lag: float = 3.0,
        owner: ArrayLike | None = None,
    ) -> Terms:
        """Rerouting takes one quarter with another qualified supplier, else the qualification lag.

        Parameters
        ----------
        linked : bool array (S, B)
            Who is qualified to supply whom.
        owner : int array (S,), optional
            Owners of the sellers: another seller of the same owner is no way around it.
        """
        linked = np.asarray(linked, bool)
        codes = (np.arange(len(linked)) if owner is None else np.asarray(owner))[:, None]
        # Somebody else is linked where not all codes of those who are linked to a buyer are the seller's.
        lowest = np.minimum.reduce(np.where(linked, codes, np.inf), 0, initial=np.inf)
        highest = np.maximum.reduce(np.where(linked, codes, -np.inf), 0, initial=-np.inf)
        others = (lowest < codes) | (highest > codes)
        return cls(np.where(others, 1.0, float(qualification_lag)), notice, term, discount)

    def weight(self, shape: tuple[int, int], seller: NDArray, buyer: NDArray) -> Floats:
        """Weight w of the buyer's loss without the link in its ceiling, one a link (L,).

        ``w = (1 - d^max(R - n, 0)) / (1 - d^H)``: a single-sourced buyer loses for the quarters until it has
        rerouted, less those for which it has notice, and not for ever. At most 1: nobody loses for longer
        than the term on offer.
        """
        return at_links(self._weights, shape, seller, buyer)

    @cached_property
    def _weights(self) -> Floats:
        """Weights of all links, in a shape that broadcasts to theirs."""
        bound = np.asarray(self.quarters_to_reroute, float) - np.asarray(self.notice, float)
        return notice_weight(np.maximum(bound, 0.0), self.term, self.discount)


def at_links(values: Floats, shape: tuple[int, int], seller: NDArray, buyer: NDArray) -> Floats:
    """What holds for links, in a shape that broadcasts to theirs, one a link (L,)."""
    if values.shape != shape:
        spread = np.empty(shape)
        spread[:] = values
        values = spread
    return values[seller, buyer]
