"""Tables of a stress test for readers; medians and bands over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_abm.analysis.statistics import middle, summary
from market_abm.analysis.stress.plan import CHIP, PAIR, REGION, SUPPLIER
from market_abm.analysis.stress.simulate import FIXED, OPEN, ROUTED
from market_abm.analysis.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.analysis.stress.result import StressTest

MOST = 12
"""Suppliers and pairs that are shown: those without which most served demand is missing. The files have all."""

TITLES = {
    SUPPLIER: "Without a supplier",
    CHIP: "Without a chip supplier",
    REGION: "Without power additions of a region",
    PAIR: "Without two suppliers with a common cause",
}

NOTE = (
    "Served: share of the compute used in the baseline that is missing in the worst quarter. Welfare: value of use less "
    "running cost over the window, at the baseline's willingness to pay. Velocity: the most by which the labs' "
    "capability lags, mean over labs. Recovered: quarters until less than 1 % is missing for good, counted from the "
    "start; the length of the window where it never is."
)


def tables(test: StressTest) -> tuple[Table, ...]:
    """All tables that have rows."""
    found = [_knockouts(test, kind) for kind in TITLES]
    found += [_pairs(test), _causes(test), _foreclosure(test)]
    return tuple(table for table in found if table is not None)


def ranked(test: StressTest, kind: str) -> list[str]:
    """Targets of a kind, the gravest first: by served demand missing in the worst quarter with rerouting and entry."""
    rows = test.knockouts
    rows = rows[(rows["kind"] == kind) & (rows["variant"] == OPEN)]
    lost = rows.groupby("target")["served_lost_peak"].median().to_dict()
    return sorted(map(str, lost), key=lambda name: (-lost[name], name))


def value(test: StressTest, kind: str, target: str, variant: str, column: str) -> Any:
    """Value of one seed, or median and band of several; NaN where it was not run."""
    rows = test.knockouts
    found = rows[(rows["kind"] == kind) & (rows["target"] == target) & (rows["variant"] == variant)][column]
    return summary(found) if len(found) else float("nan")


def _knockouts(test: StressTest, kind: str) -> Table | None:
    names = ranked(test, kind)
    if not names:
        return None
    fixed = kind in (SUPPLIER, PAIR)
    wanted: list[tuple[str, str, Any, str, str]] = [
        ("served_fixed", "Served, nobody reroutes", "share", FIXED, "served_lost_peak"),
        ("served_routed", "Served, rerouting", "share", ROUTED, "served_lost_peak"),
        ("served_open", "Served, also entry", "share", OPEN, "served_lost_peak"),
        ("welfare_fixed", "Welfare, nobody reroutes", "share", FIXED, "welfare_lost_share"),
        ("welfare_routed", "Welfare, rerouting", "share", ROUTED, "welfare_lost_share"),
        ("welfare_open", "Welfare, also entry", "share", OPEN, "welfare_lost_share"),
        ("velocity_routed", "Velocity, rerouting", "level", ROUTED, "velocity_lost"),
        ("velocity_open", "Velocity, also entry", "level", OPEN, "velocity_lost"),
        ("recover_routed", "Recovered, rerouting", "quarters", ROUTED, "quarters_to_recover"),
        ("recover_open", "Recovered, also entry", "quarters", OPEN, "quarters_to_recover"),
        ("price_open", "Price, worst quarter", "share", OPEN, "price_rise_peak"),
    ]
    wanted = [item for item in wanted if fixed or item[3] != FIXED]
    columns = [Column("target", kind.capitalize())]
    for key, label, shape, variant, _ in wanted:
        extra = variant != OPEN and not key.startswith("served")
        columns.append(Column(key, label, shape, extra=extra))
    rows = tuple(
        (name, *(value(test, kind, name, variant, column) for _, _, _, variant, column in wanted))
        for name in names[:MOST]
    )
    left = len(names) - len(rows)
    note = NOTE + (f" {left} more are in knockouts.csv." if left > 0 else "")
    if kind == CHIP:
        note += " Builders keep to their mix of chips: nobody reroutes to other chips."
    return Table(f"without_{kind.replace(' ', '_')}", TITLES[kind], tuple(columns), rows, note)


def _pairs(test: StressTest) -> Table | None:
    if not len(test.pairs):
        return None
    lost = test.pairs.groupby("pair")["served_lost"].median().to_dict()
    order = sorted(map(str, lost), key=lambda name: (-lost[name], name))[:MOST]
    columns = (
        Column("pair", "Suppliers"),
        Column("causes", "Common causes"),
        Column("served_lost", "Served demand", "share"),
        Column("one", "First alone", "share", extra=True),
        Column("other", "Second alone", "share", extra=True),
        Column("beyond", "Beyond the sum", "share"),
    )
    rows = tuple(_pair(name, test.pairs[test.pairs["pair"] == name]) for name in order)
    note = (
        "Share of served demand lost without both, by maximum flow on the whole market of the quarter before, and beyond "
        "what both cost alone: zero where neither could stand in for the other anyway."
    )
    return Table("pairs", "Two suppliers that hang on the same chips or power", columns, rows, note)


def _pair(name: str, rows: pd.DataFrame) -> tuple[Any, ...]:
    return (
        name,
        rows["causes"].iloc[0],
        *(summary(rows[key]) for key in ("served_lost", "one", "other", "beyond")),
    )


def _causes(test: StressTest) -> Table | None:
    if not len(test.causes):
        return None
    grouped = test.causes.groupby("cause")["served_lost"]
    lost = {name: summary(rows) for name, rows in grouped}
    rows = tuple((name, lost[name]) for name in sorted(lost, key=lambda name: (-middle(lost[name]), name)))
    columns = (Column("cause", "Chips or power"), Column("served_lost", "Served demand", "share"))
    note = "What would be lost if everything that came from there stood still: a fault in all of its machines at once."
    return Table("causes", "What hangs on one cause", columns, rows, note)


def _foreclosure(test: StressTest) -> Table | None:
    if not len(test.foreclosure):
        return None
    wanted: list[tuple[str, str, Any, bool]] = [
        ("share_of_compute", "Of its compute", "share", False),
        ("loss_before", "Loss before rerouting", "share", True),
        ("loss_after", "Loss after rerouting", "share", False),
        ("notice", "Notice", "quarters", True),
        ("diversion", "Users to own lab", "share", False),
        ("critical_idle", "Needed, capacity idle", "share", False),
        ("critical_resold", "Needed, capacity resold", "share", False),
        ("net_gain_idle_musd", "Gain a quarter, idle", "money", True),
        ("net_gain_resold_musd", "Gain a quarter, resold", "money", True),
        ("vguppi", "vGUPPIu", "share", False),
        ("customer_loses_peak", "Customer loses", "share", False),
        ("customer_share_change", "Its product share", "signed_share", False),
        ("own_share_change", "Own lab's share", "signed_share", False),
        ("consumer_surplus_change", "Consumer surplus", "signed_share", True),
    ]
    columns = [Column("pair", "Supplier and customer"), Column("own_lab", "Own lab", extra=True)]
    columns += [Column(key, label, kind, extra=extra) for key, label, kind, extra in wanted]
    rows = []
    for (supplier, customer), part in test.foreclosure.groupby(["supplier", "customer"], sort=False):
        cells = (summary(part[key].astype(float)) for key, *_ in wanted)
        rows.append((f"{supplier} to {customer}", part["own_lab"].iloc[0] or "none", *cells))
    note = (
        "Ability: what the customer cannot replace within its notice. Incentive: refusal pays where the users that come "
        "to the supplier's own lab exceed the share needed, with the freed capacity idle or sold at the going price; "
        "n/a where no own lab is at stake. vGUPPIu: upward pressure on the input price. Effect: a run in which the "
        "supplier stops serving the customer when its notice is over, at the end of the window. Arithmetic, no finding "
        "about anybody's intent."
    )
    return Table("foreclosure", "Ability, incentive, effect", tuple(columns), tuple(rows), note)
