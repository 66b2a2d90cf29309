"""From what a session wants to the frame that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from market_abm.app import beside, compose
from market_abm.app.archive import Run
from market_abm.app.drawer import Minds, Question, drawer
from market_abm.app.frame import Frame, packed
from market_abm.app.layout import Layout, layout
from market_abm.app.levers import GROUPS, OPEN
from market_abm.app.words import DISCLAIMER
from market_abm.scenario.tree import parse

if TYPE_CHECKING:
    from market_abm.analysis.divergence import Parting
    from market_abm.app.archive import Archive
    from market_abm.app.place import Place
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory

MOST_AHEAD = 40
"""Quarters whose panels a session keeps at hand; one of 300 firms takes 0.15 MB."""

MOST_LAYOUTS = 8
"""Places of nodes that a session remembers."""


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
    heard : int
        The last numbered request of the page that this view takes into account.
    tables : bool
        Whether the table twins of networks are looked at.
    """

    place: Place
    playing: bool = False
    delay: float = 0.5
    opened: bool = False
    message: str = ""
    heard: int = 0
    tables: bool = False


class Key(NamedTuple):
    """What the panels about one run depend on, besides the runs' own quarters."""

    runs: tuple[Trajectory, Trajectory]
    place: Place
    opened: bool
    tables: bool
    played: int
    ghost: int
    minds: bool


