"""The phase diagram in plain words: where the boundary lies, and where concentration alone misleads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from market_abm.analysis.adviser import advise
from market_abm.analysis.phase import EXPLAINED, Estimate, Panel, Phase

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
                f"With full reach ({found.full} suppliers for everybody) there is {found.meaning}, "
                f"{EXPLAINED[found.event]}, exactly where tightness exceeds 1 less the largest share, in {same:,} of "
                f"{runs:,} runs; the threshold estimated from the runs lies {_signed(told)} from that boundary."
            )
        elif told.known:
            yield (
                f"With full reach ({found.full} suppliers for everybody) the event is not pivotality: its threshold "
                f"lies {_signed(told)} from the boundary 1 less the largest share, and the two agree in {same:,} of "
                f"{runs:,} runs."
            )
    yield from _moved(found)


def _moved(found: Phase) -> Iterator[str]:
    """Values of the first factor by the side of the boundary on which their threshold lies."""
    sides: dict[str, list[Any]] = {"below": [], "above": [], "on": []}
    found_by = {
        value: told for value, told in found.by_column.items() if value != found.full or not told.known
    }
    for much, frequency in (("every", 1.0), ("no", 0.0)):
        alike = [
            str(value) for value, told in found_by.items() if not told.known and told.frequency == frequency
        ]
        if alike:
            yield f"{_at(found, listed(alike))} there is {found.meaning} in {much} run: no threshold to estimate."
    for value, told in found_by.items():
        if not told.known:
            continue
        if not np.isfinite(told.interval).all():
            yield f"{_at(found, value)} tightness hardly moves the event: the interval of the threshold has no end."
        else:
            low, high = told.interval
            sides["below" if high < 0.0 else "above" if low > 0.0 else "on"].append(value)
    ends = {
        "below": f"a network that leaves buyers few suppliers makes {found.meaning} where capacity shares see none",
        "above": "markets that capacity shares call tight enough have none yet",
    }
    for side, end in ends.items():
        if sides[side]:
            parts = [f"by {_size(found_by[value])} {_with(found, value)}" for value in sides[side]]
            reason = end if side == "above" or found.factors[0] == "reach" else "the event comes earlier"
            yield f"The threshold lies {side} the exact boundary {listed(parts)}: {reason}."
    for value in sides["on"]:
        yield (
            f"{_at(found, value)} the threshold cannot be told from the exact boundary ({_signed(found_by[value])})."
        )


def _at(found: Phase, value: Any) -> str:
    text = _with(found, value)
    return text[0].upper() + text[1:]


def _with(found: Phase, value: Any) -> str:
    name = found.labels.get(found.factors[0], found.factors[0])
    return f"with {value} {name}" if found.factors[0] == "reach" else f"at {name} {value}"


def _size(told: Estimate) -> str:
    """Distance from the boundary, whatever its side."""
    low, high = sorted(abs(end) for end in told.interval)
    return f"{abs(told.value):.3f} (95 % {low:.3f} to {high:.3f})"


def listed(parts: list[str]) -> str:
    """Parts as a sentence names them."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


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
    if widest is not None and widest[0] > 1e-6 and found.event == "pivotal":
        _, hhi, early, late, step = widest
        yield (
            f"Concentration alone misleads: at an HHI of {hhi:,.0f} the boundary lies at a tightness of "
            f"{early.exact[step]:.2f} with {_named(found, early, late)} and at {late.exact[step]:.2f} with "
            f"{_named(found, late, early)}: between the two the same index "
            f"goes with {found.meaning} and with none."
        )
    cells = [
        (hhi, share, panel)
        for panel in found.panels
        for hhi, column in zip(panel.hhi, panel.frequency.T)
        for share in column[np.isfinite(column)]
    ]
    above = [share for hhi, share, _ in cells if hhi > FLAG]
    below = [share for hhi, share, _ in cells if hhi <= FLAG]
    if above and below and 0.0 < np.mean(above + below) < 1.0:
        yield (
            f"Above an HHI of {FLAG:,.0f} (highly concentrated by the 2023 US merger guidelines) "
            f"{100 * (1 - np.mean(above)):.0f} % of the runs of this design are without {found.meaning}; at or below "
            f"it {100 * np.mean(below):.0f} % have one."
        )


def _named(found: Phase, panel: Panel, other: Panel) -> str:
    parts = [
        counted(name, panel.values[name], found.labels.get(name, name))
        for name in found.factors
        if panel.values[name] != other.values[name]
    ]
    return ", ".join(parts) or "others"


def counted(name: str, value: Any, label: str) -> str:
    """A factor's value with its name, where it is a number of something."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if name == "leaders":
        return f"{text} leader{'s' if value != 1 else ''}"
    return f"{text} {label}"


NAMED = {
    "HHI only": "by the HHI alone",
    "RSI only": "by the RSI of capacity alone",
    "Network RSI only": "by the network RSI alone",
    "All of them": "by all of them with tightness and the largest share",
}
"""Sets of predictors in a sentence."""


def _tells(found: Phase) -> Iterator[str]:
    """How well each index tells the event on points that no fit has seen."""
    if not found.aucs or np.isnan(found.aucs[0].value):
        return
    parts = [
        f"{NAMED.get(item.name, item.name)} in {100 * item.value:.1f} % of pairs (95 % {100 * item.low:.1f} to "
        f"{100 * item.high:.1f})"
        for item in found.aucs
    ]
    text = (
        f"Of a run with {found.meaning} and one without, an index ranks the right one higher, on points of the design "
        f"that its fit never saw, {listed(parts)}; a coin would in 50 % (area under the ROC curve)."
    )
    if found.event == "pivotal":
        text += (
            " The network RSI measures what pivotality asks, so it tells it almost by construction; the RSI of capacity "
            "alone does so with full reach only."
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
