import numpy as np
import pytest

import market_abm.measures as m
from market_abm.measures.controls import SELLERS, TIGHTNESS

ELASTICITY = 0.9


@pytest.fixture(scope="module")
def rungs():
    return {(r.sellers, r.tightness): r for r in m.ladder(elasticity=ELASTICITY)}


def test_the_ladder_has_every_world(rungs):
    assert set(rungs) == {(n, tau) for n in SELLERS for tau in TIGHTNESS}


@pytest.mark.parametrize("tau", TIGHTNESS)
@pytest.mark.parametrize("count", SELLERS)
def test_the_rule_on_the_ladder(rungs, count, tau):
    rung = rungs[count, tau]
    assert rung.tight == (tau >= 1.1**ELASTICITY)
    if not rung.tight:
        assert rung.grade == "none"
    elif count <= 2:
        assert rung.chokepoint
    elif count == 16:
        assert not rung.chokepoint
    else:
        # Four and eight follow from the elasticity: price and loss decide together.
        assert rung.chokepoint == (rung.price_effect >= 0.10 and rung.loss_of_others >= 0.05)


def test_price_of_a_full_market_follows_from_the_elasticity(rungs):
    for (_, tau), rung in rungs.items():
        assert rung.price_over_user_cost == pytest.approx(tau ** (1 / ELASTICITY), rel=0.006)


def test_neither_a_share_table_nor_empty(rungs):
    tight = [r for r in rungs.values() if r.tight]
    assert {r.chokepoint for r in tight} == {True, False}
    cut = float(m.share_cut(ELASTICITY))
    # Eight equal sellers exceed the share cut, and yet others would lose less than 5 % without one of them.
    assert cut < 1 / 8
    assert not any(r.chokepoint for r in tight if r.sellers == 8)


def test_common_ownership_raises_the_price_effect():
    alone = m.ladder((4, 8, 16), (1.2,))
    pairs = m.ladder((4, 8, 16), (1.2,), per_owner=2)
    for one, two in zip(alone, pairs):
        assert two.price_effect > 2 * one.price_effect
        assert two.loss_of_others > one.loss_of_others
        assert two.hhi == pytest.approx(2 * one.hhi)
    assert m.ladder((8,), (1.2,), per_owner=2)[0].chokepoint and not alone[1].chokepoint


@pytest.mark.parametrize("elasticity", [0.5, 0.9, 1.3])
def test_thicker_demand_makes_fewer_chokepoints(elasticity):
    tau = 1.15**elasticity
    flags = [r.chokepoint for r in m.ladder((2, 4, 8, 16), (tau,), elasticity)]
    assert flags == sorted(flags, reverse=True)
    assert flags[0]


@pytest.mark.parametrize("share", np.linspace(0.12, 0.9, 10))
@pytest.mark.parametrize("theta", [1.0, 1.1])
def test_the_switch_to_pivotal_is_on_the_exact_curve(share, theta):
    assert m.pivotal_switch(share, theta) == pytest.approx((1 - share) / theta, abs=1e-6)
    shares = np.r_[share, np.full(10, (1 - share) / 10)]
    assert m.pivotal_switch(share, theta) == pytest.approx(m.phase_boundary(shares, theta), abs=1e-6)


def test_the_lessor_must_be_the_largest():
    for share in (0.05, 0.09, 1.0):
        with pytest.raises(ValueError, match=f"share is {share}; it must exceed a fringe seller's, 1/11,"):
            m.pivotal_switch(share)
    assert m.pivotal_switch(0.1) == pytest.approx(0.9, abs=1e-6)


def test_blocks_follow_the_curve():
    quantity, value = m.isoelastic_blocks(100.0, 4.0, 0.9)
    sold = np.cumsum(quantity[0])
    for price in (1.0, 4.0, 9.0, 30.0):
        assert sold[value[0] >= price][-1] == pytest.approx(100 * (price / 4) ** -0.9, rel=0.006)
    assert (np.diff(value[0]) < 0).all()
    assert np.abs(np.diff(np.log(value[0][1:]))).max() <= np.log(1.0051)


@pytest.mark.parametrize("user_cost", [0.9, 47.5])
def test_the_long_run_price_only_sets_the_scale_of_tightness(user_cost):
    (tight,) = m.ladder((4,), (1.2,), user_cost=user_cost)
    (slack,) = m.ladder((4,), (1.0,), user_cost=user_cost)
    assert tight.tight and not slack.tight
    assert tight.price_over_user_cost == pytest.approx(1.2 ** (1 / ELASTICITY), rel=0.02)
