"""The phase diagram in plain words: where the boundary lies, and where concentration alone misleads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from market_abm.analysis.adviser import advise
from market_abm.analysis.phase import Estimate, Panel, Phase

FLAG = 1800.0
"""HHI from which the 2023 US merger guidelines call a market highly concentrated."""

WIDTH = 0.02
"""Width of a threshold's interval that the adviser aims at where none is asked for."""


def sentences(found: Phase, width: float | None = None) -> list[str]:
    """What the diagram says, the headline first."""
    return [*_boundary(found), *_misleads(found), *_tells(found), *_kinks(found), *_kept(found, width)]


def _boundary(found: Phase) -> Iterator[str]:
    """Where the threshold lies against the exact boundary, by reach."""
    if found.full is not None:
        panels = [item for item in found.panels if item.values.get("reach") == found.full]
        runs = sum(item.shift.runs for item in panels)
        same = round(sum(item.agreement * item.shift.runs for item in panels))
        told = found.by_column[found.full]
        if found.event == "pivotal":
            yield (
                f"With full reach ({found.full} suppliers for everybody) there is {found.meaning} exactly where "
                f"tightness exceeds 1 less the largest share in {same:,} of {runs:,} runs; the threshold estimated "
                f"from the runs lies {_signed(told)} from that boundary."
            )
        else:
            yield (
                f"With full reach ({found.full} suppliers for everybody) the event is not pivotality: its threshold "
                f"lies {_signed(told)} from the boundary 1 less the largest share, and the two agree in {same:,} of "
                f"{runs:,} runs."
            )
    for value, told in found.by_column.items():
        if value != found.full:
            yield _moved(found, value, told)


def _moved(found: Phase, value: Any, told: Estimate) -> str:
    name = found.labels.get(found.factors[0], found.factors[0])
    head = f"With {value} {name}" if found.factors[0] == "reach" else f"At {name} {value}"
    if not told.known:
        much = "in every run" if told.frequency == 1.0 else "in no run"
        return f"{head} there is {found.meaning} {much}: no threshold to estimate."
    low, high = told.interval
    if not np.isfinite(low):
        return f"{head} tightness hardly moves the event: the interval of the threshold has no end."
    if low <= 0.0 <= high:
        side = "cannot be told from the exact boundary"
        return f"{head} the threshold {side} ({_signed(told)})."
    side = "below" if told.value < 0 else "above"
    return f"{head} the threshold lies {abs(told.value):.3f} {side} the exact boundary ({_band(told)}): " + (
        "a network that leaves buyers few suppliers makes chokepoints in markets that capacity shares call safe."
        if side == "below"
        else "markets that capacity shares call tight enough have none yet."
    )


def _misleads(found: Phase) -> Iterator[str]:
    """Where the same HHI goes with different thresholds."""
    widest: tuple[float, float, Panel, Panel, int] | None = None
    full = [item for item in found.panels if found.full is None or item.values.get("reach") == found.full]
    spreads = []
    for step, hhi in enumerate(full[0].hhi if full else ()):
        exact = [item.exact[step] for item in full if len(item.exact) > step]
        low, high = int(np.argmin(exact)), int(np.argmax(exact))
        spreads.append((exact[high] - exact[low], hhi, full[low], full[high], step))
    if spreads:
        widest = max(spreads, key=lambda item: item[0])
    if widest is not None and widest[0] > 1e-6:
        _, hhi, early, late, step = widest
        yield (
            f"Concentration alone misleads: at an HHI of {hhi:,.0f} the boundary lies at a tightness of "
            f"{early.exact[step]:.2f} with {_named(found, early, late)} and at {late.exact[step]:.2f} with "
            f"{_named(found, late, early)}. Between the two the same index goes with a chokepoint and with none."
        )
    cells = [
        (hhi, share, panel)
        for panel in found.panels
        for hhi, column in zip(panel.hhi, panel.frequency.T)
        for share in column[np.isfinite(column)]
    ]
    above = [share for hhi, share, _ in cells if hhi > FLAG]
    below = [share for hhi, share, _ in cells if hhi <= FLAG]
    if above and below:
        yield (
            f"Above an HHI of {FLAG:,.0f} (highly concentrated by the 2023 US merger guidelines) there is none in "
            f"{100 * (1 - np.mean(above)):.0f} % of the runs of this design; at or below it there is one in "
            f"{100 * np.mean(below):.0f} %."
        )


def _named(found: Phase, panel: Panel, other: Panel) -> str:
    parts = [
        f"{panel.values[name]} {found.labels.get(name, name)}"
        for name in found.factors
        if panel.values[name] != other.values[name]
    ]
    return ", ".join(parts) or "others"


def _tells(found: Phase) -> Iterator[str]:
    if not found.aucs or np.isnan(found.aucs[0].value):
        return
    told = "; ".join(
        f"{item.name} {item.value:.3f} ({item.low:.3f} to {item.high:.3f})" for item in found.aucs
    )
    text = f"Out of sample, on points of the design that the fit never saw, the area under the ROC curve is: {told}."
    if found.event == "pivotal":
        text += (
            " (The network RSI measures what pivotality asks, so it tells it almost by construction; the RSI of capacity "
            "alone does so with full reach only.)"
        )
    yield text


def _kinks(found: Phase) -> Iterator[str]:
    if not found.kinks:
        return
    name = found.labels.get(found.factors[0], found.factors[0])
    parts = [
        f"{item.kink.breakpoint:.2f} ({item.low:.2f} to {item.high:.2f}) at {value}"
        for value, item in found.kinks.items()
        if item.change_low > 0 or item.change_high < 0
    ]
    if parts:
        yield (
            "The part of the gross surplus that outside options secure for sellers bends at a tightness of "
            f"{', '.join(parts)} {name} (continuous kink, bootstrap over seeds)."
        )


def _kept(found: Phase, width: float | None) -> Iterator[str]:
    known = {value: item for value, item in found.by_column.items() if item.known}
    if known:
        value, item = max(known.items(), key=lambda pair: pair[1].interval[1] - pair[1].interval[0])
        advice = advise(item.seeds, *item.interval, width or WIDTH)
        name = found.labels.get(found.factors[0], found.factors[0])
        yield f"Least certain is the threshold at {value} {name}. {advice.sentence()}"
    missing = found.planned - found.runs
    if missing:
        yield (
            f"{found.runs:,} of {found.planned:,} runs are stored; {found.failed:,} failed and are left out, "
            f"{missing - found.failed:,} are still to do."
        )


def _signed(item: Estimate) -> str:
    return f"{item.value:+.3f} ({_band(item)})" if item.known else "at no finite place"


def _band(item: Estimate) -> str:
    low, high = item.interval
    return f"95 % {low:+.3f} to {high:+.3f}"
