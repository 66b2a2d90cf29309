"""From what a session wants to the frame that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.app import compose
from market_abm.app.drawer import drawer
from market_abm.app.frame import Frame, packed
from market_abm.app.layout import Layout, layout
from market_abm.app.levers import GROUPS, OPEN
from market_abm.scenario.tree import parse

if TYPE_CHECKING:
    from market_abm.app.library import Library
    from market_abm.app.place import Place
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory


@dataclass(frozen=True)
class View:
    """What a session wants to see.

    Attributes
    ----------
    place : Place
    playing : bool
    delay : float
        Seconds between two quarters of play.
    opened : bool
        Whether the drawer of the selected firm is open.
    message : str
        A refusal, until it is dismissed.
    """

    place: Place
    playing: bool = False
    delay: float = 0.5
    opened: bool = False
    message: str = ""


class Painter:
    """Composes the frames of one session; remembers what rarely changes.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._last: dict[str, str] = {}
        self._layouts: dict[tuple[str, int], Layout] = {}
        self._levers: tuple[tuple[str, int], str] | None = None

    def frame(self, view: View, number: int) -> Frame:
        """The frame of a view, of what has been computed by now."""
        place = view.place
        run = self.library.run(place.run)
        shown = place.step if len(run) >= place.step else (len(run) if run.error else 0)
        texts = {
            "controls": self._controls(place),
            "values": packed({"changes": dict(place.changes), "entries": _entries(place)}),
            "transport": packed(self._transport(view, run, number)),
        }
        now = run.at(shown) if shown else None
        if now is not None:
            self._last |= compose.pack(self._panels(view, run, now))
        return Frame(number=number, **self._last, **texts)

    def _panels(self, view: View, run: Trajectory, now: Snapshot) -> dict[str, Any]:
        place = view.place
        baseline = self.library.run(place.baseline)
        placed = self._placed(run, baseline, place)
        drawn, twin = compose.network_panel(now, run, placed, place.firm, place.scenario)
        panels: dict[str, Any] = {
            "network": drawn,
            "table": twin,
            "charts": compose.chart_panels(run, now.step, baseline.snapshots, place.firm),
            "timeline": compose.timeline_panel(run, now.step),
            "headline": compose.headline(now, baseline.at(now.step), bool(place.changes)),
            "drawer": {},
        }
        if view.opened and place.firm:
            panels["drawer"] = drawer(run, now, place.firm)
        return panels

    def _placed(self, run: Trajectory, baseline: Trajectory, place: Place) -> Layout:
        """Places of the nodes: the same for every change to a scenario."""
        key = (place.scenario, place.seed)
        if key not in self._layouts:
            first = baseline.at(1) or run.at(1)
            assert first is not None  # there is a quarter to show
            self._layouts[key] = layout(run.scenario, first)
        return self._layouts[key]

    def _controls(self, place: Place) -> str:
        key = (place.scenario, place.seed)
        if self._levers is None or self._levers[0] != key:
            found = self.library.levers(place.scenario, place.seed)
            groups = [
                {
                    "key": group,
                    "title": title,
                    "open": group in OPEN,
                    "levers": [lever.as_dict() for lever in found if lever.group == group],
                }
                for group, title in GROUPS
            ]
            content = {"scenarios": self.library.names(), "groups": [g for g in groups if g["levers"]]}
            self._levers = key, packed(content)
        return self._levers[1]

    def _transport(self, view: View, run: Trajectory, number: int) -> dict[str, Any]:
        place = view.place
        busy = "" if len(run) >= place.step or run.stuck else f"{len(run)} of {place.step} quarters"
        return {
            "number": number,
            "question": run.scenario.question or "",
            "scenario": place.scenario,
            "seed": place.seed,
            "compare": place.compare,
            "quarters": run.quarters,
            "step": place.step,
            "played": len(run),
            "playing": view.playing,
            "delay": view.delay,
            "busy": busy,
            "first": not len(run),
            "done": place.step >= len(run.quarters),
            "changed": len(place.changes),
            "message": view.message,
            "error": run.error,
            "firm": place.firm,
            "query": place.query(run.quarters),
            "command": place.command(self._file(place.scenario)),
        }

    def _file(self, name: str) -> str:
        path = self.library.files.get(name)
        return str(path) if path is not None else ""


def _entries(place: Place) -> dict[str, Any]:
    """Fields of the dated entries among the changes, for their controls."""
    found = {}
    for key, text in place.changes:
        fields = parse(text, key).plain() if text.startswith("{") else None
        if isinstance(fields, dict):
            found[key] = fields
    return found
