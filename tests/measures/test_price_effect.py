import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import TradeProblem, clear, reference
from market_abm.measures.price_effect import index_prices
from tests.measures.worlds import market, seeds


def segment(sellers: int, tightness: float = 1.2, elasticity: float = 0.9, step: float = 0.005):
    return m.ladder_problem(sellers, tightness, elasticity, step=step)


@pytest.mark.parametrize("elasticity", [0.5, 0.9, 1.3])
@pytest.mark.parametrize("count", [2, 3, 5, 10, 16])
def test_with_full_reach_the_effect_is_the_approximation_at_the_resolution(count, elasticity):
    removals = m.merchant_removals(segment(count, elasticity=elasticity), 0)
    expected = m.approximate_price_effect(1 / count, elasticity)
    resolution = 0.005 * (1 + expected)
    np.testing.assert_allclose(removals.price_effect, expected, atol=1.01 * resolution)


def test_the_band_over_elasticity_holds_the_central_effect():
    problems = [segment(6, elasticity=e) for e in (0.5, 0.9, 1.3)]
    runs = [m.merchant_removals(problem, 0) for problem in problems]
    low, high = m.band(runs)
    assert (low < runs[1].price_effect).all() and (runs[1].price_effect < high).all()
    np.testing.assert_array_equal(high, runs[0].price_effect)


def test_halving_the_steps_of_demand_hardly_moves_price_and_effect():
    coarse, fine = (m.merchant_removals(segment(5, step=step), 0) for step in (0.01, 0.0025))
    assert coarse.price == pytest.approx(fine.price, rel=0.01)
    np.testing.assert_allclose(coarse.price_effect, fine.price_effect, atol=0.015)
    assert m.price_resolution(segment(5, step=0.0025), fine.price) < 0.003


def test_without_any_seller_left_the_price_is_infinite():
    removals = m.merchant_removals(segment(1), 0)
    assert np.isinf(removals.price_effect[0])
    assert removals.loss_of_others[0] == pytest.approx(1.0)


def test_a_firm_that_serves_itself_only_has_no_effect_on_others():
    # Seller 0 is large and linked to its own buyer 0 alone.
    problem = TradeProblem(
        [100, 10, 10],
        [1, 1, 1],
        [[90, 10], [15, 15]],
        [[9, 8], [6, 3]],
        linked=[[True, False], [False, True], [False, True]],
    )
    own = np.array([[True, False], [False, False], [False, False]])
    removals = m.merchant_removals(problem, 1, own=own)
    assert removals.loss[0] == 0 and removals.price_effect[0] == 0
    assert removals.loss[1] > 0
    # Node-level N-1 counts its own use as a loss: the two are different numbers.
    assert m.welfare_losses(problem).loss_share[0] > 0.5


def test_own_use_leaves_with_its_fleet_and_does_not_bid_for_others():
    # Seller 0 serves its own lab (10 units worth 20) and sells 10 to the segment; seller 1 sells 10.
    problem = TradeProblem([20, 10], [0, 0], [[10, 0, 0], [10, 10, 10]], [[20, 0, 0], [6, 4, 2]])
    own = np.array([[True, False], [False, False]])
    allocation = clear(problem)
    np.testing.assert_allclose(m.merchant_capacity(allocation, own), [10, 10])
    removals = m.merchant_removals(allocation, 1, own=own)
    np.testing.assert_allclose(removals.withdrawn, [10, 10])
    # Others lose the 10 units worth 4; the lab keeps its 10, so the segment keeps what is worth 6.
    np.testing.assert_allclose(removals.loss, [40, 40])
    # Had own use bid for seller 1's capacity, everybody would have lost 100.
    assert m.welfare_losses(allocation).marginal_contribution[0] == pytest.approx(100)


