"""Games in characteristic form: what every coalition of firms could make alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from market_abm.market.clearing import clear
from market_abm.market.problem import Floats, TradeProblem

EXACT_SHAPLEY = 10
"""Most players for whom the Shapley and Myerson values are computed over all coalitions."""

EXACT_CORE = 12
"""Most players for whom the core is computed: its programmes have a row for every coalition."""


@dataclass(frozen=True)
class Game:
    """A game with transferable utility.

    Attributes
    ----------
    worth : array (2**n,)
        Value of the coalition whose members are the set bits of the position; worth[0] is 0.
    """

    worth: Floats

    @property
    def players(self) -> int:
        """Number of players n."""
        return int(self.worth.size).bit_length() - 1

    @classmethod
    def from_function(cls, players: int, worth: Callable[[tuple[int, ...]], float]) -> Game:
        """Evaluate ``worth`` on the members of every non-empty coalition."""
        values = np.zeros(1 << players)
        for mask in range(1, 1 << players):
            values[mask] = worth(members(mask))
        return cls(values)

    @classmethod
    def from_members(cls, players: int, worth: Mapping[tuple[int, ...], float]) -> Game:
        """A game given by its coalitions of positive worth, players counted from 0; all others make 0."""
        lookup = {tuple(sorted(coalition)): float(value) for coalition, value in worth.items()}
        return cls.from_function(players, lambda coalition: lookup.get(coalition, 0.0))

    @classmethod
    def matching(cls, players: int, pairs: Sequence[tuple[int, int]], pair_value: float = 1.0) -> Game:
        """A coalition is worth its largest matching among ``pairs`` (each firm trades with one other at
        most).

        Without two sides the core can be empty (Shapley and Shubik 1971).
        """
        partners = [0] * players
        for a, b in pairs:
            partners[a] |= 1 << b
            partners[b] |= 1 << a
        values = np.zeros(1 << players)
        for mask in range(1, 1 << players):
            first = mask.bit_length() - 1
            rest = mask ^ (1 << first)
            best = values[rest]
            for other in members(partners[first] & rest):
                best = max(best, pair_value + values[rest ^ (1 << other)])
            values[mask] = best
        return cls(values)


def members(mask: int) -> tuple[int, ...]:
    """Players of a coalition, ascending."""
    return tuple(k for k in range(mask.bit_length()) if mask >> k & 1)


Players = Sequence[tuple[Sequence[int], Sequence[int]]]
"""A player is the rows of its sellers and the rows of its buyers."""


def sides(problem: TradeProblem) -> Players:
    """Every seller and every buyer a player of its own, sellers first."""
    sellers = [((j,), ()) for j in range(problem.sellers)]
    return [*sellers, *(((), (i,)) for i in range(problem.buyers))]


def market_game(problem: TradeProblem, players: Players | None = None, limit: int = EXACT_CORE) -> Game:
    """What every coalition can make by trading among its own nodes.

    Parameters
    ----------
    problem : TradeProblem
    players : sequence of (sellers, buyers), optional
        Rows that each player owns; sellers then buyers, one player a node, when left out.
    limit : int
        Most players; 2**n markets are cleared.

    Raises
    ------
    ValueError
        If there are more players than ``limit``.
    """
    owners = list(sides(problem) if players is None else players)
    if len(owners) > limit:
        raise ValueError(
            f"the market has {len(owners)} players; all coalitions are listed for at most {limit}:"
            " join nodes under owners, or use the sampled value"
        )
    play = coalition_surplus(problem, owners)
    return Game.from_function(len(owners), play)


def coalition_surplus(problem: TradeProblem, players: Players) -> Callable[[Sequence[int]], float]:
    """The surplus of a coalition as a function of its members; each of them clears one market."""

    def surplus(coalition: Sequence[int]) -> float:
        sellers = sorted(j for k in coalition for j in players[k][0])
        buyers = sorted(i for k in coalition for i in players[k][1])
        if not sellers or not buyers:
            return 0.0
        capacity = np.zeros_like(problem.capacity)
        capacity[sellers] = problem.capacity[sellers]
        quantity = np.zeros_like(problem.block_quantity)
        quantity[buyers] = problem.block_quantity[buyers]
        return clear(
            problem.replace(capacity=capacity, block_quantity=quantity, incumbent=None, tie_key=None)
        ).surplus

    return surplus
