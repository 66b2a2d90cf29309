"""The network of a quarter as one Plotly figure whose traces never change in number or order, only in being seen."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from market_abm.app.curves import POINTS, Piece, curve
from market_abm.app.edges import Edge
from market_abm.app.layout import BOTTOM, COLUMNS, HEIGHT, TIERS, WIDTH, Layout, Spot
from market_abm.report.charts import escaped
from market_abm.report.style import FONT, SPLIT_COLOURS

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot

WIDTHS = (0.8, 1.6, 2.8, 4.6, 7.0, 10.0)
"""Line widths, px: an edge takes the one nearest to its share of the largest flow."""

_BETWEEN = [(one + other) / 2.0 for one, other in pairwise(WIDTHS)]
"""Where the next width becomes the nearer one."""

LARGEST = 30.0
"""Radius of the largest node, units of the canvas; area is capacity."""

SMALLEST = 4.0

INK = {"cloud": "#6B7A8F", "lease": "#7B4B94", "own": "#3E6B5C", "upstream": "#A9A28F"}
DASH = {"cloud": "solid", "lease": "7px,4px", "own": "solid", "upstream": "solid"}
FADED = {"cloud": 0.5, "lease": 0.5, "own": 0.5, "upstream": 0.28}
"""Opacity of flows. Those upstream are the background, and not dotted: hundreds of dots a line take long to paint."""

FILL = {
    "hyperscaler": "#44546A",
    "provider": "#7C8CA3",
    "lab": "#3F7FB3",
    "segment": "#A9C4DC",
    "chip": "#8A7F66",
    "power": "#C0B28C",
}
SYMBOL = {"none": "circle", "": "circle", "watch": "square", "chokepoint": "diamond", "critical": "diamond"}
BADGE = {"watch": "watch", "chokepoint": "chokepoint", "critical": "critical chokepoint"}
CHOKED = "#8F2A12"

CROWDED = 13.0
"""Room below which a name would touch its neighbours, units of the canvas."""

EQUAL = 0.96
"""Size of a Plotly diamond of the same area as a circle of size 1."""

POINTED = 1.25
"""Reach of its points, in radii of that circle."""

STYLES = ("upstream", "cloud", "lease", "own")


def figure(snapshot: Snapshot, layout: Layout, edges: Sequence[Edge], chosen: str = "") -> dict[str, Any]:
    """Plain Plotly figure of the network, its lines as pieces (:func:`market_abm.app.curves.drawn`).

    Parameters
    ----------
    chosen : str
        A firm whose flows stand out.
    """
    rows = {row["firm"]: row for row in snapshot.rows("firms")}
    radius = radii(layout, rows, edges)
    data = _edge_traces(layout, edges, chosen)
    data += _ring_traces(layout, rows, radius)
    data += [_nodes(layout, rows, radius, chosen), _labels(layout, rows, radius), _choked(layout, edges)]
    return {"data": [{"uid": f"t{at}", **trace} for at, trace in enumerate(data)], "layout": canvas()}


def radii(layout: Layout, rows: Mapping[str, Mapping[str, Any]], edges: Sequence[Edge]) -> dict[str, float]:
    """Radius of every node: its area is capacity online, of buyers compute used, upstream what is on order."""
    order: dict[str, float] = {}
    for edge in edges:
        if edge.style == "upstream":
            order[edge.start] = order.get(edge.start, 0.0) + edge.volume
    size = {}
    for key, spot in layout.items():
        column = "capacity_kh100e" if spot.role == "seller" else "served_khq"
        size[key] = sum(rows[firm][column] for firm in spot.firms) if spot.firms else order.get(key, 0.0)
    traded = max((size[key] for key, spot in layout.items() if spot.firms), default=0.0) or 1.0
    ordered = max((size[key] for key, spot in layout.items() if not spot.firms), default=0.0) or 1.0
    return {
        key: SMALLEST
        + (LARGEST - SMALLEST)
        * math.sqrt(size[key] / (traded if spot.firms else ordered))
        * (1.0 if spot.firms else 0.5)
        for key, spot in layout.items()
    }


def leverage(spot: Spot, rows: Mapping[str, Mapping[str, Any]]) -> float:
    """Part of what there is to share that a node's outside options secure; NaN where none was measured."""
    if len(spot.firms) != 1:
        return math.nan
    column = "seller_secured_share" if spot.role == "seller" else "buyer_secured_share"
    return float(rows[spot.firms[0]][column])


