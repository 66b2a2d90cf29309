"""Figures of a comparison: both paths of an outcome, its paired differences, and the onset of chokepoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.pairing import Effect
from market_abm.analysis.panel import panel
from market_abm.analysis.statistics import summary
from market_abm.analysis.survival import onset
from market_abm.analysis.table import SIGNED, Band, Kind
from market_abm.report.charts import Figure, Panel, Series, lines, series_table, series_words, swatches
from market_abm.report.figures import BASES, level_line
from market_abm.report.forest import forest

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.results.result import Result

LABS = 6
"""Labs in the figure of differences: those that differ most."""

FRONT = ("choke_quarters", "choke_relations", "seller_secured", "price_first", "price_last", "hhi_merchant",
         "velocity_first", "gap", "consumer_surplus", "welfare")  # fmt: skip
"""Outcomes in the forest plot of page one; where there are many scenarios, the first of every question."""

MANY = 4
"""Scenarios from which on page one shows fewer outcomes."""

FEW = ("choke_quarters", "seller_secured", "price_last", "hhi_merchant", "velocity_first", "welfare")


def front_forest(comparison: Comparison, effects: Sequence[Sequence[Effect]]) -> Figure | None:
    """The forest plot of page one."""
    return front_forest_of(comparison.baseline.setting.name, effects)


def front_forest_of(base: str, effects: Sequence[Sequence[Effect]]) -> Figure | None:
    """The forest plot of the main outcomes, given the baseline's name."""
    wanted = FEW if len(effects) > MANY else FRONT
    parts = [[item for key in wanted for item in part if item.outcome.key == key] for part in effects]
    seeds = max((item.seeds for part in parts for item in part), default=0)
    interval = "mean and 95 % interval over seeds" if seeds > 1 else "one seed, so no interval"
    caption = (
        f"Against {base}: {interval}. The axis counts smallest effects of interest, logarithmic beyond one; inside the "
        "grey band an effect is too small to matter. A mark right of it is more, left of it less, of the outcome."
    )
    names = [[item.outcome.label for item in part] for part in parts]
    return forest("forest", "What changes, and how surely", caption, parts, names)


def relation_forest(comparison: Comparison, other: int) -> Figure | None:
    """Leverage in the largest relations: the seller's secured share."""
    effects = comparison.relation_effects(other)
    names = [f"{item.outcome.unit[0]} > {item.outcome.unit[1]}" for item in effects]
    title = f"Who gains leverage: {comparison.names[other]}"
    caption = (
        "Share of the relation's surplus that the seller's outside options secure, mean over the run; right of zero the "
        "seller gains, left of it the buyer. The largest relations that both scenarios have."
    )
    return forest(f"leverage_{other}", title, caption, [effects], [names]) if effects else None


def lab_forest(comparison: Comparison, other: int, effects: Sequence[Effect]) -> Figure | None:
    """Velocity of every lab in the first year."""
    speed = [item for item in effects if item.outcome.key == "velocity_first"]
    labels = {**comparison.baseline.setting.labels, **comparison.others[other].setting.labels}
    speed.sort(key=lambda item: -abs(item.difference))
    names = [labels.get(item.outcome.unit[0], item.outcome.unit[0]) for item in speed]
    title = f"Velocity of the labs, first year: {comparison.names[other]}"
    caption = (
        "Rise of capability a quarter; a lease moves it for a few quarters only, so see the levels below."
    )
    return forest(f"labs_{other}", title, caption, [speed], [names]) if speed else None


def paths(
    comparison: Comparison, column: str, title: str, kind: Kind, y_title: str, unit: str
) -> Figure | None:
    """A column of the market in every scenario."""
    results = [result for result in (comparison.baseline, *comparison.others) if result.seeds]
    if not results:
        return None
    quarters = results[0].quarters
    series = [_path(result, column, quarters) for result in results]
    bands = max(len(result.seeds) for result in results) > 1
    caption = f"Every scenario{': medians and 5-95 % bands over seeds' if bands else ', one seed'}."
    spec = lines(quarters, series, y_title)
    words = series_words(quarters, series, kind, unit)
    table = series_table(column, title, quarters, series, kind)
    return Figure(column, title, caption, (Panel(spec),), table, words, swatches(series))


