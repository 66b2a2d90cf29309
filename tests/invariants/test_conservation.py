"""Money and compute are conserved in every quarter of every shipped scenario.

Small worlds run with 20 seeds, each real one and each policy or shock with one; all of them with 20 where
CONSERVATION_SEEDS=20 (`.ci/long/conservation`).
"""

from __future__ import annotations

import os

import pytest

from market_abm.scenario import load_scenario, shipped
from tests.invariants.money import (
    compute_is_conserved,
    ledgers_watched,
    money_is_conserved,
    no_contract_is_delivered_twice,
)
from tests.model.tables import ran

SMALL = ("bilateral-monopoly", "lone-lessor", "two-clouds-three-labs")
SEEDS = int(os.environ.get("CONSERVATION_SEEDS", "1"))


@pytest.mark.parametrize("name", shipped())
def test_money_and_compute_are_conserved_in_every_quarter(name: str) -> None:
    scenario = load_scenario(name)
    for seed in range(20 if name in SMALL else SEEDS):
        with ledgers_watched() as ledgers:
            model = ran(scenario, seed, measure_every=1000)
        assert len(model.records) == model.world.quarters
        money_is_conserved(model, ledgers)
        compute_is_conserved(model)
        no_contract_is_delivered_twice(model, ledgers)
