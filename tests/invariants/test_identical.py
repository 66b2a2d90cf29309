"""Identical tables: same seed, another order of the file, an idle firm."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from market_abm.model import ComputeMarket
from tests.model.shuffled import shuffled, with_idle_firm
from tests.model.tables import differences, ran

WORLDS = ("bilateral-monopoly", "lone-lessor", "two-clouds-three-labs", "world-2026", "colossus-lease")
QUARTERS = 8


@cache
def once(name: str) -> ComputeMarket:
    """One run of each world, to compare with."""
    return ran(name, 7, QUARTERS)


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_twice_gives_the_same_bits(name: str) -> None:
    assert differences(once(name), ran(name, 7, QUARTERS)) == []


@pytest.mark.parametrize("name", WORLDS)
def test_another_seed_gives_other_tables_where_anything_is_drawn(name: str) -> None:
    drawn = name != "bilateral-monopoly"  # one link has no ties, and that world has no shocks
    assert bool(differences(once(name), ran(name, 8, QUARTERS), tables=("steps",))) == drawn


@pytest.mark.parametrize("name", WORLDS)
def test_firms_links_and_contracts_shuffled_in_the_file_change_no_bit(name: str) -> None:
    assert differences(once(name), ran(shuffled(name), 7, QUARTERS)) == []


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(
    ("idle", "kind"),
    [("AAA idle", "provider"), ("Nobody", "hyperscaler"), ("zz idle", "provider"), ("Nobody", "lab")],
)
def test_an_idle_firm_changes_no_bit_of_any_other_row(name: str, idle: str, kind: str) -> None:
    def others(table: str, row: dict[str, Any]) -> bool:
        return idle not in (row.get("firm"), row.get("supplier"), row.get("buyer"))

    assert differences(once(name), ran(with_idle_firm(name, idle, kind), 7, QUARTERS), keep=others) == []
