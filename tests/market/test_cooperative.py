"""Shapley, Myerson and the core against brute force and published games."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, bargain, clear, competitive_interval, marginal_contributions
from market_abm.market.bargaining import (
    core_interval,
    market_game,
    market_shapley,
    myerson,
    rational_pair,
    shapley,
)
from market_abm.market.bargaining.base import Talks
from market_abm.market.bargaining.competitive import competitive_payoffs
from market_abm.market.bargaining.games import Game, members, sides
from market_abm.market.bargaining.payouts import nearest_prices
from tests.market.bargains import bilateral
from tests.market.problems import generic_problem, problems

small = problems(most_sellers=2, most_buyers=3, most_blocks=2)


def _by_permutations(game: Game) -> np.ndarray:
    """Mean marginal contribution over all orders."""
    payoff, orders = np.zeros(game.players), 0
    for order in permutations(range(game.players)):
        mask = 0
        for k in order:
            payoff[k] += game.worth[mask | 1 << k] - game.worth[mask]
            mask |= 1 << k
        orders += 1
    return payoff / orders


@st.composite
def games(draw, least=1, most=5):
    n = draw(st.integers(least, most))
    worth = draw(st.lists(st.integers(0, 20), min_size=2**n, max_size=2**n))
    return Game(np.array([0.0, *worth[1:]]))


@settings(deadline=None)
@given(games())
def test_shapley_is_the_mean_over_all_orders(game):
    np.testing.assert_allclose(shapley(game), _by_permutations(game), atol=1e-9)


@settings(deadline=None)
@given(games())
def test_myerson_with_all_links_is_shapley_and_without_links_its_own_worth(game):
    n = game.players
    links = [(a, b) for a in range(n) for b in range(a)]
    np.testing.assert_allclose(myerson(game, links), shapley(game), atol=1e-9)
    alone = [game.worth[1 << k] for k in range(n)]
    np.testing.assert_allclose(myerson(game, []), alone, atol=1e-9)


@settings(deadline=None)
@given(games(least=3), st.data())
def test_myerson_is_fair_and_efficient_by_component(game, data):
    """Breaking a link costs both its ends the same (Myerson 1977)."""
    n = game.players
    pairs = [(a, b) for a in range(n) for b in range(a)]
    links = data.draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    before, after = myerson(game, links), myerson(game, links[1:])
    a, b = links[0]
    assert before[a] - after[a] == pytest.approx(before[b] - after[b], abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(small)
def test_market_game_clears_every_coalition(problem):
    game = market_game(problem)
    players = sides(problem)
    assert game.worth[-1] == pytest.approx(clear(problem).surplus)
    for mask in range(1, game.worth.size):
        inside = members(mask)
        sellers = [j for k in inside for j in players[k][0]]
        buyers = [i for k in inside for i in players[k][1]]
        if not sellers or not buyers:
            assert game.worth[mask] == 0.0
            continue
        part = TradeProblem(
            problem.capacity[sellers],
            problem.unit_cost[sellers],
            problem.block_quantity[buyers],
            problem.block_value[buyers],
            **{
                name: getattr(problem, name)[np.ix_(sellers, buyers)]
                for name in ("switching", "wedge", "tax", "linked", "link_cap")
                if getattr(problem, name) is not None
            },
        )
        assert game.worth[mask] == pytest.approx(clear(part).surplus)


@settings(deadline=None, max_examples=30)
@given(small)
def test_core_holds_the_competitive_payoffs_and_respects_contributions(problem):
    uncapped = problem.replace(link_cap=None)
    core = core_interval(uncapped)
    assert not core.empty
    contribution = marginal_contributions(uncapped, links=False)
    bound = np.concatenate([contribution.seller, contribution.buyer])
    assert np.all(core.high <= bound + 1e-6)
    seller_low, seller_high, buyer_low, buyer_high = competitive_payoffs(uncapped)
    low, high = np.concatenate([seller_low, buyer_low]), np.concatenate([seller_high, buyer_high])
    assert np.all(core.low <= low + 1e-6)
    assert np.all(high <= core.high + 1e-6)


@settings(deadline=None, max_examples=30)
@given(small)
def test_least_core_pays_out_the_surplus_and_leaves_no_coalition_more_than_epsilon(problem):
    game = market_game(problem)
    core = core_interval(game)
    assert core.least_core.sum() == pytest.approx(game.worth[-1], abs=1e-6)
    for mask in range(1, game.worth.size - 1):
        paid = core.least_core[list(members(mask))].sum()
        assert paid >= game.worth[mask] - core.epsilon - 1e-6


def test_core_of_an_integrated_and_a_split_firm():
    """A firm with a lab and a fleet is one player; split, its two halves are two."""
    problem = TradeProblem([2.0, 2.0], [0.0, 0.0], [[2.0], [2.0]], [[10.0], [6.0]])
    whole = core_interval(problem, [((0,), (0,)), ((1,), (1,))])
    assert len(whole.low) == 2 and not whole.empty
    assert whole.low[0] >= 20.0 - 1e-9  # what it makes alone
    assert len(core_interval(problem).low) == 4


def test_core_of_one_player_is_what_it_makes():
    core = core_interval(bilateral(), [((0,), (0,))])
    assert core.low == core.high == pytest.approx(3.0 * 7.15)
    assert core.epsilon == 0.0


def test_even_cycle_of_matching_has_a_core_and_odd_does_not():
    even = core_interval(Game.matching(4, [(0, 1), (1, 2), (2, 3), (3, 0)]))
    odd = core_interval(Game.matching(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]))
    assert not even.empty and even.epsilon <= 1e-9
    assert odd.empty and odd.epsilon > 0.05
    assert np.isnan(odd.low).all()


def test_sampled_shapley_covers_the_exact_value_and_repeats():
    problem = generic_problem(np.random.default_rng(2), 5, 6, 2)
    exact = shapley(market_game(problem, limit=11))
    sampled = market_shapley(problem, samples=200, seed=4)
    assert not sampled.exact and sampled.samples == 400
    assert sampled.payoff.sum() == pytest.approx(clear(problem).surplus)
    inside = (sampled.low <= exact) & (exact <= sampled.high)
    assert inside.sum() >= 9
    np.testing.assert_allclose(sampled.payoff, exact, atol=0.1 * exact.max())
    again = market_shapley(problem, samples=200, seed=4)
    np.testing.assert_array_equal(again.payoff, sampled.payoff)
    assert not np.array_equal(market_shapley(problem, samples=200, seed=5).payoff, sampled.payoff)
    wide, narrow = market_shapley(problem, samples=20), sampled
    assert (wide.high - wide.low).mean() > (narrow.high - narrow.low).mean()


def test_exact_up_to_ten_players():
    value = market_shapley(generic_problem(np.random.default_rng(1), 4, 6, 2))
    assert value.exact and value.samples == 0
    np.testing.assert_array_equal(value.low, value.high)


@pytest.mark.parametrize("name", ["shapley", "myerson"])
def test_prices_pay_the_shapley_value_where_prices_can(name):
    """Two sellers and a buyer of all they have: a star, so two prices pay three values."""
    problem = TradeProblem([1.0, 2.0], [1.0, 2.0], [[2.0, 1.0]], [[10.0, 7.0]])
    value = market_shapley(problem)
    deal = bargain(problem, protocol=name)
    allocation = clear(problem)
    income = np.nansum(deal.price * allocation.flow, axis=1) - allocation.flow[:, 0] * problem.unit_cost
    np.testing.assert_allclose(income, value.payoff[:2], atol=1e-6)
    assert deal.notes["missed_value"] == pytest.approx(0.0, abs=1e-6)
    assert deal.notes["exact"] is True


def test_shapley_pays_outsiders_whom_no_price_can_pay():
    """Of two buyers for one unit the loser has a Shapley value but no trade; under Myerson it has none."""
    problem = TradeProblem([1.0], [0.0], [[1.0], [1.0]], [[10.0], [8.0]])
    value = market_shapley(problem)
    assert value.payoff[2] > 0.5
    common, trading = (bargain(problem, protocol=name) for name in ("shapley", "myerson"))
    assert common.notes["missed_value"] == pytest.approx(value.payoff[2], rel=1e-3)
    assert trading.notes["missed_value"] == pytest.approx(0.0, abs=1e-6)
    assert trading.price[0, 0] == pytest.approx(5.0)
    assert common.price[0, 0] > 6.0


def test_nash_in_nash_of_one_buyer_and_its_stars_differs_from_shapley():
    problem = TradeProblem([1.0, 1.0], [0.0, 0.0], [[1.0, 1.0]], [[10.0, 4.0]])
    nash, value = (bargain(problem, protocol=name).price[0, 0] for name in ("nash_in_nash", "shapley"))
    assert nash == pytest.approx(2.0)
    assert value == pytest.approx(3.0)


def test_too_many_players_are_refused():
    problem = generic_problem(np.random.default_rng(0), 7, 6, 1)
    with pytest.raises(ValueError, match="has 13 players"):
        market_game(problem)
    with pytest.raises(ValueError, match="computed for at most 12"):
        core_interval(Game(np.zeros(1 << 13)))
    with pytest.raises(ValueError, match="at most 20"):
        shapley(Game(np.zeros(1 << 21)))
    with pytest.raises(ValueError, match="at least 2"):
        market_shapley(problem, samples=1)


def test_competitive_interval_of_unit_demands_is_the_core():
    """With one unit each the two coincide (Shapley and Shubik 1971)."""
    problem = TradeProblem(
        np.ones(3), [18.0, 15.0, 19.0], np.ones((3, 1)), [[23.0], [26.0], [21.0]],
        switching=[[0.0, 0.0, 1.0], [1.0, 2.0, 0.0], [2.0, 4.0, 4.0]],
    )  # fmt: skip
    core = core_interval(problem)
    low, high = competitive_interval(problem)
    np.testing.assert_allclose(core.low[:3], low - problem.unit_cost, atol=1e-6)
    np.testing.assert_allclose(core.high[:3], high - problem.unit_cost, atol=1e-6)


@pytest.mark.parametrize("target", [0.0, 1e3])
def test_no_target_moves_a_price_beyond_cost_or_the_buyers_average_value(target):
    problem = TradeProblem([4.0], [1.0], [[2.0, 2.0]], [[10.0, 6.0]], switching=0.5)
    talks = _talks(problem)
    price, _ = nearest_prices(talks, np.array([target, 26.0 - target]))
    np.testing.assert_allclose(price, 8.0 - 0.5 if target else 1.0)


def test_a_trade_without_room_is_paid_its_cost_whatever_the_target():
    price, missed = nearest_prices(_talks(bilateral(2.0, 1.001, 1.0, 0.0, 0.0, 0.0)), np.array([5.0, 0.0]))
    np.testing.assert_allclose(price, 1.001)
    assert missed == pytest.approx(0.5 * (5.0 - 0.002))


def _talks(problem: TradeProblem) -> Talks:
    allocation = clear(problem)
    pair = rational_pair(allocation)
    return Talks(problem, allocation, pair, np.full(len(pair.seller), 0.5), {})
