"""What holds in every run, on worlds drawn at random: two quarters each of the small world with other numbers."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from market_abm.scenario import Scenario, load_scenario
from tests.invariants.money import compute_is_conserved, ledgers_watched, money_is_conserved
from tests.model.shuffled import shuffled, with_idle_firm
from tests.model.tables import differences, ran

FEW = settings(max_examples=10)
QUARTERS = 2
RANGES = {
    "behaviour.beta": (0.0, 1.0),
    "behaviour.cloud_rollover": (0.0, 1.0),
    "behaviour.own_rollover": (0.0, 1.0),
    "behaviour.forward_sale": (0.0, 1.0),
    "behaviour.contracted_share": (0.0, 1.0),
    "behaviour.omega": (0.0, 0.5),
    "firms.Neocloud.fleet.online": (300.0, 1500.0),
    "firms.Cloud South.cash": (0.0, 40000.0),
    "firms.Lab West.cash": (0.0, 8000.0),
    "segments.Enterprise.elasticity": (0.4, 1.5),
}
CHOICES = {
    "behaviour.protocol": ("split", "nash_in_nash", "nntr", "competitive", "auction", "posted"),
    "behaviour.strategies.sell": ("default", "withhold", "posted"),
    "behaviour.strategies.build": ("default", "npv", "real_option"),
}
seeds = st.integers(0, 10**6)


def world(seed: int) -> Scenario:
    """The small world with some numbers and rules drawn at random."""
    draw = random.Random(seed)
    changes: dict[str, Any] = {
        key: round(draw.uniform(*ends), 3) for key, ends in RANGES.items() if draw.random() < 0.5
    }
    changes |= {key: draw.choice(words) for key, words in CHOICES.items() if draw.random() < 0.5}
    return load_scenario("two-clouds-three-labs", changes)


@FEW
@given(seeds)
def test_money_and_compute_are_conserved_whatever_is_drawn(seed: int) -> None:
    with ledgers_watched() as ledgers:
        model = ran(world(seed), seed, quarters=QUARTERS)
    money_is_conserved(model, ledgers)
    compute_is_conserved(model)


@FEW
@given(seeds)
def test_the_same_seed_gives_the_same_bits(seed: int) -> None:
    scenario = world(seed)
    assert differences(*(ran(scenario, seed, QUARTERS) for _ in range(2))) == []


@FEW
@given(seeds)
def test_the_order_of_the_file_changes_no_bit(seed: int) -> None:
    scenario = world(seed)
    assert differences(ran(scenario, seed, QUARTERS), ran(shuffled(scenario, seed), seed, QUARTERS)) == []


@FEW
@given(
    seeds,
    st.sampled_from(["AAA idle", "Nobody", "zz idle"]),
    st.sampled_from(["provider", "lab", "hyperscaler"]),
)
def test_an_idle_firm_changes_no_bit_of_the_others(seed: int, idle: str, kind: str) -> None:
    def others(table: str, row: dict[str, Any]) -> bool:
        return idle not in (row.get("firm"), row.get("supplier"), row.get("buyer"))

    scenario = world(seed)
    pair = (ran(item, seed, QUARTERS) for item in (scenario, with_idle_firm(scenario, idle, kind)))
    assert differences(*pair, keep=others) == []
