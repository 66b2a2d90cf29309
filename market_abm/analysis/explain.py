"""Why a firm did what it did in a quarter: outside options, leverage arithmetic, the option not taken."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from market_abm.analysis.table import Column, Kind, Table, shown

if TYPE_CHECKING:
    from market_abm.results.result import Result

RELATIONS = 8
"""Relations shown on each side, the largest first."""


@dataclass(frozen=True)
class Explanation:
    """Sentences and tables about one firm and quarter."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json``."""
        return {
            "title": self.title,
            "sentences": list(self.sentences),
            "tables": {table.name: table.as_dict() for table in self.tables},
        }


def explain(result: Result, firm: str, quarter: str | None = None, seed: int | None = None) -> Explanation:
    """Outside options, leverage arithmetic, chosen and next best option, and what would flip the choice.

    Parameters
    ----------
    result : Result
    firm : str
        A firm or segment.
    quarter : str, optional
        Default the last one.
    seed : int, optional
        Default the first one.

    Raises
    ------
    KeyError
        Unknown firm, quarter or seed; the nearest known one is named.
    """
    seed = result.seeds[0] if seed is None else seed
    quarter = result.quarters[-1] if quarter is None else quarter
    part = result.of(seed) if len(result.seeds) > 1 or seed not in result.seeds else result
    _known("quarter", quarter, part.quarters)
    _known("firm", firm, sorted(set(part.firms["firm"])))
    now = {name: table[table["quarter"] == quarter] for name, table in part.tables.items()}
    row = now["firms"][now["firms"]["firm"] == firm].iloc[0].to_dict()
    beta, protocol = part.setting.beta[seed], part.setting.protocol
    sentences, tables = [_who(firm, row)], []
    for side, other in (("buyer", "supplier"), ("supplier", "buyer")):
        links = now["links"][now["links"][side] == firm].sort_values(
            ["volume_khq", other], ascending=[False, True]
        )
        if len(links):
            sentences += _options(links, firm, side, other)
            split = links[
                links["gross_surplus_usd_per_gpu_hour"].notna() & links["floor_usd_per_gpu_hour"].notna()
            ]
            sentences += _arithmetic((split if len(split) else links).iloc[0].to_dict(), protocol, beta)
            tables.append(_relations(links.head(RELATIONS), side, other))
    decisions = now["decisions"][now["decisions"]["firm"] == firm]
    sentences += [_flip(decision) for decision in decisions.to_dict("records")]
    if len(decisions):
        tables.append(_decisions(decisions))
    else:
        sentences.append(f"{firm} took no decision in {quarter}.")
    title = f"{firm} in {quarter}: {part.setting.name}, seed {seed}, protocol {protocol}"
    return Explanation(title, tuple(sentences), tuple(tables))


def _known(what: str, name: str, names: Any) -> None:
    if name in names:
        return
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise KeyError(f"no {what} {name!r} in these results.{hint} Known: {', '.join(names)}.")


def _who(firm: str, row: Mapping[Any, Any]) -> str:
    owner = f", owned by {row['owner']}," if row["owner"] != firm else ""
    parts = []
    if row["capacity_kh100e"] > 0:
        capacity, own = shown(row["capacity_kh100e"], "compute"), shown(row["own_use_khq"], "compute")
        parts.append(f"has {capacity} kH100e online, uses {own} kHQ itself and sells {_khq(row['sold_khq'])}")
    if row["need_khq"] > 0:
        served = shown(row["served_share"], "share")
        served = "" if math.isnan(row["served_share"]) else f", {served} % of its need is served"
        parts.append(f"uses {_khq(row['served_khq'])}, of which it buys {_khq(row['bought_khq'])}{served}")
    return f"{firm}{owner} {'; it '.join(parts) or 'neither sells nor uses compute'}."


def _khq(value: float) -> str:
    return f"{shown(value, 'compute')} kHQ"


def _options(links: pd.DataFrame, firm: str, side: str, other: str) -> list[str]:
    """How much a firm hangs on the other side."""
    first = links.iloc[0]
    share = first["volume_khq"] / links["volume_khq"].sum()
    names = "suppliers" if side == "buyer" else "customers"
    text = (
        f"As a {'buyer' if side == 'buyer' else 'seller'} it has {len(links)} {names}; the largest is "
        f"{first[other]} with {shown(float(share), 'share')} % of the volume."
    )
    if side == "buyer":
        before, after = first["dependence_before"], first["dependence_after"]
        if not math.isnan(before):
            text += (
                f" Without {first[other]} it loses {shown(before, 'share')} % of its compute value before "
                f"rerouting and {shown(after, 'share')} % after rerouting within "
                f"{shown(first['notice_quarters'], 'quarters')} quarters of notice."
            )
    elif not math.isnan(first["supplier_dependence"]):
        lost = shown(first["supplier_dependence"], "share")
        text += f" Without {first[other]}, and after resale, it loses {lost} % of its payoff."
    return [text]


