"""Many questions in one call answer what each alone does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from market_abm.market import TradeProblem, clear, clear_variants, hold, pairs_in_force, rational_pair
from market_abm.market.bargaining import Terms
from market_abm.market.variants import without_merchant
from tests.market.problems import generic_problem, problems, same

SEEDS = st.integers(0, 2**32 - 1)


def some_variants(problem: TradeProblem, rng: np.random.Generator, count: int = 6) -> tuple[dict, list]:
    """Arguments of `clear_variants`, and the same variants as problems of their own."""
    capacity = problem.capacity * rng.integers(0, 3, (count, problem.sellers))
    scale = rng.integers(1, 3, count)
    rows = [(g, int(b)) for g in range(count) for b in np.flatnonzero(rng.random(problem.buyers) < 0.4)]
    quantity = rng.integers(0, 6, (len(rows), problem.block_quantity.shape[1])).astype(float)
    opened = np.column_stack(
        [rng.integers(-1, problem.sellers, count), rng.integers(0, problem.buyers, count)]
    )
    opened[opened[:, 0] < 0] = -1
    cap = rng.integers(1, 5, count).astype(float)
    alone = []
    for g in range(count):
        blocks = problem.block_quantity * scale[g]
        for row, (variant, buyer) in enumerate(rows):
            if variant == g:
                blocks[buyer] = quantity[row]
        linked, link_cap = problem.linked.copy(), problem.link_cap
        if opened[g, 0] >= 0:
            linked[tuple(opened[g])] = True
            if link_cap is not None:
                link_cap = link_cap.copy()
                link_cap[tuple(opened[g])] = max(link_cap[tuple(opened[g])], cap[g])
        alone.append(
            problem.replace(capacity=capacity[g], block_quantity=blocks, linked=linked, link_cap=link_cap)
        )
    arguments = {
        "capacity": capacity,
        "scale": scale,
        "variant": [g for g, _ in rows],
        "buyer": [b for _, b in rows],
        "quantity": quantity,
        "opened": opened,
        "opened_cap": cap,
    }
    return arguments, alone


@settings(deadline=None, max_examples=80)
@given(problems(), SEEDS)
def test_variants_are_the_problems_cleared_one_by_one(problem, seed):
    rng = np.random.default_rng(seed)
    arguments, alone = some_variants(problem, rng)
    start, expected = clear(problem), [clear(each) for each in alone]
    leaves = rng.integers(-1, problem.sellers, len(alone))
    found = clear_variants(start, leaves=leaves, **arguments)
    np.testing.assert_array_equal(found.surplus, [each.surplus for each in expected])
    np.testing.assert_array_equal(found.seller_price, [each.seller_price for each in expected])
    np.testing.assert_array_equal(found.served, [each.served for each in expected])
    for g, (each, seller) in enumerate(zip(alone, leaves)):
        stays = np.arange(problem.sellers) != seller
        rest = clear(each.replace(capacity=each.capacity * stays))
        np.testing.assert_array_equal(found.served_without[g], rest.served)


@settings(deadline=None, max_examples=80)
@given(problems(), SEEDS)
def test_a_volume_on_top_of_the_optimum_is_cleared_as_from_nothing(problem, seed):
    """Capacity of one seller and best blocks of one buyer grow, by about as much: what contracts are measured by."""
    rng = np.random.default_rng(seed)
    start, links = clear(problem), np.argwhere(problem.linked & (problem.capacity > 0.0)[:, None])
    assume(len(links) > 0)
    seller, buyer = links.T
    volume = rng.integers(0, 4, len(links)).astype(float)
    capacity = np.tile(problem.capacity, (len(links), 1))
    capacity[np.arange(len(links)), seller] += volume
    quantity = problem.block_quantity[buyer]
    quantity[:, 0] += np.maximum(volume + rng.integers(-1, 2, len(links)), 0.0)
    found = clear_variants(
        start,
        capacity,
        variant=np.arange(len(links)),
        buyer=buyer,
        quantity=quantity,
        opened=links,
        opened_cap=np.zeros(len(links)),
        leaves=seller,
    )
    for g, (j, i) in enumerate(links):
        blocks = problem.block_quantity.copy()
        blocks[i] = quantity[g]
        alone = clear(problem.replace(capacity=capacity[g], block_quantity=blocks))
        rest = clear(alone.problem.replace(capacity=capacity[g] * (np.arange(problem.sellers) != j)))
        assert found.surplus[g] == alone.surplus
        np.testing.assert_array_equal(found.served[g], alone.served)
        np.testing.assert_array_equal(found.seller_price[g], alone.seller_price)
        np.testing.assert_array_equal(found.served_without[g], rest.served)


def test_without_prices_they_are_not_known():
    problem = generic_problem(np.random.default_rng(1), 3, 4, 3)
    found = clear_variants(clear(problem), problem.capacity[None, :], priced=False)
    assert np.isnan(found.seller_price).all()
    assert found.surplus[0] == clear(problem).surplus


def test_variants_must_come_in_order():
    problem = generic_problem(np.random.default_rng(1), 3, 4, 3)
    with pytest.raises(ValueError, match="variant must rise"):
        clear_variants(
            clear(problem),
            np.tile(problem.capacity, (2, 1)),
            variant=[1, 0],
            buyer=[0, 0],
            quantity=np.zeros((2, 3)),
        )


@settings(deadline=None, max_examples=80)
@given(problems(), SEEDS)
def test_a_merchant_removal_is_the_difference_of_two_solves(problem, seed):
    rng = np.random.default_rng(seed)
    inside = rng.random(problem.linked.shape) < 0.3
    start = clear(problem.replace(incumbent=inside.astype(float)))
    own = np.where(inside, start.flow, 0.0)
    group = rng.integers(0, 2, problem.sellers) if rng.random() < 0.3 else np.arange(problem.sellers)
    rows = [(g, s, b) for g in range(problem.sellers) for s, b in np.argwhere(own > 0) if group[s] == g]
    merchant = problem.capacity - own.sum(axis=1)
    gone = np.where(group == np.arange(problem.sellers)[:, None], merchant, 0.0)
    if rng.random() < 0.5:
        gone = np.floor(gone / 2)
    found = without_merchant(start, gone, *np.array(rows).reshape(-1, 3).T, [own[s, b] for _, s, b in rows])
    for g in range(problem.sellers):
        mine = own * (group == g)[:, None]
        until = np.cumsum(problem.block_quantity, axis=1)
        quantity = np.clip(until - mine.sum(axis=0)[:, None], 0.0, problem.block_quantity)
        left = problem.capacity - mine.sum(axis=1)
        cap = None if problem.link_cap is None else problem.link_cap - mine
        before = clear(problem.replace(capacity=left, block_quantity=quantity, link_cap=cap))
        after = clear(before.problem.replace(capacity=left - gone[g]))
        assert found.loss[g] == pytest.approx(before.surplus - after.surplus, abs=1e-9)
        has = left - gone[g] > 0.0
        assert same(found.seller_price[g][has], after.seller_price[has], 1e-9)
    unpriced = without_merchant(
        start, gone, *np.array(rows).reshape(-1, 3).T, [own[s, b] for _, s, b in rows], priced=False
    )
    assert np.array_equal(unpriced.loss, found.loss) and np.isnan(unpriced.seller_price).all()


@settings(deadline=None, max_examples=80)
@given(SEEDS)
def test_pairs_in_force_are_those_of_each_contract_alone(seed):
    rng = np.random.default_rng(seed)
    degree = int(rng.integers(1, 4)) if rng.random() < 0.5 else None
    problem = generic_problem(rng, 4, 5, 4, degree)
    if rng.random() < 0.5:
        problem = problem.replace(link_cap=rng.uniform(0.5, 20.0, problem.linked.shape))
    assume(problem.linked.any())
    allocation = clear(problem)
    count = 5
    seller, buyer = rng.integers(0, 4, count), rng.integers(0, 5, count)
    volume = np.round(rng.uniform(0.1, 9.0, count), 3)
    sizes = np.column_stack([volume / 4, np.zeros(count), volume / 2, volume / 4])
    values = problem.block_value[buyer, :1] + np.array([3.0, 2.0, 1.0, 0.5])
    terms = Terms(rng.integers(1, 4, problem.linked.shape), 1.0, 4.0, 0.97)
    together = pairs_in_force(allocation, seller, buyer, volume, sizes, values, terms)
    for n in range(count):
        market = hold(
            allocation, int(seller[n]), int(buyer[n]), volume[n], sizes[n][[0, 2, 3]], values[n][[0, 2, 3]]
        )
        alone = rational_pair(market, [(seller[n], buyer[n])], terms)
        for name, value in vars(alone).items():
            np.testing.assert_allclose(
                getattr(together, name)[n], value[0], rtol=1e-11, atol=1e-11, err_msg=name
            )


def test_the_blocks_of_a_contract_in_force_must_be_its_volume():
    problem = generic_problem(np.random.default_rng(2), 3, 4, 3)
    with pytest.raises(ValueError, match=r"top_quantity\[0\] sums to 1"):
        pairs_in_force(clear(problem), [0], [0], [2.0], [[1.0]], [[20.0]])
    with pytest.raises(ValueError, match="only a positive volume"):
        pairs_in_force(clear(problem), [0], [0], [0.0], [[0.0]], [[20.0]])


def two_by_two() -> TradeProblem:
    """Sellers 0 and 1 with links to their own buyer only; buyer 1 pays less."""
    return TradeProblem(
        [4.0, 2.0],
        [1.0, 2.0],
        [[3.0, 3.0], [2.0, 2.0]],
        [[9.0, 5.0], [7.0, 3.0]],
        linked=np.eye(2, dtype=bool),
    )


def test_variants_are_priced_and_everybody_stays_unless_told_otherwise():
    start = clear(two_by_two())
    found = clear_variants(start, [[4.0, 2.0], [6.0, 0.0]])
    np.testing.assert_array_equal(found.seller_price, [[5.0, 3.0], [1.0, 7.0]])
    np.testing.assert_array_equal(found.served, [[4.0, 2.0], [6.0, 0.0]])
    np.testing.assert_array_equal(found.served_without, found.served)
    assert found.surplus[0] == start.surplus


def test_a_seller_that_leaves_takes_its_capacity_and_nobody_else_does():
    found = clear_variants(clear(two_by_two()), [[4.0, 2.0]] * 3, leaves=[0, -1, 1])
    np.testing.assert_array_equal(found.served, [[4.0, 2.0]] * 3)
    np.testing.assert_array_equal(found.served_without, [[0.0, 2.0], [4.0, 2.0], [4.0, 0.0]])


def test_a_link_opens_in_its_variant_only_and_at_least_with_its_cap():
    start = clear(two_by_two().replace(link_cap=9.0))
    found = clear_variants(start, [[4.0, 5.0]] * 2, opened=[[-1, -1], [1, 0]], opened_cap=[0.0, 1.0])
    np.testing.assert_array_equal(found.served, [[4.0, 4.0], [6.0, 3.0]])
    tight = two_by_two().replace(link_cap=[[9.0, 0.5], [0.5, 9.0]])
    found = clear_variants(clear(tight), [[4.0, 5.0]] * 2, opened=[[1, 0]] * 2, opened_cap=[0.0, 1.0])
    np.testing.assert_array_equal(found.served, [[4.5, 4.0], [5.0, 4.0]])


def test_blocks_change_for_the_named_buyer_of_the_named_variant():
    found = clear_variants(
        clear(two_by_two()), [[4.0, 2.0]] * 3, variant=[1, 2], buyer=[0, 1], quantity=[[1.0, 0.0], [0.0, 1.0]]
    )
    np.testing.assert_array_equal(found.served, [[4.0, 2.0], [1.0, 2.0], [4.0, 1.0]])
    np.testing.assert_array_equal(found.surplus, [38.0, 18.0, 29.0])


def test_own_use_that_fills_a_capped_link_leaves_no_room_on_it():
    """The owner of both sellers serves itself with all that link (0, 0) carries; the rest is buyer 1's."""
    problem = TradeProblem(
        [5.0, 5.0],
        [0.0, 0.0],
        [[6.0], [10.0]],
        [[10.0], [5.0]],
        linked=[[True, True], [False, True]],
        link_cap=[[2.0, 99.0], [99.0, 99.0]],
    )
    start = clear(problem)
    np.testing.assert_array_equal(start.flow, [[2.0, 3.0], [0.0, 5.0]])
    assert without_merchant(start, [[3.0, 5.0]], [0], [0], [0], [2.0]).loss[0] == pytest.approx(8.0 * 5.0)


