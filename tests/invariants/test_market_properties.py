"""What holds in every market, on random ones: contributions, values, the core, prices under every protocol."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import (
    TradeProblem,
    bargain,
    clear,
    clear_spot,
    core_interval,
    cournot,
    marginal_contributions,
)
from market_abm.market.bargaining import market_shapley, rational_pair
from market_abm.market.bargaining.competitive import competitive_payoffs
from market_abm.market.bargaining.games import market_game
from tests.market.problems import problems

PROTOCOLS = ("split", "nash_in_nash", "nntr", "competitive", "auction")
"""Those that answer in closed form; the others are exact only to a tolerance or dear to compute."""

protocol = st.sampled_from(PROTOCOLS)
beta = st.floats(0.0, 1.0)
small = problems(most_sellers=3, most_buyers=3, most_blocks=2)
tiny = problems(most_sellers=2, most_buyers=2, most_blocks=2)
FEW, MANY = settings(max_examples=25), settings(max_examples=60)


def with_link(problem: TradeProblem, j: int, i: int) -> TradeProblem:
    """The problem with a link open to any volume."""
    linked = problem.linked.copy()
    linked[j, i] = True
    return problem.replace(linked=linked)


def node(data: st.DataObject, count: int) -> int:
    """One of ``count`` rows."""
    return data.draw(st.integers(0, count - 1))


def scaled(problem: TradeProblem, money: float = 1.0, volume: float = 1.0) -> TradeProblem:
    """The problem in other units."""
    return problem.replace(
        capacity=problem.capacity * volume,
        unit_cost=problem.unit_cost * money,
        block_quantity=problem.block_quantity * volume,
        block_value=problem.block_value * money,
        switching=problem.switching * money,
        wedge=problem.wedge * money,
        tax=problem.tax * money,
        link_cap=None if problem.link_cap is None else problem.link_cap * volume,
        incumbent=None if problem.incumbent is None else problem.incumbent * volume,
    )


def with_idle_seller(problem: TradeProblem, at: int) -> TradeProblem:
    """The problem with a seller that has no capacity, reaching everybody."""
    more = {
        name: np.insert(getattr(problem, name), at, filled, axis=0)
        for name, filled in (("switching", 0.0), ("wedge", 0.0), ("tax", 0.0), ("linked", True), ("link_cap", np.inf),
                             ("incumbent", 0.0), ("tie_key", 0.5))
        if getattr(problem, name) is not None
    }  # fmt: skip
    capacity, cost = np.insert(problem.capacity, at, 0.0), np.insert(problem.unit_cost, at, 0.0)
    return TradeProblem(capacity, cost, problem.block_quantity, problem.block_value, **more)


@MANY
@given(small, protocol, beta)
def test_what_sellers_earn_and_buyers_keep_is_the_surplus(problem, name, weight):
    """Money is conserved in every bargain that prices all links."""
    deal = bargain(problem, protocol=name, beta=weight)
    pair, allocation = deal.pair, clear(problem)
    price = deal.price[pair.seller, pair.buyer]
    if not np.isfinite(price).all():
        return
    earned = ((price - pair.unit_cost - pair.wedge) * pair.quantity).sum()
    until = np.cumsum(problem.block_quantity, axis=1)
    taken = np.clip(allocation.served[:, None] - until + problem.block_quantity, 0.0, problem.block_quantity)
    extra = (problem.switching + problem.tax)[pair.seller, pair.buyer]
    kept = (taken * problem.block_value).sum() - ((price + extra) * pair.quantity).sum()
    assert earned + kept == pytest.approx(allocation.surplus, abs=1e-6)


@MANY
@given(small, protocol, beta)
def test_the_same_market_is_priced_with_the_same_bits(problem, name, weight):
    one, two = (bargain(problem, protocol=name, beta=weight).price for _ in range(2))
    assert one.tobytes() == two.tobytes()


@MANY
@given(small, protocol, beta, st.sampled_from([2.0, 3.0, 7.0]))
def test_prices_are_in_the_currency_of_the_market(problem, name, weight, money):
    one = bargain(problem, protocol=name, beta=weight).price
    two = bargain(scaled(problem, money=money), protocol=name, beta=weight).price
    np.testing.assert_allclose(two, money * one, atol=1e-6)


@MANY
@given(small, protocol, beta, st.sampled_from([2.0, 5.0]))
def test_prices_do_not_depend_on_the_unit_of_compute(problem, name, weight, volume):
    """The excluded bid and the auction's rejected bid are those of the next unit, whatever the unit."""
    one = bargain(problem, protocol=name, beta=weight).price
    two = bargain(scaled(problem, volume=volume), protocol=name, beta=weight).price
    np.testing.assert_allclose(two, one, atol=1e-6)