def _arithmetic(link: Mapping[Any, Any], protocol: str, beta: float) -> list[str]:
    """The leverage split of a relation, with its numbers, USD/GPU-h."""
    value, cost, wedge, gross, floor, ceiling, price, new = (
        link[f"{name}_usd_per_gpu_hour"]
        for name in ("value", "unit_cost", "wedge", "gross_surplus", "floor", "ceiling", "price", "new_price")
    )
    pair = f"{link['supplier']} > {link['buyer']}"
    if link["out_of_line"]:
        return [
            f"{pair}: the floor ({_usd(floor)}) lies above the buyer's value ({_usd(value)} USD/GPU-h): the "
            "relation is out of line and has no split."
        ]
    if any(math.isnan(item) for item in (gross, floor, ceiling)):
        return [f"{pair}: no split was measured; the price paid is {_usd(price)} USD/GPU-h."]
    secured = shown(link["seller_secured_share"], "share"), shown(link["buyer_secured_share"], "share")
    text = (
        f"{pair}: value {_usd(value)} {_less(cost)} (unit cost) {_less(wedge)} (wedge) leaves {_usd(gross)} "
        f"USD/GPU-h to share. The seller's outside options secure floor {_usd(floor)} {_less(cost)} "
        f"{_less(wedge)} = {_usd(floor - cost - wedge)} ({secured[0]} %), the buyer's secure {_usd(value)} - "
        f"ceiling {_usd(ceiling)} = {_usd(value - ceiling)} ({secured[1]} %); {_usd(ceiling - floor)} is "
        "contested."
    )
    if protocol == "split":
        share, width = shown(beta, "number"), ceiling - floor
        text += (
            f" Bargained anew as a whole, split with beta {share} gives {_usd(floor)} + {share} x "
            f"{_usd(width)} = {_usd(floor + beta * width)}."
        )
    paid = f" Paid on average {_usd(price)}"
    return [
        text
        + paid
        + (f", bargained now {_usd(new)}." if not math.isnan(new) else ", nothing new was signed.")
    ]


def _less(value: float) -> str:
    return f"- {_usd(value)}" if value >= 0 else f"+ {_usd(-value)}"


def _usd(value: float) -> str:
    return shown(float(value), "usd")


def _flip(decision: Mapping[Any, Any]) -> str:
    firm, verb, unit = decision["firm"], decision["verb"], decision["unit"]
    chosen = f"{firm} {verb}s: {decision['option']} ({_score(decision['score'])} {unit})".replace(" )", ")")
    bound = f" Bound by {decision['binding']}." if decision["binding"] not in ("", "none") else ""
    detail = f" {decision['detail']}." if decision["detail"] else ""
    if not decision["next_option"] or math.isnan(decision["next_score"]):
        return f"{chosen}; there was no other option.{bound}{detail}"
    gap = decision["score"] - decision["next_score"]
    return (
        f"{chosen}; next best was {decision['next_option']} ({_score(decision['next_score'])} {unit}). "
        f"It flips when the next best gains more than {_score(gap)} {unit} on it.{bound}{detail}"
    ).replace(" )", ")")


def _score(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _relations(links: pd.DataFrame, side: str, other: str) -> Table:
    columns: list[tuple[str, str, Kind, bool]] = [
        ("volume_khq", "Volume", "compute", False),
        ("price_usd_per_gpu_hour", "Price", "usd", False),
        ("floor_usd_per_gpu_hour", "Floor", "usd", False),
        ("ceiling_usd_per_gpu_hour", "Ceiling", "usd", False),
        ("value_usd_per_gpu_hour", "Value", "usd", True),
        ("seller_secured_share", "Seller", "share", False),
        ("buyer_secured_share", "Buyer", "share", False),
        ("dependence_before", "Loss before", "share", side != "buyer"),
        ("dependence_after", "Loss after", "share", side != "buyer"),
        ("notice_quarters", "Notice", "quarters", True),
    ]
    heads = [Column(other, other.capitalize())]
    for name, label, kind, extra in columns:
        heads.append(Column(name, label, kind, "kHQ" if name == "volume_khq" else "", extra=extra))
    rows = tuple(
        (row[other], *(float(row[name]) for name, *_ in columns)) for row in links.to_dict("records")
    )
    title = "Its suppliers" if side == "buyer" else "Its customers"
    return Table(other + "s", title, tuple(heads), rows, "n/a: not measured, or out of line.")


def _decisions(decisions: pd.DataFrame) -> Table:
    rows = []
    for row in decisions.to_dict("records"):
        chosen, missed = row["score"], row["next_score"]
        other, bound = row["next_option"] or "none", row["binding"] or "-"
        rows.append((row["verb"], row["option"], chosen, other, missed, row["unit"], bound))
    columns = (
        Column("verb", "Verb"),
        Column("option", "Chosen"),
        Column("score", "Score", "number"),
        Column("next_option", "Next best"),
        Column("next_score", "Score", "number"),
        Column("unit", "Unit"),
        Column("binding", "Bound by"),
    )
    return Table("decisions", "Decisions", columns, tuple(rows))