def test_a_contract_in_force_by_hand_with_tax_and_switching():
    """One seller: without the link the buyer loses everything, so value and replacement are its average."""
    problem = TradeProblem([1.0], [1.0], [[1.0]], [[5.0]], switching=0.5, wedge=0.25, tax=0.125)
    pair = pairs_in_force(clear(problem), [0], [0], [2.0], [[2.0]], [[10.0]])
    assert pair.quantity[0] == 3.0
    np.testing.assert_allclose(pair.value, (2.0 * 10.0 + 1.0 * 5.0) / 3.0 - 0.5 - 0.125)
    np.testing.assert_allclose(pair.replacement, pair.value)
    np.testing.assert_allclose(pair.floor, 1.0 + 0.25)


def test_a_volume_that_is_off_by_more_than_rounding_is_refused():
    allocation = clear(two_by_two())
    for missing, refused in ((1.5e-6, False), (2.5e-6, True)):
        if refused:
            with pytest.raises(ValueError, match=r"top_quantity\[0\] sums to"):
                pairs_in_force(allocation, [0], [0], [2.0], [[2.0 - missing]], [[20.0]])
        else:
            assert pairs_in_force(allocation, [0], [0], [2.0], [[2.0 - missing]], [[20.0]]).quantity[0] == 6.0
