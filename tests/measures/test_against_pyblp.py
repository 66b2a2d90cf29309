"""HHI and diversion against PyBLP (values made by make_pyblp_reference.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

import market_abm.measures as m

WORLDS = json.loads((Path(__file__).parent / "data" / "pyblp_logit.json").read_text())["markets"]


@pytest.mark.parametrize("world", WORLDS)
def test_hhi_by_owner_of_the_inside_shares(world):
    assert m.hhi(m.owner_shares(world["shares"], world["firm"])) == pytest.approx(world["hhi"], rel=1e-12)


@pytest.mark.parametrize("world", WORLDS)
def test_diversion_with_the_outside_on_the_diagonal(world):
    ratios = m.diversion(world["shares"])
    np.fill_diagonal(ratios, m.diversion_to_outside(world["shares"]))
    np.testing.assert_allclose(ratios, world["diversion"], rtol=1e-12)
