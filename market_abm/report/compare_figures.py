"""Figures of a comparison: both paths of an outcome, and its paired difference with the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_abm.analysis.statistics import by_seed
from market_abm.analysis.table import SIGNED, Band, Kind
from market_abm.report.charts import Figure, Series, lines, series_table

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.results.result import Result

LABS = 6
"""Labs in the figure of differences: those that differ most."""


def figures(comparison: Comparison) -> tuple[Figure, ...]:
    """Price and concentration of every scenario, differences in velocity and capability of the labs."""
    found = [
        _paths(comparison, "price_index_usd_per_gpu_hour", "Price index", "usd", "USD per GPU-hour"),
        _paths(comparison, "hhi_merchant", "Concentration of merchant capacity", "index", "HHI, points"),
    ]
    for other, name in enumerate(comparison.names):
        for column in ("velocity", "capability"):
            found += _differences(comparison, other, name, column)
    return tuple(found)


def _paths(comparison: Comparison, column: str, title: str, kind: Kind, y_title: str) -> Figure:
    quarters = comparison.quarters()
    series = [_mean(result, column, quarters) for result in (comparison.baseline, *comparison.others)]
    plot = lines(quarters, series, y_title)
    caption = "Means over seeds of every scenario."
    return Figure(column, title, caption, plot, series_table(column, title, quarters, series, kind))


def _mean(result: Result, column: str, quarters: list[str]) -> Series:
    means = [float(by_seed(result.steps, (), column, [quarter]).mean(axis=1).iloc[0]) for quarter in quarters]
    return Series(result.setting.name, tuple(means))


def _differences(comparison: Comparison, other: int, name: str, column: str) -> list[Figure]:
    found = comparison.difference(column, table="firms", other=other)
    found = found[found["seeds"] > 0]
    if found.empty:
        return []
    size = found.assign(size=found["difference"].abs()).groupby("firm")["size"].max()
    order = sorted(size.index, key=lambda firm: (-size[firm], firm))[:LABS]
    quarters = comparison.quarters(other)
    labels = {**comparison.baseline.setting.labels, **comparison.others[other].setting.labels}
    series = []
    for firm in order:
        rows = found[found["firm"] == firm].set_index("quarter").reindex(quarters)
        bands = zip(rows["difference"], rows["low"], rows["high"])
        series.append(
            Series(labels.get(firm, firm), tuple(Band(*(float(item) for item in band)) for band in bands))
        )
    title = f"{column.capitalize()}: {name} less {comparison.baseline.setting.name}"
    caption = "Paired differences, mean over seeds and 95 % interval; the labs that differ most."
    plot = lines(quarters, series, f"Difference in {column}, log units", zero=False)
    table = series_table(f"{column}_{other}", title, quarters, series, SIGNED["level"])
    return [Figure(f"{column}_{other}", title, caption, plot, table)]
