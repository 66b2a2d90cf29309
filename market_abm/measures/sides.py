"""The short side of each part of the market (Corominas-Bosch 2004).

Gallai-Edmonds or Dulmage-Mendelsohn decomposition of the supplier network: where buyers outnumber what
sellers can serve, sellers are short and take the surplus; where sellers cannot place their capacity, buyers
do; elsewhere the two are even and share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Floats
from market_abm.measures.pivotality import _network

SHORT, EVEN, LONG = 1, 0, -1
CLASS = {SHORT: "short", EVEN: "even", LONG: "long"}


@dataclass(frozen=True, eq=False)
class ShortSide:
    """Class of every node.

    Attributes
    ----------
    seller, buyer : int8 arrays (S,), (B,)
        1 short, 0 even, -1 long; a node without partners is long.
    seller_share : array (S,)
        Seller's share of the link surplus in the limit of patience: 1 short, 0 long, 1/2 even.
    """

    seller: np.ndarray
    buyer: np.ndarray
    seller_share: Floats


def short_side(
    capacity: ArrayLike, demand: ArrayLike, linked: ArrayLike | None = None, link_cap: ArrayLike | None = None
) -> ShortSide:
    """Classify sellers and buyers by what a maximum flow leaves over.

    A buyer is long if it, or one it competes with for the same sellers, can be left unserved; those sellers
    are short. Sellers with spare capacity are long likewise, and their buyers short. Unit capacities and
    demands give the published decomposition of a one-to-one network.

    Parameters
    ----------
    capacity : array (S,)
    demand : array (B,)
        kHQ.
    linked : bool array (S, B), optional
    link_cap : scalar or array (S, B), optional
    """
    from market_abm.measures import _flow

    net, held, wanted = _network(capacity, demand, linked, link_cap)
    _, _, _, starved, glutted = _flow.solve(net, held, wanted, 0.5)
    sellers = len(held)
    seller = np.where(starved[:sellers], SHORT, np.where(glutted[:sellers], LONG, EVEN)).astype(np.int8)
    buyer = np.where(starved[sellers:], LONG, np.where(glutted[sellers:], SHORT, EVEN)).astype(np.int8)
    return ShortSide(seller, buyer, 0.5 * (1.0 + seller.astype(np.float64)))
