"""The report of sensitivities: bars with intervals, an output a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.sensitivity_tables import outputs, ranked, sentences, tables
from market_abm.report import style
from market_abm.report.charts import Figure, Panel, Spec, Swatch, escaped, number
from market_abm.report.page import LIMITS, Report, Section, Spoken, render
from market_abm.report.phase_report import OWN_LICENCE

if TYPE_CHECKING:
    from market_abm.analysis.sensitivity import Sensitivity
    from market_abm.analysis.table import Table


def sensitivity_page(found: Sensitivity, command: str = "") -> str:
    """The page of sensitivities."""
    what = "Sobol indices" if found.kind == "sobol" else "Morris elementary effects"
    sections = [Section("reproduce", "Reproduce", code=(command,))] if command else []
    return render(
        Report(
            title=f"What it depends on: {found.name}",
            sentences=tuple(Spoken(text) for text in sentences(found)),
            rule=f"{what}, {found.rows:,} rows of the design, {found.seeds} seeds averaged; intervals of 95 %.",
            front=figures(found),
            limits=LIMITS,
            licence=(OWN_LICENCE,),
            sections=tuple(sections),
        )
    )


def effects_page(name: str, spoken: Sequence[str], shown: Sequence[Table], command: str = "") -> str:
    """The page of paired effects."""
    sections = [Section("effects", "Effects", tables=tuple(shown))]
    if command:
        sections.append(Section("reproduce", "Reproduce", code=(command,)))
    return render(
        Report(
            title=f"What each factor does: {name}",
            sentences=tuple(Spoken(text) for text in spoken),
            rule="Paired by seed and by the values of all other factors; intervals of 95 % over seeds.",
            limits=LIMITS,
            licence=(OWN_LICENCE,),
            sections=tuple(sections),
        )
    )


def figures(found: Sensitivity) -> tuple[Figure, ...]:
    """A figure an output."""
    return tuple(_figure(found, step, output) for step, output in enumerate(outputs(found)))


def _figure(found: Sensitivity, step: int, output: str) -> Figure:
    rows = ranked(found, output)[::-1]
    sobol = found.kind == "sobol"
    pairs = (("total", "total_half"), ("first", "first_half")) if sobol else (("mu_star", "mu_star_half"),)
    labels = {"total": "with interactions", "first": "alone", "mu_star": "mean size of the effect"}
    data: list[Spec] = []
    legend = []
    for place, (value, half) in enumerate(pairs):
        colour, pattern = style.COLOURS[place], style.PATTERNS[place]
        data.append(
            {
                "type": "bar", "orientation": "h", "name": labels[value],
                "y": [escaped(item.factor) for item in rows], "x": [number(getattr(item, value)) for item in rows],
                "marker": {"color": colour, "pattern": {"shape": pattern}},
                "error_x": {"type": "data", "array": [number(getattr(item, half)) for item in rows], "color": style.INK},
            }
        )  # fmt: skip
        legend.append(Swatch(labels[value], colour, area=True, pattern=pattern))
    unit = "Share of the variance" if sobol else "Change over the range of the factor"
    layout = style.layout(
        "", 120 + 34 * len(rows) * len(pairs), hovermode="closest", barmode="group",
        xaxis={"type": "linear", "title": {"text": unit}}, yaxis={"type": "category", "rangemode": "normal"},
    )  # fmt: skip
    table = tables(found)[step]
    told = "; ".join(f"{item.factor} {item.total if sobol else item.mu_star:.3g}" for item in rows[::-1])
    return Figure(
        f"sensitivity_{step}", output, "The most influential factor on top; bars with 95 % intervals.",
        (Panel({"data": data, "layout": layout}),), table, f"{output}: {told}.", tuple(legend),
    )  # fmt: skip
