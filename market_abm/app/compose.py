"""From runs and the place in them to a frame: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from market_abm.app import charts, happenings, network, nodes, words
from market_abm.app.edges import edges
from market_abm.app.frame import packed

if TYPE_CHECKING:
    from market_abm.app.layout import Layout
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory


def network_panel(
    now: Snapshot, run: Trajectory, layout: Layout, chosen: str, title: str, tables: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network of a quarter and, where somebody looks at it, its table twin."""
    flows = edges(now, run.scenario, layout)
    rows = {row["firm"]: row for row in now.rows("firms")}
    radius = network.radii(layout, rows, flows)
    drawn = {
        "name": "network",
        "title": title,
        "figure": network.figure(now, layout, flows, chosen),
        "buttons": nodes.buttons(layout, rows, radius),
        "chosen": chosen,
    }
    return drawn, nodes.table(layout, rows, flows) if tables else {}


def chart_panels(run: Trajectory, step: int, ghost: Sequence[Snapshot], chosen: str) -> list[dict[str, Any]]:
    """The four charts."""
    own = run.snapshots[:step]
    limits = run.scenario.behaviour.thresholds
    return [panel.as_dict() for panel in charts.panels(run.quarters, own, ghost, limits, chosen)]


def timeline_panel(run: Trajectory, step: int) -> dict[str, Any]:
    """The events so far: figure and list."""
    told = happenings.happenings(run.snapshots[:step])
    return {
        "name": "timeline",
        "figure": happenings.figure(run.quarters, told, step - 1),
        "list": happenings.latest(run.quarters, told),
        "count": sum(len(quarter.items) for quarter in told),
    }


def headline(now: Snapshot, baseline: Snapshot | None, changed: bool) -> list[dict[str, Any]]:
    """Who holds the levers."""
    return [card.as_dict() for card in words.cards(now, baseline, changed)]


def pack(panels: Mapping[str, Any]) -> dict[str, str]:
    """Panels as texts."""
    return {name: packed(content) for name, content in panels.items()}
