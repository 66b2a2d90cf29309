"""One interface for all bargaining protocols: the talks, the registry, the result."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_abm import plugins
from market_abm.market.bargaining.held import Held
from market_abm.market.bargaining.rational import LeverageSplit, RationalPair, rational_pair
from market_abm.market.bargaining.terms import Terms, at_links
from market_abm.market.clearing import Allocation, clear
from market_abm.market.problem import Floats, TradeProblem


@dataclass(frozen=True)
class Talks:
    """What a protocol sees: the market, the links that trade and their outside options.

    Attributes
    ----------
    problem : TradeProblem
    allocation : Allocation or Held
    pair : RationalPair
        One row a link, arrays (L,).
    beta : array (L,)
        The seller's bargaining weight.
    notes : dict
        Counts and lists that the protocol wants to report; it may add to them.
    """

    problem: TradeProblem
    allocation: Allocation | Held
    pair: RationalPair
    beta: Floats
    notes: dict[str, Any]


Protocol = Callable[[Talks], Floats]
"""A protocol prices the links of the talks: returns (L,) prices in MUSD/kHQ, NaN where it cannot."""

_PROTOCOLS: dict[str, Protocol] = {}


def protocol(name: str) -> Callable[[Protocol], Protocol]:
    """Register a protocol under a name (decorator).

    Raises
    ------
    ValueError
        If another function holds the name.
    """

    def register(function: Protocol) -> Protocol:
        held = _PROTOCOLS.get(name)
        if held is not None and (held.__module__, held.__qualname__) != (
            function.__module__,
            function.__qualname__,
        ):
            raise ValueError(
                f"protocol {name!r} is taken by {held.__module__}.{held.__qualname__}: choose another"
            )
        _PROTOCOLS[name] = function
        plugins.note("protocol", name, function, lambda: _PROTOCOLS.pop(name, None))
        return function

    return register


def protocols() -> list[str]:
    """Names of all registered protocols, sorted."""
    return sorted(_PROTOCOLS)


def find_protocol(name: str) -> Protocol:
    """The protocol of a name; where it is not known, plugins are loaded first.

    Raises
    ------
    ValueError
        If there is none, with the nearest name.
    """
    if name not in _PROTOCOLS:
        plugins.load()
    if name not in _PROTOCOLS:
        near = difflib.get_close_matches(str(name), _PROTOCOLS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        told = f"protocol is {name!r}; it must be one of {', '.join(protocols())}.{hint} {plugins.trouble()}"
        raise ValueError(told.strip())
    return _PROTOCOLS[name]


@dataclass(frozen=True, eq=False)
class Bargain:
    """Prices of the links that trade, with the outside options around them; (S, B), NaN where no trade.

    Attributes
    ----------
    protocol : str
    price : array
        What the buyer pays the seller, MUSD/kHQ.
    floor, ceiling : array
        The rational pair.
    value : array
        vbar: the buyer's average loss without the link, net of switching and tax.
    replacement : array
        rho: what the buyer would pay to obtain the volume elsewhere.
    pair : RationalPair
        The same, one row a link.
    notes : dict
        ``links``; ``out_of_line`` (floor above value) and ``crossed`` (floor above ceiling), counts; what
        the protocol adds.
    """

    protocol: str
    price: Floats
    floor: Floats
    ceiling: Floats
    value: Floats
    replacement: Floats
    pair: RationalPair
    notes: dict[str, Any] = field(default_factory=dict)

    def leverage_split(self) -> LeverageSplit:
        """Seller-secured, buyer-secured and contested shares of each link's gross surplus, (S, B)."""
        split = self.pair.leverage_split()
        return LeverageSplit(
            self._matrix(split.seller_secured),
            self._matrix(split.buyer_secured),
            self._matrix(split.contested),
            self._matrix(split.gross_surplus_usd),
        )

    def realised_share(self) -> Floats:
        """Seller's share of the gross surplus that the prices pay, (S, B)."""
        return self._matrix(self.pair.realised_share(self._prices()))

    def bargaining_index(self) -> Floats:
        """lambda = (p - floor) / (ceiling - floor), (S, B); NaN where the width is below 1e-9."""
        return self._matrix(self.pair.bargaining_index(self._prices()))

    def _prices(self) -> Floats:
        return self.price[self.pair.seller, self.pair.buyer]

    def _matrix(self, values: Floats) -> Floats:
        return scatter(values, self.pair, self.price.shape)


def bargain(
    problem: TradeProblem,
    allocation: Allocation | Held | None = None,
    protocol: str = "split",
    beta: ArrayLike = 0.5,
    terms: Terms | None = None,
) -> Bargain:
    """Price every link that trades.

    Parameters
    ----------
    problem : TradeProblem
    allocation : Allocation, optional
        The problem's allocation; cleared here when left out.
    protocol : str
        A registered name, see `protocols`.
    beta : float or array (S, B)
        The seller's bargaining weight, in [0, 1].
    terms : Terms, optional
        Time to reroute, notice, term and discount factor; without them the ceiling is the replacement cost.

    Raises
    ------
    ValueError
        If the protocol is unknown, beta lies outside [0, 1], or the allocation belongs to another problem.
    """
    chosen = find_protocol(protocol)
    allocation = clear(problem) if allocation is None else allocation
    if allocation.problem is not problem and allocation.flow.shape != (problem.sellers, problem.buyers):
        raise ValueError(
            f"the allocation has shape {allocation.flow.shape} and the problem"
            f" {(problem.sellers, problem.buyers)}: pass clear(problem)"
        )
    weight = np.asarray(beta, dtype=np.float64)
    if not ((weight >= 0.0) & (weight <= 1.0)).all():
        raise ValueError(f"beta is {beta!r}; the seller's bargaining weight must lie between 0 and 1")
    pair = rational_pair(allocation, None, terms)
    shape = allocation.flow.shape
    notes: dict[str, Any] = {
        "links": len(pair.seller),
        "out_of_line": int(np.count_nonzero(pair.out_of_line)),
        "crossed": int(np.count_nonzero(pair.crossed)),
    }
    beta_of_link = at_links(weight, shape, pair.seller, pair.buyer)
    talks = Talks(allocation.problem, allocation, pair, beta_of_link, notes)
    columns = (chosen(talks), pair.floor, pair.ceiling, pair.value, pair.replacement)
    price, floor, most, value, replacement = scatter(columns, pair, shape)
    return Bargain(protocol, price, floor, most, value, replacement, pair, notes)


def scatter(values: Sequence[Floats] | Floats, pair: RationalPair, shape: tuple[int, ...]) -> Floats:
    """Values of links (L,), or several columns of them (n, L), in the shape of the problem, NaN elsewhere."""
    columns = np.asarray(values)
    matrix = np.empty((*columns.shape[:-1], *shape))
    matrix.fill(np.nan)
    matrix[..., pair.seller, pair.buyer] = columns
    return matrix
