import numpy as np
import pytest
from hypothesis import given, settings

import market_abm.measures as m
from market_abm.market import TradeProblem, clear, reference
from tests.measures.worlds import market, seeds


def two_customers() -> TradeProblem:
    """Two sellers; buyers 0 and 1 with falling values, full reach."""
    return TradeProblem([20, 10], [0, 0], [[5, 5, 5], [5, 5, 5]], [[9, 6, 3], [8, 5, 2]])


COMMITTED = np.array([[5.0, 10.0], [5.0, 0.0]])
FREE = np.array([0.0, 5.0])


def test_losses_by_hand():
    losses = m.relation_losses(two_customers(), COMMITTED, FREE)
    # The free 5 go to buyer 0 (worth 3): it has 15 units worth 90, buyer 1 has 10 worth 65.
    # Without seller 0, nothing replaced: buyer 0 keeps 10 worth 75, buyer 1 nothing.
    assert losses.before[0] == pytest.approx([1 - 75 / 90, 1.0])
    # Rerouted: the free 5 go to buyer 1 (worth 8), not to buyer 0 (worth 6).
    assert losses.after[0] == pytest.approx([1 - 45 / 90, 1 - 40 / 65])
    # A buyer can lose more after rerouting: others' customers outbid it for free capacity that it had.
    assert losses.after[0, 0] > losses.before[0, 0]
    # Without seller 1 its free capacity is gone too; buyer 1 has no relation with it.
    assert losses.before[1, 0] == pytest.approx(1 - 45 / 90)
    assert np.isnan(losses.before[1, 1]) and np.isnan(losses.after[1, 1])


def test_free_capacity_within_the_notice_saves_the_buyer():
    problem = two_customers()
    pools = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 15.0]])
    short = m.relation_losses(problem, COMMITTED, pools, notice=0)
    long = m.relation_losses(problem, COMMITTED, pools, notice=2)
    endless = m.relation_losses(problem, COMMITTED, pools, notice=99)
    assert (long.after[0] < short.after[0]).all()
    np.testing.assert_array_equal(endless.after, long.after)
    mixed = m.relation_losses(problem, COMMITTED, pools, notice=np.array([[2, 0], [0, 0]]))
    assert mixed.after[0, 0] == long.after[0, 0]
    assert mixed.after[0, 1] == short.after[0, 1]


def test_a_thin_pool_makes_no_price():
    problem = two_customers()
    assert np.isnan(m.rebid(problem, COMMITTED, [0.0, 0.05], 0).price)
    thick = m.rebid(problem, COMMITTED, FREE, 1)
    assert thick.price > 0
    assert (thick.price_effect >= 0).all()


@settings(max_examples=50)
@given(seeds)
def test_rerouted_use_against_linear_programmes(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 3, 4, density=0.9)
    flow = clear(problem).flow
    committed = np.floor(flow * rng.random(flow.shape))
    free = problem.capacity - committed.sum(axis=1)
    own = rng.random(flow.shape) < 0.2
    outcome = m.rebid(problem, committed, free, own=own)
    for j in range(3):
        left = free.copy()
        left[j] = 0
        still = committed.copy()
        still[j] = np.where(own[j], still[j], 0)
        pool = problem.replace(
            capacity=left, block_quantity=m.without_first(problem.block_quantity, still.sum(axis=0))
        )
        spent = still.sum(axis=0)
        # Optima may differ buyer by buyer: compare what the programme maximises.
        best = reference.clear(pool)
        mine = outcome.value_after_rerouting[j].sum() - clear(pool).flow.ravel() @ pool.link_cost.ravel()
        contracts = m.gross_value(problem.block_quantity, problem.block_value, spent).sum()
        assert mine - contracts == pytest.approx(best.surplus, abs=1e-6)