@pytest.mark.parametrize("seed", range(5))
def test_ties_between_equal_fleets_do_not_decide_own_use(seed):
    keys = np.random.default_rng(seed).random((3, 3))
    # Sellers 0 and 1 own buyers 0 and 1; every fleet could serve every buyer equally well.
    problem = TradeProblem(
        [8, 4, 10], [1, 1, 1], [[6, 0], [6, 0], [5, 10]], [[9, 0], [8, 0], [5, 2]], tie_key=keys
    )
    own = np.eye(3, dtype=bool)[:, :3] & np.array([[True], [True], [False]])
    allocation = clear(problem)
    np.testing.assert_allclose(m.own_use(allocation, own).sum(axis=1), [6, 4, 0])
    removals = m.merchant_removals(allocation, 2, own=own)
    np.testing.assert_allclose(removals.withdrawn, [2, 0, 10])
    assert removals.loss[1] == 0


@settings(max_examples=80)
@given(seeds)
def test_loss_of_others_against_linear_programmes(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 4, 4)
    owner, aggregate = np.array([2, 0, 2, 1]), np.array([1.0, 1.0, 1.0, 2.0])
    own = rng.random((4, 4)) < 0.3
    allocation = clear(problem)
    removals = m.merchant_removals(allocation, 3, own=own, owner=owner, aggregate_of=aggregate)
    inside = m.own_use(allocation, own)
    assert (inside[~own] == 0).all()
    for j in range(4):
        rows = owner == owner[j]
        kept = np.where(rows[:, None], inside, 0.0)
        apart = problem.replace(
            capacity=problem.capacity - kept.sum(axis=1),
            block_quantity=m.without_first(problem.block_quantity, kept.sum(axis=0)),
        )
        left = np.where(rows, apart.capacity * (1 - 1 / aggregate), apart.capacity)
        with_all, without = reference.surpluses([apart, apart.replace(capacity=left)])
        assert removals.loss[j] == pytest.approx(with_all - without, abs=1e-6)


@settings(max_examples=60)
@given(seeds)
def test_withdrawing_capacity_never_helps_others_and_never_cheapens_full_reach(seed):
    problem = market(np.random.default_rng(seed), 4, 4, density=2.0).replace(switching=0.0)
    removals = m.merchant_removals(problem, 0)
    assert (removals.loss >= 0).all()
    assert (removals.price_without >= removals.price - 1e-9).all()


@settings(max_examples=40)
@given(seeds, st.permutations(range(4)))
def test_relabelling_sellers_relabels_the_answer(seed, order):
    rng = np.random.default_rng(seed)
    problem = market(rng, 4, 4)
    own = np.eye(4, dtype=bool)
    order = list(order)
    turned = problem.replace(
        capacity=problem.capacity[order],
        unit_cost=problem.unit_cost[order],
        switching=problem.switching[order],
        linked=problem.linked[order],
        tie_key=rng.random((4, 4))[order],
    )
    keyed = problem.replace(tie_key=turned.tie_key[np.argsort(order)])
    one = m.merchant_removals(keyed, 1, own=own)
    other = m.merchant_removals(turned, 1, own=own[order])
    np.testing.assert_allclose(other.loss, one.loss[order], atol=1e-9)
    np.testing.assert_allclose(other.price_without, one.price_without[order], atol=1e-9)


