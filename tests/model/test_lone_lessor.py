"""One lessor and a fringe: the tightness at which users cannot do without the lessor is (1 - s_max) / theta."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.measures.controls import pivotal_switch
from market_abm.scenario import load_scenario
from tests.model.tables import cell, ran

SHARES = tuple(np.linspace(0.12, 0.93, 10).round(4))
CAPACITY = 1000.0


@pytest.mark.parametrize("theta", [1.0, 1.1])
@pytest.mark.parametrize("share", SHARES)
def test_the_switch_found_by_bisection_is_exact(share: float, theta: float) -> None:
    assert pivotal_switch(share, theta) == pytest.approx((1.0 - share) / theta, abs=1e-6)


def lessor_is_pivotal(share: float, tightness: float) -> bool:
    """The flag in the firms table of the full model."""
    need = tightness * CAPACITY
    fringe = (1.0 - share) * CAPACITY / 10
    changes = {f"firms.Fringe {k:02d}.fleet.online": fringe for k in range(1, 11)}
    changes |= {"firms.Lessor.fleet.online": share * CAPACITY, "segments.Users.use": need}
    scenario = load_scenario("lone-lessor", {**changes, "segments.Users.blocks": [[6, need]]})
    model = ran(scenario, 0, quarters=1)
    assert cell(model, 0, "steps", "tightness") == pytest.approx(tightness, rel=1e-8)
    return bool(cell(model, 0, "firms", "pivotal", firm="Lessor"))


@pytest.mark.parametrize("share", SHARES)
def test_the_full_model_switches_there_too(share: float) -> None:
    low, high = (1.0 - share) * 0.97, (1.0 - share) * 1.02
    assert not lessor_is_pivotal(share, low)
    assert lessor_is_pivotal(share, high)
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        if lessor_is_pivotal(share, middle):
            high = middle
        else:
            low = middle
    assert 0.5 * (low + high) == pytest.approx(1.0 - share, abs=1e-6)
