"""What the page says about each node of the network: the place of its button, its tip, its row in the table."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from market_abm.app.edges import Edge
from market_abm.app.layout import HEIGHT, TIERS, WIDTH, Layout, Spot
from market_abm.app.network import grade, leverage

Rows = Mapping[str, Mapping[str, Any]]

HOW = {"cloud": "cloud", "lease": "leased", "own": "own use"}


def buttons(layout: Layout, rows: Rows, radius: Mapping[str, float]) -> list[dict[str, Any]]:
    """A button over every node: place and size in per cent of the canvas, and what to say about it."""
    return [
        {
            "key": key,
            "firm": spot.firms[0] if len(spot.firms) == 1 else "",
            "x": round(100.0 * spot.x / WIDTH, 2),
            "y": round(100.0 * spot.y / HEIGHT, 2),
            "r": round(100.0 * (radius[key] + 7.0) / WIDTH, 1),  # most then stay as they are
            "label": spot.label,
            "tip": tip(spot, rows),
        }
        for key, spot in layout.items()
    ]


def tip(spot: Spot, rows: Rows) -> list[str]:
    """Lines about a node."""
    if not spot.firms:
        return [
            "supplies chips to builders" if spot.role == "chip" else "region that supplies power to builders"
        ]
    part = [rows[firm] for firm in spot.firms]
    lines = []
    if spot.role == "seller":
        capacity, sold = (sum(row[name] for row in part) for name in ("capacity_kh100e", "sold_khq"))
        lines.append(f"{capacity:,.0f} kH100e online, sells {sold:,.0f} kHQ a quarter")
    else:
        used, need = (sum(row[name] for row in part) for name in ("served_khq", "bought_khq"))
        lines.append(f"uses {used:,.0f} kHQ a quarter, buys {need:,.0f} of it")
    share = leverage(spot, rows)
    if not math.isnan(share):
        side = "seller" if spot.role == "seller" else "buyer"
        lines.append(f"as a {side} its outside options secure {100 * share:.0f} % of the joint gain")
    word = grade(spot, rows)
    if word and word != "none":
        lines.append(f"graded {word} of the whole market")
    if len(spot.firms) == 1 and part[0]["credit_limit_reached"]:
        lines.append("credit limit reached")
    return lines


def table(layout: Layout, rows: Rows, edges: Sequence[Edge]) -> dict[str, Any]:
    """The network as two tables: firms, and who supplies whom."""
    firms = []
    for spot in layout.values():
        if not spot.firms:
            continue
        part = [rows[firm] for firm in spot.firms]
        seller = spot.role == "seller"
        share = leverage(spot, rows)
        firms.append(
            {
                "firm": spot.firms[0] if len(spot.firms) == 1 else "",
                "name": spot.label,
                "tier": TIERS[spot.tier]
                if spot.tier < 3
                else ("Segment" if spot.kind == "segment" else "Lab"),
                "capacity": sum(row["capacity_kh100e"] for row in part) if seller else None,
                "used": None if seller else sum(row["served_khq"] for row in part),
                "secured": None if math.isnan(share) else 100.0 * share,
                "side": "seller" if seller else "buyer",
                "grade": grade(spot, rows) or "-",
            }
        )
    flows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for edge in edges:
        if edge.style != "upstream":
            flows[layout[edge.start].label].append(
                {
                    "supplier": layout[edge.start].label,
                    "buyer": layout[edge.end].label,
                    "volume": edge.volume,
                    "how": HOW[edge.style],
                    "chokepoint": edge.chokepoint,
                }
            )
    ordered = [row for name in sorted(flows) for row in sorted(flows[name], key=lambda item: -item["volume"])]
    return {"firms": firms, "flows": ordered}
