"""The page: one HTML file that holds everything it shows and asks the network for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from market_abm.analysis.answer import DISCLAIMER
from market_abm.report.style import FONT
from market_abm.report.tables import html_heads, html_rows

if TYPE_CHECKING:
    from jinja2 import Environment

    from market_abm.analysis.table import Table
    from market_abm.report.charts import Figure, Panel
    from market_abm.report.grid import Grid
    from market_abm.results.setting import Setting

LIMITS = (
    "It is an illustrative simulation: not a forecast of prices, shares or capabilities.",
    "It is not a finding about anybody's conduct, intent or financial standing, and no evidence in a case.",
    "Intervals cover shocks and the ranges of guesses, not the rules of the model: what a rule decides is only as "
    "good as the rule.",
    "A grade is a screen by fixed thresholds. It says where to look, not that there is an infringement.",
    "Many inputs are estimates; the register of assumptions lists each with its range and source.",
)
"""What the page must not be used for; it stands on page one."""


@dataclass(frozen=True)
class Spoken:
    """A sentence of the answer, with the word of confidence that the printed rule gives it."""

    text: str
    confidence: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report below page one.

    Attributes
    ----------
    key : str
        Its anchor: letters, digits and dashes.
    title : str
    lead : tuple of str
        Sentences to begin with.
    figures, tables
        What it shows, in this order.
    code : tuple of str
        Commands and files, set as they are typed.
    notes : tuple of str
        What a careful reader needs to know.
    sources : tuple of dict
        Sources to list (:func:`sources`).
    """

    key: str
    title: str
    lead: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    code: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Mapping[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.lead or self.figures or self.tables or self.code or self.notes or self.sources)


@dataclass(frozen=True)
class Download:
    """A file that the page carries; ``content`` is its base64 text."""

    label: str
    name: str
    mime: str
    content: str


@dataclass(frozen=True)
class Report:
    """Everything on the page: page one first, then the sections."""

    title: str
    question: str = ""
    compared: str = ""
    sentences: tuple[Spoken, ...] = ()
    rule: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    front_title: str = "At a glance"
    front: tuple[Figure, ...] = ()
    grid: Grid | None = None
    limits: tuple[str, ...] = LIMITS
    licence: tuple[str, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    downloads: tuple[Download, ...] = field(default=())


def render(report: Report) -> str:
    """The HTML page of a report; every text is escaped, plotly.js is embedded once where a figure needs it."""
    environment = _environment()
    drawings: list[str] = []

    def drawn(panel: Panel) -> str:
        name = f"plot-{len(drawings) + 1}"
        drawings.append(script_json({"id": name, **panel.spec}))
        return name

    report = _without_empty(report)
    from market_abm.report.glyphs import glyph

    figures = (*report.front, *(figure for part in report.sections for figure in part.figures))
    return environment.get_template("report.html").render(
        report=report,
        disclaimer=DISCLAIMER,
        style=_text("style.css").replace("FONT", FONT),
        draw=_text("draw.js"),
        plotly=_plotly() if figures else "",
        drawings=drawings,
        drawn=drawn,
        rows=_rows,
        glyph=glyph,
        anchor=_Anchors(),
    )


def script_json(value: Any) -> str:
    """JSON that cannot close the script that it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def sources(settings: Iterable[Setting]) -> tuple[dict[str, str], ...]:
    """Sources of all scenarios once each; only web addresses become links."""
    found: dict[str, dict[str, str]] = {}
    for setting in settings:
        for source in setting.sources:
            link = source["url"] if source["url"].startswith(("https://", "http://")) else ""
            found[source["id"]] = {**source, "link": link}
    return tuple(found[key] for key in sorted(found))


def licences(settings: Sequence[Setting]) -> tuple[str, ...]:
    """What the licences of code and data ask for."""
    from market_abm.analysis.answer import attribution

    owed = dict.fromkeys(filter(None, (attribution(setting) for setting in settings)))
    own = "Facts that ship with market_abm are under the licence in LICENSE-DATA; the program is under Apache-2.0."
    return (*owed, own)


class _Anchors:
    """Names for the parts of a page: one an object, never twice the same, whatever the object is called."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def __call__(self, item: Figure | Table) -> str:
        return self._names.setdefault(id(item), f"{len(self._names) + 1}")


def _without_empty(report: Report) -> Report:
    from dataclasses import replace

    return replace(report, sections=tuple(part for part in report.sections if not part.empty))


def _rows(table: Table) -> Any:
    from markupsafe import Markup

    template = _environment().get_template("table.html")
    return Markup(template.render(title=table.title, heads=html_heads(table), rows=html_rows(table)))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("market_abm.report")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["said"] = said
    return made


def said(text: str) -> Any:
    """A text in which what stands between backticks is set as code; everything is escaped."""
    from markupsafe import Markup, escape

    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # an odd backtick is one of a name
        return escape(text)
    set_ = (
        escape(part) if step % 2 == 0 else Markup("<code>{}</code>").format(part)
        for step, part in enumerate(parts)
    )
    return Markup("").join(set_)


@cache
def _text(name: str) -> str:
    return (files("market_abm.report") / "templates" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """plotly.js as it comes with plotly; its one closing tag inside a text is broken up."""
    script = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return script.replace("</script", "<\\/script")
