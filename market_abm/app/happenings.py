"""What happened, by kind and quarter: deals, notices, builds, defaults, chokepoint onsets, policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from market_abm.app.axes import chart
from market_abm.report.style import COLOURS
from market_abm.results.result import GRADES

if TYPE_CHECKING:
    from market_abm.app.snapshot import Snapshot

LANES = (
    "Chokepoint onset",
    "Credit limit",
    "Builds ordered",
    "Notices and ends",
    "Deals",
    "Policy and shocks",
)
"""From top to bottom of the chart's list, bottom lane last."""

SYMBOLS = ("diamond", "x", "triangle-up", "triangle-down", "circle", "star")

LANE_OF = {
    "contract signed": 4,
    "contract starts": 4,
    "qualification": 4,
    "entry": 4,
    "notice": 3,
    "repriced": 3,
    "recall": 3,
    "credit limit reached": 1,
    "exit": 1,
}
"""Lane of a kind of event; others are policy or shocks. The end of a contract that was due says little."""

SILENT = ("contract ends",)

TOLD = 5
"""Events of a lane and quarter that are told one by one, the largest first."""


LISTED = 120
"""Events that the page lists; the exported tables have all."""


@dataclass(frozen=True)
class Happening:
    """An event in words.

    Attributes
    ----------
    step : int
        Quarters played when it happened.
    lane : int
        Index of :data:`LANES`.
    text : str
    firm : str
        Whom it concerns first.
    size : float
        For the order within a lane and quarter only.
    """

    step: int
    lane: int
    text: str
    firm: str
    size: float


@dataclass(frozen=True)
class Mark:
    """What happened in a lane and quarter: how much, and the largest of it in words."""

    step: int
    lane: int
    count: int
    text: str


@dataclass(frozen=True)
class Quarter:
    """Everything of a quarter that is worth a mark, the largest first, and its marks."""

    items: tuple[Happening, ...]
    marks: tuple[Mark, ...]


def happenings(run: Sequence[Snapshot]) -> tuple[Quarter, ...]:
    """What happened, quarter by quarter."""
    return tuple(_quarter(now, before) for before, now in zip((None, *run), run))


_known: WeakKeyDictionary[Snapshot, Quarter] = WeakKeyDictionary()


def _quarter(snapshot: Snapshot, before: Snapshot | None) -> Quarter:
    """One quarter, remembered as long as its snapshot is: a frame shows all quarters up to its own."""
    found = _known.get(snapshot)
    if found is None:
        fresh = [*_events(snapshot), *_builds(snapshot), *_onsets(snapshot, before)]
        items = tuple(sorted(fresh, key=lambda item: (item.lane, -item.size, item.text)))
        lanes = ((lane, list(group)) for lane, group in groupby(items, key=lambda item: item.lane))
        marks = tuple(Mark(snapshot.step, lane, len(group), _listed(group)) for lane, group in lanes)
        found = _known[snapshot] = Quarter(items, marks)
    return found


def latest(quarters: Sequence[str], run: Sequence[Quarter]) -> list[dict[str, str]]:
    """The last so many in words, the latest first."""
    backwards = (item for quarter in reversed(run) for item in reversed(quarter.items))
    return [
        {"quarter": quarters[item.step - 1], "lane": LANES[item.lane], "text": item.text}
        for item in islice(backwards, LISTED)
    ]


def _events(snapshot: Snapshot) -> Iterator[Happening]:
    for row in snapshot.rows("events"):
        kind = row["kind"]
        if kind in SILENT:
            continue
        amount = row["amount"] if row["amount"] == row["amount"] else 0.0
        yield Happening(snapshot.step, LANE_OF.get(kind, 5), told(row), row["firm"], abs(amount))


def told(row: Mapping[str, Any]) -> str:
    """An event as a sentence."""
    pair = " and ".join(name for name in (row["firm"], row["counterparty"]) if name)
    amount = ""
    if row["amount"] == row["amount"]:
        size = f"{row['amount']:,.0f}" if abs(row["amount"]) >= 10 else f"{row['amount']:,.2f}"
        amount = f"{size} {row['unit']}".strip()
    kind = row["kind"].replace("_", " ")
    parts = [part for part in (pair, amount, row["detail"]) if part]
    return f"{kind}: {', '.join(parts)}" if parts else kind


def _builds(snapshot: Snapshot) -> Iterator[Happening]:
    for row in snapshot.rows("firms"):
        if row["orders_kh100e"] >= 1.0:
            text = f"{row['firm']} orders {row['orders_kh100e']:,.0f} kH100e"
            yield Happening(snapshot.step, 2, text, row["firm"], row["orders_kh100e"])


def _onsets(snapshot: Snapshot, before: Snapshot | None) -> Iterator[Happening]:
    """Firms and relations that are graded now and were not a quarter ago."""
    graded = {row["firm"]: row["grade"] for row in before.rows("firms")} if before else {}
    for row in snapshot.rows("firms"):
        rank, was = _rank(row["grade"]), _rank(graded.get(row["firm"], ""))
        if rank >= 2 and rank > was:
            text = f"{row['firm']} becomes a {'critical ' if rank == 3 else ''}chokepoint of the whole market"
            yield Happening(snapshot.step, 0, text, row["firm"], 1e9 + rank)
    choked = _choked(before) if before else set()
    for supplier, buyer in sorted(_choked(snapshot) - choked):
        text = f"{supplier} becomes a chokepoint for {buyer}"
        yield Happening(snapshot.step, 0, text, supplier, 1.0)


def _rank(grade: str) -> int:
    return GRADES.index(grade) if grade in GRADES else 0


def _choked(snapshot: Snapshot) -> set[tuple[str, str]]:
    rows = snapshot.values("links", "supplier", "buyer", "relation_chokepoint")
    return {(supplier, buyer) for supplier, buyer, choked in rows if choked}


def figure(quarters: Sequence[str], run: Sequence[Quarter], at: int) -> dict[str, Any]:
    """The timeline as a plain Plotly figure: a mark a lane and quarter, larger where more happened."""
    data = []
    for lane, name in enumerate(LANES):
        here = [mark for quarter in run for mark in quarter.marks if mark.lane == lane]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [quarters[mark.step - 1] for mark in here],
                "y": [name] * len(here),
                "customdata": [mark.text for mark in here],
                "hovertemplate": "%{customdata}<extra></extra>",
                "marker": {
                    "symbol": SYMBOLS[lane],
                    "size": [round(min(8.0 + 2.5 * mark.count**0.5, 20.0), 1) for mark in here],
                    "color": "#8F2A12" if lane == 0 else COLOURS[lane % len(COLOURS)],
                    "line": {"color": "#FFFFFF", "width": 1},
                },
                "showlegend": False,
            }
        )
    layout = chart(quarters, at)
    layout["hovermode"] = "closest"
    layout["showlegend"] = False
    layout["margin"] = {"l": 118, "r": 10, "t": 6, "b": 24}
    layout["yaxis"] |= {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(LANES),
        "range": [len(LANES) - 0.5, -0.5],
        "tickfont": {"size": 11},
        "tickmode": "array",
        "tickvals": list(LANES),
    }
    layout["yaxis"].pop("nticks", None)
    gap = -(-len(quarters) // 10)
    layout["xaxis"] |= {"tickvals": list(quarters)[::gap], "tickangle": 0}
    return {"data": data, "layout": layout}


def _listed(group: Sequence[Happening]) -> str:
    from market_abm.report.charts import escaped

    lines = [escaped(item.text) for item in group[:TOLD]]
    more = len(group) - TOLD
    return "<br>".join([*lines, *([f"and {more} more"] if more > 0 else [])])
