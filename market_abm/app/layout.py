"""Where the network's nodes stand: four tiers from chips to users, computed once a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot
    from market_abm.scenario import Scenario

WIDTH, HEIGHT = 1000.0, 760.0
"""Of the canvas, in its own units; the page scales it."""

TIERS = ("Chips and power", "Hyperscalers", "Providers", "Labs and segments")

COLUMNS = (26.0, 262.0, 508.0, 762.0)
"""Where a tier stands."""

TOP, BOTTOM = 62.0, 742.0

BULK = 3.0
"""Room that a tier's whole size takes, in rooms of its smallest node."""

SHOWN = 150
"""Firms that are drawn one by one; the smaller ones stand together, a bundle a tier."""

Role = str
"""chip, power, seller or buyer."""


@dataclass(frozen=True)
class Spot:
    """A node.

    Attributes
    ----------
    key : str
        Name of the node: role and firm.
    role : str
        chip, power, seller or buyer.
    label : str
    tier : int
        0 to 3.
    firms : tuple of str
        Rows of the tables that it stands for: one, or those of a bundle; none upstream.
    x, y, slot : float
        Place, and the room that it has, in units of the canvas.
    kind : str
        Kind of the firm: lab, provider, hyperscaler, segment; role upstream.
    """

    key: str
    role: Role
    label: str
    tier: int
    firms: tuple[str, ...]
    kind: str
    x: float = 0.0
    y: float = 0.0
    slot: float = 0.0


Layout = Mapping[str, Spot]
"""Nodes by key, in the order of tiers and of places in them."""


def key_of(role: Role, name: str) -> str:
    """Key of a node."""
    return f"{role}:{name}"


def layout(scenario: Scenario, first: Snapshot) -> Layout:
    """Place every node.

    Sellers stand by size, buyers near those who supply them. It depends on the first quarter only, so that
    nodes keep their places while the market changes.
    """
    spots = [*_upstream(scenario), *_firms(scenario, first)]
    weight = _weights(first)
    spots = _bundled(spots, weight)
    placed: dict[str, Spot] = {}
    for tier in range(3):
        column = sorted(
            (spot for spot in spots if spot.tier == tier),
            key=lambda spot: (spot.role == "power", -_size(spot, weight), spot.label),
        )
        placed |= {spot.key: spot for spot in _spread(column, weight)}
    buyers = [spot for spot in spots if spot.tier == 3]
    pull = _pull(buyers, placed, first)
    column = sorted(buyers, key=lambda spot: (spot.kind == "segment", pull[spot.key], spot.label))
    placed |= {spot.key: spot for spot in _spread(column, weight)}
    return placed


def _upstream(scenario: Scenario) -> list[Spot]:
    chips = [Spot(key_of("chip", name), "chip", name, 0, (), "chip") for name in scenario.upstream.chips]
    power = [Spot(key_of("power", name), "power", name, 0, (), "power") for name in scenario.upstream.regions]
    return chips + power


def _firms(scenario: Scenario, first: Snapshot) -> list[Spot]:
    """A seller node for every firm with a fleet, a buyer node for every lab and segment."""
    spots = []
    for row in first.rows("firms"):
        name, kind = row["firm"], row["kind"]
        firm = scenario.firms.get(name)
        lab = firm.lab if firm is not None else None
        if firm is not None and firm.fleet is not None:
            tier, label = (1 if kind == "hyperscaler" else 2), (f"{name}'s own" if kind == "lab" else name)
            spots.append(Spot(key_of("seller", name), "seller", label, tier, (name,), kind))
        if kind == "segment" or lab is not None:
            shown = "segment" if kind == "segment" else "lab"
            label = (lab.label if lab is not None else None) or name
            spots.append(Spot(key_of("buyer", name), "buyer", label, 3, (name,), shown))
    return spots


def _weights(first: Snapshot) -> dict[str, float]:
    """Size of each node in the first quarter, kH100e of capacity or kHQ of use."""
    found: dict[str, float] = {}
    for row in first.rows("firms"):
        found[key_of("seller", row["firm"])] = row["capacity_kh100e"]
        found[key_of("buyer", row["firm"])] = row["served_khq"]
    return found


def _size(spot: Spot, weight: Mapping[str, float]) -> float:
    return sum(weight.get(key_of(spot.role, firm), 0.0) for firm in spot.firms)


def _bundled(spots: Sequence[Spot], weight: Mapping[str, float]) -> list[Spot]:
    """The largest firms one by one, the others of a tier as one node."""
    firms = [spot for spot in spots if spot.firms]
    if len(firms) <= SHOWN:
        return list(spots)
    ranked = sorted(firms, key=lambda spot: (-_size(spot, weight), spot.key))
    small = defaultdict(list)
    for spot in ranked[SHOWN:]:
        small[spot.tier].append(spot)
    kept = set(ranked[:SHOWN])
    found = [spot for spot in spots if not spot.firms or spot in kept]
    for tier, group in small.items():
        if len(group) == 1:
            found += group
            continue
        words = {1: "hyperscalers", 2: "providers", 3: "buyers"}[tier]
        names = tuple(sorted(spot.firms[0] for spot in group))
        label = f"{len(group)} smaller {words}"
        found.append(Spot(f"bundle:{tier}", group[0].role, label, tier, names, group[0].kind))
    return found


def _spread(column: Sequence[Spot], weight: Mapping[str, float]) -> list[Spot]:
    """Share out the height: everybody the same room, the larger ones some more."""
    if not column:
        return []
    total = sum(_size(spot, weight) for spot in column) or 1.0
    room = [1.0 + BULK * (_size(spot, weight) / total) ** 0.5 for spot in column]
    unit = min((BOTTOM - TOP) / sum(room), 60.0)
    spare = (BOTTOM - TOP) - unit * sum(room)
    found, y = [], TOP + spare / 2.0
    for spot, share in zip(column, room):
        slot = share * unit
        found.append(replace(spot, x=COLUMNS[spot.tier], y=y + slot / 2.0, slot=slot))
        y += slot
    return found


def _pull(buyers: Sequence[Spot], placed: Layout, first: Snapshot) -> dict[str, float]:
    """Mean height of a buyer's suppliers, by volume: few edges cross then."""
    height = {firm: spot.y for spot in placed.values() if spot.role == "seller" for firm in spot.firms}
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    pairs = [(row["supplier"], row["buyer"], row["volume_khq"]) for row in first.rows("links")]
    pairs += [
        (row["supplier"], row["buyer"], row["volume_kh100e"])
        for row in first.rows("contracts")
        if row["kind"] == "internal"
    ]
    for supplier, buyer, volume in pairs:
        if supplier in height:
            total = sums[buyer]
            total[0] += height[supplier] * volume
            total[1] += volume
    middle = (TOP + BOTTOM) / 2.0
    found = {}
    for spot in buyers:
        pulled = [sum(sums[firm][at] for firm in spot.firms) for at in (0, 1)]
        found[spot.key] = pulled[0] / pulled[1] if pulled[1] > 0 else middle
    return found
