"""Building: what an order is worth, also to a firm that has no fleet yet."""

from __future__ import annotations

import numpy as np

import market_abm as ma


def test_what_building_is_worth_is_of_the_size_of_fleets() -> None:
    """A firm whose first machines are announced has no pace of growth: its score is no astronomical sum."""
    result = ma.run(ma.load_scenario("colossus-lease", ["horizon.quarters=2"]))
    built = result.decisions.query("verb == 'build'")
    fleets = result.firms.set_index(["quarter", "firm"])["capacity_kh100e"]
    without = [fleets[quarter, firm] == 0.0 for quarter, firm in zip(built["quarter"], built["firm"])]
    assert any(without)
    assert np.isfinite(built["score"]).all()
    assert built.loc[without, "score"].abs().max() < 1e6  # MUSD: a trillion dollars
