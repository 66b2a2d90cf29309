"""Two runs of one seed side by side: difference charts, and where they part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from market_abm.app.axes import chart, line, spanned
from market_abm.app.charts import Panel, Runs, column, of_firm

if TYPE_CHECKING:
    from market_abm.analysis.divergence import Parting
    from market_abm.app.trajectory import Trajectory

MARKET = (
    ("price", "Price (USD/GPU-h)", {"price_index_usd_per_gpu_hour": "Price index"}, 1.0),
    ("concentration", "Concentration (HHI)", {"hhi_merchant": "For sale", "hhi_fleet": "Whole fleet"}, 1.0),
    (
        "secured",
        "Leverage (% points)",
        {"seller_secured_share": "Sellers secure", "buyer_secured_share": "Buyers secure"},
        100.0,
    ),
)
"""Charts of the market: name, title, columns of steps, scale."""


def differences(quarters: Sequence[str], own: Runs, other: Runs, chosen: str) -> list[Panel]:
    """Charts of this run less the other: the market, and what the chosen firm uses and earns by it."""
    both = min(len(own), len(other))
    found = []
    for name, title, columns, scale in MARKET:
        data = [
            line(label, quarters, _less(column(own, key), column(other, key), both), step, scale=scale)
            for step, (key, label) in enumerate(columns.items())
        ]
        found.append(_panel(name, title, data, quarters, both))
    if chosen:
        data = [
            line(label, quarters, _less(of_firm(own, chosen, key), of_firm(other, chosen, key), both), step)
            for step, (key, label) in enumerate(
                {"served_khq": "Compute used", "sold_khq": "Compute sold"}.items()
            )
        ]
        found.append(_panel("firm", f"{chosen} (kHQ)", data, quarters, both))
    else:
        data = [line("Chokepoints", quarters, _less(_graded(own), _graded(other), both), 0)]
        found.append(_panel("graded", "Chokepoint relations", data, quarters, both))
    return found


def _graded(run: Runs) -> list[float]:
    return column(run, "relation_chokepoints")


def _less(own: Sequence[float], other: Sequence[float], both: int) -> list[float]:
    return [a - b for a, b in zip(own[:both], other[:both])]


def _panel(name: str, title: str, data: list[dict[str, Any]], quarters: Sequence[str], at: int) -> Panel:
    any_differs = any(value for trace in data for value in trace["y"])
    layout = chart(quarters, at - 1, extent=spanned(data) if any_differs else (-1.0, 1.0))
    layout["yaxis"] |= {"zeroline": True, "zerolinecolor": "#52606D"}
    caption = "This scenario less the one beside it, under the same seed: only what differs in them differs."
    return Panel(f"difference-{name}", f"Δ {title}", caption, data, layout)


def parted(own: Trajectory, other: Trajectory) -> Parting | None:
    """Where two runs part, as far as both are played; None where they have not."""
    from market_abm.analysis.compare import Comparison
    from market_abm.analysis.divergence import partings

    found = partings(Comparison(other.result(), (own.result(),)))
    return found[0] if found and found[0].quarter else None


def parting_sentence(own: Trajectory, other: Trajectory, first: Parting | None, shown: str) -> str:
    """Where two runs part, in a sentence, for somebody who looks at the quarter ``shown``."""
    names = own.scenario.name, other.scenario.name
    if first is None or first.quarter > shown:
        return f"Until {shown} {names[0]} and {names[1]} are the same in every number under seed {own.seed}."
    causes = f": {', '.join(first.causes[:3])}" if first.causes else ""
    text = f"{names[0]} and {names[1]} first differ in {first.quarter} under seed {own.seed}{causes}."
    if first.firm and first.choice_quarter <= shown:
        text += (
            f" The first decision that differs is that of {first.firm} to {first.verb} in "
            f'{first.choice_quarter}: "{first.other}" here, "{first.baseline}" there.'
        )
    return text
