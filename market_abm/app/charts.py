"""The four charts: concentration by base, chokepoint and residual supply, price, leverage of a firm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.app.axes import chart, clear, line, spanned, threshold
from market_abm.report.style import GRADE_COLOURS
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot
    from market_abm.scenario.behaviour import Thresholds

Runs = Sequence["Snapshot"]

LETTERS = {"none": "", "watch": "W", "chokepoint": "C", "critical": "!"}


@dataclass(frozen=True)
class Panel:
    """A chart: name for programs, title and what to see for people, and a plain Plotly figure."""

    name: str
    title: str
    caption: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the page."""
        return {
            "name": self.name,
            "title": self.title,
            "caption": self.caption,
            "figure": {"data": self.data, "layout": self.layout},
        }


def panels(
    quarters: Sequence[str], own: Runs, ghost: Runs, limits: Thresholds, chosen: str
) -> tuple[Panel, ...]:
    """All four, over the quarters played; ``ghost`` is the baseline as far as it is known.

    Parameters
    ----------
    chosen : str
        Firm whose leverage is shown; where it sells nothing the second chart is about the largest supplier.
    """
    return (
        concentration(quarters, own, ghost, limits),
        residual_supply(quarters, own, ghost, limits, supplier_of(own, chosen)),
        price(quarters, own, ghost, limits),
        leverage(quarters, own, ghost, chosen),
    )


def concentration(quarters: Sequence[str], own: Runs, ghost: Runs, limits: Thresholds) -> Panel:
    """HHI by base."""
    columns = {"hhi_merchant": "For sale", "hhi_fleet": "Whole fleet", "hhi_sales": "Sales"}
    data = _lines(quarters, own, ghost, columns)
    flagged = float(getattr(limits, "hhi", 1800.0))
    layout = _framed(quarters, own, data, threshold(flagged, f"screening level {flagged:,.0f}"))
    title = "Concentration (HHI, points)"
    return Panel("concentration", title, "By ultimate owner, on three bases of capacity.", data, layout)


def price(quarters: Sequence[str], own: Runs, ghost: Runs, limits: Thresholds) -> Panel:
    """Price index against the long-run user cost."""
    columns = {
        "price_index_usd_per_gpu_hour": "Price index",
        "price_long_run_usd_per_gpu_hour": "Long-run cost",
        "contract_price_usd_per_gpu_hour": "Contracts",
    }
    data = _lines(quarters, own, ghost, columns)
    tight = float(limits.tight_price)
    cost = [tight * value for value in column(own, "price_long_run_usd_per_gpu_hour")]
    limit = line("tight from here", quarters, cost, 7) | {"showlegend": False, "mode": "lines"}
    limit["line"] |= {"dash": "dot", "width": 1}
    layout = chart(quarters, len(own) - 1, extent=spanned([*data, limit]), form=".2f")
    caption = f"Tight where the index is at least {tight:g} times the long-run user cost."
    return Panel("price", "Price (USD per GPU-hour)", caption, [*data, limit], layout)


def residual_supply(
    quarters: Sequence[str], own: Runs, ghost: Runs, limits: Thresholds, supplier: str
) -> Panel:
    """Grade and residual supply indices of one supplier."""
    data = []
    for step, (name, label) in enumerate({"rsi": "RSI", "network_rsi": "Network RSI"}.items()):
        data.append(line(label, quarters, of_firm(ghost, supplier, name), step, ghost=True))
        data.append(line(label, quarters, of_firm(own, supplier, name), step))
    top = spanned([{"y": [1.25 * value for value in trace["y"] if value is not None]} for trace in data], 1.4)
    data.append(_grades(quarters, own, supplier, 0.87 * top[1]))
    layout = _framed(quarters, own, data, threshold(1.0, "pivotal below"), top)
    caption = (
        "Capacity of all others over long-run demand; with links: the demand that can be served without it. "
        "Squares: grade on the market level (W watch, C chokepoint, ! critical)."
    )
    return Panel("supply", f"Supply without {supplier}", caption, data, layout)


