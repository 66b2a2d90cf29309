"""Knobs of market structure: number of users, concentration at constant total, tightness, reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from market_abm.experiments.knobs.base import Changes, KnobError, knob
from market_abm.scenario import paths
from market_abm.scenario.dump import plain

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Point = Mapping[str, Any]


def sellers(scenario: Scenario) -> dict[str, Any]:
    """Firms with a fleet for sale from the start, by name."""
    firms = scenario.firms.items()
    return {key: firm for key, firm in firms if firm.fleet and firm.fleet.sells and firm.fleet.enters is None}


@knob(
    "users", 1, 200, "1", "number of equal groups into which each open segment is split", whole=True, rank=1
)
def users(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Split every open segment into equal groups, which can then have suppliers of their own."""
    changes: Changes = {}
    if value == 1:
        return changes
    bound = {item.buyer for item in scenario.contracts.values()} | {item.buyer for item in scenario.links}
    for name, segment in scenario.segments.items():
        if segment.kind != "market":
            continue
        if name in bound:
            raise KnobError(f"users cannot split {name}: contracts or links name it")
        part = plain(segment)
        part["use"], part["unmet"] = float(segment.use) / value, float(segment.unmet) / value
        if segment.blocks is not None:
            part["blocks"] = [[worth, amount / value] for worth, amount in segment.blocks]
        changes[paths.join(["segments", name])] = None
        for number in range(1, value + 1):
            changes[paths.join(["segments", f"{name} {number:0{len(str(value))}d}"])] = part
    return changes


