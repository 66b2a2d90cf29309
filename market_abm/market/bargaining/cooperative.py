"""Cooperative values of a market: Shapley, Myerson, the core and the least core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from market_abm.market.bargaining.base import Talks, protocol
from market_abm.market.bargaining.games import (
    EXACT_CORE,
    EXACT_SHAPLEY,
    Game,
    Players,
    coalition_surplus,
    market_game,
    members,
    sides,
)
from market_abm.market.bargaining.payouts import nearest_prices
from market_abm.market.problem import Floats, TradeProblem
from market_abm.rng import uniforms

SAMPLES = 60
"""Pairs of permutations (each with its reverse) that a sampled value draws by default."""


@dataclass(frozen=True)
class Value:
    """A value of every player, with the interval of its sampling error.

    Attributes
    ----------
    payoff : array (n,)
    low, high : array (n,)
        95 % interval; equal to the payoff when exact.
    exact : bool
    samples : int
        Permutations drawn; 0 when exact.
    """

    payoff: Floats
    low: Floats
    high: Floats
    exact: bool
    samples: int


def shapley(game: Game) -> Floats:
    """Shapley value of every player, over all coalitions (Shapley 1953).

    Raises
    ------
    ValueError
        If there are more than 20 players.
    """
    n = game.players
    if n > 20:
        raise ValueError(f"the game has {n} players; all coalitions can be listed for at most 20")
    mask = np.arange(game.worth.size)
    size = np.array([int(m).bit_count() for m in mask])
    weight = np.zeros(n + 1)
    weight[:n] = [1.0 / (n * comb(n - 1, k)) for k in range(n)]
    payoff = np.empty(n)
    for k in range(n):
        without = mask[(mask >> k) & 1 == 0]
        gain = game.worth[without | (1 << k)] - game.worth[without]
        payoff[k] = np.cumsum(weight[size[without]] * gain)[-1]
    return payoff


def myerson(game: Game, links: Sequence[tuple[int, int]]) -> Floats:
    """Myerson value: the Shapley value of the game in which only connected players cooperate (Myerson 1977).

    Parameters
    ----------
    links : sequence of (player, player)
        Undirected communication links, players counted from 0.
    """
    partners = [0] * game.players
    for a, b in links:
        partners[a] |= 1 << b
        partners[b] |= 1 << a
    restricted = np.zeros_like(game.worth)
    for mask in range(1, game.worth.size):
        restricted[mask] = sum(game.worth[part] for part in _components(mask, partners))
    return shapley(Game(restricted))


def market_shapley(
    problem: TradeProblem, players: Players | None = None, samples: int = SAMPLES, seed: int = 0
) -> Value:
    """Shapley value of a market's players: exact up to ten, sampled with an interval above.

    Parameters
    ----------
    players : sequence of (sellers, buyers), optional
        Rows of each player; sellers then buyers when left out.
    samples : int
        Pairs of a permutation and its reverse (Castro, Gomez and Tejada 2009; antithetic pairs).
    seed : int
        Seed of the permutations.

    Notes
    -----
    In a trade market coalitions cooperate along links only, so this is also the Myerson value of the links.
    """
    owners = list(sides(problem) if players is None else players)
    n = len(owners)
    if n <= EXACT_SHAPLEY:
        exact = shapley(market_game(problem, owners))
        return Value(exact, exact, exact, True, 0)
    if samples < 2:
        raise ValueError(f"samples is {samples}; an interval needs at least 2 pairs of permutations")
    worth = coalition_surplus(problem, owners)
    drawn = np.zeros((samples, n))
    for s in range(samples):
        order = np.argsort(uniforms(seed, f"shapley-{s}", [str(k) for k in range(n)]), kind="stable")
        for path in (order, order[::-1]):
            before, coalition = 0.0, []
            for k in path:
                coalition.append(int(k))
                after = worth(coalition)
                drawn[s, k] += 0.5 * (after - before)
                before = after
    mean = drawn.mean(axis=0)
    half = 1.96 * drawn.std(axis=0, ddof=1) / np.sqrt(samples)
    return Value(mean, mean - half, mean + half, False, 2 * samples)


@dataclass(frozen=True)
class Core:
    """The core of a game.

    Attributes
    ----------
    low, high : array (n,)
        Smallest and largest core payoff of each player; NaN where the core is empty.
    empty : bool
    epsilon : float
        Least-core epsilon: what every proper coalition must be taxed so that none gains by leaving; negative
        when the core has room.
    least_core : array (n,)
        One payoff in the least core.
    """

    low: Floats
    high: Floats
    empty: bool
    epsilon: float
    least_core: Floats


def core_interval(market: Game | TradeProblem, players: Players | None = None) -> Core:
    """Smallest and largest core payoff of each player, by linear programmes over all coalitions.

    Parameters
    ----------
    market : Game or TradeProblem
        Of at most twelve players; a problem's players are its sellers, then its buyers, unless given.

    Notes
    -----
    With divisible compute and sellers apart from buyers the core is never empty (Owen 1975). A firm's largest
    core payoff is at most its marginal contribution, and lies below it for firms with many units.
    """
    from scipy.optimize import linprog

    game = market if isinstance(market, Game) else market_game(market, players)
    n = game.players
    if n > EXACT_CORE:
        raise ValueError(f"the game has {n} players; the core is computed for at most {EXACT_CORE}")
    masks = np.arange(1, game.worth.size - 1)
    rows = -((masks[:, None] >> np.arange(n)) & 1).astype(float)
    bound = -game.worth[masks]
    total = np.ones((1, n))
    free = [(None, None)] * n
    scale = max(1.0, float(np.abs(game.worth).max()))
    if n == 1:
        one = game.worth[1:].copy()
        return Core(one, one, False, 0.0, one)
    taxed = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.hstack([rows, -np.ones((len(masks), 1))]),
        b_ub=bound,
        A_eq=np.append(total, 0.0)[None, :],
        b_eq=[game.worth[-1]],
        bounds=[*free, (None, None)],
        method="highs",
    )
    _solved(taxed)
    epsilon = float(taxed.x[-1])
    if epsilon > 1e-9 * scale:
        nothing = np.full(n, np.nan)
        return Core(nothing, nothing, True, epsilon, taxed.x[:n])
    ends = np.empty((2, n))
    for k in range(n):
        for side, sign in enumerate((1.0, -1.0)):
            goal = np.zeros(n)
            goal[k] = sign
            best = linprog(
                goal,
                A_ub=rows,
                b_ub=bound + 1e-12 * scale,
                A_eq=total,
                b_eq=[game.worth[-1]],
                bounds=free,
                method="highs",
            )
            _solved(best)
            ends[side, k] = best.x[k]
    return Core(ends[0], ends[1], False, epsilon, taxed.x[:n])


@protocol("shapley")
def shapley_prices(talks: Talks) -> Floats:
    """Prices of the links that come closest to the Shapley values of all sellers and buyers.

    Exact up to ten players, sampled above. Shapley (1953); for one buyer and its suppliers Stole and Zwiebel
    (1996), with Bruegemann, Gautier and Menzio (2019) on the game that implements it. The bargaining weight
    plays no part. Players who do not trade can have a positive value, which no price can pay:
    ``notes["missed_value"]`` is the surplus that goes elsewhere than the values say.
    """
    return _value_prices(talks, talks.problem)


@protocol("myerson")
def myerson_prices(talks: Talks) -> Floats:
    """Prices that come closest to the Myerson values of the links that TRADE.

    Myerson (1977), de Fontenay and Gans (2014). Only agreements in force connect players, so a link that
    could trade and does not gives nobody an outside option: the contrast to ``shapley`` is what such links
    are worth.
    """
    return _value_prices(talks, talks.problem.replace(linked=talks.allocation.flow > 0.0))


def _value_prices(talks: Talks, problem: TradeProblem) -> Floats:
    value = market_shapley(problem)
    price, missed = nearest_prices(talks, value.payoff)
    talks.notes["exact"] = value.exact
    talks.notes["widest_interval"] = float((value.high - value.low).max(initial=0.0))
    talks.notes["missed_value"] = missed
    return price


def _components(mask: int, partners: Sequence[int]) -> list[int]:
    parts = []
    while mask:
        part = frontier = mask & -mask
        while frontier:
            reach = 0
            for k in members(frontier):
                reach |= partners[k]
            frontier = reach & mask & ~part
            part |= frontier
        parts.append(part)
        mask &= ~part
    return parts


def _solved(result) -> None:
    if result.status != 0:
        raise RuntimeError(f"HiGHS did not solve a core programme: {result.message}")
