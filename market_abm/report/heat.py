"""Heat maps of grades, of shares, and of signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.table import Column, Table
from market_abm.report import style
from market_abm.report.charts import Spec, number, wrapped
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    import pandas as pd


def heat(grid: pd.DataFrame, shares: bool) -> Spec:
    """A heat map of grades, or of shares of seeds; every cell holds its word or number.

    Parameters
    ----------
    grid : DataFrame
        Rows by name, quarters as columns: ranks of :data:`GRADES`, or shares. NaN stays blank.
    shares : bool
        Whether values are shares of seeds.
    """
    values = grid.to_numpy(dtype=float)
    letters = ("", "W", "C", "!")
    top = 1.0 if shares else float(len(GRADES) - 1)
    text = [
        [
            "" if np.isnan(v) else (f"{v * 100:.0f}" if v > 0 else "") if shares else letters[int(v)]
            for v in row
        ]
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
    trace = {
        "type": "heatmap", "z": [[number(v) for v in row] for row in values], "x": list(grid.columns),
        "y": [wrapped(str(name), 22) for name in grid.index], "text": text, "texttemplate": "%{text}",
        "zmin": 0.0 if shares else -0.5, "zmax": top if shares else top + 0.5, "colorscale": scale,
        "xgap": 1, "ygap": 1, "showscale": False,
        "hovertemplate": f"%{{y}}, %{{x}}: %{{{'z:.0%' if shares else 'text'}}}<extra></extra>",
    }  # fmt: skip
    lines = sum(str(label).count("<br>") + 1 for label in grid.index.map(lambda name: wrapped(str(name), 22)))
    base = style.layout("", 70 + 12 * len(grid) + 15 * max(lines, 1), hovermode="closest")
    base["yaxis"] = style.axis(type="category", autorange="reversed", showgrid=False, ticks="")
    base["xaxis"] |= {"showgrid": False, **style.ticks(list(grid.columns), 7)}
    return {"data": [trace], "layout": base}


def grid_table(name: str, title: str, grid: pd.DataFrame, shares: bool, head: str) -> Table:
    """The table twin of a heat map."""
    columns = [Column(head, head.capitalize())]
    columns += [Column(quarter, quarter, "share" if shares else "text") for quarter in grid.columns]
    rows = []
    for key, row in zip(grid.index, grid.to_numpy(dtype=float)):
        cells = row.tolist() if shares else [float("nan") if np.isnan(v) else GRADES[int(v)] for v in row]
        rows.append((key, *cells))
    return Table(name, title, tuple(columns), tuple(rows))


def grid_words(grid: pd.DataFrame, shares: bool) -> str:
    """A heat map in words: for each row when it is marked, and how strongly."""
    parts = []
    for key, row in zip(grid.index, grid.to_numpy(dtype=float)):
        known = ~np.isnan(row)
        if shares:
            if not known.any() or np.nanmax(row) == 0:
                parts.append(f"{key}: in no seed")
                continue
            at = int(np.nanargmax(row))
            marked = int((np.nan_to_num(row) > 0).sum())
            parts.append(
                f"{key}: in {marked} quarters, at most {row[at]:.0%} of seeds, in {grid.columns[at]}"
            )
        else:
            counts = [(grade, int((row[known] == rank).sum())) for rank, grade in enumerate(GRADES) if rank]
            said = ", ".join(f"{grade} in {count} quarters" for grade, count in counts if count)
            parts.append(f"{key}: {said or 'never graded'}")
    return "; ".join(parts) + "."
