"""Beside every shipped scenario that adds capacity stands one that adds the same and differs in who uses it."""

from __future__ import annotations

from market_abm.scenario import Scenario, load_scenario, shipped

HISTORY = {"world-2023-conditional"}
"""Its additional capacity is what happened, no option that anybody compares."""


def capacity(scenario: Scenario) -> float:
    """Capacity online and announced over the horizon, and what the timeline brings in, kH100e."""
    fleets = [firm.fleet for firm in scenario.firms.values() if firm.fleet is not None]
    online = sum(float(fleet.online) for fleet in fleets)
    announced = sum(float(value) for fleet in fleets for value in dict(fleet.pipeline).values())
    entering = sum(float(e.online or 0.0) for e in scenario.timeline if e.kind == "entry")
    return online + announced + entering


def test_every_scenario_that_adds_capacity_has_a_control_of_equal_capacity() -> None:
    worlds = {name: load_scenario(name) for name in shipped() if name not in HISTORY}
    checked = 0
    for name, world in worlds.items():
        parents = [
            worlds[p] for p in (line.rsplit("/", 1)[-1][:-5] for line in world.lineage[1:]) if p in worlds
        ]
        added = [capacity(world) - capacity(parent) for parent in parents]
        if not any(more > 1e-6 for more in added):
            continue
        checked += 1
        controls = [
            other
            for other, twin in worlds.items()
            if other != name
            and twin.horizon == world.horizon
            and abs(capacity(twin) - capacity(world)) <= 1e-9 * capacity(world)
            and twin.content() != world.content()
        ]
        assert controls, f"{name} adds {added[0]:g} kH100e and no shipped scenario has the same capacity"
    assert checked or "colossus-lease" in worlds


def test_with_and_without_the_colossus_lease_the_opening_stocks_are_the_same() -> None:
    lease, control = load_scenario("colossus-lease"), load_scenario("no-colossus-lease")
    assert lease.firms.keys() == control.firms.keys()
    for seed in range(5):
        one, other = lease.drawn(seed), control.drawn(seed)
        for name, firm in one.firms.items():
            twin = other.firms[name]
            assert (firm.cash, firm.debt, firm.stakes) == (twin.cash, twin.debt, twin.stakes), name
            assert firm.lab == twin.lab, name
            if firm.fleet is not None:
                assert firm.fleet.online == twin.fleet.online, name
                assert firm.fleet.pipeline == twin.fleet.pipeline, name
        assert one.segments == other.segments
        assert one.upstream == other.upstream