@MANY
@given(small, protocol, beta, st.integers(0, 3))
def test_an_idle_seller_changes_no_price(problem, name, weight, at):
    at = min(at, problem.sellers)
    one = bargain(problem, protocol=name, beta=weight).price
    two = bargain(with_idle_seller(problem, at), protocol=name, beta=weight).price
    np.testing.assert_allclose(np.delete(two, at, axis=0), one, atol=1e-9)


@MANY
@given(small, protocol, beta, st.randoms(use_true_random=False))
def test_relabelled_rows_have_the_same_prices(problem, name, weight, random):
    s, b = (random.sample(range(n), n) for n in (problem.sellers, problem.buyers))
    keys = np.random.default_rng(random.randrange(10**6)).random(problem.linked.shape)
    here = problem.replace(tie_key=keys)
    moved = {
        name: getattr(here, name)[np.ix_(s, b)]
        for name in ("switching", "wedge", "tax", "linked", "link_cap", "incumbent", "tie_key")
        if getattr(here, name) is not None
    }
    other = TradeProblem(
        here.capacity[s], here.unit_cost[s], here.block_quantity[b], here.block_value[b], **moved
    )
    one = bargain(here, protocol=name, beta=weight).price
    two = bargain(other, protocol=name, beta=weight).price
    np.testing.assert_allclose(two, one[np.ix_(s, b)], atol=1e-9)


@MANY
@given(problems(5, 6, 3), st.data())
def test_a_link_never_lowers_what_its_ends_add(problem, data):
    j, i = node(data, problem.sellers), node(data, problem.buyers)
    before = marginal_contributions(problem, links=False)
    after = marginal_contributions(with_link(problem, j, i), links=False)
    assert after.seller[j] >= before.seller[j]
    assert after.buyer[i] >= before.buyer[i]


@FEW
@given(small, st.data())
def test_a_link_never_lowers_the_shapley_values_of_its_ends(problem, data):
    j, i = node(data, problem.sellers), node(data, problem.buyers)
    before, after = (market_shapley(p).payoff for p in (problem, with_link(problem, j, i)))
    assert after[j] >= before[j] - 1e-9
    assert after[problem.sellers + i] >= before[problem.sellers + i] - 1e-9


@MANY
@given(problems(5, 6, 3), st.data())
def test_a_sellers_exit_raises_what_the_others_add(problem, data):
    j = node(data, problem.sellers)
    left = problem.capacity.copy()
    left[j] = 0.0
    before, after = (
        marginal_contributions(p, links=False).seller for p in (problem, problem.replace(capacity=left))
    )
    others = np.arange(problem.sellers) != j
    assert (after[others] >= before[others]).all()


@MANY
@given(problems(5, 6, 3), st.data())
def test_a_sellers_exit_lowers_what_buyers_add(problem, data):
    left = problem.capacity.copy()
    left[node(data, problem.sellers)] = 0.0
    before, after = (
        marginal_contributions(p, links=False).buyer for p in (problem, problem.replace(capacity=left))
    )
    assert (after <= before).all()


@MANY
@given(problems(5, 6, 3), st.data())
def test_own_capacity_raises_what_a_seller_adds(problem, data):
    j = node(data, problem.sellers)
    more = problem.capacity.copy()
    more[j] += 3
    before, after = (
        marginal_contributions(p, links=False).seller[j] for p in (problem, problem.replace(capacity=more))
    )
    assert after >= before


@MANY
@given(problems(5, 6, 3))
def test_sellers_together_add_no_more_than_the_surplus(problem):
    assert marginal_contributions(problem, links=False).seller.sum() <= clear(problem).surplus


