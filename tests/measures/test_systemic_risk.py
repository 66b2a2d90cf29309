import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import market_abm.measures as m
from tests.measures.worlds import seeds

FLOW = np.array([[0, 6, 4, 0, 0], [0, 0, 0, 6, 0], [0, 0, 0, 4, 0], [0, 0, 0, 0, 10], [0, 0, 0, 0, 0]])
PRODUCT = [0, 1, 1, 2, 3]
ESSENTIAL = [[], [0], [0], [1], [2]]


def test_two_clouds_of_the_same_product():
    risk = m.esri(FLOW, PRODUCT, ESSENTIAL, 1)
    np.testing.assert_allclose(risk.output, [0.4, 0, 1, 0.4, 0.4])
    assert risk.index == pytest.approx(0.6)


def test_the_chip_supplier_stops_everything():
    assert m.esri(FLOW, PRODUCT, ESSENTIAL, 0).index == pytest.approx(1.0)
    assert m.esri(FLOW, PRODUCT, ESSENTIAL, [1, 2]).index == pytest.approx(1.0)


def test_what_is_not_essential_adds_up_with_all_inputs():
    flow = np.array([[0, 0, 6], [0, 0, 4], [0, 0, 0]], dtype=float)
    risk = m.esri(flow, [0, 1, 2], [[], [], [0]], 1)
    # Input 1 is 40 % of all inputs and not essential.
    assert risk.output[2] == pytest.approx(0.6)
    essential = m.esri(flow, [0, 1, 2], [[], [], [0, 1]], 1)
    assert essential.output[2] == 0


def test_replaced_deliveries_do_not_run_down():
    cloud = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    losses = [1 - m.esri(FLOW, PRODUCT, ESSENTIAL, 1, rho * cloud).output[4] for rho in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(losses, [0.6, 0.3, 0.0])
    # What the lab fails to deliver is replaced too when everybody is replaceable.
    assert 1 - m.esri(FLOW, PRODUCT, ESSENTIAL, 1, 0.5).output[4] == pytest.approx(0.15)


def test_a_cycle_settles():
    flow = np.array([[0, 5.0, 0], [0, 0, 5.0], [2.0, 0, 0]])
    risk = m.esri(flow, [0, 1, 2], [[2], [0], [1]], 0)
    np.testing.assert_allclose(risk.output, 0)


@settings(max_examples=60)
@given(seeds, st.integers(2, 7))
def test_risk_by_plain_loops(seed, count):
    """The same definition written firm by firm."""
    rng = np.random.default_rng(seed)
    flow = rng.integers(0, 5, (count, count)).astype(float)
    np.fill_diagonal(flow, 0)
    product = rng.integers(0, 3, count)
    essential = [list(rng.choice(3, rng.integers(0, 3), replace=False)) for _ in range(count)]
    rho, fail = rng.uniform(0, 0.5, count), int(rng.integers(count))
    down, up = np.ones(count), np.ones(count)
    down[fail] = up[fail] = 0
    for _ in range(10_000):
        new_down, new_up = down.copy(), up.copy()
        for i in range(count):
            if i == fail:
                continue
            limits = [1.0]
            inputs = flow[:, i].sum()
            for kind in essential[i]:
                same = [j for j in range(count) if product[j] == kind]
                total = sum(flow[j, i] for j in same)
                if total:
                    gone = sum(flow[j, i] * (1 - rho[j]) * (1 - down[j]) for j in same)
                    limits.append(1 - gone / total)
            rest = [j for j in range(count) if product[j] not in essential[i]]
            if inputs:
                limits.append(1 - sum(flow[j, i] * (1 - rho[j]) * (1 - down[j]) for j in rest) / inputs)
            new_down[i] = min(limits)
            if flow[i].sum():
                new_up[i] = (flow[i] * up).sum() / flow[i].sum()
        still = max(np.abs(new_down - down).max(), np.abs(new_up - up).max()) < 1e-12
        down, up = new_down, new_up
        if still:
            break
    risk = m.esri(flow, list(product), essential, fail, rho)
    np.testing.assert_allclose(risk.output, np.minimum(down, up), atol=1e-6)
    assert 0 <= risk.index <= 1


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="n x n"):
        m.esri(FLOW, [0], ESSENTIAL, 1)
    with pytest.raises(ValueError, match="replaceability"):
        m.esri(FLOW, PRODUCT, ESSENTIAL, 1, 2.0)