@knob("hhi", 1, 10_000, "points", "HHI of merchant capacity at constant total, by ultimate owner", rank=2)
def hhi(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Give the largest sellers equal shares such that merchant capacity has this HHI.

    The total stays, and the sizes of all others relative to each other. How many lead is the knob
    ``leaders`` (default one): the same HHI with more leaders has a smaller largest share.
    """
    return _concentrated(scenario, value, int(point.get("leaders", 1)))


@knob(
    "leaders", 1, 50, "1", "number of equal leaders at the HHI given (or at the HHI as it is)",
    whole=True, rank=2,
)  # fmt: skip
def leaders(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Another number of leaders at the same HHI; with the knob ``hhi`` in the point, that one does it."""
    if "hhi" in point:
        return {}
    held = _owners(scenario)
    total = sum(held.values())
    return _concentrated(scenario, 1e4 * sum((size / total) ** 2 for size in held.values()), value)


def _owners(scenario: Scenario) -> dict[str, float]:
    """Merchant capacity by ultimate owner, kH100e."""
    held: dict[str, float] = {}
    for firm in sellers(scenario).values():
        held[firm.owner] = held.get(firm.owner, 0.0) + float(firm.fleet.online)
    return held


def _concentrated(scenario: Scenario, points: float, count: int) -> Changes:
    held = _owners(scenario)
    crowd = [key for key, firm in sellers(scenario).items() if firm.aggregate_of > 1]
    if crowd:
        raise KnobError(f"hhi cannot size {crowd[0]}, a row for many owners; set aggregate_of: 1 there")
    if count >= len(held):
        raise KnobError(f"leaders is {count}; with {len(held)} owners it must be below that")
    ranked = sorted(held, key=lambda owner: (-held[owner], owner))
    first, rest = ranked[:count], ranked[count:]
    total, others = sum(held.values()), sum(held[owner] for owner in rest)
    share = leader_share(points / 1e4, count, [held[owner] / others for owner in rest])
    factor = {owner: share * total / held[owner] for owner in first}
    factor |= dict.fromkeys(rest, (1.0 - count * share) * total / others)
    return {
        paths.join(["firms", key, "fleet", "online"]): float(firm.fleet.online) * factor[firm.owner]
        for key, firm in sellers(scenario).items()
    }


def leader_share(squares: float, count: int, rest: list[float]) -> float:
    """Share of each of ``count`` equal leaders such that all shares squared sum to ``squares``.

    Solves m s^2 + (1 - m s)^2 h = H, h the sum of squares of the others among themselves.

    Parameters
    ----------
    squares : float
        H, the HHI over 10,000.
    count : int
        m.
    rest : list of float
        Shares of the others among themselves.
    """
    h, m = sum(part * part for part in rest), count
    least = h / (1.0 + m * h)  # where leaders and others make the smallest sum
    lowest = m * least**2 + (1.0 - m * least) ** 2 * h
    if not lowest - 1e-12 <= squares <= 1.0 / m + 1e-12:
        raise KnobError(
            f"hhi is {1e4 * squares:,.0f}; with {m} leader{'s' if m > 1 else ''} and {len(rest)} others of "
            f"their relative sizes it must lie between {1e4 * lowest:,.0f} and {1e4 / m:,.0f}"
        )
    root = math.sqrt(max((m * h) ** 2 - m * (1.0 + m * h) * (h - squares), 0.0))
    return (m * h + root) / (m * (1.0 + m * h))


@knob(
    "tightness", 0.01, 10, "1",
    "demand at the long-run user cost over sellable capacity at the start; sizes the open segments", rank=3,
)  # fmt: skip
def tightness(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Scale the open segments until demand at the long-run user cost is this multiple of capacity.

    At central values of all guesses; capacity, labs and captive use stay as they are.
    """
    captive, open_, capacity = opening_demand(scenario)
    factor = (value * capacity - captive) / open_ if open_ > 0 else -1.0
    if factor <= 0:
        raise KnobError(
            f"tightness is {value:g}, but labs and captive use alone want {captive / capacity:.2f} of capacity; "
            "choose a larger value or a scenario with more open demand"
        )
    changes: Changes = {}
    for name, segment in scenario.segments.items():
        if segment.kind == "market":
            changes[paths.join(["segments", name, "use"])] = float(segment.use) * factor
            if float(segment.unmet):
                changes[paths.join(["segments", name, "unmet"])] = float(segment.unmet) * factor
            if segment.blocks is not None:
                sized = [[worth, amount * factor] for worth, amount in segment.blocks]
                changes[paths.join(["segments", name, "blocks"])] = sized
    return changes


def opening_demand(scenario: Scenario) -> tuple[float, float, float]:
    """Demand of labs and captive segments, of open segments, and sellable capacity at the start, kHQ.

    Demand at the long-run user cost of a unit of merchant capacity, at central values.
    """
    import numpy as np

    from market_abm.economy.compile import compile_world
    from market_abm.economy.demand import form_demand
    from market_abm.economy.state import opening
    from market_abm.measures.user_cost import long_run_user_cost
    from market_abm.units import ordered_sum

    world = compile_world(scenario, 0, pin=True)
    rules, fleet = world.scenario.behaviour, world.sellers
    weight = np.where(fleet.sells & (fleet.enters == 0), fleet.online, 0.0)
    weight = weight / float(ordered_sum(weight))
    capex, cost, wacc = (float(ordered_sum(weight * x)) for x in (fleet.capex, fleet.unit_cost, fleet.wacc))
    price = float(
        long_run_user_cost(
            capex, cost, float(rules.utilisation), wacc, round(float(rules.life)), float(rules.price_decline)
        )
    )
    buyers = world.buyers
    wanted = form_demand(world, opening(world), np.ones(len(buyers.key)))
    demand = wanted.at(np.full((len(buyers.key), 1), price))[:, 0]
    free = ~buyers.lab & ~buyers.captive
    capacity = float(ordered_sum(fleet.online * fleet.sellable * (fleet.enters == 0)))
    return (
        float(ordered_sum(np.where(free, 0.0, demand))),
        float(ordered_sum(np.where(free, demand, 0.0))),
        capacity,
    )


@knob(
    "reach", 1, 1000, "1",
    "suppliers that each buyer can use, drawn per seed by size; as many as there are sellers is full reach",
    whole=True, per_seed=True, rank=4,
)  # fmt: skip
def reach(scenario: Scenario, value: Any, point: Point, seed: int) -> Changes:
    """Qualify this many suppliers for each buyer and no other.

    Drawn without replacement in proportion to capacity (Efraimidis and Spirakis 2006): a buyer knows the
    large first. Pairs under contract are always among them. The draws are nested: a smaller reach is a part of
    a larger one under the same seed.
    """
    pairs = list(_pairs(scenario))
    before = {(item.supplier, item.buyer): item for item in scenario.links}
    chosen = _chosen(scenario, pairs, value, seed)
    wrong = [pair for pair in pairs if (pair in chosen) != qualified(scenario, before, *pair)]
    if not wrong:
        return {}
    entries = [plain(item) for item in scenario.links if (item.supplier, item.buyer) not in set(wrong)]
    for pair in wrong:
        known = plain(before[pair]) if pair in before else {"supplier": pair[0], "buyer": pair[1]}
        entries.append(known | {"qualified": pair in chosen})
    return {"links": entries}


def _pairs(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Sellers and buyers of different owners that could trade."""
    labs = {key: firm.owner for key, firm in scenario.firms.items() if firm.lab is not None}
    open_ = {key: None for key, segment in scenario.segments.items() if segment.kind == "market"}
    for seller, firm in sellers(scenario).items():
        for buyer, owner in {**labs, **open_}.items():
            if firm.owner != owner:
                yield seller, buyer


def _chosen(scenario: Scenario, pairs: list[tuple[str, str]], value: int, seed: int) -> set[tuple[str, str]]:
    from market_abm import rng
    from market_abm.elementary import log

    signed = {(item.supplier, item.buyer) for item in scenario.contracts.values()}
    u = rng.uniforms(seed, "reach", [f"{seller}|{buyer}" for seller, buyer in pairs])
    size = {key: max(float(firm.fleet.online), 1e-9) for key, firm in sellers(scenario).items()}
    wait = {pair: -float(log(x)) / size[pair[0]] for pair, x in zip(pairs, u)}
    found = set()
    for buyer in dict.fromkeys(buyer for _, buyer in pairs):
        mine = [pair for pair in pairs if pair[1] == buyer]
        mine.sort(key=lambda pair: (pair not in signed, wait[pair], pair[0]))
        found |= set(mine[:value]) | {pair for pair in mine if pair in signed}
    return found


def qualified(scenario: Scenario, entries: Mapping[tuple[str, str], Any], seller: str, buyer: str) -> bool:
    """Whether a buyer can use a seller at once, by the most specific entry that says so."""
    if any((item.supplier, item.buyer) == (seller, buyer) for item in scenario.contracts.values()):
        return True
    for pair in ((seller, buyer), (seller, "*"), ("*", buyer), ("*", "*")):
        if pair in entries and entries[pair].qualified is not None:
            return bool(entries[pair].qualified)
    segment = scenario.segments.get(buyer)
    return segment is not None and segment.reach == "all"