def concentration(comparison: Comparison) -> Figure | None:
    """HHI of every scenario, a panel a base."""
    results = [result for result in (comparison.baseline, *comparison.others) if result.seeds]
    if not results:
        return None
    quarters, panels, words, columns = results[0].quarters, [], [], []
    for column, label in BASES.items():
        series = [_path(result, column, quarters) for result in results]
        spec = lines(quarters, series, "HHI, points", height=280, most=4)
        spec["layout"]["shapes"] = [level_line(1800.0)]
        spec["layout"]["xaxis"]["title"]["text"] = ""
        panels.append(Panel(spec, label))
        words.append(f"{label}: {series_words(quarters, series, 'index', 'points')}")
        columns += [Series(f"{label}, {item.name}", item.values) for item in series]
    title = "Concentration by base"
    caption = (
        "HHI by ultimate owner; dotted line: 1,800 points, above which the 2023 US Merger Guidelines call a "
        "market highly "
        "concentrated. A lease turns captive capacity into merchant capacity: the fleet's HHI stays, the others move."
    )
    table = series_table("concentration", title, quarters, columns, "index")
    legend = swatches([item.setting.name for item in results])
    return Figure("concentration", title, caption, tuple(panels), table, " ".join(words), legend)


def onsets(comparison: Comparison) -> Figure | None:
    """Kaplan-Meier curves of the first chokepoint of the market."""
    results = [result for result in (comparison.baseline, *comparison.others) if result.seeds]
    found = [(result, onset(result)) for result in results]
    if not found:
        return None
    quarters = found[0][0].quarters
    series = []
    for result, item in found:
        assert item is not None  # it has seeds
        ends = zip(item.without, item.low, item.high)
        known = np.isfinite(item.low).any()
        values = [Band(*(float(end) for end in triple)) if known else float(triple[0]) for triple in ends]
        series.append(Series(result.setting.name, tuple(values[: len(quarters)])))
    spec = lines(quarters, series, "% of seeds without one so far", scale=100.0)
    for trace in spec["data"]:
        trace.setdefault("line", {})["shape"] = "hv"
    spec["layout"]["yaxis"]["range"] = [0, 103]
    title = "When the first chokepoint of the market appears"
    caption = (
        "Kaplan-Meier curve of the share of seeds without one so far, 95 % band; seeds that never have one count up to "
        "the end."
    )
    words = series_words(quarters, series, "share", "% without")
    table = series_table("onset", title, quarters, series, "share")
    return Figure("onset", title, caption, (Panel(spec),), table, words, swatches(series))


def chokepoint_paths(comparison: Comparison) -> Figure | None:
    """Share of seeds with a chokepoint of the market, by quarter."""
    results = [result for result in (comparison.baseline, *comparison.others) if result.seeds]
    if not results:
        return None
    quarters, series = results[0].quarters, []
    for result in results:
        hit = panel(result, "steps").values("chokepoint_firms")[0] > 0
        at = {quarter: float(hit[place].mean()) for place, quarter in enumerate(result.quarters)}
        series.append(
            Series(result.setting.name, tuple(at.get(quarter, float("nan")) for quarter in quarters))
        )
    title = "How often there is a chokepoint of the market"
    spec = lines(quarters, series, "% of seeds", scale=100.0)
    spec["layout"]["yaxis"]["range"] = [0, 103]
    words = series_words(quarters, series, "share", "% of seeds")
    table = series_table("choked", title, quarters, series, "share")
    caption = "Share of seeds in which some owner is graded chokepoint or critical in the quarter."
    return Figure("choked", title, caption, (Panel(spec),), table, words, swatches(series))


def lab_paths(comparison: Comparison, other: int, column: str, title: str) -> Figure | None:
    """Paired differences of the labs that differ most, by quarter."""
    if not comparison.comparable(other):
        return None
    found = comparison.difference(column, table="firms", other=other)
    found = found[found["seeds"] > 0]
    if found.empty:
        return None
    size = found.assign(size=found["difference"].abs()).groupby("firm")["size"].max()
    order = sorted(size.index, key=lambda firm: (-size[firm], firm))[:LABS]
    quarters = comparison.quarters(other)
    labels = {**comparison.baseline.setting.labels, **comparison.others[other].setting.labels}
    series = []
    for firm in order:
        rows = found[found["firm"] == firm].set_index("quarter").reindex(quarters)
        several = rows["low"].notna().any()
        bands = zip(rows["difference"], rows["low"], rows["high"])
        values = [Band(*(float(item) for item in band)) if several else float(band[0]) for band in bands]
        series.append(Series(labels.get(firm, firm), tuple(values)))
    caption = "Paired differences, mean over seeds and 95 % interval; the labs that differ most."
    spec = lines(quarters, series, f"Difference in {column}, log units", zero=False)
    spec["layout"]["shapes"] = [level_line(0.0)]
    words = series_words(quarters, series, SIGNED["level"], "log units")
    table = series_table(f"{column}_{other}", title, quarters, series, SIGNED["level"])
    return Figure(f"{column}_{other}", title, caption, (Panel(spec),), table, words, swatches(series))


def _path(result: Result, column: str, quarters: Sequence[str]) -> Series:
    values = panel(result, "steps").values(column)[0]
    at = {quarter: summary(values[place]) for place, quarter in enumerate(result.quarters)}
    return Series(result.setting.name, tuple(at.get(quarter, float("nan")) for quarter in quarters))
