"""The controls come from the schema: each can be set, and none is missing."""

from __future__ import annotations

import pytest

from market_abm.app.archive import Archive
from market_abm.app.entries import LEFT_OUT
from market_abm.app.levers import GROUPS, levers
from market_abm.scenario.draw import numbers
from market_abm.scenario.quantity import Quantity
from market_abm.scenario.timeline import KINDS
from market_abm.timeline import registry

ARCHIVE = Archive()
NAMES = ["two-clouds-three-labs", "colossus-lease", "lone-lessor"]


@pytest.mark.parametrize("name", NAMES)
def test_every_guess_of_behaviour_and_product_has_a_control_with_its_range(name: str) -> None:
    scenario = ARCHIVE.scenario(name)
    found = {lever.key: lever for lever in levers(scenario, 1)}
    for item in numbers(scenario):
        if (
            item.path.split(".")[0] in ("behaviour", "product")
            and isinstance(item.value, Quantity)
            and item.value.ranged
        ):
            lever = found[item.path]
            assert lever.low <= lever.start <= lever.high
            assert lever.low <= item.value.low or lever.low == item.type.least
            assert f"{item.value.low:g} to {item.value.high:g}" in lever.drawn_from
            assert lever.allowed == item.type.allowed
            assert lever.source


@pytest.mark.parametrize("name", NAMES)
def test_where_a_number_stands_is_what_the_seed_draws(name: str) -> None:
    scenario = ARCHIVE.scenario(name)
    drawn = {item.path: float(item.value) for item in numbers(scenario.drawn(5))}
    for lever in levers(scenario, 5):
        if lever.kind == "number":
            assert lever.start == drawn[lever.key]


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_and_groups_known(name: str) -> None:
    found = levers(ARCHIVE.scenario(name), 1)
    assert len({lever.key for lever in found}) == len(found)
    assert {lever.group for lever in found} <= {group for group, _ in GROUPS}


@pytest.mark.parametrize("name", NAMES)
def test_every_dated_entry_as_its_control_begins_is_accepted_or_says_what_is_missing(name: str) -> None:
    """What the page sends when an entry is switched on loads, and is an entry of that kind."""
    for lever in levers(ARCHIVE.scenario(name), 1):
        if lever.kind != "entry":
            continue
        fields = {part.key: part.start for part in lever.fields if part.start not in ("", "*")}
        text = ", ".join(
            f'{key}: "{v}"' if isinstance(v, str) else f"{key}: {v}" for key, v in fields.items()
        )
        scenario = ARCHIVE.scenario(name, ((lever.key, f"{{kind: {lever.kind_of_entry}, {text}}}"),))
        [entry] = [item for item in scenario.timeline if f"timeline.{item.key}" == lever.key]
        assert entry.kind == lever.kind_of_entry


def test_every_kind_of_entry_that_has_its_parties_is_on_the_page() -> None:
    found = {lever.kind_of_entry for lever in levers(ARCHIVE.scenario("colossus-lease"), 1)} - {""}
    missing = set(KINDS) - found - set(LEFT_OUT)
    assert missing <= {"entry", "public_provider"}, "only firms that wait to enter may be lacking"
    assert found <= set(registry.kinds())