def grade(spot: Spot, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Grade on the market level of a seller; empty where it has none."""
    if spot.role != "seller" or len(spot.firms) != 1:
        return ""
    return str(rows[spot.firms[0]]["grade"])


def _edge_traces(layout: Layout, edges: Sequence[Edge], chosen: str) -> list[dict[str, Any]]:
    """Two traces a style and width: flows of the chosen firm, and all others; own use is a double line."""
    flows: dict[tuple[str, int, bool], list[Piece]] = {
        (style, step, on): [] for style in STYLES for step in range(len(WIDTHS)) for on in (False, True)
    }
    largest = {
        up: max((e.volume for e in edges if (e.style == "upstream") == up), default=1.0)
        for up in (True, False)
    }
    for edge in edges:
        start, end = layout[edge.start], layout[edge.end]
        share = edge.volume / (largest[edge.style == "upstream"] or 1.0)
        step = _step(share) if edge.style != "upstream" else min(_step(share), 2)
        on = bool(chosen) and (chosen in start.firms or chosen in end.firms)
        flows[edge.style, step, on].append(between(start, end))
    traces = []
    for (style, step, on), pieces in sorted(
        flows.items(), key=lambda item: (item[0][2], STYLES.index(item[0][0]))
    ):
        width = WIDTHS[step] + (2.4 if style == "own" else 0.0)
        faded = 0.16 if chosen else FADED[style]
        shade = 0.95 if on else faded
        traces.append(_line("curves", pieces, INK[style], width, DASH[style], shade))
        if style == "own":  # a white core makes it double
            traces.append(_line("curves", pieces, "#FFFFFF", max(width - 2.2, 1.0), "solid", 1.0))
    return traces


def _step(share: float) -> int:
    return bisect_left(_BETWEEN, share * WIDTHS[-1])


def between(start: Spot, end: Spot) -> Piece:
    """The curve of a flow."""
    return round(start.x, 1), round(start.y, 1), round(end.x, 1), round(end.y, 1)


def _line(
    form: str, pieces: Sequence[Piece], colour: str, width: float, dash: str, opacity: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        form: pieces,
        "visible": bool(pieces),  # what has nothing to draw is passed over
        "line": {"color": colour, "width": round(width, 1), "dash": dash, "simplify": False},
        "opacity": opacity,
        "hoverinfo": "skip",
    }


def _ring_traces(
    layout: Layout, rows: Mapping[str, Mapping[str, Any]], radius: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Around a node: how much of the joint gain its outside options secure, clockwise from the top."""
    track: list[Piece] = []
    sellers: list[Piece] = []
    buyers: list[Piece] = []
    for key, spot in layout.items():
        share = leverage(spot, rows)
        if math.isnan(share):
            continue
        around = radius[key] * (POINTED if grade(spot, rows) in BADGE else 1.0) + 5.0
        ring = round(spot.x, 1), round(spot.y, 1), round(around, 1)
        track.append((*ring, 1.0))
        if share > 0:
            (sellers if spot.role == "seller" else buyers).append((*ring, round(min(share, 1.0), 4)))
    return [
        _line("arcs", track, "#DDE1E7", 3.0, "solid", 1.0),
        _line("arcs", sellers, SPLIT_COLOURS["seller"], 4.0, "solid", 1.0),
        _line("arcs", buyers, SPLIT_COLOURS["buyer"], 4.0, "solid", 1.0),
    ]


def _nodes(
    layout: Layout, rows: Mapping[str, Mapping[str, Any]], radius: Mapping[str, float], chosen: str
) -> dict[str, Any]:
    spots = layout.values()
    grades = [grade(spot, rows) for spot in spots]
    edge = ["#111111" if chosen and chosen in spot.firms else "#FFFFFF" for spot in spots]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [spot.x for spot in spots],
        "y": [round(spot.y, 1) for spot in spots],
        "marker": {
            "symbol": [SYMBOL[word] for word in grades],
            # A diamond of the same area as the circle.
            "size": [
                round(2.0 * radius[key] * (EQUAL if SYMBOL[word] == "diamond" else 1.0), 1)
                for key, word in zip(layout, grades)
            ],
            "color": [CHOKED if SYMBOL[w] == "diamond" else FILL[s.kind] for s, w in zip(spots, grades)],
            "line": {"color": edge, "width": [2.5 if colour != "#FFFFFF" else 1.0 for colour in edge]},
            "opacity": 1.0,
        },
        "hoverinfo": "skip",
        "meta": "scaled",
    }