def test_common_ownership_raises_the_price_effect_and_the_loss():
    problem = segment(8)
    alone = m.merchant_removals(problem, 0)
    pairs = m.merchant_removals(problem, 0, owner=np.arange(8) // 2)
    assert (pairs.price_effect > 1.5 * alone.price_effect).all()
    assert (pairs.loss_of_others > 1.5 * alone.loss_of_others).all()


def test_one_owner_of_an_aggregate_is_withdrawn_at_a_time():
    whole, part = segment(2), segment(20)
    of_many = m.merchant_removals(whole, 0, aggregate_of=[10, 1])
    assert of_many.price_effect[0] == pytest.approx(m.merchant_removals(part, 0).price_effect[0], abs=1e-9)
    assert of_many.withdrawn[0] == pytest.approx(50)


def test_the_index_is_the_price_where_the_index_buyer_is_reached():
    # Seller 0 reaches the index buyer 0 and is short; seller 1 has glut and reaches buyer 1 only.
    problem = TradeProblem(
        [5, 50], [1, 1], [[5, 5], [10, 0]], [[9, 4], [8, 0]], linked=[[True, False], [False, True]]
    )
    allocation = clear(problem)
    assert m.index_price(problem, allocation, 0) >= 4
    assert m.index_price(problem, allocation, 1) == 1
    both = m.index_price(problem, allocation, [0, 1])
    assert both == pytest.approx(
        (5 * m.index_price(problem, allocation, 0) + 10 * m.index_price(problem, allocation, 1)) / 15
    )


def test_a_linked_seller_with_prohibitive_switching_does_not_make_the_index():
    problem = TradeProblem([5, 50], [1, 1], [[5, 5], [10, 0]], [[9, 4], [8, 0]], switching=[[0, 0], [100, 0]])
    assert m.index_price(problem, clear(problem), 0) >= 4


def test_an_unknown_index_buyer_is_refused():
    with pytest.raises(ValueError, match="by row from 0 to 0"):
        m.merchant_removals(segment(2), 3)


@given(st.floats(0.0, 0.9), st.floats(0.3, 2.0))
def test_the_approximation_inverts_the_share_cut(share, elasticity):
    rise = m.approximate_price_effect(share, elasticity)
    assert m.share_cut(elasticity, float(rise)) == pytest.approx(share, abs=1e-9)


def test_own_use_does_not_depend_on_last_quarters_flows():
    """Two equal fleets, each with a lab: last quarter they served each other's."""
    problem = TradeProblem([4, 4], [1, 1], [[4], [4]], [[9], [9]], incumbent=[[0, 4], [4, 0]])
    allocation = clear(problem)
    np.testing.assert_array_equal(allocation.flow, [[0, 4], [4, 0]])
    np.testing.assert_array_equal(m.own_use(allocation, np.eye(2, dtype=bool)), [[4, 0], [0, 4]])


def test_the_price_index_of_variants_is_that_of_each_alone():
    problem = TradeProblem([6, 4], [1, 2], [[4, 4], [3, 3]], [[9, 5], [7, 3]], switching=[[0, 1], [1, 0]])
    worlds = [clear(problem.replace(capacity=capacity)) for capacity in ([6.0, 4.0], [2.0, 4.0])]
    together = index_prices(
        problem,
        np.array([w.problem.capacity for w in worlds]),
        np.array([w.seller_price for w in worlds]),
        np.array([w.served for w in worlds]),
        [0, 1],
    )
    np.testing.assert_array_equal(together, [m.index_price(w.problem, w, [0, 1]) for w in worlds])


def test_index_buyers_who_get_nothing_count_alike():
    """Each reaches one seller whose cost is above its value: the index is the mean of the two costs."""
    problem = TradeProblem([1, 1], [2, 4], [[1], [1]], [[1], [1]], linked=np.eye(2, dtype=bool))
    assert m.index_price(problem, clear(problem), [0, 1]) == 3.0


def test_a_firm_with_own_use_and_customers_withdraws_what_it_sells_to_others():
    """Seller 0 keeps 4 for its lab and sells 6; seller 1 sells 2. The segment pays 7, 5 or 3 a unit.

    With the 6 gone the segment would pay 5 for what the lab values at 4, but the lab's fleet is not on sale.
    """
    problem = TradeProblem(
        [10, 2], [1, 1], [[4, 0, 0], [2, 4, 4]], [[4, 0, 0], [7, 5, 3]], linked=[[True, True], [False, True]]
    )
    own = np.array([[True, False], [False, False]])
    removals = m.merchant_removals(problem, 1, own=own)
    np.testing.assert_allclose(removals.withdrawn, [6, 2])
    np.testing.assert_allclose(removals.loss, [4 * (5 - 1) + 2 * (3 - 1), 2 * (3 - 1)])
    assert removals.price == 3.0
    np.testing.assert_array_equal(removals.price_without, [5.0, 3.0])
