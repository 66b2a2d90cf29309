"""The small shipped worlds are what their first lines say."""

from __future__ import annotations

import pytest

from market_abm.scenario import load_scenario
from market_abm.scenario.draw import numbers
from market_abm.scenario.quantity import Quantity


def test_bilateral_monopoly():
    world = load_scenario("bilateral-monopoly")
    fleet, lab = world.firms["Seller"].fleet, world.firms["Buyer"].lab
    (link,) = world.links
    ((value, quantity),) = lab.blocks
    assert fleet.online * world.behaviour.sellable_share == quantity
    moved = link.switching_cost / fleet.offer_term
    price = fleet.unit_cost + world.behaviour.beta * (value - fleet.unit_cost - moved)
    assert price == pytest.approx(1.45) and world.behaviour.index_price == pytest.approx(price)


def test_lone_lessor():
    world = load_scenario("lone-lessor")
    fleets = {name: firm.fleet.online for name, firm in world.firms.items()}
    fringe = [size for name, size in fleets.items() if name != "Lessor"]
    assert len(fringe) == 10 and len(set(fringe)) == 1
    total = sum(fleets.values())
    users = world.segments["Users"]
    assert users.use == sum(quantity for _, quantity in users.blocks) and users.reach == "all"
    assert users.use / total > 1 - fleets["Lessor"] / total  # pivotal as shipped
    assert len({firm.fleet.unit_cost for firm in world.firms.values()}) == 1


@pytest.mark.parametrize("name", ["bilateral-monopoly", "lone-lessor"])
def test_exact_worlds_are_certain_and_calm(name):
    world = load_scenario(name)
    assert world.drawn(1) == world.drawn(2)
    shocks = world.behaviour.shocks
    assert shocks.quality == shocks.demand == shocks.market == shocks.segment == 0.0
    assert world.behaviour.taste_sd == world.behaviour.retirement == world.behaviour.base_growth == 0.0
    assert all(firm.fleet.growth_cap == 0.0 for firm in world.firms.values() if firm.fleet is not None)


def test_two_clouds_three_labs_is_reconciled_and_a_guess():
    world = load_scenario("two-clouds-three-labs")
    labs = {name: firm.lab for name, firm in world.firms.items() if firm.lab is not None}
    assert len(labs) == 3
    use = {name: lab.inference + lab.rnd for name, lab in labs.items()}
    use |= {name: float(segment.use) for name, segment in world.segments.items()}
    bought = dict.fromkeys(use, 0.0)
    for contract in world.contracts.values():
        bought[contract.buyer] += contract.volume
    assert bought == pytest.approx(use)
    for name, firm in world.firms.items():
        if firm.fleet is not None:
            sold = sum(item.volume for item in world.contracts.values() if item.supplier == name)
            assert 0.9 * firm.fleet.online < sold <= world.behaviour.sellable_share * firm.fleet.online
    for item in numbers(world):
        if isinstance(item.value, Quantity):
            assert item.value.guess and item.value.ranged, item.path