class Painter:
    """Composes the frames of one session; remembers what rarely changes.

    Parameters
    ----------
    archive : Archive
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.minds = Minds()
        self._last: dict[str, str] = {}
        self._layouts: dict[tuple[str, int], Layout] = {}
        self._levers: tuple[tuple[str, int], str] | None = None
        self._credited: dict[str, str] = {}
        self._partings: dict[tuple[Run, Run], Parting] = {}
        self._ahead: dict[Key, dict[str, str] | None] = {}

    def mute(self, view: View, number: int) -> Frame:
        """The frame of a view whose panels stay as they are."""
        place = view.place
        texts = {
            "controls": self._controls(place),
            "values": packed({"changes": dict(place.changes), "entries": _entries(place)}),
            "transport": packed(self._transport(view, self.archive.run(place.run), number)),
        }
        return Frame(number=number, **self._last, **texts)

    def frame(self, view: View, number: int) -> Frame:
        """The frame of a view, of what has been computed by now."""
        place = view.place
        run = self.archive.run(place.run)
        shown = place.step if len(run) >= place.step else (len(run) if run.error else 0)
        now = run.at(shown) if shown else None
        if now is not None:
            self._last |= self._packed(view, run, now)
            self._last |= self._beside(view, run, now)
        self._last["credits"] = self._credits(run, place.scenario)
        return self.mute(view, number)

    def foresee(self, view: View) -> None:
        """Compose the panels of a view before it is asked for; what goes wrong is told when it is."""
        run = self.archive.run(view.place.run)
        now = run.at(view.place.step)
        if now is None or now.step != view.place.step:
            return
        key = self._key(view)
        if any(known.runs != key.runs for known in self._ahead):
            self._ahead.clear()  # of runs that nobody looks at any more
        try:
            self._ahead[key] = self._packed(view, run, now)
        except Exception:
            self._ahead[key] = None
        while len(self._ahead) > MOST_AHEAD:
            del self._ahead[next(iter(self._ahead))]

    def foreseen(self, view: View) -> bool:
        """Whether its panels are at hand."""
        return self._key(view) in self._ahead

    def _packed(self, view: View, run: Trajectory, now: Snapshot) -> dict[str, str]:
        """The panels about one run as texts."""
        ahead = self._ahead.get(self._key(view))
        return compose.pack(self._panels(view, run, now)) if ahead is None else ahead

    def _key(self, view: View) -> Key:
        """Equal keys, equal panels."""
        place = view.place
        run, baseline = self.archive.run(place.run), self.archive.run(place.baseline)
        minds = Question(place.run, run.quarters[place.step - 1], place.firm) in self.minds
        played = len(run) if view.opened else 0  # only the drawer looks at the run as a whole
        return Key((run, baseline), place, view.opened, view.tables, played, len(baseline), minds)

    def _beside(self, view: View, run: Trajectory, now: Snapshot) -> dict[str, str]:
        """The second scenario: its network, the differences, and where the two part."""
        place = view.place
        wanted = place.other(self.archive)
        if wanted is None:
            return {"beside": "{}", "beside_table": "{}", "differences": "{}", "parting": ""}
        other = self.archive.run(wanted)
        then = other.at(now.step)
        if then is None or (then.step < now.step and not other.error):
            return {}  # on its way: what is there stays
        layouts = [
            self._placed(run, place.scenario, place.seed),
            self._placed(other, place.compare, place.seed),
        ]
        same = set(layouts[0]) == set(layouts[1])
        title = f"{place.compare}, {then.quarter}"
        placed = layouts[0 if same else 1]
        drawn, twin = compose.network_panel(then, other, placed, place.firm, title, view.tables)
        panels = beside.differences(
            run.quarters, run.snapshots[: now.step], other.snapshots[: now.step], place.firm
        )
        key = (place.run, wanted)
        found = self._partings.get(key) or beside.parted(run, other)
        if found is not None and found.firm:
            self._partings[key] = found  # nothing earlier can turn up
        sentence = beside.parting_sentence(run, other, found, now.quarter)
        if other.error:
            sentence += f" {place.compare} stopped: {other.error}"
        return {
            "beside": packed(drawn),
            "beside_table": packed(twin),
            "differences": packed([panel.as_dict() for panel in panels]),
            "parting": sentence,
        }

    def _panels(self, view: View, run: Trajectory, now: Snapshot) -> dict[str, Any]:
        place = view.place
        baseline = self.archive.run(place.baseline)
        placed = self._placed(run, place.scenario, place.seed)
        title = f"{place.scenario}, {now.quarter}"
        drawn, twin = compose.network_panel(now, run, placed, place.firm, title, view.tables)
        panels: dict[str, Any] = {
            "network": drawn,
            "table": twin,
            "charts": compose.chart_panels(run, now.step, baseline.snapshots, place.firm),
            "timeline": compose.timeline_panel(run, now.step),
            "headline": compose.headline(now, baseline.at(now.step), bool(place.changes)),
            "drawer": {},
        }
        if view.opened and place.firm:
            question = Question(place.run, now.quarter, place.firm)
            panels["drawer"] = drawer(run, now, question, self.minds)
        return panels

    def _placed(self, run: Trajectory, scenario: str, seed: int) -> Layout:
        """Places of the nodes: the same for every change to a scenario."""
        key = (scenario, seed)
        if key not in self._layouts:
            first = self.archive.run(Run(scenario, (), seed)).at(1) or run.at(1)
            assert first is not None  # there is a quarter to show
            self._layouts[key] = layout(run.scenario, first)
            while len(self._layouts) > MOST_LAYOUTS:
                del self._layouts[next(iter(self._layouts))]
        return self._layouts[key]

    def _controls(self, place: Place) -> str:
        key = (place.scenario, place.seed)
        if self._levers is None or self._levers[0] != key:
            found = self.archive.levers(place.scenario, place.seed)
            groups = [
                {
                    "key": group,
                    "title": title,
                    "open": group in OPEN,
                    "levers": [lever.as_dict() for lever in found if lever.group == group],
                }
                for group, title in GROUPS
            ]
            content = {"scenarios": self.archive.names(), "groups": [g for g in groups if g["levers"]]}
            self._levers = key, packed(content)
        return self._levers[1]

    def _credits(self, run: Trajectory, name: str) -> str:
        """What this is and is not, and whose data it stands on (once the model is loaded)."""
        if name not in self._credited and len(run):
            from market_abm.analysis.answer import attribution

            self._credited[name] = attribution(run.result().setting)
        return packed({"disclaimer": DISCLAIMER, "attribution": self._credited.get(name, "")})

    def _transport(self, view: View, run: Trajectory, number: int) -> dict[str, Any]:
        place = view.place
        busy = "" if len(run) >= place.step or run.stuck else f"{len(run)} of {place.step} quarters"
        return {
            "number": number,
            "heard": view.heard,
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
            "error": run.error if place.step >= len(run) else "",
            "firm": place.firm,
            "query": place.query(run.quarters),
            "command": place.command(self._file(place.scenario)),
        }

    def _file(self, name: str) -> str:
        path = self.archive.files.get(name)
        return str(path) if path is not None else ""


def _entries(place: Place) -> dict[str, Any]:
    """Fields of the dated entries among the changes, for their controls."""
    found = {}
    for key, text in place.changes:
        fields = parse(text, key).plain() if text.startswith("{") else None
        if isinstance(fields, dict):
            found[key] = fields
    return found