@settings(max_examples=50)
@given(seeds)
def test_the_market_never_gains_from_an_outage(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 3, 4, density=0.9)
    flow = clear(problem).flow
    committed = np.floor(0.7 * flow)
    outcome = m.rebid(problem, committed, problem.capacity - committed.sum(axis=1))
    assert (outcome.value_before_rerouting <= outcome.value + 1e-9).all()


def test_a_recall_hurts_no_more_than_an_outage_of_the_same_volume():
    problem = two_customers()
    before, after = m.recall_loss(problem, COMMITTED, FREE, 0, 1)
    assert before == pytest.approx(1.0)
    # Recalled capacity may go to buyer 0, which sets free seller 1's 5 units for buyer 1.
    assert after == pytest.approx(1 - 40 / 65)
    closed = problem.replace(linked=np.array([[True, True], [True, False]]))
    assert m.recall_loss(closed, COMMITTED, FREE, 0, 1)[1] == pytest.approx(1.0)
    assert np.isnan(m.recall_loss(problem, COMMITTED, FREE, 1, 1)[0]) or m.recall_loss(
        problem, COMMITTED, FREE, 1, 1
    ) == pytest.approx((0.0, 0.0))


def test_own_use_is_no_relation_and_stays():
    own = np.array([[False, True], [False, False]])
    losses = m.relation_losses(two_customers(), COMMITTED, FREE, own=own)
    assert np.isnan(losses.before[0, 1])
    np.testing.assert_array_equal(m.relations(COMMITTED, own), [[True, False], [True, False]])
    # Buyer 1 keeps its 10 and bids for nothing else: the free 5 replace what buyer 0 lost.
    assert losses.after[0, 0] == pytest.approx(1 - 75 / 90)


def test_owners_vanish_with_all_their_sellers():
    alone = m.relation_losses(two_customers(), COMMITTED, FREE)
    together = m.relation_losses(two_customers(), COMMITTED, FREE, owner=[4, 4])
    assert together.after[0, 0] == pytest.approx(1.0)
    assert together.after[0, 0] > alone.after[0, 0]
    many = m.relation_losses(two_customers(), COMMITTED, FREE, aggregate_of=[10, 1])
    assert many.before[0, 1] < 0.1


def test_one_owner_of_an_aggregate_is_its_own_row_split_off():
    problem = two_customers()
    split = TradeProblem([15, 5, 10], [0, 0, 0], problem.block_quantity, problem.block_value)
    parts = np.array([0.75, 0.25])[:, None] * COMMITTED[0]
    rows = m.rebid(split, np.vstack([parts, COMMITTED[1]]), [0.0, 0.0, 5.0], 1)
    many = m.rebid(problem, COMMITTED, FREE, 1, aggregate_of=[4, 1])
    np.testing.assert_allclose(many.value_before_rerouting[0], rows.value_before_rerouting[1])
    np.testing.assert_allclose(many.value_after_rerouting[0], rows.value_after_rerouting[1])
    assert many.price_without[0] == rows.price_without[1]
    # Buyers 0 and 1 lose 1.25 and 2.5 units; the free 5 replace the 3.75 and leave 1.25 for the next block.
    assert many.value_after_rerouting[0].sum() == pytest.approx(75 + 65 + 3 * 1.25)


def test_every_relation_is_asked_about_whatever_its_notice():
    problem = TradeProblem([20, 10], [0, 0], [[5, 5]] * 3, [[9, 6], [8, 5], [7, 4]])
    committed = np.array([[0.0, 0.0, 5.0], [5.0, 0.0, 0.0]])
    pools = np.array([[0.0, 5.0], [3.0, 5.0], [5.0, 5.0]])
    mixed = m.relation_losses(problem, committed, pools, notice=[[0, 0, 2], [0, 0, 0]])
    np.testing.assert_array_equal(np.isfinite(mixed.after), committed > 0)
    assert mixed.after[0, 2] == m.relation_losses(problem, committed, pools[2]).after[0, 2]
    assert mixed.after[1, 0] == m.relation_losses(problem, committed, pools[0]).after[1, 0]
