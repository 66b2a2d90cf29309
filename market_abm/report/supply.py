"""Who supplies whom: the network at three dates in one layout, and the flows of compute as a Sankey diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.leverage import PAIR
from market_abm.analysis.panel import panel
from market_abm.analysis.statistics import last_year, span
from market_abm.analysis.table import Column, Table, shown
from market_abm.report import style
from market_abm.report.charts import Figure, Panel, Spec, Swatch, escaped, number, wrapped

if TYPE_CHECKING:
    from market_abm.results.result import Result

SELLERS, BUYERS = 8, 9
"""Most sellers and buyers by name; the others stand together."""

OTHERS = "others"


@dataclass(frozen=True)
class Flows:
    """Compute delivered, kHQ a quarter, mean over seeds.

    Attributes
    ----------
    sellers, buyers : tuple of str
        The largest, then the others together.
    volume : array (S, B)
    choked : array (S, B)
        Share of seeds in which the relation is graded chokepoint; of the others together, the largest.
    """

    sellers: tuple[str, ...]
    buyers: tuple[str, ...]
    volume: np.ndarray
    choked: np.ndarray


def network(result: Result) -> Figure | None:
    """The supplier network in the first, the middle and the last quarter, every firm in the same place."""
    quarters = result.quarters
    dates = list(dict.fromkeys((quarters[0], quarters[len(quarters) // 2], quarters[-1])))
    sellers, buyers = _ranked(result, quarters, own=False)
    if not sellers:
        return None
    found = [flows(result, (date,), sellers, buyers, own=False) for date in dates]
    top = max(float(item.volume.max()) for item in found)
    panels = tuple(Panel(_drawn(item, top), date) for item, date in zip(found, dates))
    title = "Who supplies whom"
    rows, words = [], []
    for item, date in zip(found, dates):
        where = [(s, b) for s, b in np.argwhere(item.volume > 0)]
        where.sort(key=lambda place: -item.volume[place])
        for s, b in where:
            volume, choked = float(item.volume[s, b]), float(item.choked[s, b])
            rows.append((date, item.sellers[s], item.buyers[b], volume, choked))
        largest = [
            f"{item.sellers[s]} to {item.buyers[b]} {shown(item.volume[s, b], 'compute')}"
            for s, b in where[:5]
        ]
        words.append(f"{date}: {len(where)} relations, the largest in kHQ {', '.join(largest)}")
    columns = (
        Column("quarter", "Quarter"), Column("supplier", "Supplier"), Column("buyer", "Buyer"),
        Column("volume", "Compute", "compute", "kHQ"), Column("choked", "Graded chokepoint", "share"),
    )  # fmt: skip
    several = len(result.seeds) > 1
    caption = (
        "Sellers left, buyers right, always in the same place; own use is left out. Width grows with the compute "
        f"delivered in the quarter{', mean over seeds' if several else ''}."
    )
    graded = "Graded chokepoint in most seeds" if several else "Graded chokepoint"
    legend = (Swatch("Delivered", style.FALL, "solid"), Swatch(graded, style.RISE, "dash"))
    return Figure(
        "network", title, caption, panels, Table("network", title, columns, tuple(rows)), "; ".join(words) + ".",
        legend,
    )  # fmt: skip


def sankey(result: Result) -> Figure | None:
    """Flows of compute from fleets to users in the last year, own use included."""
    window = last_year(result.quarters)
    sellers, buyers = _ranked(result, window, own=True)
    if not sellers:
        return None
    item = flows(result, window, sellers, buyers, own=True)
    count = len(item.sellers)
    where = [(s, b) for s, b in np.argwhere(item.volume > 0)]
    names = [*item.sellers, *item.buyers]
    colours = [style.look(step)[0] for step in range(count)] + ["#7A808C"] * len(item.buyers)
    spec = {
        "data": [{
            "type": "sankey", "arrangement": "fixed", "valueformat": ",.0f", "valuesuffix": " kHQ",
            "node": {"label": [escaped(name) for name in names], "color": colours, "pad": 12, "thickness": 14,
                     "line": {"width": 0}},
            "link": {
                "source": [int(s) for s, _ in where], "target": [count + int(b) for _, b in where],
                "value": [number(float(item.volume[s, b])) for s, b in where],
                "color": [style.faded(colours[s], 0.35) for s, _ in where],
            },
        }],
        "layout": style.layout("", 500, margin={"l": 8, "r": 8, "t": 8, "b": 8}),
    }  # fmt: skip
    for axis in ("xaxis", "yaxis"):
        del spec["layout"][axis]  # type: ignore[attr-defined]
    title = "Flows of compute"
    rows = tuple(
        (item.sellers[s], item.buyers[b], float(item.volume[s, b]))
        for s, b in sorted(where, key=lambda p: -item.volume[p])
    )
    columns = (
        Column("supplier", "Fleet of"), Column("buyer", "Used by"), Column("volume", "Compute", "compute", "kHQ"),
    )  # fmt: skip
    over = ", mean over seeds" if len(result.seeds) > 1 else ""
    caption = (
        f"From fleets (left) to users (right), own use included; kHQ a quarter, mean of {span(window)}{over}."
    )
    text = "; ".join(f"{s} to {b} {shown(v, 'compute')} kHQ" for s, b, v in rows[:12]) + "."
    return Figure(
        "sankey", title, caption, (Panel(spec),), Table("sankey", title, columns, rows), text, narrow=620
    )


def flows(
    result: Result, window: tuple[str, ...], sellers: tuple[str, ...], buyers: tuple[str, ...], own: bool
) -> Flows:
    """Compute delivered in a window between the firms named, all others together."""
    block = panel(result, "links", PAIR)
    places = block.places(window)
    volume = np.nan_to_num(block.values("volume_khq")[:, places], nan=0.0).mean(axis=(1, 2))
    choked = np.nan_to_num(block.values("relation_chokepoint")[:, places], nan=0.0).mean(axis=(1, 2))
    owners = _owners(result)
    sell = {name: step for step, name in enumerate(sellers)}
    buy = {name: step for step, name in enumerate(buyers)}
    table, marks = (np.zeros((len(sellers) + 1, len(buyers) + 1)) for _ in range(2))
    for (supplier, buyer), amount, mark in zip(block.units, volume, choked):
        if amount > 0 and (own or owners.get(supplier) != owners.get(buyer)):
            place = sell.get(supplier, len(sellers)), buy.get(buyer, len(buyers))
            table[place] += amount
            marks[place] = max(marks[place], mark)
    rows, columns = table.sum(axis=1) > 0, table.sum(axis=0) > 0
    rows[: len(sellers)] = columns[: len(buyers)] = True
    left = tuple(np.array([*sellers, f"{OTHERS} (sellers)"], dtype=object)[rows])
    right = tuple(np.array([*buyers, f"{OTHERS} (buyers)"], dtype=object)[columns])
    return Flows(left, right, table[np.ix_(rows, columns)], marks[np.ix_(rows, columns)])


def _ranked(result: Result, window: tuple[str, ...], own: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The largest sellers and buyers over a window."""
    block = panel(result, "links", PAIR)
    if not block.units:
        return (), ()
    owners = _owners(result)
    volume = np.nan_to_num(block.values("volume_khq")[:, block.places(window)], nan=0.0).sum(axis=(1, 2))
    sizes: list[dict[str, float]] = [{}, {}]
    for pair, amount in zip(block.units, volume):
        if amount > 0 and (own or owners.get(pair[0]) != owners.get(pair[1])):
            for size, name in zip(sizes, pair):
                size[name] = size.get(name, 0.0) + float(amount)
    left, right = (sorted(size, key=lambda name, size=size: (-size[name], name)) for size in sizes)  # type: ignore[misc]
    return tuple(left[:SELLERS]), tuple(right[:BUYERS])


