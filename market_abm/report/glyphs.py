"""Legend entries as small drawings: the dash and marker of a line, or the pattern of an area."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

    from market_abm.report.charts import Swatch

DASHES = {
    "solid": "", "dash": "7 4", "dot": "2 3", "dashdot": "7 3 2 3", "longdash": "11 4", "longdashdot": "11 3 2 3",
}  # fmt: skip
"""Strokes that look like plotly's."""

SHAPES = {
    "circle": "M14 7m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0",
    "square": "M10.7 3.7h6.6v6.6h-6.6z",
    "diamond": "M14 2.4L18.6 7L14 11.6L9.4 7z",
    "triangle-up": "M14 2.8L18.4 10.4H9.6z",
    "triangle-down": "M14 11.2L18.4 3.6H9.6z",
    "x": "M10.6 5.2L12.2 3.6L14 5.4L15.8 3.6L17.4 5.2L15.6 7L17.4 8.8L15.8 10.4L14 8.6L12.2 10.4L10.6 8.8L12.4 7z",
    "cross": "M12.8 2.8h2.4v3h3v2.4h-3v3h-2.4v-3h-3V5.8h3z",
    "star": "M14 2.2l1.4 3.1 3.4.3-2.6 2.2.8 3.3L14 9.4l-3 1.7.8-3.3-2.6-2.2 3.4-.3z",
}
"""Outlines of the markers on a ground of 28 by 14."""


def glyph(swatch: Swatch) -> Markup:
    """An SVG of a legend entry; the label beside it says the rest."""
    from markupsafe import Markup

    colour = swatch.colour
    if swatch.area:
        inside = f'<rect x="6" y="1.5" width="16" height="11" fill="{colour}"/>{_pattern(swatch.pattern)}'
    else:
        dashes = DASHES.get(swatch.dash)
        stroke = f' stroke-dasharray="{dashes}"' if dashes else ""
        inside = ""
        if swatch.dash:
            inside += f'<path d="M0 7H28" stroke="{colour}" stroke-width="2.2"{stroke}/>'
        if swatch.marker:
            inside += f'<path d="{SHAPES[swatch.marker]}" fill="{colour}"/>'
    return Markup(f'<svg width="28" height="14" viewBox="0 0 28 14" aria-hidden="true">{inside}</svg>')


def _pattern(shape: str) -> str:
    """Strokes over an area, like plotly's patterns."""
    paths = {
        "/": "M6 12L16 2M12 12L22 2", "\\": "M6 2L16 12M12 2L22 12", "x": "M6 12L16 2M12 12L22 2M6 2L16 12M12 2L22 12",
        "-": "M6 5H22M6 9H22", "|": "M10 2V12M14 2V12M18 2V12", "+": "M6 7H22M14 2V12", ".": "M10 7h.1M14 7h.1M18 7h.1",
    }  # fmt: skip
    if shape not in paths:
        return ""
    return f'<path d="{paths[shape]}" stroke="#fff" stroke-width="1.4" stroke-linecap="round" fill="none"/>'