def _labels(
    layout: Layout, rows: Mapping[str, Mapping[str, Any]], radius: Mapping[str, float]
) -> dict[str, Any]:
    """Names beside the nodes, with the room that each has; graded ones say so in words."""
    at = {key: round(spot.x + radius[key] + 9.0, 1) for key, spot in layout.items()}
    room = {
        key: (COLUMNS[spot.tier + 1] - 12.0 if spot.tier < 3 else WIDTH) - at[key]
        for key, spot in layout.items()
    }
    names: list[list[Any]] = [
        [s.label, BADGE.get(grade(s, rows), ""), round(room[key], 1), round(s.slot, 1)]
        for key, s in layout.items()
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": list(at.values()),
        "y": [round(spot.y, 1) for spot in layout.values()],
        "text": [_shown(*name) for name in names],
        "customdata": names,
        "textposition": "middle right",
        "textfont": {
            "size": 12,
            "color": [CHOKED if badge else "#1F2933" for _, badge, *_ in names],
            "shadow": "0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff",
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
        "meta": "names",
    }


def _shown(name: str, badge: str, room: float, slot: float) -> str:
    """A name as markup; in a crowd only those that are graded have one (the others say it when pointed at)."""
    if badge:
        return f"<b>{escaped(name)}<br>{badge}</b>"
    return escaped(name) if slot >= CROWDED else ""


def _choked(layout: Layout, edges: Sequence[Edge]) -> dict[str, Any]:
    """A diamond on every relation that is a chokepoint, nearer to the buyer, clear of the tiers."""
    middles = [curve(*between(layout[e.start], layout[e.end])) for e in edges if e.chokepoint]
    at = (3 * POINTS) // 4
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [xs[at] for xs, _ in middles],
        "y": [ys[at] for _, ys in middles],
        "marker": {
            "symbol": "diamond",
            "size": 11,
            "color": CHOKED,
            "line": {"color": "#FFFFFF", "width": 1.5},
        },
        "hoverinfo": "skip",
    }


def canvas() -> dict[str, Any]:
    """Layout of the drawing: no axes, the names of the tiers."""
    axis = {"visible": False, "fixedrange": True, "autorange": False}
    heads = [
        {
            "x": x - (8.0 if tier == 0 else 30.0),
            "y": 22.0,
            "text": f"<b>{title}</b>",
            "showarrow": False,
            "xanchor": "left",
            "font": {"size": 12.5, "color": "#52606D"},
        }
        for tier, (x, title) in enumerate(zip(COLUMNS, TIERS))
    ]
    return {
        "xaxis": {**axis, "range": [0.0, WIDTH]},
        "yaxis": {**axis, "range": [HEIGHT, 0.0]},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "hovermode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT},
        "annotations": heads,
        "meta": {"width": WIDTH, "height": HEIGHT, "bottom": BOTTOM},
    }
