"""Figures of a run, each with the table that holds the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.leverage import PAIR, largest_shift
from market_abm.analysis.statistics import last_year, summary
from market_abm.analysis.table import Column, Table
from market_abm.report import style
from market_abm.report.charts import Figure, Series, escaped, grid_table, heat, lines, series_table
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    from market_abm.results.result import Result

OWNERS, PAIRS, LABS, HEAT_ROWS = 7, 4, 8, 12
"""Most owners in the fleet figure, relations in the leverage figure, labs, rows of a heat map."""

SPLIT_PATTERNS = {"seller": "/", "buyer": "\\", "contested": ""}


def figures(result: Result) -> tuple[Figure, ...]:
    """All figures of a run, in the order of the page; those without data are left out."""
    makers = (chokepoints, relations, leverage, prices, concentration, capability, fleet)
    found = (maker(result) for maker in makers)
    return tuple(figure for figure in found if figure is not None)


def prices(result: Result) -> Figure:
    """Price index against the long-run user cost."""
    names = {
        "price_index_usd_per_gpu_hour": "Price index",
        "price_long_run_usd_per_gpu_hour": "Long-run user cost",
        "contract_price_usd_per_gpu_hour": "Contracts in force",
        "spot_price_usd_per_gpu_hour": "Spot",
    }
    series = [_of_steps(result, column, label) for column, label in names.items()]
    title = "Price against long-run cost"
    caption = (
        f"The market is tight where the price index is at least {_limit(result, 'tight_price', 1.1):g} times "
        "the long-run user cost, the rental price at which new capacity pays."
    )
    plot = lines(result.quarters, series, "USD per GPU-hour")
    table = series_table("prices", title, result.quarters, series, "usd")
    return Figure("prices", title, caption, plot, table)


def concentration(result: Result) -> Figure:
    """HHI by base."""
    names = {"hhi_fleet": "Whole fleet", "hhi_merchant": "Merchant capacity", "hhi_sales": "Sales"}
    series = [_of_steps(result, column, label) for column, label in names.items()]
    limit, title = _limit(result, "hhi", 1800.0), "Concentration by base"
    caption = (
        f"By ultimate owner. Agencies screen mergers above {limit:,.0f} points (grey line); the bases differ "
        "because own use is not for sale."
    )
    plot = lines(result.quarters, series, "HHI, points")
    plot.add_hline(y=limit, line={"color": "#888888", "dash": "dot", "width": 1})
    table = series_table("concentration", title, result.quarters, series, "index")
    return Figure("concentration", title, caption, plot, table)


def chokepoints(result: Result) -> Figure | None:
    """Grades on the market level by owner and quarter."""
    rows = result.firms[result.firms["grade"] != ""]
    if rows.empty:
        return None
    several = len(result.seeds) > 1
    rank = rows["grade"].map(GRADES.index).astype(float)
    rows = rows.assign(value=rank.ge(2.0).astype(float) if several else rank)
    highest = rows.groupby(["owner", "quarter", "seed"])["value"].max()
    grid = (
        highest.groupby(["owner", "quarter"]).mean().unstack("quarter").reindex(columns=list(result.quarters))
    )
    loss = rows.groupby("owner")["loss_of_others_share"].mean().fillna(0.0)
    order = sorted(grid.index, key=lambda owner: (-grid.loc[owner].sum(), -loss[owner], owner))
    grid = grid.loc[order[:HEAT_ROWS]]
    title = "Chokepoints of the whole market"
    caption = (
        "Share of seeds in which the supplier is graded chokepoint or critical."
        if several
        else "W: watch, C: chokepoint, !: critical (still so with next year's pipeline and demand)."
    )
    caption += " The suppliers graded most often, then those without whom others lose most."
    table = grid_table("chokepoints", title, grid, several, "supplier")
    return Figure("chokepoints", title, caption, heat(grid, several), table)


def relations(result: Result) -> Figure | None:
    """Relation-level chokepoints by relation and quarter."""
    rows = result.links[result.links["dependence_before"].notna()]
    if rows.empty:
        return None
    several = len(result.seeds) > 1
    rows = rows.assign(
        pair=rows["supplier"] + " > " + rows["buyer"], value=rows["relation_chokepoint"].astype(float)
    )
    grid = rows.groupby(["pair", "quarter"])["value"].mean().unstack("quarter")
    grid = grid.reindex(columns=list(result.quarters)) * (1.0 if several else 2.0)  # 2 is the grade's rank
    loss = rows.groupby("pair")["dependence_before"].mean()
    order = sorted(grid.index, key=lambda pair: (-grid.loc[pair].sum(), -loss[pair], pair))
    grid = grid.loc[order[:HEAT_ROWS]]
    title = "Chokepoints between single firms"
    before, after = _limit(result, "relation_before", 0.25), _limit(result, "relation_after", 0.10)
    caption = (
        f"{'Share of seeds in which' if several else 'C:'} the buyer loses at least {before:.0%} of its "
        f"compute value without the supplier before rerouting and at least {after:.0%} after. Blank: no such "
        "relation in that quarter."
    )
    table = grid_table("relations", title, grid, several, "relation")
    return Figure("relations", title, caption, heat(grid, several), table)


def leverage(result: Result) -> Figure | None:
    """Leverage split over time for the relations in which it moved most."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    pairs = leverage_pairs(result)
    if not pairs:
        return None
    parts = (
        ("seller_secured_share", "Secured by the seller", "seller"),
        ("contested_share", "Contested", "contested"),
        ("buyer_secured_share", "Secured by the buyer", "buyer"),
    )
    heads = [escaped(" > ".join(pair)) for pair in pairs]
    plot = make_subplots(
        rows=(len(pairs) + 1) // 2, cols=min(2, len(pairs)), subplot_titles=heads, shared_yaxes=True
    )
    quarters, rows = list(result.quarters), []
    for step, pair in enumerate(pairs):
        where = {"row": step // 2 + 1, "col": step % 2 + 1}
        values = {
            column: _of_pair(result, pair, column)
            for column in ("realised_seller_share", *(p[0] for p in parts))
        }
        for part, label, colour in parts:
            pattern = {"shape": SPLIT_PATTERNS[colour], "solidity": 0.2}
            plot.add_trace(
                go.Bar(
                    x=quarters, y=_percent(values[part]), name=label,
                    legendgroup=label, showlegend=step == 0,
                    marker={"color": style.SPLIT_COLOURS[colour], "pattern": pattern},
                ),
                **where,
            )  # fmt: skip
        look = {"symbol": "diamond", "size": 7, "color": "#000000", "line": {"color": "#FFFFFF", "width": 1}}
        plot.add_trace(
            go.Scatter(
                x=quarters, y=_percent(values["realised_seller_share"]), mode="markers", marker=look,
                name="What the price gives the seller", legendgroup="price", showlegend=step == 0,
            ),
            **where,
        )  # fmt: skip
        for at, quarter in enumerate(quarters):
            rows.append((" > ".join(pair), quarter, *(float(column[at]) for column in values.values())))
    plot.update_layout(
        style.layout("", 120 + 240 * ((len(pairs) + 1) // 2), barmode="stack", bargap=0.1, margin={"t": 40})
    )
    axis = style.layout("")["xaxis"] | {"title": None, "showgrid": False} | style.ticks(quarters, 5)
    plot.update_xaxes(axis)
    plot.update_yaxes(range=[0, 100], title_text="% of gross surplus", col=1)
    title = "Leverage split over time"
    over = "medians over seeds; " if len(result.seeds) > 1 else ""
    caption = (
        "Parts of what a relation has to share: secured by either side's outside options, contested in "
        f"between. The diamonds show what the protocol ({result.setting.protocol}) made of it. First the "
        f"relation in which it moved most, then the largest; {over}gaps: out of line, or no trade."
    )
    columns = (
        Column("relation", "Supplier > buyer"),
        Column("quarter", "Quarter"),
        Column("realised_seller_share", "Price gives the seller", "share"),
        *(Column(part, label, "share") for part, label, _ in parts),
    )
    return Figure("leverage", title, caption, plot, Table("leverage", title, columns, tuple(rows)))


def leverage_pairs(result: Result) -> list[tuple[str, str]]:
    """The relation whose secured share moved most, then the largest by measured volume."""
    split = result.links[result.links["seller_secured_share"].notna()]
    volume = split.groupby(list(PAIR))["volume_khq"].sum()
    order = sorted(volume.index, key=lambda pair: (-volume[pair], pair))
    moved = largest_shift(result)
    first = [(moved.supplier, moved.buyer)] if moved else []
    return [*first, *(pair for pair in order if pair not in first)][:PAIRS]


def capability(result: Result) -> Figure | None:
    """Capability level of every lab."""
    rows = result.firms[result.firms["capability"].notna()]
    if rows.empty:
        return None
    levels = rows.pivot(index=["firm", "quarter"], columns="seed", values="capability")
    ends = levels[levels.index.get_level_values("quarter") == result.quarters[-1]].droplevel("quarter")
    last = ends.median(axis=1)
    order = sorted(last.index, key=lambda firm: (-np.nan_to_num(last[firm], nan=-np.inf), firm))[:LABS]
    series = [
        Series(
            result.setting.labels.get(firm, firm),
            tuple(summary(row) for row in levels.loc[firm].reindex(list(result.quarters)).to_numpy()),
        )
        for firm in order
    ]
    title = "Capability of the labs"
    caption = "Log units: a step of 0.69 is a doubling of the level. Ends are ordered as in the legend."
    plot = lines(result.quarters, series, "Capability, log units", zero=False)
    table = series_table("capability", title, result.quarters, series, "level")
    return Figure("capability", title, caption, plot, table)


def fleet(result: Result) -> Figure:
    """Capacity online by owner, the smaller ones together."""
    rows = result.firms[result.firms["capacity_kh100e"] > 0]
    summed = rows.groupby(["seed", "quarter", "owner"], as_index=False)["capacity_kh100e"].sum()
    median = summed.groupby(["owner", "quarter"])["capacity_kh100e"].median().unstack("quarter").fillna(0.0)
    median = median.reindex(columns=list(result.quarters), fill_value=0.0)
    size = median[list(last_year(result.quarters))].mean(axis=1)
    order = sorted(median.index, key=lambda owner: (-size[owner], owner))
    named = order[:OWNERS]
    series = [Series(owner, tuple(median.loc[owner].tolist())) for owner in named]
    if len(order) > OWNERS:
        others = median.loc[order[OWNERS:]].sum()
        series.append(Series(f"{len(order) - OWNERS} others", tuple(others.tolist())))
    title = "Fleet by owner"
    caption = "Capacity online, by ultimate owner" + (
        "; medians over seeds." if len(result.seeds) > 1 else "."
    )
    plot = lines(result.quarters, series, "kH100e online", stacked=True)
    table = series_table("fleet", title, result.quarters, series, "compute")
    return Figure("fleet", title, caption, plot, table)


def _of_steps(result: Result, column: str, label: str) -> Series:
    values = result.steps.pivot(index="quarter", columns="seed", values=column).reindex(list(result.quarters))
    return Series(label, tuple(summary(row) for row in values.to_numpy()))


def _of_pair(result: Result, pair: tuple[str, str], column: str) -> np.ndarray:
    """Median over seeds by quarter."""
    rows = result.links[(result.links["supplier"] == pair[0]) & (result.links["buyer"] == pair[1])]
    return rows.groupby("quarter")[column].median().reindex(list(result.quarters)).to_numpy(dtype=float)


def _percent(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) * 100.0 for value in values]


def _limit(result: Result, name: str, default: float) -> float:
    return float(result.setting.thresholds.get(name, default))
