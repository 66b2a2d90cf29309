"""The tables under the answer: market, suppliers, relations, labs, bounds on building."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.leverage import PAIR
from market_abm.analysis.statistics import by_seed, first_year, last_year, middle, span, summary, years
from market_abm.analysis.table import Cell, Column, Kind, Table

if TYPE_CHECKING:
    from market_abm.results.result import Result

SUPPLIERS, RELATIONS = 8, 10
"""Rows shown; graded ones come on top of them."""

MARKET: tuple[tuple[str, str, Kind], ...] = (
    ("price_index_usd_per_gpu_hour", "Price index", "usd"),
    ("price_long_run_usd_per_gpu_hour", "Long-run user cost", "usd"),
    ("contract_price_usd_per_gpu_hour", "Contract price", "usd"),
    ("spot_price_usd_per_gpu_hour", "Spot price", "usd"),
    ("tightness", "Tightness: demand over capacity", "number"),
    ("utilisation", "Utilisation", "share"),
    ("capacity_kh100e", "Capacity online", "compute"),
    ("hhi_fleet", "HHI, whole fleet", "index"),
    ("hhi_merchant", "HHI, merchant capacity", "index"),
    ("hhi_sales", "HHI, sales", "index"),
    ("seller_secured_share", "Secured by sellers", "share"),
    ("contested_share", "Contested", "share"),
    ("buyer_secured_share", "Secured by buyers", "share"),
    ("relation_chokepoints", "Relation chokepoints", "count"),
)
"""Rows of the market table: column of the steps table, label, kind."""

BOUNDS = (("chips", "Chip supply"), ("power", "Power"), ("finance", "Finance"), ("growth", "Growth caps"))


def tables(result: Result) -> tuple[Table, ...]:
    """All tables of the answer."""
    return (market(result), suppliers(result), relations(result), labs(result), bounds(result))


def market(result: Result) -> Table:
    """The market year by year of the run."""
    windows = years(result.quarters)
    if len(windows) > 5:
        windows = [windows[round(step * (len(windows) - 1) / 4)] for step in range(5)]
    if len(result.seeds) > 1 and len(windows) > 3:
        windows = [windows[0], windows[len(windows) // 2], windows[-1]]
    columns = [Column("measure", "Measure"), Column("unit", "Unit")]
    columns += [Column(f"from_{window[0]}", f"from {window[0]}", "text") for window in windows]
    rows = []
    for name, label, kind in MARKET:
        unit = Column(name, label, kind).shown_unit
        cells = [
            Cell(summary(by_seed(result.steps, (), name, window).to_numpy()), kind) for window in windows
        ]
        rows.append((label, unit, *cells))
    note = "Means over the years of the run that begin in the quarters named; HHI by ultimate owner."
    return Table("market", "The market", tuple(columns), tuple(rows), note)


def suppliers(result: Result) -> Table:
    """The largest suppliers and whoever was graded, by ultimate owner; means of the last year."""
    window = last_year(result.quarters)
    fleets = result.firms[result.firms["share_fleet"].notna()]
    names = ("share_fleet", "share_merchant", "rsi", "loss_of_others_share", "price_effect")
    values = {name: by_seed(fleets, ["owner"], name, window) for name in names}
    graded = result.chokepoints()
    graded = graded[graded["level"] == "market"].set_index("supplier")
    order = _ranked(values["share_merchant"].fillna(0.0).median(axis=1), SUPPLIERS, graded.index)
    extent, of = _extent(result)
    rows = []
    for owner in order:
        cells = [_value(result, values[name], owner) for name in names]
        grade = graded["grade"].get(owner, "none")
        rows.append((owner, *cells, grade, _reached(result, graded, owner)))
    columns = (
        Column("supplier", "Supplier"),
        Column("share_fleet", "Fleet", "share", extra=True),
        Column("share_merchant", "Merchant", "share"),
        Column("rsi", "RSI", "number"),
        Column("loss_of_others_share", "Loss of others", "share"),
        Column("price_effect", "Price effect", "share"),
        Column("grade", "Gravest grade"),
        Column(f"graded_{extent}", "Graded", "count", f"of {of}"),
    )
    note = (
        f"Means of {span(window)}, by ultimate owner. Graded: {extent} as chokepoint or critical. RSI: "
        "capacity of all others over demand at the long-run cost. Loss of others: surplus that others lose "
        "without the supplier. Price effect: rise of the clearing price when its merchant capacity is gone."
    )
    return Table("suppliers", "Suppliers", columns, tuple(rows), note)


def relations(result: Result) -> Table:
    """Relations that were graded, then the largest; means of the last year."""
    window = last_year(result.quarters)
    links = result.links[result.links["dependence_before"].notna()]
    names = (
        "dependence_before",
        "dependence_after",
        "seller_secured_share",
        "contested_share",
        "buyer_secured_share",
        "price_usd_per_gpu_hour",
        "notice_quarters",
    )
    values = {name: by_seed(links, PAIR, name, window, "volume_khq") for name in names}
    graded = result.chokepoints()
    graded = graded[graded["level"] == "relation"].set_index(list(PAIR))
    volume = links.groupby(list(PAIR))["volume_khq"].sum()
    order = list(graded.index[:RELATIONS])
    largest = sorted(volume.index, key=lambda pair: (-volume[pair], pair))
    order += [pair for pair in largest if pair not in graded.index][: max(0, RELATIONS - len(order))]
    extent, of = _extent(result)
    rows = []
    for pair in order:
        cells = [_value(result, values[name], pair) for name in names]
        rows.append((*pair, " > ".join(pair), *cells, _reached(result, graded, pair)))
    columns = (
        Column("supplier", "Supplier", hidden=True),
        Column("buyer", "Buyer", hidden=True),
        Column("relation", "Supplier > buyer"),
        Column("dependence_before", "Loss before", "share"),
        Column("dependence_after", "Loss after", "share"),
        Column("seller_secured_share", "Seller", "share"),
        Column("contested_share", "Contested", "share", extra=True),
        Column("buyer_secured_share", "Buyer", "share"),
        Column("price_usd_per_gpu_hour", "Price", "usd"),
        Column("notice_quarters", "Notice", "quarters", extra=True),
        Column(f"graded_{extent}", "Graded", "count", f"of {of}"),
    )
    note = (
        f"Means of {span(window)}. Graded: {extent} as chokepoint. Loss: compute value that the buyer loses "
        "without the supplier, before and after rerouting to free capacity within the notice. Seller, "
        "contested, buyer: parts of the relation's gross surplus that the outside options of either side "
        "secure, or neither (below zero where both sides have better options elsewhere); "
        f"n/a where the relation is out of line. Prices under {result.setting.protocol}."
    )
    return Table("relations", "Supply relations", columns, tuple(rows), note)


def labs(result: Result) -> Table:
    """The labs; means of the last year, capability at its end."""
    window, end = last_year(result.quarters), result.quarters[-1:]
    rows_of = result.firms[result.firms["capability"].notna()]
    windows = {"capability": end, "capability_gap": end}
    names = (
        "capability",
        "capability_gap",
        "velocity",
        "product_share",
        "served_share",
        "training_runs",
        "supplier_count",
        "largest_supplier_share",
    )
    values = {name: by_seed(rows_of, ["firm"], name, windows.get(name, window)) for name in names}
    order = _ranked(values["capability"].median(axis=1), len(values["capability"]), ())
    rows = tuple(
        (result.setting.labels.get(firm, firm), *(_value(result, values[name], firm) for name in names))
        for firm in order
    )
    columns = (
        Column("lab", "Lab"),
        Column("capability", "Capability", "level"),
        Column("capability_gap", "Behind leader", "level"),
        Column("velocity", "Velocity", "level", extra=True),
        Column("product_share", "Product share", "share"),
        Column("served_share", "Need served", "share"),
        Column("training_runs", "Training runs", "number", extra=True),
        Column("supplier_count", "Suppliers", "count", extra=True),
        Column("largest_supplier_share", "Largest supplier", "share"),
    )
    note = (
        f"Capability at the end of {end[0]}, the rest means of {span(window)}. Velocity: rise of capability "
        "in a quarter."
    )
    return Table("labs", "Labs", columns, rows, note)


def bounds(result: Result) -> Table:
    """How often each bound holds building back."""
    windows = (first_year(result.quarters), last_year(result.quarters), tuple(result.quarters))
    rows = tuple(
        (
            label,
            *(
                summary(by_seed(result.steps, (), f"{name}_bind_share", window).to_numpy())
                for window in windows
            ),
        )
        for name, label in BOUNDS
    )
    columns = (
        Column("bound", "Bound on building"),
        Column("first", "First year", "share"),
        Column("last", "Last year", "share"),
        Column("all", "Whole run", "share"),
    )
    when = f"first year {span(windows[0])}, last {span(windows[1])}"
    note = f"Share of building firms that each bound holds back; {when}."
    return Table("bounds", "What holds building back", columns, tuple(rows), note)


def _value(result: Result, values: pd.DataFrame, key: Any) -> Any:
    """The value of a key over seeds; missing where no seed has it."""
    if key not in values.index:
        return float("nan")
    return summary(values.reindex(columns=list(result.seeds)).loc[key].to_numpy())


def _ranked(size: pd.Series, count: int, always: Sequence[str] | pd.Index) -> list[str]:
    """The largest keys, and those that stand there in any case."""
    order = sorted(size.index, key=lambda key: (-np.nan_to_num(size[key], nan=-np.inf), key))
    return [key for step, key in enumerate(order) if step < count or key in always]


def _extent(result: Result) -> tuple[str, int]:
    """What grades are counted in: quarters of one run, seeds of several."""
    return ("quarters", len(result.quarters)) if len(result.seeds) == 1 else ("seeds", len(result.seeds))


def _reached(result: Result, graded: pd.DataFrame, key: Any) -> int:
    """Quarters of one run, or seeds of several, in which the key was graded chokepoint or worse."""
    if key not in graded.index:
        return 0
    name = "quarters" if len(result.seeds) == 1 else "seeds"
    return int(middle(float(graded.loc[key, name])))