@FEW
@given(small)
def test_shapley_values_share_out_the_surplus(problem):
    assert market_shapley(problem).payoff.sum() == pytest.approx(clear(problem).surplus, abs=1e-6)


@FEW
@given(small)
def test_shapley_values_lie_between_the_own_worth_and_the_marginal_contribution_of_a_node(problem):
    """One node alone makes nothing, and with two sides what a node adds to a part of its rivals is bounded."""
    payoff = market_shapley(problem).payoff
    assert (payoff >= -1e-9).all()
    game = market_game(problem)
    most = [
        max(
            game.worth[mask | 1 << k] - game.worth[mask]
            for mask in range(game.worth.size)
            if not mask >> k & 1
        )
        for k in range(game.players)
    ]
    assert (payoff <= np.array(most) + 1e-9).all()


@FEW
@given(small, st.sampled_from([2.0, 5.0]))
def test_shapley_values_are_in_the_currency_of_the_market(problem, money):
    one, two = (market_shapley(p).payoff for p in (problem, scaled(problem, money=money)))
    np.testing.assert_allclose(two, money * one, atol=1e-6)


@FEW
@given(small, st.integers(0, 3))
def test_an_idle_seller_has_no_shapley_value_and_changes_none(problem, at):
    at = min(at, problem.sellers)
    one, two = (market_shapley(p).payoff for p in (problem, with_idle_seller(problem, at)))
    assert two[at] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(np.delete(two, at), one, atol=1e-9)


@FEW
@given(small)
def test_no_core_payoff_exceeds_a_marginal_contribution(problem):
    core = core_interval(problem)
    found = marginal_contributions(problem, links=False)
    assert not core.empty
    assert (core.high <= np.concatenate([found.seller, found.buyer]) + 1e-6).all()


@FEW
@given(tiny)
def test_competitive_payoffs_lie_in_the_core(problem):
    """Both ends of the dual face satisfy every coalition (Owen 1975), not only the bounds of each player."""
    uncapped = problem.replace(link_cap=None)
    game = market_game(uncapped)
    seller_low, seller_high, buyer_low, buyer_high = competitive_payoffs(uncapped)
    for payoff in (np.concatenate([seller_low, buyer_high]), np.concatenate([seller_high, buyer_low])):
        assert payoff.sum() == pytest.approx(game.worth[-1], abs=1e-6)
        for mask in range(game.worth.size):
            inside = (mask >> np.arange(game.players)) & 1 == 1
            assert payoff[inside].sum() >= game.worth[mask] - 1e-6


@FEW
@given(small, st.data())
def test_core_payoffs_are_in_the_currency_of_the_market(problem, data):
    money = data.draw(st.sampled_from([2.0, 4.0]))
    one, two = core_interval(problem), core_interval(scaled(problem, money=money))
    np.testing.assert_allclose(two.low, money * one.low, atol=1e-5)
    np.testing.assert_allclose(two.high, money * one.high, atol=1e-5)


@MANY
@given(problems(4, 4, 3), st.data())
def test_splitting_a_seller_in_two_changes_neither_surplus_nor_what_its_owner_adds(problem, data):
    """Two rows under one owner, with the same links, are measured as the one they were."""
    free = problem.replace(link_cap=None, incumbent=None, tie_key=None)
    j = node(data, problem.sellers)
    part = float(data.draw(st.integers(0, int(problem.capacity[j]))))
    rows = [*range(problem.sellers), j]
    capacity = problem.capacity[rows]
    capacity[j], capacity[-1] = part, problem.capacity[j] - part
    two = TradeProblem(
        capacity, free.unit_cost[rows], free.block_quantity, free.block_value,
        switching=free.switching[rows], wedge=free.wedge[rows], tax=free.tax[rows], linked=free.linked[rows],
    )  # fmt: skip
    owner = np.array(rows)
    whole, split = m.welfare_losses(free), m.welfare_losses(two, owner=owner)
    assert split.surplus == whole.surplus
    np.testing.assert_allclose(split.marginal_contribution, whole.marginal_contribution[rows], atol=1e-6)


