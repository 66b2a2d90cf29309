"""The tables of a comparison: the market, and every lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from market_abm.analysis.statistics import by_seed, first_year, last_year, span
from market_abm.analysis.table import SIGNED, UNITS, Band, Cell, Column, Kind, Table

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison

HEADLINES: tuple[tuple[str, Kind, str], ...] = (
    ("price_index_usd_per_gpu_hour", "usd", "Price index"),
    ("contract_price_usd_per_gpu_hour", "usd", "Contract price"),
    ("tightness", "number", "Tightness"),
    ("capacity_kh100e", "compute", "Capacity online"),
    ("hhi_fleet", "index", "HHI, whole fleet"),
    ("hhi_merchant", "index", "HHI, merchant capacity"),
    ("chokepoint_firms", "number", "Chokepoints of the market"),
    ("relation_chokepoints", "number", "Relation chokepoints"),
    ("seller_secured_share", "share", "Secured by sellers"),
    ("buyer_secured_share", "share", "Secured by buyers"),
    ("capability_gap", "level", "Lead in capability"),
    ("velocity_mean", "level", "Velocity, mean of labs"),
    ("consumer_surplus_musd", "money", "Consumer surplus, a quarter"),
)
"""Market outcomes in the printed comparison."""

LAB_HEADLINES: tuple[tuple[str, str, Kind, str], ...] = (
    ("velocity", "first year", "level", "Velocity, first year"),
    ("velocity", "last year", "level", "Velocity, last year"),
    ("capability", "last year", "level", "Capability, last year"),
    ("product_share", "last year", "share", "Product share, last year"),
    ("served_share", "last year", "share", "Need served, last year"),
)
"""Outcomes of every lab in the printed comparison: column, window, kind, label."""

_COLUMNS = (
    Column("outcome", "Outcome"),
    Column("column", "Column", hidden=True),
    Column("unit", "Unit"),
    Column("baseline", "Baseline", "number", extra=True),
    Column("other", "Other", "number", extra=True),
    Column("difference", "Difference", "number"),
    Column("low", "95 % low", "number"),
    Column("high", "95 % high", "number"),
    Column("same_sign", "Same sign", "share"),
    Column("variance_removed", "Variance removed", "share", extra=True),
)


def market(comparison: Comparison, other: int = 0) -> Table:
    """Main outcomes of the market, last year of the run."""
    window = last_year(comparison.quarters(other))
    rows = []
    for column, kind, label in HEADLINES:
        row = comparison.difference(column, window, table="steps", other=other).iloc[0]
        levels = [Cell(row[name], kind) for name in ("baseline", "other")]
        changes = [Cell(row[name], SIGNED[kind]) for name in ("difference", "low", "high")]
        ends = (row["same_sign"], row["variance_removed"])
        rows.append((label, column, UNITS.get(kind, ""), *levels, *changes, *ends))
    base, name = comparison.baseline.setting.name, comparison.names[other]
    note = (
        f"{name} less {base}: means of {span(window)} by seed, {len(comparison.seeds(other))} common seeds, "
        "95 % Student t interval; changes of shares in percentage points. Same sign: share of seeds with the "
        "sign of the mean. Variance: part of the variance of an unpaired difference that pairing removed."
    )
    return Table(f"market_{name}", f"{name} against {base}", _COLUMNS, tuple(rows), note)


def labs(comparison: Comparison, other: int = 0) -> Table:
    """Differences of every lab with their intervals, first and last year of the run."""
    shared = comparison.quarters(other)
    windows = {"first year": first_year(shared), "last year": last_year(shared)}
    pair = (comparison.baseline, comparison.others[other])
    names = {firm for result in pair for firm in result.firms.loc[result.firms["capability"].notna(), "firm"]}
    rows: dict[str, list[Any]] = {firm: [] for firm in sorted(names)}
    for column, window, kind, _ in LAB_HEADLINES:
        found = comparison.difference(column, windows[window], table="firms", other=other).set_index("firm")
        found = found.reindex(list(rows))
        for firm, row in zip(rows, found.to_dict("records")):
            rows[firm].append(Cell(Band(row["difference"], row["low"], row["high"]), SIGNED[kind]))
    columns = [Column("lab", "Lab")]
    for column, window, kind, label in LAB_HEADLINES:
        columns.append(Column(f"{column}_{window.replace(' ', '_')}", label, SIGNED[kind]))
    labels = {**pair[0].setting.labels, **pair[1].setting.labels}
    named = [(labels.get(firm, firm), *cells) for firm, cells in rows.items()]
    lines = tuple(sorted(named, key=lambda line: line[0].casefold()))
    note = f"Means over seeds with 95 % intervals; {' and '.join(span(item) for item in windows.values())}."
    return Table(f"labs_{comparison.names[other]}", "Labs, differences", tuple(columns), lines, note)


def per_seed(comparison: Comparison, other: int = 0) -> pd.DataFrame:
    """Both values and the difference of every headline outcome and seed, last year of the run."""
    window = last_year(comparison.quarters(other))
    wanted: list[tuple[str, str, list[str]]] = [("steps", column, []) for column, _, _ in HEADLINES]
    wanted += [("firms", column, ["firm"]) for column in dict.fromkeys(line[0] for line in LAB_HEADLINES)]
    pair = {"baseline": comparison.baseline, "other": comparison.others[other]}
    parts = []
    for table, column, keys in wanted:
        values = {
            name: by_seed(result.tables[table], keys, column, window).rename_axis(index="unit").stack()
            for name, result in pair.items()
        }
        frame = pd.DataFrame(values).dropna(how="all")
        parts.append(frame.rename_axis(index=["unit", "seed"]).reset_index().assign(column=column))
    joined = pd.concat(parts, ignore_index=True)
    joined["difference"] = joined["other"] - joined["baseline"]
    return joined[["column", "unit", "seed", "baseline", "other", "difference"]]
