"""The three kinds of chart: lines with bands, heat maps of grades, stacks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.statistics import middle
from market_abm.analysis.table import Band, Column, Kind, Table
from market_abm.report import style
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Figure:
    """A figure with title, what to see in it, and the table of the same numbers."""

    name: str
    title: str
    caption: str
    plot: go.Figure
    table: Table


@dataclass(frozen=True)
class Series:
    """A named line over the quarters; values are floats, or bands over seeds."""

    name: str
    values: tuple[float | Band, ...]

    @property
    def middles(self) -> list[float | None]:
        """Values or medians; None where there is none, so that the line breaks."""
        return [_gap(middle(value)) for value in self.values]


def lines(
    quarters: Sequence[str],
    series: Sequence[Series],
    y_title: str,
    *,
    scale: float = 1.0,
    zero: bool = True,
    stacked: bool = False,
) -> go.Figure:
    """Lines over quarters, each with its own dash, marker and colour; bands as ribbons; or stacked areas."""
    import plotly.graph_objects as go

    made = go.Figure()
    x = list(quarters)
    for step, item in enumerate(series):
        name = escaped(item.name)
        y = [None if value is None else value * scale for value in item.middles]
        look = style.line(step)
        if stacked:
            pattern = {"shape": style.PATTERNS[step % len(style.PATTERNS)], "solidity": 0.25}
            made.add_scatter(
                x=x, y=y, name=name, stackgroup="one", mode="lines", fillpattern=pattern,
                line={"color": look["line"]["color"], "width": 1},
                fillcolor=style.faded(look["line"]["color"], 0.55),
            )  # fmt: skip
            continue
        bands = [value for value in item.values if isinstance(value, Band)]
        if bands:
            fill = style.faded(look["line"]["color"])
            for end, area in (("low", "none"), ("high", "tonexty")):
                edge = [_gap(getattr(value, end) * scale) for value in bands]
                made.add_scatter(
                    x=x, y=edge, mode="lines", line={"width": 0}, fill=area, fillcolor=fill, showlegend=False,
                    hoverinfo="skip", legendgroup=name,
                )  # fmt: skip
        made.add_scatter(x=x, y=y, name=name, legendgroup=name, connectgaps=False, **look)
    made.update_layout(
        style.layout(y_title, xaxis=style.ticks(x), yaxis={"rangemode": "tozero" if zero else "normal"})
    )
    return made


def series_table(
    name: str, title: str, quarters: Sequence[str], series: Sequence[Series], kind: Kind, unit: str = ""
) -> Table:
    """The table twin of lines: a row a quarter."""
    columns = [Column("quarter", "Quarter")]
    columns += [Column(item.name, item.name, kind, unit) for item in series]
    rows = tuple((quarter, *(item.values[step] for item in series)) for step, quarter in enumerate(quarters))
    return Table(name, title, tuple(columns), rows)


def heat(grid: pd.DataFrame, shares: bool) -> go.Figure:
    """A heat map of grades, or of shares of seeds; every cell holds its word or number.

    Parameters
    ----------
    grid : DataFrame
        Rows by name, quarters as columns: ranks of :data:`GRADES`, or shares. NaN stays blank.
    shares : bool
        Whether values are shares of seeds.
    """
    import plotly.graph_objects as go

    values = grid.to_numpy(dtype=float)
    letters = ("", "W", "C", "!")
    top = 1.0 if shares else float(len(GRADES) - 1)
    text = [
        ["" if np.isnan(v) else (f"{v:.0%}" if v > 0 else "") if shares else letters[int(v)] for v in row]
        for row in values
    ]
    bands = len(style.GRADE_COLOURS)
    if shares:
        scale: list[Any] = [[step / (bands - 1), colour] for step, colour in enumerate(style.GRADE_COLOURS)]
    else:  # one flat colour a grade
        scale = [
            [edge / bands, colour]
            for step, colour in enumerate(style.GRADE_COLOURS)
            for edge in (step, step + 1)
        ]
    made = go.Figure(
        go.Heatmap(
            z=[[_gap(v) for v in row] for row in values], x=list(grid.columns),
            y=[escaped(name) for name in grid.index], text=text, texttemplate="%{text}",
            zmin=0.0 if shares else -0.5, zmax=top if shares else top + 0.5,
            colorscale=scale, xgap=1, ygap=1, showscale=False,
            hovertemplate=f"%{{y}}, %{{x}}: %{{{'z:.0%' if shares else 'text'}}}<extra></extra>",
        )
    )  # fmt: skip
    height = 110 + 26 * max(len(grid), 1)
    made.update_layout(
        style.layout(
            "", height, hovermode="closest", margin={"l": 16}, yaxis={"type": "category", "automargin": True}
        )
    )
    made.update_yaxes(autorange="reversed", showgrid=False)
    made.update_xaxes(showgrid=False, **style.ticks(list(grid.columns)))
    return made


def grid_table(name: str, title: str, grid: pd.DataFrame, shares: bool, head: str) -> Table:
    """The table twin of a heat map."""
    columns = [Column(head, head.capitalize())]
    columns += [Column(quarter, quarter, "share" if shares else "text") for quarter in grid.columns]
    rows = []
    for key, row in zip(grid.index, grid.to_numpy(dtype=float)):
        cells = row.tolist() if shares else [float("nan") if np.isnan(v) else GRADES[int(v)] for v in row]
        rows.append((key, *cells))
    return Table(name, title, tuple(columns), tuple(rows))


def escaped(name: str) -> str:
    """A name that plotly does not read as markup."""
    return html.escape(name, quote=False)


def _gap(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
