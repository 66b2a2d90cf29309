import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import market_abm.measures as m
from market_abm.measures.leverage import MINIMUM_WIDTH

NAN = np.nan


def test_price_places_the_seller_between_its_cost_and_the_value():
    value, cost, wedge = (
        np.array([[10.0, NAN], [4.0, 8.0]]),
        np.array([2.0, 3.0]),
        np.array([[1.0, 0], [0, 1]]),
    )
    np.testing.assert_allclose(m.gross_surplus(value, cost, wedge), [[7, NAN], [1, 4]])
    got = m.realised_share([[10.0, 1], [3.0, 9.0]], value, cost, wedge)
    np.testing.assert_allclose(got, [[1, NAN], [0, 1.25]])
    assert np.isnan(m.realised_share([[5.0]], [[2.0]], [2.0])).all()


def test_lambda_is_missing_without_an_interval_and_never_zero_instead():
    got = m.lambda_index([2.0, 3.0, 5.0], [1.0, 3.0, 4.0], [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(got, [0.5, NAN, NAN])


@given(st.floats(0, 1), st.floats(0.1, 20), st.floats(0.01, 20))
def test_lambda_recovers_the_bargaining_weight(beta, floor, width):
    price = floor + beta * width
    assert m.lambda_index(price, floor, floor + width) == pytest.approx(beta, abs=1e-9)


def test_out_of_line_relations_are_counted_not_clipped():
    np.testing.assert_array_equal(
        m.out_of_line([[3.0, NAN], [1.0, 2.0]], [[2.0, 1.0], [2.0, 2.0]]), [[True, False], [False, False]]
    )


def test_firm_split_weights_relations_by_their_surplus():
    seller = np.array([[0.5, NAN], [0.2, 0.8]])
    buyer = np.array([[0.25, NAN], [0.6, 0.1]])
    open_part = 1 - seller - buyer
    gross, volume = np.array([[4.0, 9.0], [1.0, 2.0]]), np.array([[1.0, 5.0], [2.0, 3.0]])
    by_seller = m.firm_split(seller, buyer, open_part, gross, volume)
    np.testing.assert_allclose(by_seller.surplus, [4, 8])
    np.testing.assert_allclose(by_seller.seller_secured, [0.5, (0.2 * 2 + 0.8 * 6) / 8])
    by_buyer = m.firm_split(seller, buyer, open_part, gross, volume, by="buyer")
    np.testing.assert_allclose(by_buyer.buyer_secured, [(0.25 * 4 + 0.6 * 2) / 6, 0.1])
    market = m.firm_split(seller, buyer, open_part, gross, volume, by="market")
    total = market.seller_secured + market.buyer_secured + market.contested
    np.testing.assert_allclose(total, 1)
    np.testing.assert_allclose(
        m.firm_realised_share(seller, gross, volume, by="market"), (2 + 0.4 + 4.8) / 12
    )


def test_a_firm_without_a_relation_has_no_split():
    nothing = np.full((1, 2), NAN)
    split = m.firm_split(nothing, nothing, nothing, nothing, nothing)
    assert np.isnan(split.seller_secured).all() and split.surplus[0] == 0
    assert np.isnan(m.firm_realised_share(nothing, nothing, nothing)).all()
    with pytest.raises(ValueError, match='"seller", "buyer" or "market"'):
        m.firm_split(nothing, nothing, nothing, nothing, nothing, by="firm")


@pytest.mark.parametrize("missing", range(3))
def test_a_relation_counts_where_all_its_parts_are_known(missing):
    parts = np.array([[[0.5, 0.2]], [[0.3, 0.2]], [[0.2, 0.6]]])
    parts[missing, 0, 1] = NAN
    split = m.firm_split(*parts, [[4.0, 9.0]], [[2.0, 1.0]])
    assert split.surplus == [8.0]
    got = [split.seller_secured, split.buyer_secured, split.contested]
    np.testing.assert_allclose(got, [[0.5], [0.3], [0.2]])


def test_payoff_over_contribution():
    np.testing.assert_array_equal(m.payoff_over_contribution([3.0, 1.0], [4.0, 0.0]), [0.75, NAN])


def test_power_is_the_dependence_of_the_other():
    power = m.power_dependence(60, 15, 100, 80)
    assert power.first_on_second == pytest.approx(0.75)
    assert power.second_on_first == pytest.approx(0.2)
    assert power.second_power_share == pytest.approx(0.75 / 0.95)
    assert power.imbalance == pytest.approx(0.55)
    assert m.power_dependence(5, 5, 7, 7).second_power_share == 0.5


@given(st.floats(1, 100), st.floats(0, 1), st.floats(1, 100), st.floats(0, 1))
def test_power_turns_around_with_the_sides(first, part, second, other):
    one = m.power_dependence(first, first * part, second, second * other)
    back = m.power_dependence(second, second * other, first, first * part)
    assert one.imbalance == pytest.approx(-back.imbalance)
    assert one.mutual == pytest.approx(back.mutual)
    assert one.second_power_share == pytest.approx(1 - back.second_power_share) or one.mutual == 0


def test_a_seller_depends_on_a_buyer_by_the_margin_that_resale_does_not_bring():
    got = m.supplier_dependence(
        [[5.0, 4.0], [NAN, 3.0]], [[3.0, 1.0], [2.0, NAN]], [2.0, 1.0], [[2, 1], [0, 4]]
    )
    # Margins 2 x 3 and 1 x 2; resale of the second at cost.
    np.testing.assert_allclose(got, [[4 / 8, 2 / 8], [NAN, 1.0]])


def test_supply_is_spread_by_owner():
    flow = np.array([[6.0, 0.0], [2.0, 0.0], [2.0, 5.0]])
    spread = m.supply_spread(flow)
    np.testing.assert_array_equal(spread.count, [3, 1])
    np.testing.assert_allclose(spread.largest_share, [0.6, 1.0])
    np.testing.assert_allclose(spread.hhi, [4400, 10_000])
    owned = m.supply_spread(flow, owner=[1, 1, 2])
    np.testing.assert_array_equal(owned.count, [2, 1])
    np.testing.assert_allclose(owned.hhi, [6800, 10_000])
    many = m.supply_spread(flow, aggregate_of=[6, 1, 1])
    np.testing.assert_array_equal(many.count, [8, 1])
    assert many.largest_share[0] == pytest.approx(0.2)
    customers = m.customer_spread(flow)
    np.testing.assert_array_equal(customers.count, [1, 1, 2])
    np.testing.assert_allclose(customers.largest_share, [1, 1, 5 / 7])
    assert np.isnan(m.supply_spread(np.zeros((2, 1))).hhi[0])


def test_longer_notice_lowers_exposure_down_to_none():
    flow = np.array([[3.0], [1.0]])
    exposures = [m.notice_exposure(flow, n, 4)[0] for n in range(6)]
    assert exposures == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0, 0.0])
    own = np.array([[True], [False]])
    assert m.notice_exposure(flow, 0, 4, own)[0] == pytest.approx(0.25)
    assert m.notice_exposure(flow, 0, 0)[0] == 0
    assert np.isnan(m.notice_exposure(np.zeros((1, 1)), 1, 1)[0])


def test_each_firm_of_an_aggregate_counts_with_its_own_share():
    """Six equal owners hold 6 of 10: 6 x 10^2 + 40^2."""
    spread = m.supply_spread([[6.0], [4.0]], aggregate_of=[6, 1])
    np.testing.assert_allclose(spread.hhi, [6 * 100 + 1600])


def test_an_interval_of_the_least_width_still_has_a_place_for_the_price():
    assert m.lambda_index([0.5 * MINIMUM_WIDTH], [0.0], [MINIMUM_WIDTH]) == [0.5]
    assert np.isnan(m.lambda_index([0.0], [0.0], [0.5 * MINIMUM_WIDTH])).all()