@MANY
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 60), st.data())
def test_splitting_a_firm_changes_neither_its_owners_hhi_nor_rsi(capacity, demand, data):
    fleet = np.array(capacity, float)
    j = node(data, len(capacity))
    part = float(data.draw(st.integers(0, capacity[j])))
    rows = np.array([*range(len(capacity)), j])
    split = fleet[rows]
    split[j], split[-1] = part, fleet[j] - part
    if fleet.any():
        by_owner = m.owner_shares(split, owner=rows)
        assert m.hhi(by_owner) == pytest.approx(m.hhi(m.shares(fleet)), rel=1e-12)
    np.testing.assert_allclose(m.rsi(split, [demand], owner=rows), m.rsi(fleet, [demand])[rows])


@MANY
@given(
    st.lists(st.floats(0.01, 0.3), min_size=2, max_size=6),
    st.lists(st.floats(0.1, 1.0), min_size=6, max_size=6),
    st.integers(1, 4),
)
def test_no_interest_and_no_harm_give_no_wedge(parts, margins, sellers):
    share, n = np.array(parts) / max(1.0, sum(parts) * 1.1), len(parts)
    nothing = np.zeros((sellers, n))
    kappa = m.strategic_wedge(np.full(n, 2.0), share, np.array(margins[:n]), nothing, nothing)
    assert (kappa == 0.0).all()


@MANY
@given(
    st.lists(st.floats(0.01, 0.3), min_size=2, max_size=6),
    st.lists(st.floats(0.1, 1.0), min_size=6, max_size=6),
    st.floats(0.05, 1.0),
)
def test_harm_wished_on_the_buyer_makes_the_wedge_positive(parts, margins, weight):
    share, n = np.array(parts) / max(1.0, sum(parts) * 1.1), len(parts)
    harm = np.zeros((1, n))
    harm[0, 0] = weight
    kappa = m.strategic_wedge(np.full(n, 2.0), share, np.array(margins[:n]), np.zeros((1, n)), harm)
    assert kappa[0, 0] > 0.0
    assert (kappa[0, 1:] <= 0.0).all()  # and a sale to its rivals is worth something to such a seller


@MANY
@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=8))
def test_what_a_lab_loses_goes_to_the_others_and_the_outside(parts):
    share = np.array(parts) / (sum(parts) * 1.25)
    total = m.diversion(share).sum(axis=1) + m.diversion_to_outside(share)
    np.testing.assert_allclose(total, 1.0)


@MANY
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=6),
)
def test_the_spot_market_sells_what_it_buys_and_an_idle_offer_changes_nothing(bids, offers):
    def cleared(more):
        (q, v), (o, c) = zip(*bids), zip(*offers, *more)
        return clear_spot(
            np.array(q, float)[:, None], np.array(v, float)[:, None], np.array(o, float), np.array(c, float)
        )

    one, two = cleared(()), cleared([(0, 0)])
    assert one.bought.sum() == one.sold.sum() == one.quantity
    assert two.quantity == one.quantity and two.surplus == one.surplus
    assert two.bought.tolist() == one.bought.tolist()
    assert (two.price == one.price) or (np.isnan(one.price) and np.isnan(two.price)) or one.quantity == 0


@FEW
@given(problems(3, 3, 2), st.sampled_from([2.0, 8.0]))
def test_withholding_does_not_depend_on_the_currency(problem, money):
    one, two = (cournot(p, tie_key=np.arange(p.sellers)) for p in (problem, scaled(problem, money=money)))
    assert one.offered.tolist() == two.offered.tolist()
    assert (one.offered <= problem.capacity + 1e-9).all() and (one.offered >= 0.0).all()


@MANY
@given(problems(5, 6, 3))
def test_outside_options_are_ordered_and_in_the_currency_of_the_market(problem):
    """floor <= rho <= vbar on an optimal allocation."""
    one, two = rational_pair(clear(problem)), rational_pair(clear(scaled(problem, money=3.0)))
    assert (one.floor <= one.replacement + 1e-7).all()
    assert (one.replacement <= one.value + 1e-7).all()
    for name in ("floor", "replacement", "value", "gross_surplus"):
        np.testing.assert_allclose(getattr(two, name), 3.0 * getattr(one, name), atol=1e-6)
