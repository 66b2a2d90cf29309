"""Screens of competition policy on the results: HHI flags, mergers, vertical arithmetic, upward pressure on prices.

The formulas are those of :mod:`market_abm.measures`; this module only reads the tables of a run and hands
them over.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.statistics import last_year, span
from market_abm.analysis.table import Column, Table
from market_abm.measures.concentration import Merger, merger_presumption
from market_abm.measures.externality import (
    VerticalArithmetic,
    diversion,
    vertical_arithmetic,
    vguppi_upstream,
)
from market_abm.units import musd_per_khq

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.results.result import Result
    from market_abm.scenario import Scenario

HIGH, CHANGE = 1800.0, 100.0
"""HHI above which a market is highly concentrated, and the change that is screened (US DOJ and FTC 2023)."""

FIRMS, PAIRS = 6, 10
"""Largest owners whose mergers are screened, and rows shown."""

BASES = (("hhi_fleet", "Whole fleet"), ("hhi_merchant", "Merchant capacity"), ("hhi_sales", "Sales"))


def hhi_flags(comparison: Comparison) -> Table:
    """HHI by base, last year: the level of each scenario, its change, and whether both pass the screen."""
    results = [comparison.baseline, *comparison.others]
    rows: list[tuple[Any, ...]] = []
    for column, label in BASES:
        base = _mean(results[0], column)
        for result in results:
            level = _mean(result, column)
            change = level - base if result is not results[0] else float("nan")
            rows.append(
                (
                    label,
                    result.setting.name,
                    level,
                    "yes" if level > HIGH else "no",
                    change,
                    _flag(level, change),
                )
            )
    columns = (
        Column("base", "Base"), Column("scenario", "Scenario"), Column("hhi", "HHI", "index"),
        Column("high", f"Above {HIGH:,.0f}"), Column("change", "Change", "signed_index"),
        Column("flag", f"Above {HIGH:,.0f} and up by more than {CHANGE:,.0f}"),
    )  # fmt: skip
    note = (
        "Means of the last year over seeds, by ultimate owner. The flag borrows both thresholds of the structural "
        "presumption of the 2023 US Merger Guidelines; a scenario is no merger, so it is a screen and nothing more."
    )
    return Table("hhi_flags", "HHI against the thresholds of merger control", columns, tuple(rows), note)


def _flag(level: float, change: float) -> str:
    if np.isnan(change):
        return "-"
    return "flag" if level > HIGH and change > CHANGE else "no"


def _mean(result: Result, column: str) -> float:
    rows = (
        result.steps[result.steps["quarter"].isin(list(last_year(result.quarters)))] if result.seeds else None
    )
    return float(rows[column].mean()) if rows is not None else float("nan")


# ---- mergers


def mergers(result: Result, scenario: Scenario | None = None) -> list[tuple[str, str, Merger]]:
    """Mergers of the largest merchant owners against the structural presumption; strongest change first.

    Shares are means of the last year over seeds; an aggregate row counts as the many equal owners that it
    stands for, where the scenario is known.
    """
    names, fractions = merchant_shares(result, scenario)
    real = [place for place, name in enumerate(names) if name]
    largest = sorted(real, key=lambda place: (-fractions[place], names[place]))[:FIRMS]
    found = [
        (names[first], names[second], merger_presumption(fractions, first, second))
        for first, second in combinations(largest, 2)
    ]
    return sorted(found, key=lambda row: (-row[2].delta, row[0], row[1]))


def merchant_shares(result: Result, scenario: Scenario | None = None) -> tuple[list[str], np.ndarray]:
    """Owners and their merchant shares; the members of an aggregate have no name."""
    rows = result.firms[result.firms["share_merchant"].notna()]
    rows = rows[rows["quarter"].isin(list(last_year(result.quarters)))]
    rows = rows.drop_duplicates(["seed", "quarter", "owner"])
    times = len(rows[["seed", "quarter"]].drop_duplicates())
    by_owner = rows.groupby("owner")["share_merchant"].sum() / max(times, 1)  # an owner that is gone has none
    members = {}
    if scenario is not None:
        members = {firm.owner or name: int(firm.aggregate_of) for name, firm in scenario.firms.items()}
    names: list[str] = []
    values: list[float] = []
    for owner, share in by_owner.items():
        count = max(members.get(str(owner), 1), 1)
        names += [str(owner)] if count == 1 else [""] * count
        values += [float(share) / count] * count
    return names, np.array(values)


def merger_table(result: Result, scenario: Scenario | None = None) -> Table | None:
    """The mergers that would change the HHI most; None with fewer than two sellers."""
    found = mergers(result, scenario)[:PAIRS]
    if not found:
        return None
    rows = tuple(
        (
            f"{a} and {b}",
            m.combined_share,
            m.hhi_before,
            m.hhi_after,
            m.delta,
            "presumption" if m.presumption else "no",
        )
        for a, b, m in found
    )
    columns = (
        Column("pair", "If these two were one"), Column("share", "Joint share", "share"),
        Column("before", "HHI before", "index"), Column("after", "HHI after", "index"),
        Column("delta", "Change", "signed_index"), Column("flag", "2023 Guidelines"),
    )  # fmt: skip
    note = (
        f"Merchant capacity, means of {span(last_year(result.quarters))} over seeds. Presumption: HHI after above "
        "1,800 or a joint share above 30 %, and a change of more than 100 points. Hypothetical pairs; no merger is "
        "alleged."
    )
    return Table("mergers", "What mergers would do to the HHI", columns, rows, note)


# ---- vertical arithmetic


@dataclass(frozen=True)
class Refusal:
    """Would it pay an integrated seller to stop serving a rival's lab?

    Attributes
    ----------
    seller, buyer : str
    volume : float
        kHQ a quarter.
    diversion : float
        Share of the rival's lost users that the seller's own lab gains (logit).
    vguppi : float
        Upward pressure on the price of compute, a share of it.
    arithmetic : VerticalArithmetic
        MUSD a quarter.
    """

    seller: str
    buyer: str
    volume: float
    diversion: float
    vguppi: float
    arithmetic: VerticalArithmetic


def refusals(result: Result, scenario: Scenario) -> list[Refusal]:
    """Vertical arithmetic of every integrated seller that serves a rival's lab with a product.

    Means of the last year over seeds. The input is compute, so a unit is a kHQ: the upstream margin is price less
    unit cost; the rival loses revenue in proportion to the share of its compute that it no longer has, and the
    seller's lab wins the logit diversion of it at its own margin. The vGUPPI sets the diverted margin of a unit
    against the price of the input (Moresi & Salop 2013; Rogerson 2020).
    """
    window = list(last_year(result.quarters))
    rows = result.firms[result.firms["quarter"].isin(window)]
    firms = (
        rows.groupby("firm")[["product_share", "revenue_musd", "served_khq"]]
        .mean()
        .fillna(0.0)
        .to_dict("index")
    )
    links = result.links[result.links["quarter"].isin(window)]
    columns = ["volume_khq", "price_usd_per_gpu_hour", "unit_cost_usd_per_gpu_hour"]
    labs = [str(name) for name, row in firms.items() if row["product_share"] > 0.0]
    if len(labs) < 2:
        return []
    ratio = diversion(np.array([firms[name]["product_share"] for name in labs]))
    found = []
    for link in links.groupby(["supplier", "buyer"])[columns].mean().reset_index().to_dict("records"):
        seller, buyer = str(link["supplier"]), str(link["buyer"])
        volume, price, cost = (float(link[name]) for name in columns)
        rivals = seller in labs and buyer in labs and seller != buyer and seller in scenario.firms
        if not rivals or not (np.isfinite(price) and price > 0.0 and volume > 0.0):
            continue
        revenue, served = float(firms[buyer]["revenue_musd"]), float(firms[buyer]["served_khq"])
        lab = scenario.firms[seller].lab
        if lab is None or not served > 0.0:
            continue
        margin, to_own = float(lab.margin), float(ratio[labs.index(buyer), labs.index(seller)])
        lost = revenue * min(volume / served, 1.0)
        sums = vertical_arithmetic(musd_per_khq(price - cost), volume, lost, to_own, margin)
        pressure = float(vguppi_upstream(to_own, margin, lost / volume, musd_per_khq(price)))
        found.append(Refusal(seller, buyer, volume, to_own, pressure, sums))
    return sorted(found, key=lambda item: (-item.vguppi, item.seller, item.buyer))


def refusal_table(result: Result, scenario: Scenario) -> Table | None:
    """Vertical arithmetic and vGUPPI as a table; None where no integrated seller serves a rival."""
    found = refusals(result, scenario)[:PAIRS]
    if not found:
        return None
    rows = tuple(
        (
            f"{item.seller} > {item.buyer}", item.volume, item.diversion, item.arithmetic.upstream_loss,
            item.arithmetic.downstream_gain, item.arithmetic.net_gain, item.arithmetic.critical_diversion,
            "would pay" if item.arithmetic.pays else "would not pay", item.vguppi,
        )
        for item in found
    )  # fmt: skip
    columns = (
        Column("pair", "Seller > rival's lab"), Column("volume", "Compute", "compute", "kHQ"),
        Column("diversion", "Diversion to own lab", "share"), Column("loss", "Margin lost upstream", "money"),
        Column("gain", "Margin won downstream", "money"), Column("net", "Net", "signed_money"),
        Column("critical", "Critical diversion", "number"), Column("pays", "Refusal"),
        Column("vguppi", "vGUPPI", "share"),
    )  # fmt: skip
    note = (
        f"Ability and incentive, quarterly means of {span(last_year(result.quarters))} over seeds: what refusing would "
        "cost and bring if the rival lost revenue in proportion to its compute and replaced none of it, so the gain is "
        "an upper bound. Critical diversion: the diversion above which refusal pays. vGUPPI: diverted margin "
        "over the price of "
        "compute. Arithmetic on a simulation, not a finding about conduct."
    )
    return Table("vertical", "Vertical arithmetic: would refusing a rival pay?", columns, rows, note)
