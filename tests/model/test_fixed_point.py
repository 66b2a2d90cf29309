"""The opening state is a fixed point: with shocks and growth off the first quarter repeats the calibration."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.still import opening_use, still
from tests.model.tables import ran

CLOSE = 0.02
WORLDS = ("two-clouds-three-labs", "colossus-lease")


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_price_is_the_calibrated_index(name: str, seed: int) -> None:
    model = ran(still(name), seed, quarters=1, pin=True)
    for price in (model.state.index_price, model.state.spot_price):
        assert price == pytest.approx(model.world.index_price, rel=CLOSE)


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_buyer_uses_what_it_used_before(name: str, seed: int) -> None:
    model = ran(still(name), seed, quarters=1, pin=True)
    before, used = opening_use(model), model.state.used
    off = {
        key: (b, u)
        for key, b, u in zip(model.world.buyers.key, before, used)
        if abs(u - b) > CLOSE * b + 1e-6
    }
    assert off == {}


def test_product_shares_stay_where_compute_stays() -> None:
    # In world-2026 one fleet goes to its owner's lab on top of what that lab used: its share moves, and should.
    for name in ("two-clouds-three-labs", "world-2026"):
        model = ran(still(name), 0, quarters=1, pin=True)
        buyers = model.world.buyers
        stated = buyers.inference + buyers.rnd
        calm = buyers.product & (np.abs(opening_use(model) - stated) <= 0.01 * stated)
        assert calm.sum() >= buyers.product.sum() - 1
        assert model.state.share[calm] == pytest.approx(buyers.share[calm], rel=CLOSE)


def test_the_small_world_stays_there_until_what_is_ordered_now_arrives() -> None:
    model = ran(still("two-clouds-three-labs"), 0, quarters=3, pin=True)
    prices = [state.index_price for state in model.states]
    assert prices == pytest.approx([model.world.index_price] * 4, rel=CLOSE)
    assert model.state.used == pytest.approx(opening_use(model), rel=2 * CLOSE)


@pytest.mark.parametrize("name", ["world-2026", "colossus-lease"])
def test_with_tastes_and_the_wedge_price_and_uses_of_the_real_world_stay_close_too(name: str) -> None:
    model = ran(still(name, frictions=True), 0, quarters=1, pin=True)
    assert model.state.index_price == pytest.approx(model.world.index_price, rel=CLOSE)
    before = opening_use(model)
    moved = np.abs(model.state.used - before)[before > 0]
    assert moved.sum() <= CLOSE * before.sum()
