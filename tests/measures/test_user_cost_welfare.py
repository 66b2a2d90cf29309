import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.market import TradeProblem, clear
from market_abm.units import quarterly_rate, usd_per_gpu_hour
from tests.measures.worlds import market, seeds


def test_long_run_price_of_the_opening_guesses():
    price = m.long_run_user_cost(33.0, 0.77, 0.9, quarterly_rate(0.11), 20, 0.05)
    assert usd_per_gpu_hour(price) == pytest.approx(2.17, abs=0.005)


@given(
    st.floats(5, 60),
    st.floats(0, 2),
    st.floats(0.3, 1),
    st.floats(0.0, 0.1),
    st.integers(1, 40),
    st.floats(0, 0.1),
)
def test_at_the_long_run_price_a_new_unit_pays_exactly(capex, opex, used, rate, life, decline):
    price = float(m.long_run_user_cost(capex, opex, used, rate, life, decline))
    value = sum((used * price * (1 - decline) ** k - opex) / (1 + rate) ** k for k in range(life))
    assert value == pytest.approx(capex, rel=1e-9)


def test_the_long_run_price_moves_as_it_must():
    base = (33.0, 0.77, 0.9, 0.03, 20, 0.05)
    price = m.long_run_user_cost(*base)
    for position, change, up in [
        (0, 40.0, 1),
        (1, 1.0, 1),
        (2, 0.8, 1),
        (3, 0.04, 1),
        (4, 16, 1),
        (5, 0.03, 0),
    ]:
        other = list(base)
        other[position] = change
        assert (m.long_run_user_cost(*other) > price) == bool(up)
    np.testing.assert_allclose(
        m.long_run_user_cost([33.0, 40.0], *base[1:]), [price, m.long_run_user_cost(40.0, *base[1:])]
    )


@pytest.mark.parametrize(
    "change", [{"utilisation": 0.0}, {"life_quarters": 0}, {"price_decline": 1.0}, {"wacc_quarter": -1.0}]
)
def test_nonsense_is_refused(change):
    given_values = {
        "capex": 33.0, "opex": 0.7, "utilisation": 0.9, "wacc_quarter": 0.03, "life_quarters": 20,
        "price_decline": 0.05,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"must|whole"):
        m.long_run_user_cost(**{**given_values, **change})


def test_demand_counts_blocks_worth_the_price():
    quantity, value = np.array([[1.0, 2.0, 4.0], [8.0, 0.0, 0.0]]), np.array([[9.0, 5.0, 5.0], [4.0, 0, 0]])
    np.testing.assert_allclose(m.demand_at(5.0, quantity, value), [7, 0])
    np.testing.assert_allclose(m.demand_at([5.1, 4.0], quantity, value), [1, 8])
    assert m.tightness(m.demand_at(5.0, quantity, value), [10.0, 4.0]) == 0.5
    assert np.isinf(m.tightness([1.0], [0.0])) and np.isnan(m.tightness([0.0], [0.0]))


def test_tight_from_a_tenth_above_user_cost():
    np.testing.assert_array_equal(m.is_tight([1.1, 1.09, np.nan], 1.0), [True, False, False])


def test_values_come_best_first():
    quantity, value = [[2.0, 3.0], [1.0, 1.0]], [[5.0, 1.0], [2.0, 2.0]]
    np.testing.assert_allclose(m.gross_value(quantity, value, [3.0, 9.0]), [11, 4])
    np.testing.assert_allclose(m.gross_value(quantity, value, [[0, 0], [2, 1]]), [[0, 0], [10, 2]])
    np.testing.assert_allclose(m.without_first(quantity, [2.5, 0.0]), [[0, 2.5], [1, 1]])


@settings(max_examples=60)
@given(seeds)
def test_what_is_split_off_adds_up(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 3, 4)
    total = problem.block_quantity.sum(axis=1)
    first = rng.random(4) * total
    left = m.without_first(problem.block_quantity, first)
    np.testing.assert_allclose(left.sum(axis=1), total - first)
    both = m.gross_value(problem.block_quantity, problem.block_value, first) + m.gross_value(
        left, problem.block_value, total
    )
    np.testing.assert_allclose(both, m.gross_value(problem.block_quantity, problem.block_value, total))


@settings(max_examples=60)
@given(seeds)
def test_the_resource_surplus_of_the_optimum_is_the_largest(seed):
    rng = np.random.default_rng(seed)
    problem = market(rng, 3, 4)
    taste = rng.integers(-2, 3, (3, 4)).astype(float)
    acted = problem.replace(
        wedge=rng.integers(0, 4, (3, 4)), tax=rng.integers(0, 3, (3, 4)), switching=problem.switching - taste
    )
    best = clear(m.resource_problem(acted, taste))
    assert m.resource_surplus(acted, best.flow, taste) == pytest.approx(best.surplus)
    assert best.surplus == pytest.approx(clear(problem).surplus)
    # Spite, taxes and tastes move trade away from it, never above it.
    assert m.resource_surplus(acted, clear(acted).flow, taste) <= best.surplus + 1e-9


def test_buyers_and_sellers_share_the_surplus():
    problem = TradeProblem([5, 5], [1, 2], [[4, 4]], [[9, 6]], switching=0.5, tax=0.25)
    allocation = clear(problem)
    price = np.array([[3.0], [4.0]])
    buyers = m.buyer_surplus(problem, allocation.flow, price)
    sellers = (allocation.flow * (price - problem.unit_cost[:, None])).sum()
    assert buyers.sum() + sellers == pytest.approx(allocation.surplus)


def test_public_names_are_functions_and_classes_and_stay_so():
    for _ in range(2):
        for name in dir(m):
            assert not isinstance(getattr(m, name), types.ModuleType), name
    with pytest.raises(AttributeError, match="no attribute"):
        m.nothing  # noqa: B018


def test_a_price_is_not_needed_where_nothing_flows():
    problem = TradeProblem([5, 5], [1, 2], [[4]], [[9]], switching=0.5)
    kept = m.buyer_surplus(problem, [[4.0], [0.0]], [[3.0], [np.nan]])
    np.testing.assert_allclose(kept, [4 * (9 - 3 - 0.5)])
