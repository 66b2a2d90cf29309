"""Floor, replacement cost and ceiling against hand-made cases, HiGHS and the theory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, clear, competitive_interval, reference
from market_abm.market.bargaining import Terms, rational_pair, with_terms
from market_abm.market.bargaining.rational import WIDTH_MIN, RationalPair
from tests.market.bargains import (
    TOLERANCE,
    check_pair_is_ordered,
    check_pair_of_the_duel,
    duel,
    resale_by_reference,
)
from tests.market.problems import generic_problem, problems


@settings(deadline=None, max_examples=60)
@given(problems())
def test_floor_replacement_and_value_are_ordered(problem):
    check_pair_is_ordered(problem)


@settings(deadline=None, max_examples=60)
@given(problems())
def test_every_competitive_price_lies_between_floor_and_replacement(problem):
    allocation = clear(problem)
    pair = rational_pair(allocation)
    low, high = (end[pair.seller] + pair.wedge for end in competitive_interval(allocation))
    assert np.all(pair.floor <= low + TOLERANCE)
    assert np.all(high <= pair.replacement + TOLERANCE)


@settings(deadline=None, max_examples=60)
@given(problems(most_sellers=3, most_buyers=3, most_blocks=2))
def test_pair_agrees_with_the_reference(problem):
    allocation = clear(problem)
    pair = rational_pair(allocation)
    loss = reference.replacement_loss(problem, allocation.flow)[pair.seller, pair.buyer]
    expected = loss / pair.quantity + pair.unit_cost + pair.wedge
    np.testing.assert_allclose(pair.replacement, expected, atol=1e-6)
    for n, (j, i) in enumerate(zip(pair.seller, pair.buyer)):
        resale = resale_by_reference(problem, allocation.flow, allocation.served, j, i)
        np.testing.assert_allclose(pair.resale[n], resale, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_pair_agrees_with_the_reference_on_a_larger_network(seed):
    problem = generic_problem(np.random.default_rng(seed), 8, 12, 6, degree=3)
    allocation = clear(problem)
    pair = rational_pair(allocation)
    loss = reference.replacement_loss(problem, allocation.flow)[pair.seller, pair.buyer]
    np.testing.assert_allclose(
        pair.replacement, loss / pair.quantity + pair.unit_cost + pair.wedge, rtol=1e-5, atol=1e-5
    )
    for n, (j, i) in enumerate(zip(pair.seller, pair.buyer)):
        resale = resale_by_reference(problem, allocation.flow, allocation.served, j, i)
        np.testing.assert_allclose(pair.resale[n], resale, rtol=1e-5, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(problems())
def test_tree_and_shortest_paths_give_the_same_pair(problem):
    from market_abm.market.kernel.pair import link_pairs
    from market_abm.market.kernel.removal import NO_TREE
    from market_abm.market.kernel.tree import PARENT

    allocation = clear(problem)
    seller, buyer = np.nonzero(allocation.flow > 0.0)
    net, tree, links = allocation._state
    without = tree.copy()
    without[PARENT, -1] = NO_TREE
    by_tree = link_pairs(net, tree, links, seller, buyer)
    by_paths = link_pairs(net, without, links, seller, buyer)
    np.testing.assert_array_equal(by_tree, by_paths)
    assert np.all(np.isfinite(by_tree))


def test_pair_of_the_duel_by_hand():
    check_pair_of_the_duel()


def test_excluded_buyer_bids_with_the_costs_of_its_own_link():
    problem = duel(third=6.0).replace(
        switching=[[0.0, 0.5], [1.0, 0.0]], wedge=[[0.2, 1.0], [0.0, 0.0]], tax=[[0.0, 0.25], [0.0, 0.0]]
    )
    pair = rational_pair(clear(problem.replace(capacity=[3.0, 0.0])), [(0, 0)])
    np.testing.assert_allclose(pair.excluded, 6.0 - 0.5 - 1.0 - 0.25)
    np.testing.assert_allclose(pair.floor, 0.2 + pair.excluded)


def test_link_cap_or_missing_link_silences_an_excluded_buyer():
    problem = duel(third=6.0).replace(capacity=[3.0, 0.0])
    capped = problem.replace(link_cap=[[9.0, 0.0], [9.0, 9.0]])
    unlinked = problem.replace(linked=[[True, False], [True, False]])
    for quiet in (capped, unlinked):
        pair = rational_pair(clear(quiet), [(0, 0)])
        np.testing.assert_allclose(pair.floor, pair.unit_cost)
        assert pair.excluded[0] == -np.inf


def test_resale_reaches_a_buyer_through_another_seller():
    """Seller 0 cannot serve the excluded buyer, but relieves seller 1, who can."""
    problem = TradeProblem(
        [2.0, 2.0],
        [0.0, 0.0],
        [[2.0], [2.0], [2.0]],
        [[10.0], [9.0], [7.0]],
        linked=[[True, True, False], [False, True, True]],
    )
    allocation = clear(problem)
    assert allocation.flow[0, 0] == 2.0 and allocation.flow[1, 1] == 2.0
    pair = rational_pair(allocation, [(0, 0)])
    assert pair.excluded[0] == -np.inf
    np.testing.assert_allclose(pair.resale, 7.0)


def test_without_another_supplier_the_replacement_cost_is_the_loss():
    problem = duel().replace(capacity=[3.0, 0.0])
    pair = rational_pair(clear(problem), [(0, 0)])
    np.testing.assert_allclose(pair.replacement, pair.value)


def test_chosen_links_equal_the_whole():
    problem = generic_problem(np.random.default_rng(3), 6, 8, 5)
    allocation = clear(problem)
    whole = rational_pair(allocation, terms=Terms(2.0, 1.0, 4.0))
    for n in range(len(whole.seller)):
        one = rational_pair(allocation, [(whole.seller[n], whole.buyer[n])], Terms(2.0, 1.0, 4.0))
        for name in ("floor", "ceiling", "value", "replacement", "resale", "excluded", "quantity"):
            np.testing.assert_array_equal(getattr(one, name), getattr(whole, name)[n : n + 1])


def test_link_without_volume_is_refused():
    problem = duel(third=1.5)
    with pytest.raises(ValueError, match=r"seller 1, buyer 0\) carries no volume"):
        rational_pair(clear(problem), [(1, 0)])


def test_ceiling_weighs_loss_and_replacement():
    """R = 3, n = 1, H = 4, d = 0.9: w = (1 - d^2) / (1 - d^4)."""
    allocation = clear(duel())
    pair = rational_pair(allocation, [(0, 0)], Terms(3.0, 1.0, 4.0, 0.9))
    weight = (1 - 0.9**2) / (1 - 0.9**4)
    np.testing.assert_allclose(pair.ceiling, weight * pair.value + (1 - weight) * pair.replacement)


@pytest.mark.parametrize(
    ("reroute", "notice", "weight"), [(1, 1, 0.0), (1, 3, 0.0), (9, 0, 1.0), (4, 0, 1.0)]
)
def test_weight_at_its_ends(reroute, notice, weight):
    pair = rational_pair(clear(duel()), [(0, 0)], Terms(reroute, notice, 4.0, 0.9))
    np.testing.assert_allclose(pair.ceiling, weight * pair.value + (1 - weight) * pair.replacement)


@settings(deadline=None, max_examples=60)
@given(problems(), st.integers(0, 4), st.floats(0.5, 1.0))
def test_longer_notice_never_lowers_what_the_buyer_has_secured(problem, notice, discount):
    allocation = clear(problem)
    short = rational_pair(allocation, terms=Terms(4.0, notice, 4.0, discount))
    long = with_terms(short, Terms(4.0, notice + 1.0, 4.0, discount), allocation.flow.shape)
    before, after = short.leverage_split().buyer_secured, long.leverage_split().buyer_secured
    usable = np.isfinite(before)
    assert np.all(after[usable] >= before[usable] - TOLERANCE)


def test_longer_notice_raises_the_buyers_share_in_the_duel():
    shares = []
    for notice in (0.0, 1.0, 2.0):
        pair = rational_pair(clear(duel()), [(0, 0)], Terms(3.0, notice, 4.0))
        shares.append(pair.leverage_split().buyer_secured[0])
    assert shares[0] < shares[1] < shares[2]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 40), st.integers(1, 40))
def test_lower_switching_costs_raise_the_buyers_share(high, fall):
    """As long as the other supplier would be used at all (its switching cost stays below the surplus)."""
    dear, cheap = 0.2 * high, max(0.2 * (high - fall), 0.1)
    if cheap >= dear:
        return
    share = [
        rational_pair(clear(duel(switching=s, third=0.5)), [(0, 0)]).leverage_split().buyer_secured[0]
        for s in (dear, cheap)
    ]
    assert share[1] > share[0]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 29))
def test_entry_raises_the_buyers_share(tenths):
    before = rational_pair(clear(duel(entrant=0.0, third=0.5)), [(0, 0)]).leverage_split()
    after = rational_pair(clear(duel(entrant=tenths / 10.0, third=0.5)), [(0, 0)]).leverage_split()
    assert before.buyer_secured[0] == pytest.approx(0.0, abs=1e-12)
    assert after.buyer_secured[0] > 0.0


def test_reroute_is_fast_only_with_another_qualified_supplier():
    terms = Terms.from_links([[True, True], [True, False]], notice=0.0, qualification_lag=3.0)
    np.testing.assert_array_equal(terms.quarters_to_reroute, [[1.0, 3.0], [1.0, 1.0]])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_reroute_needs_a_supplier_of_another_owner(sellers, buyers, seed):
    rng = np.random.default_rng(seed)
    linked, owner = rng.random((sellers, buyers)) < rng.random(), rng.integers(0, 4, sellers)
    found = Terms.from_links(linked, qualification_lag=3.0, owner=owner).quarters_to_reroute
    for j in range(sellers):
        for i in range(buyers):
            others = [k for k in range(sellers) if linked[k, i] and owner[k] != owner[j]]
            assert found[j, i] == (1.0 if others else 3.0)


@settings(deadline=None, max_examples=60)
@given(problems())
def test_split_sums_to_one_and_dollars_to_the_surplus(problem):
    split = rational_pair(clear(problem), terms=Terms(2.0, 1.0, 4.0)).leverage_split()
    usable = np.isfinite(split.seller_secured)
    total = split.seller_secured + split.buyer_secured + split.contested
    np.testing.assert_allclose(total[usable], 1.0)
    assert np.all(split.contested[usable] >= -TOLERANCE)
    dollars = split.seller_secured_usd + split.buyer_secured_usd + split.contested_usd
    np.testing.assert_allclose(dollars[usable], split.gross_surplus_usd[usable])


def test_dollars_are_per_gpu_hour():
    split = rational_pair(clear(duel()), [(0, 0)]).leverage_split()
    np.testing.assert_allclose(split.gross_surplus_usd, 9.0 / 2.19)


def test_realised_share_and_index_read_the_price():
    pair = rational_pair(clear(duel(third=1.5)), [(0, 0)])
    np.testing.assert_allclose(pair.realised_share(np.array([4.0])), (4.0 - 1.0) / 9.0)
    np.testing.assert_allclose(pair.bargaining_index(np.array([1.75])), 0.5)


def test_index_needs_a_width():
    """Two equal sellers with room to spare: floor and replacement cost are both the unit cost."""
    pair = rational_pair(clear(duel(switching=0.0, third=0.5)))
    np.testing.assert_allclose(pair.ceiling, 1.0)
    np.testing.assert_allclose(pair.floor, 1.0)
    assert np.all(np.isnan(pair.bargaining_index(np.full(len(pair.floor), 1.0))))


def _pair(floor, most, value=4.0, cost=0.0) -> RationalPair:
    """One link a floor, everything else alike."""
    floor = np.asarray(floor, float)
    rows, same = np.arange(len(floor)), np.ones(len(floor))
    return RationalPair(
        rows, rows, same, cost * same, 0.0 * same, value * same, floor, floor, floor, most * same, most * same
    )


def test_a_floor_at_the_ceiling_leaves_one_price_and_is_not_crossed():
    pair = _pair([1.0, 2.0, 3.0, 5.0], 2.0)
    np.testing.assert_array_equal(pair.crossed, [False, False, True, False])
    np.testing.assert_array_equal(pair.out_of_line, [False, False, False, True])


def test_a_surplus_as_thin_as_rounding_is_not_split():
    pair = _pair([0.0], WIDTH_MIN, value=WIDTH_MIN)
    assert np.isnan(pair.leverage_split().contested).all()
    assert np.isnan(pair.realised_share(np.array([0.0]))).all()
    np.testing.assert_allclose(pair.bargaining_index(np.array([0.5 * WIDTH_MIN])), [0.5])


def test_the_link_without_volume_is_named():
    with pytest.raises(ValueError, match=r"link \(seller 1, buyer 1\) carries no volume"):
        rational_pair(clear(duel()), [(0, 0), (1, 1)])


def test_terms_put_the_ceiling_between_replacement_and_loss_by_hand():
    """Three quarters to reroute less one of notice, of four on offer: w = (1 - d^2) / (1 - d^4)."""
    allocation = clear(duel(third=1.5))
    plain = rational_pair(allocation, [(0, 0)])
    weight = (1.0 - 0.9**2) / (1.0 - 0.9**4)
    expected = weight * 10.0 + (1.0 - weight) * 2.0
    terms = Terms(3.0, 1.0, 4.0, 0.9)
    np.testing.assert_allclose(rational_pair(allocation, [(0, 0)], terms).ceiling, expected)
    np.testing.assert_allclose(with_terms(plain, terms, (2, 2)).ceiling, expected)


def test_by_default_a_contract_gives_a_quarter_of_notice_and_lasts_a_year():
    expected = (1.0 - 0.975**2) / (1.0 - 0.975**4)
    link = np.array([0]), np.array([0])
    np.testing.assert_allclose(Terms(3.0).weight((1, 1), *link), [expected])
    np.testing.assert_allclose(Terms.from_links([[True]]).weight((1, 1), *link), [expected])


def test_by_default_another_supplier_is_found_within_a_quarter():
    expected = (1.0 - 0.975) / (1.0 - 0.975**4)
    np.testing.assert_allclose(Terms(notice=0.0).weight((1, 1), np.array([0]), np.array([0])), [expected])
