"""Who holds the levers in a quarter, in four short statements."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from market_abm.analysis.writer import listed
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot

DISCLAIMER = (
    "Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation with any "
    "firm named."
)
"""As in every report; here without loading what the reports need."""


@dataclass(frozen=True)
class Card:
    """A statement: what it is about, the answer in a few words, and the numbers behind it.

    Attributes
    ----------
    parts : tuple of (str, float)
        Shares of a bar: seller, contested, buyer; empty where there is none.
    """

    title: str
    answer: str
    detail: str
    firm: str = ""
    grave: bool = False
    parts: tuple[tuple[str, float], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the page."""
        return asdict(self)


def cards(now: Snapshot, baseline: Snapshot | None, changed: bool) -> tuple[Card, ...]:
    """Chokepoint, leverage, dependence, and the price with what the changes made of it."""
    return chokepoint(now), leverage(now), dependence(now), shift(now, baseline, changed)


def chokepoint(now: Snapshot) -> Card:
    """The gravest grade on the market level."""
    rows = [row for row in now.rows("firms") if row["grade"]]
    title = "Chokepoint of the whole market"
    if not rows:
        return Card(title, "Nobody", "No firm with a fleet is graded.")
    rows.sort(key=lambda r: (-GRADES.index(r["grade"]), -_zero(r["loss_of_others_share"]), r["firm"]))
    first = rows[0]
    graded = [
        row["firm"] for row in rows if GRADES.index(first["grade"]) > 0 and row["grade"] == first["grade"]
    ]
    loss, rise = first["loss_of_others_share"], first["price_effect"]
    effect = "" if math.isnan(rise) else f" and the price rises by {_percent(rise)}"
    without = f"Without {first['firm']} others lose {_percent(loss)} of their surplus{effect}."
    if first["grade"] == "none":
        return Card(title, "Nobody", f"Nearest: {without[0].lower()}{without[1:]}", first["firm"])
    word = {"watch": "on watch", "chokepoint": "chokepoint", "critical": "critical"}[first["grade"]]
    return Card(title, f"{listed(graded)} ({word})", without, first["firm"], first["grade"] != "watch")


def leverage(now: Snapshot) -> Card:
    """Who secures what there is to share."""
    steps = now.steps
    seller, buyer = steps["seller_secured_share"], steps["buyer_secured_share"]
    title = "Bargaining leverage"
    if math.isnan(seller) or math.isnan(buyer):
        return Card(title, "Not measured", "No relation between different owners could be measured.")
    holder = "Sellers" if seller > buyer else "Buyers"
    share = max(seller, buyer)
    answer = f"{holder} secure {_percent(share)}"
    price = steps["realised_seller_share"]
    gives = "" if math.isnan(price) else f" Prices in force give sellers {_percent(price)}."
    weaker = f"{'buyers' if seller > buyer else 'sellers'} secure {_percent(min(seller, buyer))}"
    detail = f"of what there is to share, through their outside options; {weaker}.{gives}"
    return Card(title, answer, detail, parts=_bar(seller, steps["contested_share"], buyer))


def dependence(now: Snapshot) -> Card:
    """Relations that are chokepoints."""
    steps = now.steps
    columns = ("relation_chokepoint", "dependence_before", "supplier", "buyer")
    pairs = sorted((-_zero(loss), *pair) for choked, loss, *pair in now.values("links", *columns) if choked)
    count, of = steps["relation_chokepoints"], steps["relations"]
    title = "Chokepoints between two firms"
    if not pairs:
        return Card(title, f"None of {of} relations", "Every measured buyer could reroute within its notice.")
    loss, supplier, buyer = pairs[0]
    others = [f"{one} for {other}" for _, one, other in pairs[1:3]]
    more = f" Also {listed(others)}{' and others' if len(pairs) > 3 else ''}." if others else ""
    detail = f"{buyer} loses {_percent(-loss)} of its compute value without {supplier}.{more}"
    return Card(title, f"{count} of {of} relations", detail, supplier, True)


def shift(now: Snapshot, baseline: Snapshot | None, changed: bool) -> Card:
    """The price, and against the baseline what the changes moved."""
    steps = now.steps
    price, cost = steps["price_index_usd_per_gpu_hour"], steps["price_long_run_usd_per_gpu_hour"]
    tight = "tight" if steps["tight"] else "not tight"
    if not changed:
        known = "" if math.isnan(price) else f"{price:,.2f} USD per GPU-hour"
        detail = (
            f"The market is {tight}: a new unit of capacity pays from {cost:,.2f}. Drag a lever to move it."
        )
        return Card("Price of compute", known or "No new price", detail)
    title = "Changed, against the baseline"
    if baseline is None or baseline.step != now.step:
        return Card(title, "Computing …", "The baseline of the same seed is on its way.")
    was = baseline.steps
    moved = price - was["price_index_usd_per_gpu_hour"]
    secured = steps["seller_secured_share"] - was["seller_secured_share"]
    hhi = steps["hhi_merchant"] - was["hhi_merchant"]
    answer = "Price not known" if math.isnan(moved) else f"Price {moved:+,.2f} USD per GPU-hour"
    words = "" if math.isnan(secured) else f"Sellers secure {100 * secured:+.1f} points; "
    detail = f"{words}HHI of capacity for sale {hhi:+,.0f}; the market is {tight}."
    return Card(title, answer, detail[0].upper() + detail[1:])


def _bar(seller: float, contested: float, buyer: float) -> tuple[tuple[str, float], ...]:
    """Parts of a bar; where floors cross ceilings the contested part is negative and has no width."""
    parts = [("seller", seller), ("contested", contested), ("buyer", buyer)]
    total = sum(max(_zero(value), 0.0) for _, value in parts) or 1.0
    return tuple((name, max(_zero(value), 0.0) / total) for name, value in parts)


def _percent(value: float) -> str:
    return (
        "an unknown part"
        if math.isnan(value)
        else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"
        if value >= 0.1
        else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
    )


def _zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
