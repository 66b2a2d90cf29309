import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from tests.measures.worlds import shares_with_outside

SHARES = np.array([0.4, 0.2, 0.1])


@given(shares_with_outside)
def test_diversions_add_to_one(shares):
    total = m.diversion(shares).sum(axis=1) + m.diversion_to_outside(shares)
    np.testing.assert_allclose(total, 1)
    assert (np.diag(m.diversion(shares)) == 0).all()


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6))
def test_diversion_is_what_a_logit_market_does_without_the_lab(utilities):
    utilities = np.array(utilities)
    share, outside = m.logit_shares(utilities)
    without = utilities.copy()
    without[0] = -np.inf
    moved, moved_outside = m.logit_shares(without)
    np.testing.assert_allclose((moved - share)[1:] / share[0], m.diversion(share)[0, 1:], rtol=1e-9)
    assert (moved_outside - outside) / share[0] == pytest.approx(m.diversion_to_outside(share)[0])
    logsum = np.log1p(np.exp(utilities).sum()) - np.log1p(np.exp(without).sum())
    assert m.logsum_loss(share[0]) == pytest.approx(logsum)


def test_no_interest_and_no_harm_give_no_wedge():
    none = np.zeros((3, 3))
    assert not m.strategic_wedge(np.ones(3), SHARES, np.full(3, 0.5), none).any()


def test_the_wedge_by_its_formula():
    value, margin = np.array([5.0, 4.0, 3.0]), np.array([0.5, 0.4, 0.8])
    interest = np.array([[1.0, 0.2, 0.0], [0.0, 0.0, 0.3]])
    harm = np.array([[0.0, 0.0, 0.0], [0.25, 0.0, 0.0]])
    got = m.strategic_wedge(value, SHARES, margin, interest, harm, omega=0.5)
    for j in range(2):
        stake = np.where(interest[j] == 1, 1, 0.5 * interest[j])
        for i in range(3):
            kappa = -(stake[i] - harm[j, i])
            for k in range(3):
                if k != i:
                    kappa += SHARES[k] / (1 - SHARES[i]) * (stake[k] - harm[j, k]) * margin[k] / margin[i]
            assert got[j, i] == pytest.approx(value[i] * kappa)


# Planted three-lab market: A leads, B follows, C is the small lab of an integrated seller.
PLANTED = {"shares": np.array([0.35, 0.45, 0.03]), "margins": np.array([0.8, 0.7, 0.85])}


def kappa(interest, harm=0.0, omega=0.1):
    return m.strategic_wedge(
        np.array([6.0, 6.0, 6.0]), interest=np.atleast_2d(interest), rival_harm=harm, omega=omega, **PLANTED
    )[0]


def test_the_sign_table():
    integrated = kappa([0, 0, 1.0])
    # An own lab makes serving either rival costly, and own use a gain.
    assert integrated[0] > 0 and integrated[1] > 0 and integrated[2] < 0
    # A stake in A alone: A is favoured, its rivals are not.
    holder = kappa([0.27, 0, 0])
    assert holder[0] < 0 and holder[1] > 0 and holder[2] > 0
    # Full weight of the stake makes the same signs, larger.
    assert (np.abs(kappa([0.27, 0, 0], omega=1.0)) > np.abs(holder)).all()


def test_a_stake_in_the_customer_against_the_own_lab_is_zero_at_the_edge():
    for lab in (0, 1):
        own = np.array([0.0, 0.0, 1.0])
        edge = float(m.neutral_stake(own, **PLANTED)[lab])
        assert 0 < edge < 1

        def at(stake, lab=lab, own=own):
            return kappa(np.where(np.arange(3) == lab, stake, own), omega=1.0)[lab]

        assert at(edge) == pytest.approx(0, abs=1e-12)
        assert at(0.9 * edge) > 0 > at(1.1 * edge)