def _owners(result: Result) -> dict[str, str]:
    named = result.firms[["firm", "owner"]].drop_duplicates("firm")
    return dict(zip(named["firm"], named["owner"]))


def _drawn(item: Flows, top: float) -> Spec:
    """One date: sellers left, buyers right, straight lines between."""
    left = {s: s / max(len(item.sellers) - 1, 1) for s in range(len(item.sellers))}
    right = {b: b / max(len(item.buyers) - 1, 1) for b in range(len(item.buyers))}
    data: list[Spec] = []
    for s, b in sorted(np.argwhere(item.volume > 0).tolist(), key=lambda place: item.volume[tuple(place)]):
        amount, marked = float(item.volume[s, b]), item.choked[s, b] > 0.5
        name = (
            f"{wrapped(item.sellers[s], 40)} to {wrapped(item.buyers[b], 40)}: {shown(amount, 'compute')} kHQ"
        )
        data.append({
            "type": "scatter", "mode": "lines", "x": [0, 1], "y": [number(left[s]), number(right[b])],
            "line": {"color": style.RISE if marked else style.FALL, "width": number(0.6 + 7.4 * (amount / top) ** 0.5),
                     "dash": "dash" if marked else "solid"},
            "opacity": 0.85 if marked else 0.45, "hoverinfo": "text", "text": name,
        })  # fmt: skip
    for x, places in ((0, left), (1, right)):
        data.append({
            "type": "scatter", "mode": "markers", "x": [x] * len(places), "y": [number(y) for y in places.values()],
            "marker": {"size": 9, "color": style.INK, "symbol": "square" if x == 0 else "circle"}, "hoverinfo": "skip",
        })  # fmt: skip
    base = style.layout("", 400, hovermode="closest", margin={"l": 4, "r": 4, "t": 6, "b": 6})
    base["xaxis"] = {"visible": False, "range": [-1.05, 2.05], "fixedrange": True}
    base["yaxis"] = {"visible": False, "range": [1.06, -0.06], "fixedrange": True}
    base["annotations"] = [
        {"x": -0.08 if side == "right" else 1.08, "y": number(y), "xanchor": side, "showarrow": False,
         "text": wrapped(names[step], 15), "font": {"size": 11}, "align": side}
        for names, places, side in ((item.sellers, left, "right"), (item.buyers, right, "left"))
        for step, y in places.items()
    ]  # fmt: skip
    return {"data": data, "layout": base}
