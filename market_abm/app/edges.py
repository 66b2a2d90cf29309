"""Who supplies whom in a quarter, as the network draws it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from market_abm.app.layout import Layout, key_of

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot
    from market_abm.scenario import Scenario

STYLES = ("cloud", "lease", "own", "upstream")
"""Solid, dashed, double, faint."""


@dataclass(frozen=True)
class Edge:
    """A flow between two nodes.

    Attributes
    ----------
    start, end : str
        Keys of nodes.
    volume : float
        kHQ in the quarter; upstream kH100e on order.
    style : str
        cloud: bought as it goes; lease: more than half under term contracts; own: inside one owner; upstream.
    chokepoint : bool
        The relation is graded chokepoint.
    """

    start: str
    end: str
    volume: float
    style: str
    chokepoint: bool = False


def edges(snapshot: Snapshot, scenario: Scenario, layout: Layout) -> tuple[Edge, ...]:
    """All flows of a quarter between nodes that are drawn, bundles summed up."""
    seller, buyer = _nodes(layout, "seller"), _nodes(layout, "buyer")
    termed: dict[tuple[str, str], float] = defaultdict(float)
    found: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    contracts = snapshot.values("contracts", "supplier", "buyer", "kind", "volume_kh100e", "used_share")
    for supplier, user, kind, volume, used in contracts:
        if kind == "term":
            termed[supplier, user] += volume
        elif kind == "internal" and supplier in seller and user in buyer:
            total = found[seller[supplier], buyer[user]]
            total[0] += volume * used
            total[2] += volume
    links = snapshot.values("links", "supplier", "buyer", "volume_khq", "relation_chokepoint")
    for supplier, user, volume, choked in links:
        if volume > 0 and supplier in seller and user in buyer:
            total = found[seller[supplier], buyer[user]]
            total[0] += volume
            total[1] += min(termed[supplier, user], volume)
            total[3] += choked
    drawn = [
        Edge(
            *pair,
            volume,
            "own" if own > volume / 2 else "lease" if lease > volume / 2 else "cloud",
            choked > 0,
        )
        for pair, (volume, lease, own, choked) in found.items()
        if volume > 0
    ]
    return (*_upstream(snapshot, scenario, layout, seller), *drawn)


def _nodes(layout: Layout, role: str) -> dict[str, str]:
    """Key of the node that stands for a firm."""
    return {firm: key for key, spot in layout.items() if spot.role == role for firm in spot.firms}


def _upstream(
    snapshot: Snapshot, scenario: Scenario, layout: Layout, seller: Mapping[str, str]
) -> list[Edge]:
    """Capacity on order by chip supplier and power region, by the builders' shares of new orders."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for builder, pipeline in snapshot.values("firms", "firm", "pipeline_kh100e"):
        firm = scenario.firms.get(builder)
        if firm is None or firm.fleet is None or builder not in seller:
            continue
        for role, shares in (("chip", firm.fleet.chips), ("power", firm.fleet.regions)):
            for name, share in shares.items():
                start = key_of(role, name)
                if start in layout and float(share) > 0:
                    found[start, seller[builder]] += pipeline * float(share)
    return [Edge(*pair, volume, "upstream") for pair, volume in found.items()]