def test_harm_to_a_rival_lowers_the_price_asked_of_that_rivals_rival_only():
    calm = kappa([0, 0, 1.0])
    feud = kappa([0, 0, 1.0], harm=np.array([0.3, 0, 0]))
    assert feud[1] < calm[1]
    # Against the target itself harm makes the wedge larger.
    assert feud[0] > calm[0]


@settings(max_examples=60)
@given(shares_with_outside, st.floats(0.0, 0.5))
def test_the_fall_of_the_wedge_varies_with_diversion_to_the_target(shares, phi):
    labs = len(shares)
    margin, nothing = np.full(labs, 0.6), np.zeros((1, labs))
    harm = np.zeros((1, labs))
    harm[0, 0] = phi
    fall = m.strategic_wedge(np.full(labs, 2.0), shares, margin, nothing, harm)[0]
    expected = -2.0 * phi * m.diversion(shares)[:, 0]
    np.testing.assert_allclose(fall[1:], expected[1:], atol=1e-12)
    assert fall[0] == pytest.approx(2.0 * phi)


def test_a_lab_without_a_product_moves_nobody():
    got = m.strategic_wedge(
        np.ones(3), [0.5, np.nan, 0.2], [0.5, np.nan, 0.5], [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    )
    assert got[0, 1] == 0
    assert got[1, 1] == -1 and got[1, 0] == 0


def test_stakes_lie_in_the_unit_interval():
    with pytest.raises(ValueError, match="its stake in others"):
        m.weighted_interest([1.5], 0.1)
    with pytest.raises(ValueError, match="weight of a minority stake"):
        m.weighted_interest([0.5], 1.5)
    np.testing.assert_allclose(m.weighted_interest([1.0, 0.5, 0.0], 0.1), [1.0, 0.05, 0.0])


@given(st.floats(0.1, 10), st.floats(1, 100), st.floats(1, 100), st.floats(0, 1), st.floats(0.1, 20))
def test_refusal_pays_from_critical_diversion_on(margin, units, lost, diverted, downstream):
    result = m.vertical_arithmetic(margin, units, lost, diverted, downstream)
    if abs(diverted - result.critical_diversion) > 1e-9:
        assert result.pays == (diverted > result.critical_diversion) == (result.net_gain > 0)


def test_vertical_pressure_and_the_unit_wedge_agree():
    """The wedge of an own lab is the vGUPPI of the input price, in units of compute."""
    shares, margins = np.array([0.3, 0.2]), np.array([0.8, 0.5])
    value, input_price = 6.0, 5.0
    per_unit = value / margins[0]
    wedge = m.strategic_wedge([value, 0.0], shares, margins, [[0.0, 1.0]])[0, 0]
    pressure = m.vguppi_upstream(m.diversion(shares)[0, 1], margins[1], per_unit, input_price)
    assert wedge / input_price == pytest.approx(float(pressure))


def test_lease_to_a_rivals_rival():
    given_case = {
        "customer": 1, "own": 2, "target": 0, "customer_gain": 8, "own_margin": 10, "target_margin": 10,
        "upstream_margin": 0.1, "units": 50,
    }  # fmt: skip
    calm = m.rivals_rival([0.3, 0.2, 0.1], **given_case)
    assert calm.net_gain == pytest.approx(-5)
    at = m.rivals_rival([0.3, 0.2, 0.1], **given_case, weight=calm.threshold)
    assert at.net_gain_at_weight == pytest.approx(0, abs=1e-12)
    rich = m.rivals_rival([0.3, 0.2, 0.1], **{**given_case, "upstream_margin": 1.0})
    assert rich.threshold == 0
    stranger = m.rivals_rival([0.0, 0.2, 0.1], **given_case)
    assert np.isinf(stranger.threshold)


def test_shares_are_fractions():
    with pytest.raises(ValueError, match="at most 1"):
        m.diversion([0.7, 0.6])


def test_a_lab_with_every_user_has_nobody_to_divert_to():
    with pytest.raises(ValueError, match="below 1"):
        m.diversion([1.0])
