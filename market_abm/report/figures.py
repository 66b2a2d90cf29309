"""Figures of a run, each with the table that holds the same numbers and a text made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.leverage import PAIR, largest_shift
from market_abm.analysis.panel import mean_known, panel
from market_abm.analysis.statistics import last_year, summary
from market_abm.analysis.table import Column, Table
from market_abm.report import style
from market_abm.report.charts import (
    Figure,
    Panel,
    Series,
    Spec,
    Swatch,
    lines,
    number,
    series_table,
    series_words,
    swatches,
)
from market_abm.report.heat import grid_table, grid_words, heat
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    from market_abm.results.result import Result

OWNERS, PAIRS, LABS, HEAT_ROWS = 7, 4, 8, 12
"""Most owners in the fleet figure, relations in the leverage figure, labs, rows of a heat map."""

SPLIT_PATTERNS = {"seller": "/", "buyer": "\\", "contested": ""}
SPLIT = (
    ("seller_secured_share", "Secured by the seller", "seller"),
    ("contested_share", "Contested", "contested"),
    ("buyer_secured_share", "Secured by the buyer", "buyer"),
)
BASES = {"hhi_fleet": "Whole fleet", "hhi_merchant": "Merchant capacity", "hhi_sales": "Sales"}


def prices(result: Result) -> Figure:
    """Price index against the long-run user cost."""
    names = {
        "price_index_usd_per_gpu_hour": "Price index",
        "price_long_run_usd_per_gpu_hour": "Long-run user cost",
        "contract_price_usd_per_gpu_hour": "Contracts in force",
        "spot_price_usd_per_gpu_hour": "Spot",
    }
    series = [of_steps(result, column, label) for column, label in names.items()]
    title = "Price against long-run cost"
    caption = (
        f"The market is tight where the price index is at least {limit(result, 'tight_price', 1.1):g} times "
        f"the long-run user cost, the rental price at which new capacity pays.{over_seeds(result)}"
    )
    plot = lines(result.quarters, series, "USD per GPU-hour")
    table = series_table("prices", title, result.quarters, series, "usd")
    words = series_words(result.quarters, series, "usd", "USD per GPU-hour")
    return Figure("prices", title, caption, (Panel(plot),), table, words, swatches(series))


def concentration(result: Result) -> Figure:
    """HHI by base."""
    series = [of_steps(result, column, label) for column, label in BASES.items()]
    at, title = limit(result, "hhi", 1800.0), "Concentration by base"
    caption = (
        f"By ultimate owner. Agencies screen mergers above {at:,.0f} points (grey line); the bases differ "
        f"because own use is not for sale.{over_seeds(result)}"
    )
    plot = lines(result.quarters, series, "HHI, points")
    plot["layout"]["shapes"] = [level_line(at)]
    table = series_table("concentration", title, result.quarters, series, "index")
    words = series_words(result.quarters, series, "index", "points")
    return Figure("concentration", title, caption, (Panel(plot),), table, words, swatches(series))


def chokepoints(result: Result) -> Figure | None:
    """Grades on the market level by owner and quarter."""
    rows = result.firms[result.firms["grade"] != ""]
    if rows.empty:
        return None
    several = len(result.seeds) > 1
    rank = rows["grade"].map({grade: float(step) for step, grade in enumerate(GRADES)}).astype(float)
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
        "Percent of seeds in which the supplier is graded chokepoint or critical."
        if several
        else "W: watch, C: chokepoint, !: critical (still so with next year's pipeline and demand)."
    )
    caption += " The suppliers graded most often, then those without whom others lose most."
    table = grid_table("chokepoints", title, grid, several, "supplier")
    return Figure(
        "chokepoints",
        title,
        caption,
        (Panel(heat(grid, several)),),
        table,
        grid_words(grid, several),
        narrow=620,
    )


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
    before, after = limit(result, "relation_before", 0.25), limit(result, "relation_after", 0.10)
    caption = (
        f"{'Percent of seeds in which' if several else 'C:'} the buyer loses at least {before:.0%} of its "
        f"compute value without the supplier before rerouting and at least {after:.0%} after. Blank: no such "
        "relation in that quarter."
    )
    table = grid_table("relations", title, grid, several, "relation")
    return Figure(
        "relations",
        title,
        caption,
        (Panel(heat(grid, several)),),
        table,
        grid_words(grid, several),
        narrow=620,
    )


def leverage(result: Result) -> Figure | None:
    """Leverage split over time for the relations in which it moved most."""
    pairs = leverage_pairs(result)
    if not pairs:
        return None
    panels, rows, words = [], [], []
    for pair in pairs:
        values = {
            column: _of_pair(result, pair, column)
            for column in ("realised_seller_share", *(p[0] for p in SPLIT))
        }
        panels.append(Panel(_split(list(result.quarters), values), " > ".join(pair)))
        for at, quarter in enumerate(result.quarters):
            rows.append((" > ".join(pair), quarter, *(float(column[at]) for column in values.values())))
        series = [Series(label, tuple(values[part].tolist())) for part, label, _ in SPLIT]
        words.append(f"{' > '.join(pair)}: {series_words(result.quarters, series, 'share', '%')}")
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
        *(Column(part, label, "share") for part, label, _ in SPLIT),
    )
    legend = [
        Swatch(label, style.SPLIT_COLOURS[side], area=True, pattern=SPLIT_PATTERNS[side])
        for _, label, side in SPLIT
    ]
    legend.append(Swatch("What the price gives the seller", "#000000", marker="diamond"))
    table = Table("leverage", title, columns, tuple(rows))
    return Figure("leverage", title, caption, tuple(panels), table, " ".join(words), tuple(legend))


def _split(quarters: list[str], values: dict[str, np.ndarray]) -> Spec:
    data: list[Spec] = []
    for part, label, side in SPLIT:
        pattern = {"shape": SPLIT_PATTERNS[side], "solidity": 0.2}
        data.append({
            "type": "bar", "x": quarters, "y": _percent(values[part]), "name": label,
            "marker": {"color": style.SPLIT_COLOURS[side], "pattern": pattern},
        })  # fmt: skip
    look = {"symbol": "diamond", "size": 7, "color": "#000000", "line": {"color": "#FFFFFF", "width": 1}}
    data.append({
        "type": "scatter", "x": quarters, "y": _percent(values["realised_seller_share"]), "mode": "markers",
        "marker": look, "name": "What the price gives the seller",
    })  # fmt: skip
    base = style.layout(
        "% of gross surplus", 260, barmode="stack", bargap=0.1, xaxis=style.ticks(quarters, 4)
    )
    base["yaxis"]["range"] = [0, 100]
    base["xaxis"] |= {"title": {"text": ""}, "showgrid": False}
    return {"data": data, "layout": base}


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
    block = panel(result, "firms", ("firm",))
    levels = block.values("capability")
    labs = [step for step in range(len(block.units)) if np.isfinite(levels[step]).any()]
    if not labs:
        return None
    last = {step: float(np.nan_to_num(_median(levels[step, -1]), nan=-np.inf)) for step in labs}
    order = sorted(labs, key=lambda step: (-last[step], block.units[step]))[:LABS]
    series = [
        Series(
            result.setting.labels.get(block.units[step][0], block.units[step][0]),
            tuple(summary(row) for row in levels[step]),
        )
        for step in order
    ]
    title = "Capability of the labs"
    caption = (
        "Log units: a step of 0.69 is a doubling of the level. The legend is ordered by the end of the run."
        f"{over_seeds(result)}"
    )
    plot = lines(result.quarters, series, "Capability, log units", zero=False)
    table = series_table("capability", title, result.quarters, series, "level")
    words = series_words(result.quarters, series, "level", "log units")
    return Figure("capability", title, caption, (Panel(plot),), table, words, swatches(series))


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
    words = series_words(result.quarters, series, "compute", "kH100e")
    return Figure("fleet", title, caption, (Panel(plot),), table, words, swatches(series, stacked=True))


def of_steps(result: Result, column: str, label: str) -> Series:
    """A column of the market over the quarters: a value, or a band over seeds."""
    return Series(label, tuple(summary(row) for row in panel(result, "steps").values(column)[0]))


def over_seeds(result: Result) -> str:
    """How a line with a band is to be read; empty with one seed."""
    return f" Medians and 5-95 % bands over {len(result.seeds)} seeds." if len(result.seeds) > 1 else ""


def level_line(at: float) -> dict[str, Any]:
    """A thin dotted line across a figure."""
    line = {"color": "#767676", "dash": "dot", "width": 1.2}
    return {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}


def limit(result: Result, name: str, default: float) -> float:
    """A threshold of the run."""
    return float(result.setting.thresholds.get(name, default))


def _of_pair(result: Result, pair: tuple[str, str], column: str) -> np.ndarray:
    """Median over seeds by quarter."""
    block = panel(result, "links", PAIR)
    values = block.values(column)[block.units.index(pair)]
    return mean_known(values, axis=1) if values.shape[1] == 1 else np.array([_median(row) for row in values])


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _percent(values: np.ndarray) -> list[float | None]:
    return [number(value, 100.0) for value in values]