def leverage(quarters: Sequence[str], own: Runs, ghost: Runs, chosen: str) -> Panel:
    """What outside options secure for the chosen firm; for the whole market where nothing was measured."""
    columns = {
        "seller_secured_share": "Secured as seller",
        "buyer_secured_share": "Secured as buyer",
        "realised_seller_share": "Price gives the seller",
    }
    data: list[dict[str, Any]] = []
    for step, (name, label) in enumerate(columns.items()):
        mine = of_firm(own, chosen, name) if chosen else []
        if all(math.isnan(value) for value in mine):
            continue
        data.append(line(label, quarters, of_firm(ghost, chosen, name), step, ghost=True, scale=100.0))
        data.append(line(label, quarters, mine, step, scale=100.0))
    title, caption = f"Leverage of {chosen}", "Per cent of the joint gain of its relations, by volume."
    if not data:
        data = _lines(quarters, own, ghost, columns, 100.0)
        title = "Leverage, whole market"
        caption = "Per cent of the joint gain of all measured relations, by volume." + (
            f" Nothing was measured for {chosen}: no sale to another owner, or out of line." if chosen else ""
        )
    layout = _framed(quarters, own, data, threshold(100.0, "all of the gain"))
    return Panel("leverage", title, caption, data, layout)


def supplier_of(own: Runs, chosen: str) -> str:
    """The chosen firm where it has a fleet, else the one that sells most."""
    first = own[-1].tables["firms"]
    graded = [name for name, word in zip(first["firm"], first["grade"]) if word]
    if chosen in graded or not graded:
        return chosen
    sold = dict(zip(first["firm"], first["sold_khq"]))
    return max(graded, key=lambda name: (sold[name], name))


def column(run: Runs, name: str) -> list[float]:
    """A column of the steps table, quarter by quarter."""
    return [float(snapshot.tables["steps"][name][0]) for snapshot in run]


def of_firm(run: Runs, firm: str, name: str) -> list[float]:
    """A column of a firm, quarter by quarter; NaN where it is not there."""
    return [math.nan if value is None else float(value) for value in _cells(run, firm, name)]


def _cells(run: Runs, firm: str, name: str) -> list[Any]:
    """Cells of a firm's column, None where it is not there."""
    parts = (snapshot.tables["firms"] for snapshot in run)
    return [part[name][part["firm"].index(firm)] if firm in part["firm"] else None for part in parts]


def _framed(
    quarters: Sequence[str],
    own: Runs,
    data: Sequence[Mapping[str, Any]],
    limit: tuple[dict[str, Any], dict[str, Any]],
    extent: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Layout of a chart with a threshold line, its label clear of the lines."""
    shape, note = limit
    extent = extent or spanned(data, note["y"])
    return chart(
        quarters, len(own) - 1, limits=[(shape, clear(note, data, len(quarters), extent))], extent=extent
    )


def _lines(
    quarters: Sequence[str], own: Runs, ghost: Runs, columns: dict[str, str], scale: float = 1.0
) -> list[dict[str, Any]]:
    data = []
    for step, (name, label) in enumerate(columns.items()):
        data.append(line(label, quarters, column(ghost, name), step, ghost=True, scale=scale))
        data.append(line(label, quarters, column(own, name), step, scale=scale))
    return data


def _grades(quarters: Sequence[str], own: Runs, supplier: str, y: float) -> dict[str, Any]:
    """A square a quarter with the letter of the grade: shape, letter and shade say the same."""
    words = [word or "none" for word in _cells(own, supplier, "grade")]
    shades = [GRADE_COLOURS[GRADES.index(word)] for word in words]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "Grade",
        "x": list(quarters)[: len(words)],
        "y": [y] * len(words),
        "text": [f"<b>{LETTERS[word]}</b>" for word in words],
        "textfont": {"size": 9, "color": ["#FFFFFF" if word == "critical" else "#1F2933" for word in words]},
        "customdata": words,
        "hovertemplate": "%{customdata}",
        "marker": {"symbol": "square", "size": 13, "color": shades, "line": {"color": "#B8B2A7", "width": 1}},
        "showlegend": False,
    }
