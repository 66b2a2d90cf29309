"""Where a session stands: what it plays, and the link and the command line that lead there."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from market_abm.app.archive import Archive, Changes, Run, words
from market_abm.scenario.errors import ScenarioError, clipped, listed, nearest

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

MOST = 8_000
"""Characters of a link at most."""

SEEDS = 2**31 - 1
"""Largest seed that the page takes."""

PARTS = ("scenario", "seed", "set", "quarter", "firm", "compare")
"""Parts of a link."""


class LinkError(ValueError):
    """A link that is refused; the message says value, what is allowed and the remedy."""


@dataclass(frozen=True)
class Place:
    """What a session plays and shows.

    Attributes
    ----------
    scenario : str
    seed : int
    changes : Changes
        What differs from the scenario's file.
    step : int
        Quarter shown, from 1.
    firm : str
        Selected firm; empty where none is.
    compare : str
        Second scenario; empty where there is none.
    """

    scenario: str
    seed: int = 1
    changes: Changes = ()
    step: int = 1
    firm: str = ""
    compare: str = ""

    @property
    def run(self) -> Run:
        """The run that is shown."""
        return Run(self.scenario, self.changes, self.seed)

    @property
    def baseline(self) -> Run:
        """The scenario as its file has it, under the same seed."""
        return Run(self.scenario, (), self.seed)

    def other(self, archive: Archive) -> Run | None:
        """The run beside it: the second scenario with those changes that it knows."""
        if not self.compare:
            return None
        known = {lever.key for lever in archive.levers(self.compare, self.seed)}
        return Run(self.compare, tuple((k, v) for k, v in self.changes if k in known), self.seed)

    def query(self, quarters: tuple[str, ...]) -> str:
        """The place as the query of a link."""
        parts = [("scenario", self.scenario), ("seed", str(self.seed))]
        parts += [("set", word) for word in words(self.changes)]
        parts.append(("quarter", quarters[self.step - 1]))
        parts += [("firm", self.firm)] if self.firm else []
        parts += [("compare", self.compare)] if self.compare else []
        return urlencode(parts)

    def command(self, file: str = "") -> str:
        """The command that computes the same on the command line; ``file`` where the scenario is one."""
        said = [word for change in words(self.changes) for word in ("--set", change)]
        name = file or self.scenario
        if self.compare:
            line = [
                "market-abm",
                "compare",
                name,
                self.compare,
                "--seed",
                str(self.seed),
                "--replications",
                "1",
            ]
        else:
            line = ["market-abm", "run", name, "--seed", str(self.seed)]
        return shlex.join([*line, *said])


def changed(changes: Changes, key: str, value: str | None) -> Changes:
    """Changes with a key set to a text, or taken back."""
    kept = {name: text for name, text in changes if name != key}
    if value is not None:
        kept[key] = value
    return tuple(sorted(kept.items()))


def read_link(query: str, archive: Archive, fallback: str) -> Place:
    """The place that a link leads to.

    Parameters
    ----------
    query : str
        The part of the address after the question mark.
    fallback : str
        Scenario of a link that names none.

    Raises
    ------
    LinkError
        Unknown parts, names that are not on offer, values that the schema refuses.
    """
    if len(query) > MOST:
        raise LinkError(f"the link has {len(query):,} characters; at most {MOST:,} are read")
    try:
        pairs = parse_qsl(
            query.lstrip("?"), keep_blank_values=True, strict_parsing=bool(query), max_num_fields=100
        )
    except ValueError:
        raise LinkError(
            "the link cannot be read; copy it as a whole, or start from the page's own link"
        ) from None
    found: dict[str, str] = {}
    sets: list[str] = []
    for name, value in pairs:
        if name not in PARTS:
            raise _unknown("part", name, PARTS)
        if name == "set":
            sets.append(value)
        elif name in found:
            raise LinkError(f"the link names {name} twice; say it once")
        else:
            found[name] = value
    name = found.get("scenario", fallback)
    if name not in archive.names():
        raise _unknown("scenario", name, archive.names())
    seed = _seed(found.get("seed", "1"))
    changes = _changes(sets, archive, name, seed)
    scenario = archive.scenario(name, changes)
    compare = found.get("compare", "")
    if compare and compare not in archive.names():
        raise _unknown("scenario", compare, archive.names())
    if compare == name:
        raise LinkError(f"the link compares {name} with itself; name another scenario")
    return Place(name, seed, changes, _step(found, scenario), _firm(found, scenario), compare)


def _unknown(what: str, name: str, known: Iterable[str]) -> LinkError:
    known = list(known)
    near = nearest(name, known)
    hint = f' Did you mean "{near}"?' if near else ""
    return LinkError(
        f"the link names the {what} {clipped(name)!r}, which is not known. Known: {listed(known)}.{hint}"
    )


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= SEEDS):
        raise LinkError(
            f"the seed {clipped(text)!r} is refused; allowed are whole numbers from 0 to {SEEDS:,}"
        )
    return int(text)


def _changes(sets: list[str], archive: Archive, name: str, seed: int) -> Changes:
    kinds = {lever.key: lever.kind_of_entry for lever in archive.levers(name, seed)}
    known = list(kinds)
    found: Changes = ()
    for word in sets:
        key, sign, value = word.partition("=")
        if not sign or not value.strip():
            raise LinkError(f"the link sets {clipped(word)!r}, which is not of the form key=value")
        if key not in known:
            raise _unknown("control", key, known)
        if key in dict(found):
            raise LinkError(f"the link sets {key} twice; say it once")
        found = changed(found, key, value)
    try:
        scenario = archive.scenario(name, found)
    except ScenarioError as error:
        raise LinkError(f"the link sets a value that is refused. {error.problems[0]}") from None
    for entry in scenario.timeline:
        kind = kinds.get(f"timeline.{entry.key}")
        if kind and kind != entry.kind:
            raise LinkError(
                f"the link makes {entry.key} a {entry.kind}; under that name only {kind} is allowed"
            )
    return found


def _step(found: dict[str, str], scenario: Scenario) -> int:
    quarters = scenario.quarters
    quarter = found.get("quarter", quarters[0])
    if quarter not in quarters:
        raise LinkError(
            f"the link leads to the quarter {clipped(quarter)!r}; {scenario.name} runs from {quarters[0]} to "
            f"{quarters[-1]}"
        )
    return quarters.index(quarter) + 1


def _firm(found: dict[str, str], scenario: Scenario) -> str:
    firm = found.get("firm", "")
    known = [*scenario.firms, *scenario.segments]
    if firm and firm not in known:
        raise _unknown("firm", firm, known)
    return firm
